use sha2::{Digest, Sha256};

use super::*;

fn record(body: &str) -> AuditRecord {
    AuditRecord {
        incident: "call#11111111-0000-4000-8000-000000000001".into(),
        seq: 0,
        kind: RecordKind::Assessment,
        time: "2026-11-20T09:31:30.123456789Z".parse().unwrap(),
        actor: "detect".into(),
        policy_version: "0123456789abcdef".repeat(4),
        body: body.to_owned(),
        prev: "0".repeat(64),
        hash: "ab".repeat(32),
    }
}

/// Clear, and so many bytes long.
fn clear(length: usize) -> String {
    let head = r#"{"verdict":"clear","text":""#;
    format!("{head}{}\"}}", "é".repeat((length - head.len() - 2) / 2))
}

#[test]
fn what_was_packed_comes_back_with_what_stands_beside_it() {
    let record = record(&clear(2_000));
    let packed = pack(&record).unwrap();
    let back = |incident: &str, version: &str| unpack(&packed, incident, version);
    assert_eq!(back(&record.incident, &record.policy_version).as_ref(), Some(&record.body));
    // Beside another policy another text comes out, if any: the hash of the record tells.
    let mentions = self::record(&clear(1_400).replace("text", &"0123456789abcdef".repeat(4)));
    let packed = pack(&mentions).unwrap();
    assert_ne!(unpack(&packed, &mentions.incident, &"f".repeat(64)), Some(mentions.body));
}

#[test]
fn only_what_is_clear_is_packed_and_only_where_that_is_cheaper() {
    let of = |kind, body: &str| AuditRecord { kind, ..record(body) };
    let long = clear(1_500);
    assert!(pack(&of(RecordKind::Assessment, &long)).is_some());
    assert!(pack(&of(RecordKind::Finding, &long)).is_none());
    assert!(pack(&of(RecordKind::Assessment, &clear(400))).is_none(), "it takes one unit as it is");
    let violation = long.replace("clear", "violation").replace("text", r#"\"verdict\":\"clear\""#);
    assert!(pack(&of(RecordKind::Assessment, &violation)).is_none(), "whatever somebody's words in it say");
}

#[test]
fn the_bytes_of_an_item_are_counted_as_the_table_counts_them() {
    let record = record("{}");
    let names = "incident".len() + "seq".len() + "kind".len() + "time".len() + "actor".len();
    let names = names + "policy_version".len() + "body".len() + "prev".len() + "hash".len();
    assert_eq!(item_bytes(&record, 2), names + 41 + 2 + "assessment".len() + 30 + 6 + 64 + 2 + 64 + 64);
}

#[test]
fn what_is_no_packed_content_is_refused() {
    let record = record(&clear(2_000));
    let packed = pack(&record).unwrap();
    let read = |bytes: &[u8]| unpack(bytes, &record.incident, &record.policy_version);
    assert_eq!(read(&[]), None);
    assert_eq!(read(&packed[..packed.len() - 3]), None, "cut off");
    assert_eq!(read(&[&[2], &packed[1..]].concat()), None, "a dictionary that is not known");
    assert_eq!(read(&[1, 0xff, 0xff, 0xff]), None);
    let bomb = deflate(&"a".repeat(MOST_TEXT * 3), &dictionary(&record.incident, &record.policy_version));
    assert_eq!(bomb.and_then(|bomb| read(&bomb)), None, "larger than any item");
}

/// What was written by a dictionary is read by it for as long as there are records.
#[test]
fn the_published_dictionary_stays_as_it_is() {
    let hash = hex::encode(Sha256::digest(DICTIONARY_1));
    assert_eq!(hash, "0bb2e9e38ad2c8523c8c4c3447084ffe10858b9835164e316c2da69ad1436b5a");
}
