//! The audit table takes each record once and lets nothing be replaced.

use layerguard_aws::Tables;
use layerguard_core::audit::{About, AuditRecord, RecordKind, Walk, Wanted};
use layerguard_core::ports::{AuditLog, PortErrorKind, RecordPlace};

use crate::world::{World, at};

fn record(seq: u64, body: &str) -> AuditRecord {
    AuditRecord {
        incident: "0011223344556677-1".to_owned(),
        seq,
        kind: RecordKind::Finding,
        time: at("2026-11-20T09:00:00.123456789Z"),
        actor: "detect".to_owned(),
        policy_version: "test".to_owned(),
        body: body.to_owned(),
        prev: "0".repeat(64),
        hash: "ab".repeat(32),
    }
}

#[tokio::test]
async fn a_record_is_inserted_once() {
    let Some(world) = World::open("a_record_is_inserted_once").await else { return };
    let log = world.audit().await;
    let first = record(0, r#"{"says":"it's \"quoted\" ? ; é"}"#);
    log.insert(&first, None).await.unwrap();
    log.insert(&first, None).await.expect("our own record, whose reply was lost");
    let fork = log.insert(&record(0, "{}"), None).await.unwrap_err();
    assert_eq!(fork.kind, PortErrorKind::Conflict);
    assert_eq!(log.records(&first.incident).await.unwrap(), [first]);
}

#[tokio::test]
async fn the_record_of_a_clear_call_is_packed_once_the_tables_are_marked_and_reads_as_it_was_written() {
    let Some(world) = World::open("the_record_of_a_clear_call_is_packed_once_the_tables_are_marked").await else {
        return;
    };
    let (log, state) = (world.audit().await, world.state().await);
    let call = |incident: &str| AuditRecord {
        incident: incident.to_owned(),
        kind: RecordKind::Assessment,
        ..record(0, &format!(r#"{{"verdict":"clear","text":"{}"}}"#, "é".repeat(900)))
    };
    Tables::new(&state, false).packing(&log).settle().await.unwrap();
    log.insert(&call("call#before"), None).await.unwrap();
    Tables::new(&state, true).packing(&log).settle().await.unwrap();
    log.insert(&call("call#after"), None).await.unwrap();
    log.insert(&call("call#after"), None).await.expect("our own record, whose reply was lost");
    for (incident, packed) in [("call#before", false), ("call#after", true)] {
        assert_eq!(log.records(incident).await.unwrap(), [call(incident)]);
        assert_eq!(world.audit_body(incident).await.is_b(), packed, "{incident}");
    }
}

#[tokio::test]
async fn records_come_in_the_order_of_their_numbers_over_all_pages() {
    let Some(world) = World::open("records_come_in_the_order_of_their_numbers_over_all_pages").await else { return };
    let log = world.audit().await;
    assert!(log.records("0011223344556677-1").await.unwrap().is_empty());
    // Twelve records of 100 KB are more than the megabyte of one page.
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(100_000));
    for seq in [10, 2, 11, 0, 1, 3, 4, 5, 6, 7, 8, 9] {
        log.insert(&record(seq, &body), None).await.unwrap();
    }
    let seqs: Vec<_> = log.records("0011223344556677-1").await.unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (0..12).collect::<Vec<_>>());
}

#[tokio::test]
async fn records_of_incidents_are_found_by_day_latest_first_over_all_pages() {
    let Some(world) = World::open("records_of_incidents_are_found_by_day_latest_first_over_all_pages").await else {
        return;
    };
    let log = world.audit().await;
    let about = |rule: &str| About {
        principals: [format!("AROAEXAMPLEID:{rule}")].into(),
        accounts: ["111122223333".to_owned()].into(),
        rules: [rule.to_owned()].into(),
        partial: rule == "crowded",
    };
    let start = at("2026-11-19T22:00:00Z");
    let minutes = |number: i64| jiff::SignedDuration::from_mins(number);
    for number in 0..260_i64 {
        let incident = format!("00112233445566{:02x}-1", number % 7);
        let rule = if number % 13 == 0 { "rare" } else { "common" };
        let rule = if number == 200 { "crowded" } else { rule };
        let time = start + minutes(number);
        let record = AuditRecord { incident, time, seq: number.unsigned_abs(), ..record(0, "{}") };
        log.insert(&record, Some(&about(rule))).await.unwrap();
    }
    // What is in no index is not found.
    let call = AuditRecord { incident: "call#e-1".to_owned(), time: start, ..record(0, "{}") };
    log.insert(&call, None).await.unwrap();
    let found = async |principal: Option<&str>, rule: Option<&str>, account: Option<&str>, since: &str| {
        let before = RecordPlace { time: at("2026-11-21T00:00:00Z"), incident: String::new(), seq: 0 };
        let wanted = Wanted {
            since: at(since),
            before,
            kind: Some(RecordKind::Finding),
            principal: principal.map(str::to_owned),
            account: account.map(str::to_owned),
            rule: rule.map(str::to_owned),
        };
        let mut walk = Walk::new(&log, wanted);
        let mut seqs = Vec::new();
        while let Some(entry) = walk.next().await.unwrap() {
            seqs.push(entry.place.seq);
        }
        seqs
    };
    let all: Vec<u64> = (0..260).rev().collect();
    assert_eq!(found(None, None, None, "2026-11-19T00:00:00Z").await, all);
    assert_eq!(found(None, None, Some("111122223333"), "2026-11-19T00:00:00Z").await, all);
    assert_eq!(
        found(None, None, Some("444455556666"), "2026-11-19T00:00:00Z").await,
        [200],
        "it says that it does not know"
    );
    let rare: Vec<u64> = all.iter().copied().filter(|seq| seq % 13 == 0 || *seq == 200).collect();
    assert_eq!(found(None, Some("rare"), None, "2026-11-19T00:00:00Z").await, rare);
    for principal in ["AROAEXAMPLEID:rare", "*:rare"] {
        assert_eq!(found(Some(principal), None, None, "2026-11-19T00:00:00Z").await, rare);
    }
    // 120 minutes after the start is midnight.
    assert_eq!(
        found(None, None, None, "2026-11-20T00:00:00Z").await,
        all.iter().copied().filter(|s| *s >= 120).collect::<Vec<_>>()
    );
}
