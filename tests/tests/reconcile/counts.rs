//! The counts of an hour.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::body::Reconciliation;
use layerguard_core::audit::{Body, Draft, History, RecordKind, append, call_chain, reconcile_chain, verify};
use layerguard_core::ports::{PortResult, Triage};
use layerguard_core::reconcile::Standing;
use layerguard_testkit::{World, drive};
use proptest::prelude::*;
use serde_json::Value;

use crate::machine::Chain;
use crate::trail::{Started, invoke, key, listen, packed, place};
use crate::world::{at, inventory, session, world};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn chain() -> Chain {
    let world = world();
    world.set_now(time("2026-11-20T10:31:00Z"));
    listen(&world);
    Chain::new(world, &inventory("observe", ""))
}

fn accounts(world: &World) -> BTreeMap<Timestamp, Reconciliation> {
    let records = world.chain(&reconcile_chain(&place(), time("2026-11-20T09:00:00Z")));
    let _proof = verify(&records).unwrap();
    let history = History::of(&records).unwrap();
    let hours: BTreeSet<Timestamp> = history
        .entries()
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::Reconciliation(account) => Some(account.hour),
            _ => None,
        })
        .collect();
    hours.into_iter().map(|hour| (hour, history.reconciled(hour).unwrap().clone())).collect()
}

/// Triage that loses what these are.
struct Losing<'a> {
    started: Started<'a>,
    lost: BTreeSet<String>,
}

#[async_trait]
impl Triage for Losing<'_> {
    async fn judge(&self, name: &str, event: &str) -> PortResult<()> {
        let id = serde_json::from_str::<Value>(event).unwrap()["detail"]["eventID"].as_str().unwrap().to_owned();
        if self.lost.contains(&id) { Ok(()) } else { self.started.judge(name, event).await }
    }
}

/// An event: minutes after four, in which files, received, and whether triage loses it.
type Told = (u16, Vec<u8>, bool, bool);

