//! The audit table takes each record once and lets nothing be replaced.

use layerguard_core::audit::{AuditRecord, RecordKind};
use layerguard_core::ports::{AuditLog, PortErrorKind};

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
    log.insert(&first).await.unwrap();
    log.insert(&first).await.expect("our own record, whose reply was lost");
    let fork = log.insert(&record(0, "{}")).await.unwrap_err();
    assert_eq!(fork.kind, PortErrorKind::Conflict);
    assert_eq!(log.records(&first.incident).await.unwrap(), [first]);
}

#[tokio::test]
async fn records_come_in_the_order_of_their_numbers_over_all_pages() {
    let Some(world) = World::open("records_come_in_the_order_of_their_numbers_over_all_pages").await else { return };
    let log = world.audit().await;
    assert!(log.records("0011223344556677-1").await.unwrap().is_empty());
    // Twelve records of 100 KB are more than the megabyte of one page.
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(100_000));
    for seq in [10, 2, 11, 0, 1, 3, 4, 5, 6, 7, 8, 9] {
        log.insert(&record(seq, &body)).await.unwrap();
    }
    let seqs: Vec<_> = log.records("0011223344556677-1").await.unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (0..12).collect::<Vec<_>>());
}
