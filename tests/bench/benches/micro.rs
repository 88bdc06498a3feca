//! Micro-benchmarks: `cargo bench -p layerguard-bench`. One step of a record's way each.

use divan::{Bencher, black_box};
use jiff::Timestamp;
use layerguard_bench::{INVENTORY, Maker, Plan};
use layerguard_core::assess::Assessor;
use layerguard_core::audit::{AuditRecord, GENESIS, RecordKind, digest};
use layerguard_core::cloudtrail::{Event, parse, read_records};
use layerguard_core::facts::{Own, establish};
use layerguard_core::history::History;
use layerguard_core::inventory::Inventory;
use serde_json::Value;

fn main() {
    divan::main();
}

fn file(pulls: u64) -> Vec<u8> {
    let mut text = Vec::new();
    let mut maker = Maker::new(Plan { records: 1_000, pulls, seed: 3, seconds: 600 });
    maker.file(u64::MAX, &mut text).expect("memory");
    text
}

fn events() -> Vec<Event> {
    let file = file(60);
    let records = read_records(file.as_slice()).map(|record| record.expect("a record").value);
    records.map(|value| parse(&value).expect("an event")).filter(|event| event.hands_out_layer()).collect()
}

fn assessor() -> Assessor {
    Assessor::load(INVENTORY, Own::default()).expect("a policy")
}

/// Finds the records of a file and passes over those that nobody watches. Of the share of pulls.
#[divan::bench(args = [2, 60])]
fn split(bencher: Bencher<'_, '_>, pulls: u64) {
    let file = file(pulls);
    bencher
        .counter(divan::counter::BytesCount::new(file.len()))
        .bench(|| read_records(black_box(file.as_slice())).watched_only().filter(Result::is_ok).count());
}

/// One record from its text to an event.
#[divan::bench]
fn parsed(bencher: Bencher<'_, '_>) {
    let file = file(60);
    let records: Vec<String> = read_records(file.as_slice())
        .map(|record| record.expect("a record").value)
        .filter(|value| value["eventName"] == "GetDownloadUrlForLayer")
        .map(|value| value.to_string())
        .collect();
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 1) % records.len();
        parse(&serde_json::from_str::<Value>(black_box(&records[at])).expect("JSON")).expect("an event")
    });
}

/// What is known about one call.
#[divan::bench]
fn facts(bencher: Bencher<'_, '_>) {
    let (events, inventory, own) = (events(), Inventory::from_toml(INVENTORY).expect("an inventory"), Own::default());
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 1) % events.len();
        establish(black_box(&events[at]), &inventory, &History::default(), &own)
    });
}

/// One call whose facts were asked about before.
#[divan::bench]
fn assessed_again(bencher: Bencher<'_, '_>) {
    let (events, assessor) = (events(), assessor());
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 1) % events.len();
        assessor.assess(black_box(&events[at]), &History::default())
    });
}

/// One call whose facts are new to a policy: Cedar is asked.
#[divan::bench(sample_count = 30)]
fn assessed_anew(bencher: Bencher<'_, '_>) {
    let event = events().swap_remove(0);
    bencher.with_inputs(assessor).bench_local_refs(|assessor| assessor.assess(black_box(&event), &History::default()));
}

/// The hash of a record of the audit table.
#[divan::bench]
fn audit_hash(bencher: Bencher<'_, '_>) {
    let body = serde_json::to_string(&events().swap_remove(0)).expect("JSON");
    let record = AuditRecord {
        incident: "call#22222222-2222-4222-8222-222222222222".to_owned(),
        seq: 0,
        kind: RecordKind::Assessment,
        time: Timestamp::UNIX_EPOCH,
        actor: "detect".to_owned(),
        policy_version: GENESIS.to_owned(),
        body,
        prev: GENESIS.to_owned(),
        hash: String::new(),
    };
    bencher.bench_local(|| digest(black_box(&record)));
}
