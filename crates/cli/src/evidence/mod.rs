//! Evidence of one incident: its records with those of the calls it rests on, what they prove, and the bundle that carries them to
//! another machine.
//!
//! [`examine()`] judges records wherever they come from, [`Bundle::pack`] makes the files of a bundle, [`check`] verifies them with nothing
//! else at hand, [`container`] reads and writes the one file that holds them.

pub mod check;
pub mod container;
mod derived;
mod examine;
mod manifest;
mod originals;
mod pack;
pub mod policies;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use layerguard_core::audit::{self, AuditRecord, Body};
use layerguard_core::incident::AGAIN;
use layerguard_core::policy::Package;

pub use examine::{Examined, examine};
pub use manifest::Manifest;
pub use originals::Originals;
pub use pack::Bundle;

/// The files of a bundle by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The records of one incident, with the chains of its calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The chain of the incident.
    pub records: Vec<AuditRecord>,
    /// The chains of the calls that its findings name, by their names. One that is not there is missing here too.
    pub calls: BTreeMap<String, Vec<AuditRecord>>,
    /// The published policies that decided, by their versions. What was decided by the built-in policy under the stack's parameter is in none.
    pub policies: BTreeMap<String, Package>,
}

/// From where and when a bundle was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The stack.
    pub stack: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// When.
    pub exported_at: Timestamp,
    /// By whom, as STS says.
    pub exported_by: String,
}

/// The chains of calls that the findings name, with the event and the hash that each finding rests on. What cannot be read names nothing:
/// the check of the chain itself tells it.
#[must_use]
pub fn named(records: &[AuditRecord]) -> BTreeMap<String, BTreeSet<String>> {
    let mut chains: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in records {
        let Ok(Body::Finding(finding)) = Body::read(record.kind, &record.body) else { continue };
        for event in finding.events {
            // An event that joined a second time rests on a later record of the same call.
            let id = event.dedupe_id.strip_suffix(AGAIN).unwrap_or(&event.dedupe_id);
            chains.entry(audit::call_chain(id)).or_default().insert(event.record_hash);
        }
    }
    chains
}
