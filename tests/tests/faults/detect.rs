//! Detect over the stories in which answers rest on each other: whichever call goes wrong, the same incidents and rules come of it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use jiff::SignedDuration;
use layerguard_core::assess::Assessor;
use layerguard_core::audit::verify;
use layerguard_core::error::{Class, Classified};
use layerguard_core::history::{COPY_WAITS, Kept, intended};
use layerguard_core::metric::Figures;
use layerguard_core::ports::ActivityStore;
use layerguard_detect::Detect;
use layerguard_testkit::{Fault, Site, Verdict, World, drive, every_fault};
use serde_json::Value;

use crate::run::{Run, told};
use crate::tale::{Incidents, Story, assessor, incidents_in, orders, records, stories, time};

static STORIES: Run = LazyLock::new(every_story);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&STORIES]
}

/// As often as the triage machine retries.
const TRIES: usize = 6;

/// A story whose records come in one order.
struct Telling {
    name: String,
    story: Story,
    policy: Arc<Result<Assessor, String>>,
    records: Arc<Vec<Value>>,
}

type Over<'a> = (&'a Result<Assessor, String>, &'a World, &'a Figures);

fn detect<'a>((policy, world, figures): Over<'a>, activity: &'a dyn ActivityStore) -> Detect<'a> {
    Detect { policy, audit: world, incidents: world, activity, clock: world, figures }
}

impl Telling {
    fn world(&self) -> World {
        let world = World::at("2026-11-20T10:30:00Z".parse().unwrap());
        for said in &self.story.intended {
            let trace = intended(&said.target, "0123456789abcdef-1", 0, time(&said.at)).unwrap();
            drive(world.remember(&[trace])).unwrap();
        }
        world
    }

    /// Every record, and a day later whatever waited for its twin.
    async fn happens(world: World, policy: Arc<Result<Assessor, String>>, records: Arc<Vec<Value>>) -> Verdict {
        let figures = Figures::default();
        // A process that died knows nothing any more.
        let mut kept = Kept::default();
        let over = (&*policy, &world, &figures);
        for record in records.iter() {
            for _ in 0..TRIES {
                let handled = detect(over, &kept.over(&world)).handle(record).await;
                match handled {
                    _ if world.revive() => kept = Kept::default(),
                    Err(error) if error.class() == Class::Retryable => {}
                    handled => {
                        assert!(handled.is_ok(), "{handled:?}");
                        break;
                    }
                }
            }
        }
        world.advance(COPY_WAITS + SignedDuration::from_hours(24));
        for _ in 0..TRIES {
            match detect(over, &world).settle_copies().await {
                _ if world.revive() => {}
                Ok(settled) if settled.failed == 0 => break,
                _ => {}
            }
        }
        Verdict::Done
    }

    fn told_to(&self, world: &World) -> impl Future<Output = Verdict> + use<> {
        Self::happens(world.clone(), self.policy.clone(), self.records.clone())
    }

    /// What it strikes and what comes of it where nothing goes wrong.
    fn clean(&self) -> (BTreeSet<Site>, Incidents) {
        let world = self.world();
        world.watch();
        drive(self.told_to(&world));
        let sites = world.calls().into_iter().filter_map(|call| call.site).collect();
        (sites, drive(incidents_in(&world)))
    }
}

fn every_telling() -> Vec<Telling> {
    let mut every = Vec::new();
    for (name, story) in stories() {
        let policy = Arc::new(Ok(assessor(&story)));
        for (number, order) in orders(&records(&story)).into_iter().enumerate() {
            let records = Arc::new(order);
            let name = format!("{name}, order {number}");
            every.push(Telling { name, story: story.clone(), policy: policy.clone(), records });
        }
    }
    // The shortest first: what they strike, the long ones need not.
    every.sort_by_key(|telling| telling.records.len());
    every
}

/// Each story that strikes something which the shorter ones did not.
fn every_story() -> BTreeSet<Site> {
    let mut struck = BTreeSet::new();
    let mut told_of = 0;
    for telling in every_telling() {
        let (sites, incidents) = telling.clean();
        if sites.is_subset(&struck) {
            continue;
        }
        let name = &telling.name;
        let tally = drive(every_fault(
            || telling.world(),
            |world: World| telling.told_to(&world),
            &Fault::passing(),
            |world, point| {
                assert_eq!(drive(incidents_in(world)), incidents, "{name}: {point}");
                for chain in world.chains() {
                    let proof = verify(&world.chain(&chain));
                    assert!(proof.is_ok(), "{name}: {point}: chain {chain} is broken: {proof:?}");
                }
            },
        ));
        struck.extend(told(name, tally));
        told_of += 1;
    }
    assert!(told_of > 1);
    struck
}

#[test]
fn the_same_incidents_come_of_a_story_whatever_goes_wrong() {
    LazyLock::force(&STORIES);
}
