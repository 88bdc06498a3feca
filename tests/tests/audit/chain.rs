//! What a chain proves, and where each break shows.

use jiff::Timestamp;
use layerguard_core::audit::{AuditRecord, Flaw, GENESIS, RecordKind, digest, verify};
use layerguard_core::incident::Status;

use super::records::{ID, closed};

fn flaws(records: &[AuditRecord]) -> Vec<(u64, Flaw)> {
    verify(records).unwrap_err().into_iter().map(|broken| (broken.seq, broken.flaw)).collect()
}

#[test]
fn the_hash_is_the_one_that_anybody_can_compute() {
    let record = AuditRecord {
        incident: ID.into(),
        seq: 7,
        kind: RecordKind::ApprovalAccepted,
        time: "2026-11-20T09:00:00.25Z".parse().unwrap(),
        actor: "decide".into(),
        policy_version: "v1".into(),
        body: r#"{"comment":"é"}"#.into(),
        prev: GENESIS.into(),
        hash: String::new(),
    };
    // python3: hashlib.sha256(b"".join(len(f).to_bytes(8, "big") + f for f in fields)), fields in UTF-8.
    assert_eq!(digest(&record), "2ad58baca4c26b21a5178f7a3a895fdadefdc424fe7ceb2718e44717db3e5055");
    let moved = AuditRecord { actor: "decidev".into(), policy_version: "1".into(), ..record.clone() };
    assert_ne!(digest(&moved), digest(&record));
}

#[test]
fn a_whole_chain_is_proven_and_sealed() {
    let records = closed();
    let proof = verify(&records).unwrap();
    assert_eq!((proof.records, proof.closed, proof.sealed), (7, Some(Status::Contained), true));
    assert_eq!(proof.head, records[6].hash);
    let empty = verify(&[]).unwrap();
    assert_eq!((empty.records, empty.head.as_str(), empty.sealed), (0, GENESIS, false));
}

#[test]
fn a_cut_off_tail_is_not_sealed() {
    let records = closed();
    assert!(!verify(&records[..6]).unwrap().sealed);
    assert!(!verify(&records[..3]).unwrap().sealed);
}

#[test]
fn each_missing_record_is_located() {
    for lost in 0..6_usize {
        let mut records = closed();
        records.remove(lost);
        let found = flaws(&records);
        let after = u64::try_from(lost).unwrap() + 1;
        assert!(found.contains(&(after, Flaw::Gap { missing: 1 })), "{lost}: {found:?}");
        assert!(found.contains(&(6, Flaw::Length { says: 7, found: 6 })), "{lost}: {found:?}");
        assert_eq!(found.len(), 2, "{lost}: {found:?}");
    }
}

#[test]
fn swapped_and_doubled_records_are_located() {
    let mut records = closed();
    records.swap(2, 3);
    assert!(flaws(&records).iter().any(|(seq, flaw)| (*seq, flaw) == (2, &Flaw::Reordered)));
    let mut records = closed();
    records.insert(3, records[2].clone());
    assert!(flaws(&records).contains(&(2, Flaw::Reordered)));
}

#[test]
fn every_altered_field_is_located() {
    let alter: [fn(&mut AuditRecord); 6] = [
        |record| record.body = record.body.replace("applied", "failed"),
        |record| record.kind = RecordKind::UndoOutcome,
        |record| record.time = Timestamp::UNIX_EPOCH,
        |record| record.actor.push('x'),
        |record| record.policy_version.push('x'),
        |record| record.hash = GENESIS.into(),
    ];
    for (which, alter) in alter.into_iter().enumerate() {
        let mut records = closed();
        alter(&mut records[4]);
        assert!(flaws(&records).contains(&(4, Flaw::Altered)), "{which}");
    }
    let mut records = closed();
    records[4].incident = "0000000000000000-1".into();
    assert!(flaws(&records).contains(&(4, Flaw::Foreign { incident: "0000000000000000-1".into() })));
}

#[test]
fn an_altered_link_and_a_record_hashed_anew_are_located() {
    let mut records = closed();
    records[4].prev = GENESIS.into();
    assert_eq!(flaws(&records), [(4, Flaw::Unlinked), (4, Flaw::Altered)]);
    let mut records = closed();
    records[4].body = records[4].body.replace("applied", "failed");
    records[4].hash = digest(&records[4]);
    assert_eq!(flaws(&records), [(5, Flaw::Unlinked)]);
}

/// Whoever rewrites the whole chain still has to leave a history that may be.
#[test]
fn a_chain_hashed_anew_without_its_approval_is_illegal() {
    let mut records = closed();
    records.remove(2);
    let mut prev = GENESIS.to_owned();
    for (seq, record) in (0..).zip(records.iter_mut()) {
        (record.seq, record.prev) = (seq, prev);
        record.body = record.body.replace("\"length\":7", "\"length\":6");
        record.hash = digest(record);
        prev = record.hash.clone();
    }
    let found = flaws(&records);
    assert!(matches!(found.as_slice(), [(2, Flaw::Illegal { .. })]), "{found:?}");
}
