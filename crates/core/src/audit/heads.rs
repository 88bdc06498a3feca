//! The heads of chains as they stood at one time. A chain proves that it is whole, and not that it is the one that was there: its
//! hashes have no key, so whoever can alter records can compute them anew. Heads that were noted where nobody can alter them prove that too.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{AuditRecord, GENESIS};

/// The form of what is noted.
pub const FORM: u32 = 1;

/// The heads of the chains of a stack that the index by day lists: those of incidents, of releases and of what was changed for all. A clear call's record
/// is a chain of its own and not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// [`FORM`] of whoever noted it.
    pub form: u32,
    /// The stack's account.
    pub account: String,
    /// The stack's region.
    pub region: String,
    /// The stack.
    pub stack: String,
    /// When they were read.
    pub at: Timestamp,
    /// Each chain by its name, in the order of the names.
    pub chains: BTreeMap<String, Head>,
}

/// Where a chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many records it had.
    pub records: u64,
    /// Hash of the last of them, which stands for all.
    pub head: String,
}

/// How a chain differs from the one that was noted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unlike {
    /// Records are gone from its end.
    #[error("it had {noted} records when its head was noted, and {found} are there: the last are missing")]
    Shorter {
        /// How many it had.
        noted: u64,
        /// How many there are.
        found: u64,
    },
    /// It goes on from another record than it did.
    #[error("its record {seq} is not the one whose hash was noted: the chain was written anew")]
    Other {
        /// The number of the record that was its last.
        seq: u64,
    },
}

impl Head {
    /// Where a whole chain ends.
    #[must_use]
    pub fn of(records: &[AuditRecord]) -> Self {
        Self {
            records: u64::try_from(records.len()).unwrap_or(u64::MAX),
            head: records.last().map_or_else(|| GENESIS.to_owned(), |record| record.hash.clone()),
        }
    }

    /// Whether the chain, which verifies by itself, goes on from where it ended when this was noted.
    ///
    /// # Errors
    /// How it does not.
    pub fn goes_on(&self, records: &[AuditRecord]) -> Result<(), Unlike> {
        let found = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let Some(seq) = self.records.checked_sub(1) else { return Ok(()) };
        match usize::try_from(seq).ok().and_then(|at| records.get(at)) {
            None => Err(Unlike::Shorter { noted: self.records, found }),
            Some(record) if record.hash == self.head => Ok(()),
            Some(_) => Err(Unlike::Other { seq }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{RecordKind, digest};

    fn chain(bodies: &[&str]) -> Vec<AuditRecord> {
        let mut records: Vec<AuditRecord> = Vec::new();
        for (seq, body) in (0..).zip(bodies) {
            let mut record = AuditRecord {
                incident: "0123456789abcdef-1".into(),
                seq,
                kind: RecordKind::Notification,
                time: Timestamp::UNIX_EPOCH,
                actor: "decide".into(),
                policy_version: "built-in".into(),
                body: (*body).into(),
                prev: records.last().map_or(GENESIS, |before| &before.hash).to_owned(),
                hash: String::new(),
            };
            record.hash = digest(&record);
            records.push(record);
        }
        records
    }

    #[test]
    fn a_chain_may_grow_and_nothing_else() {
        let sound = chain(&["a", "b", "c"]);
        let noted = Head::of(&sound[..2]);
        assert_eq!((noted.goes_on(&sound[..2]), noted.goes_on(&sound)), (Ok(()), Ok(())));
        assert_eq!(noted.goes_on(&sound[..1]), Err(Unlike::Shorter { noted: 2, found: 1 }));
        assert_eq!(noted.goes_on(&[]), Err(Unlike::Shorter { noted: 2, found: 0 }));
        // Whole by itself, with hashes that were computed anew.
        assert_eq!(noted.goes_on(&chain(&["x", "b", "c"])), Err(Unlike::Other { seq: 1 }));
        assert_eq!(Head::of(&[]).goes_on(&sound), Ok(()));
    }
}