fn told() -> impl Strategy<Value = Vec<Told>> {
    let files = proptest::collection::vec(0_u8..4, 1..3);
    proptest::collection::vec((0_u16..360, files, any::<bool>(), any::<bool>()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_event_is_assessed_recovered_or_named_and_never_twice(told in told()) {
        let chain = chain();
        let world = &chain.world;
        let begin = time("2026-11-20T04:00:00Z");
        let mut files: BTreeMap<(i64, u8), Vec<Value>> = BTreeMap::new();
        let mut lost = BTreeSet::new();
        let mut hours: BTreeMap<Timestamp, (u64, u64, u64)> = BTreeMap::new();
        for (number, (minute, in_files, received, loses)) in told.iter().enumerate() {
            let at_time = begin + SignedDuration::from_mins(i64::from(*minute));
            let event = at(number, "BatchGetImage", &session("puller", "node"), at_time);
            for file in in_files {
                // A file is delivered 5, 10, 15 or 20 minutes after the event.
                files.entry((at_time.as_second() / 60 + 5 * i64::from(*file) + 5, *file)).or_default().push(event.clone());
            }
            let counts = hours.entry(layerguard_core::reconcile::Hour::of(at_time).start()).or_default();
            match (received, loses) {
                (true, _) => {
                    drive(chain.triage(&event)).unwrap();
                    counts.0 += 1;
                }
                (false, false) => counts.1 += 1,
                (false, true) => {
                    lost.insert(event["detail"]["eventID"].as_str().unwrap().to_owned());
                    counts.2 += 1;
                }
            }
        }
        for ((minute, file), events) in &files {
            world.deliver(&key(Timestamp::from_second(minute * 60).unwrap(), &file.to_string()), packed(events));
        }
        world.deliver(&key(time("2026-11-20T03:05:00Z"), "none"), packed(&[]));
        for round in 0..3 {
            drive(invoke(&chain, &Losing { started: Started(&chain), lost: lost.clone() })).unwrap();
            for (hour, account) in accounts(world) {
                let (assessed, recovered, failed) = hours.get(&hour).copied().unwrap_or_default();
                prop_assert!(account.adds_up() && account.waiting == 0);
                prop_assert_eq!((account.assessed, account.recovered, account.failed), (assessed, recovered, failed), "{} in round {}", hour, round);
                let named: BTreeSet<&String> = account.failed_events.iter().map(|event| &event.event_id).collect();
                prop_assert!(named.iter().all(|id| lost.contains(*id)) && named.len() as u64 == failed);
            }
        }
        // What is run otherwise later, such as from the queue, counts as recovered.
        drive(invoke(&chain, &Started(&chain))).unwrap();
        for (hour, account) in accounts(world) {
            let (assessed, recovered, failed) = hours.get(&hour).copied().unwrap_or_default();
            prop_assert_eq!((account.assessed, account.recovered, account.failed), (assessed, recovered + failed, 0));
        }
        for id in world.chains().iter().filter(|chain| chain.starts_with("call#")) {
            prop_assert_eq!(world.chain(id).len(), 1, "judged once: {}", id);
        }
    }
}

#[test]
fn a_second_run_finds_nothing_and_records_nothing() {
    let chain = chain();
    let event = at(1, "GetDownloadUrlForLayer", &session("builder", "intruder"), time("2026-11-20T09:10:00Z"));
    chain.world.deliver(&key(time("2026-11-20T09:15:00Z"), "a"), packed(&[event]));
    let first = drive(invoke(&chain, &Started(&chain))).unwrap();
    assert_eq!((first.completed, first.recovered, first.missing), (7, 1, 0));
    let before = chain.world.chain(&reconcile_chain(&place(), time("2026-11-20T09:00:00Z"))).len();
    let second = drive(invoke(&chain, &Started(&chain))).unwrap();
    assert_eq!((second.completed, second.recovered, second.seen), (0, 0, 0), "nothing is due: all seven are complete");
    assert_eq!(chain.world.chain(&reconcile_chain(&place(), time("2026-11-20T09:00:00Z"))).len(), before);
    let account = &accounts(&chain.world)[&time("2026-11-20T09:00:00Z")];
    assert!(account.rules.values().all(|standing| *standing == Standing::Enabled), "{:?}", account.rules);
    assert_eq!(account.delivered_after.unwrap().maximum, 300);
}

#[test]
fn a_corrupt_file_is_named_and_the_rest_is_read() {
    let chain = chain();
    let event = |number| at(number, "BatchGetImage", &session("puller", "node"), time("2026-11-20T09:10:00Z"));
    let mut cut = packed(&[event(1)]);
    cut.truncate(cut.len() / 2);
    let broken = key(time("2026-11-20T09:15:00Z"), "broken");
    chain.world.deliver(&broken, cut);
    chain.world.deliver(&key(time("2026-11-20T09:20:00Z"), "whole"), packed(&[event(2)]));
    let answer = drive(invoke(&chain, &Started(&chain))).unwrap();
    // It may hold late events of any hour before: all seven stay open.
    assert_eq!((answer.recovered, answer.unreadable, answer.incomplete), (1, 7, 7));
    let account = &accounts(&chain.world)[&time("2026-11-20T09:00:00Z")];
    assert_eq!((account.files, account.unreadable, account.unreadable_files[0].key.as_str()), (2, 1, broken.as_str()));
    // It is taken again, and the file is whole by then.
    chain.world.deliver(&broken, packed(&[event(1)]));
    let answer = drive(invoke(&chain, &Started(&chain))).unwrap();
    assert_eq!((answer.completed, answer.recovered, answer.unreadable), (7, 1, 0));
}

#[test]
fn a_bucket_without_the_account_is_an_error_that_says_so() {
    let chain = chain();
    let error = drive(invoke(&chain, &Started(&chain))).unwrap_err();
    let said = std::error::Error::source(&error).unwrap().to_string();
    assert!(said.contains("s3://trail-of-ours/logs/AWSLogs/") && said.contains("111122223333"), "{said}");
}

#[test]
fn a_record_that_does_not_add_up_is_refused() {
    let chain = chain();
    chain.world.deliver(&key(time("2026-11-20T09:15:00Z"), "a"), packed(&[]));
    drive(invoke(&chain, &Started(&chain))).unwrap();
    let good = accounts(&chain.world)[&time("2026-11-20T09:00:00Z")].clone();
    let name = good.chain();
    let add = |account: Reconciliation, to: &str| {
        let draft = Draft::of(&Body::Reconciliation(Box::new(account))).unwrap();
        drive(append(&chain.world, to, "reconcile", "none", time("2026-11-20T11:00:00Z"), draft))
    };
    assert!(add(good.clone(), &name).is_err(), "it says nothing new");
    assert!(add(Reconciliation { seen: 7, ..good.clone() }, &name).is_err(), "it does not add up");
    let more = Reconciliation { seen: 2, assessed: 1, recovered: 1, ..good.clone() };
    for elsewhere in
        [call_chain("e-1"), "0011223344556677-1".to_owned(), "reconcile#111122223333#us-east-1#2026-11-20".to_owned()]
    {
        assert!(add(more.clone(), &elsewhere).is_err(), "{elsewhere}");
    }
    assert_eq!(add(more.clone(), &name).unwrap().kind, RecordKind::Reconciliation);
    assert!(add(Reconciliation { recovered: 0, assessed: 2, ..more }, &name).is_err(), "it loses what was recovered");
}
