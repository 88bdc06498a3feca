//! Which policy is in force: a publish that a person signed, and a function that loads what was published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use jiff::SignedDuration;
use layerguard_core::approval::{Answer, Statement, Verb};
use layerguard_core::audit::{POLICY_CHAIN, bundle_chain};
use layerguard_core::facts::Own;
use layerguard_core::policy::{Package, PolicySource};
use layerguard_testkit::{Fault, Site, Verdict, World, drive, every_fault};
use serde_json::json;

use crate::machine::{Chain, on_call};
use crate::run::{Run, told};
use crate::watch::every_sweep;
use crate::world::{inventory, world};

static PUBLISHED: Run = LazyLock::new(published);
static LOADED: Run = LazyLock::new(loaded);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&PUBLISHED, &LOADED]
}

fn package(overall: u32) -> Package {
    Package::of(&BTreeMap::new(), inventory("act", &format!("[breaker]\noverall = {overall}"))).unwrap()
}

fn publish(chain: &Chain, package: &Package, replaces: &str) {
    let version = package.version();
    let statement =
        Statement { replaces: Some(replaces), ..Statement::new(POLICY_CHAIN, &version, Verb::Publish, Some("seen")) };
    chain.give(&Answer { package: Some(package.pack().unwrap()), ..chain.sign(&statement, &on_call()) });
}

/// One policy is in force, and somebody on call has published the next.
fn waiting() -> World {
    let world = world();
    let chain = Chain::new(world.clone(), &inventory("act", "[breaker]\nstorm = 2"));
    publish(&chain, &package(7), "built-in");
    drive(chain.function(json!({"task": "sweep"}))).unwrap();
    world.advance(SignedDuration::from_secs(5));
    publish(&chain, &package(8), &package(7).version());
    world
}

fn published() -> BTreeSet<Site> {
    let tally = every_sweep(waiting, |chain, point| {
        drive(chain.function(json!({"task": "sweep"}))).unwrap();
        let next = package(8).version();
        assert_eq!(chain.world.version_in_force(), Some(next.clone()), "{point}");
        let records = chain.world.chain(POLICY_CHAIN);
        let count = |kind: &str| records.iter().filter(|record| record.kind.as_str() == kind).count();
        assert_eq!((count("published"), count("notification"), count("approval_refused")), (2, 2, 0), "{point}");
        assert_eq!(chain.world.chain(&bundle_chain(&next)).len(), 1, "{point}: recorded once");
        assert!(
            chain.world.messages().iter().any(|message| message.body.contains(&next)),
            "{point}: nobody heard of it"
        );
    });
    told("a publish", tally)
}

/// A function that starts while a policy is in force.
fn loaded() -> BTreeSet<Site> {
    let make = || {
        let world = waiting();
        drive(Chain::new(world.clone(), &inventory("act", "")).function(json!({"task": "sweep"}))).unwrap();
        world
    };
    let look = |world: &World| {
        let source = PolicySource {
            pointer: world,
            audit: world,
            clock: world,
            actor: "detect",
            build: "0.1.0 (59807616e1fa)".to_owned(),
            own: Own::default(),
            inventory: Ok(inventory("observe", "")),
            state: Mutex::default(),
        };
        drive(source.current())
    };
    let tally = drive(every_fault(
        make,
        |world: World| async move {
            let looked = look(&world);
            match looked.policy.as_ref() {
                Ok(assessor) => {
                    assert_eq!(assessor.policy_version(), package(8).version(), "never another in silence");
                    if looked.problem.is_none() { Verdict::Done } else { Verdict::Retry }
                }
                Err(_) => {
                    assert!(looked.problem.is_some());
                    Verdict::Retry
                }
            }
        },
        &Fault::passing(),
        |world, point| {
            let looked = look(world);
            let version = looked.policy.as_ref().as_ref().map(|assessor| assessor.policy_version().to_owned());
            assert_eq!(version, Ok(package(8).version()), "{point}");
        },
    ));
    told("a function that starts", tally)
}

#[test]
fn a_publish_is_recorded_once_put_in_force_and_told() {
    LazyLock::force(&PUBLISHED);
}

#[test]
fn a_function_that_starts_runs_what_is_published_or_nothing() {
    LazyLock::force(&LOADED);
}
