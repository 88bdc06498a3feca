//! The hash chain: how a record is sealed, and the proof that nothing was dropped or altered.

use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{AuditRecord, Body, History, legal};
use crate::incident::Status;

/// What the first record of a chain names as the hash before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 over a record's fields in the order `incident, seq, kind, time, actor, policy_version, body, prev`, each as text and
/// preceded by its length in bytes as eight bytes, big end first. Hexadecimal. The record's own `hash` is not read.
#[must_use]
pub fn digest(record: &AuditRecord) -> String {
    let (seq, time) = (record.seq.to_string(), record.time.to_string());
    let fields = [
        record.incident.as_str(),
        &seq,
        record.kind.as_str(),
        &time,
        &record.actor,
        &record.policy_version,
        &record.body,
        &record.prev,
    ];
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// What an unbroken chain proves.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// How many records the chain has.
    pub records: u64,
    /// Hash of the last record, which stands for all of them; that of [`GENESIS`] for an empty chain.
    pub head: String,
    /// The terminal state that the latest closing record names.
    pub closed: Option<Status>,
    /// The last record is a closing one that names this length: nothing can be missing at the end. A closed incident whose
    /// chain is not sealed has lost its tail, or is being taken back just now.
    pub sealed: bool,
}

/// Where a chain is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[error("record {seq}: {flaw}")]
pub struct Break {
    /// The sequence number of the record at which it shows.
    pub seq: u64,
    /// How.
    pub flaw: Flaw,
}

/// How a chain can be broken.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Records before this one are missing.
    #[error("the {missing} record(s) before it are missing")]
    Gap {
        /// How many.
        missing: u64,
    },
    /// A record with this or a higher number came before it.
    #[error("it is out of order or there twice")]
    Reordered,
    /// It belongs to another chain.
    #[error("it belongs to the chain of `{incident}`")]
    Foreign {
        /// The other chain.
        incident: String,
    },
    /// Its hash is not that of its content.
    #[error("its content was altered: the hash does not fit")]
    Altered,
    /// It does not name the hash of the record before it.
    #[error("its link was altered: it does not name the record before it")]
    Unlinked,
    /// A closing record names another length than the chain has there.
    #[error("it closes a chain of {says} records, but {found} are there")]
    Length {
        /// What the closing record says.
        says: u64,
        /// How many records there are up to it.
        found: u64,
    },
    /// Its body is not of the shape of its kind.
    #[error("its content cannot be read")]
    Unreadable,
    /// It may not follow what is there.
    #[error("it may not stand here: {reason}")]
    Illegal {
        /// What is missing or in the way.
        reason: &'static str,
    },
}

/// Prove that the records, in the order in which they were read, are one whole chain. Needs nothing but the records, so it works offline.
///
/// # Errors
/// Every break, located. Whether each record may follow the others is only asked where the chain itself is whole.
pub fn verify(records: &[AuditRecord]) -> Result<Proof, Vec<Break>> {
    let mut breaks = Vec::new();
    let mut before: Option<&AuditRecord> = None;
    for record in records {
        breaks.extend(flaws(before, record).into_iter().map(|flaw| Break { seq: record.seq, flaw }));
        before = Some(record);
    }
    breaks.extend(wrong_lengths(records));
    if breaks.is_empty() {
        breaks.extend(illegal(records));
    }
    if breaks.is_empty() { Ok(proof(records)) } else { Err(breaks) }
}

fn flaws(before: Option<&AuditRecord>, record: &AuditRecord) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let (expected, prev) = match before {
        Some(before) => (before.seq.saturating_add(1), before.hash.as_str()),
        None => (0, GENESIS),
    };
    if before.is_some_and(|before| before.incident != record.incident) {
        flaws.push(Flaw::Foreign { incident: record.incident.clone() });
    }
    match record.seq.checked_sub(expected) {
        None => flaws.push(Flaw::Reordered),
        // A link can only be judged beside the record that it names.
        Some(0) if record.prev != prev => flaws.push(Flaw::Unlinked),
        Some(0) => {}
        Some(missing) => flaws.push(Flaw::Gap { missing }),
    }
    if digest(record) != record.hash {
        flaws.push(Flaw::Altered);
    }
    flaws
}

fn wrong_lengths(records: &[AuditRecord]) -> impl Iterator<Item = Break> {
    records.iter().zip(1_u64..).filter_map(|(record, found)| match Body::read(record.kind, &record.body) {
        Ok(Body::Closing(closing)) if closing.length != found => {
            Some(Break { seq: record.seq, flaw: Flaw::Length { says: closing.length, found } })
        }
        _ => None,
    })
}

fn illegal(records: &[AuditRecord]) -> Vec<Break> {
    let mut breaks = Vec::new();
    let mut history = History::default();
    for record in records {
        let Ok(body) = Body::read(record.kind, &record.body) else {
            breaks.push(Break { seq: record.seq, flaw: Flaw::Unreadable });
            continue;
        };
        if let Err(reason) = legal::check(&history, &record.incident, record.time, &body) {
            breaks.push(Break { seq: record.seq, flaw: Flaw::Illegal { reason } });
        }
        history.push(record, body);
    }
    breaks
}

fn proof(records: &[AuditRecord]) -> Proof {
    let closing = |record: &AuditRecord| match Body::read(record.kind, &record.body) {
        Ok(Body::Closing(closing)) => Some(closing.status),
        _ => None,
    };
    Proof {
        records: u64::try_from(records.len()).unwrap_or(u64::MAX),
        head: records.last().map_or_else(|| GENESIS.to_owned(), |record| record.hash.clone()),
        closed: records.iter().rev().find_map(closing),
        sealed: records.last().and_then(closing).is_some(),
    }
}
