//! Audit records: what was found, decided, answered and done, as a hash chain per incident.
//!
//! [`body`] says what each kind of record contains, [`append()`] writes one if it may follow what is there (the module `legal`
//! holds that as data), [`History`] answers what the records of an incident amount to, and [`verify`] proves that none was
//! dropped or altered.

mod about;
mod answers;
mod append;
pub mod body;
mod chain;
mod conclusion;
mod heads;
mod history;
mod kind;
mod legal;
mod original;
pub mod packed;
mod reconciliation;
mod search;
mod steps;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

pub use about::About;
pub use append::{append, begin, close};
pub use chain::{Break, Flaw, GENESIS, Proof, digest, verify};
pub use heads::{FORM, Head, Heads, Unlike};
pub use history::{Entry, History};
pub use kind::{Body, RecordKind};
pub use original::{Fit, Mark, Original, OriginalFlaw};
pub use reconciliation::reconcile_chain;
pub use search::{Walk, Wanted};
pub use steps::NotAuthorised;

use crate::error::{Class, Classified};
use crate::ports::PortError;

/// One record of the audit table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// The chain: an incident id, `call#<dedupe id>`, that of the stop switch, or one of reconciling.
    pub incident: String,
    /// 0 for the first of the chain.
    pub seq: u64,
    /// What it records.
    pub kind: RecordKind,
    /// When it was written.
    pub time: Timestamp,
    /// Which part of layerguard wrote it: `detect`, `decide`, `remediate`, `reconcile`, or `cli` for a person at the command line.
    pub actor: String,
    /// The policy bundle in force.
    pub policy_version: String,
    /// The content, as the exact JSON text that is hashed.
    pub body: String,
    /// Hash of the record before; 64 zeros for the first.
    pub prev: String,
    /// SHA-256 over all of the above, hexadecimal.
    pub hash: String,
}

/// A record that is about to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What it records.
    pub kind: RecordKind,
    /// Its content, in the shape that [`body`] gives for the kind.
    pub body: Value,
}

impl Draft {
    /// A draft with this content.
    ///
    /// # Errors
    /// When the content cannot be written as JSON, which no content of ours does.
    pub fn of(body: &Body) -> Result<Self, AuditError> {
        let kind = body.kind();
        let body = serde_json::to_value(body).map_err(|source| AuditError::Draft { kind: kind.as_str(), source })?;
        Ok(Self { kind, body })
    }
}

/// The chain of one call: its assessment record and nothing else.
#[must_use]
pub fn call_chain(dedupe_id: &str) -> String {
    format!("{CALL_PREFIX}{dedupe_id}")
}

/// The chain of the stop switch; no incident id is like it.
pub const SWITCH_CHAIN: &str = "switch";

/// The chain of the policy: which one was in force when, and by whom; no incident id is like it.
pub const POLICY_CHAIN: &str = "policy";

/// Whether a chain is an incident's. Every other chain has a name of its own, or a `#` in it.
#[must_use]
pub fn is_incidents(chain: &str) -> bool {
    chain != SWITCH_CHAIN && chain != POLICY_CHAIN && !chain.contains('#')
}

/// The chain that holds the policy of this version and nothing else.
#[must_use]
pub fn bundle_chain(version: &str) -> String {
    format!("{BUNDLE_PREFIX}{version}")
}

/// What the chains of single policies begin with; no incident id does.
const BUNDLE_PREFIX: &str = "bundle#";

/// What the chains of single calls begin with; no incident id does.
const CALL_PREFIX: &str = "call#";

/// What the chains of reconciling begin with; no incident id does.
const RECONCILE_PREFIX: &str = "reconcile#";

/// The chain is one of reconciling: see [`reconcile_chain`].
#[must_use]
pub fn is_reconcile_chain(chain: &str) -> bool {
    chain.starts_with(RECONCILE_PREFIX)
}

/// Why records could not be read or written.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The table did not answer.
    #[error("could not read or write the audit records of `{incident}`")]
    Port {
        /// The chain.
        incident: String,
        /// Why.
        #[source]
        source: PortError,
    },
    /// A stored body is not of the shape of its kind.
    #[error("audit record {seq} of `{incident}` is not a readable `{kind}` record")]
    Unreadable {
        /// The chain.
        incident: String,
        /// Its number.
        seq: u64,
        /// Its kind.
        kind: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A new body is not of the shape of its kind.
    #[error("the content of a new `{kind}` record has the wrong shape")]
    Draft {
        /// Its kind.
        kind: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The record may not follow what is there.
    #[error("a `{kind}` record cannot be added to `{incident}`: {reason}")]
    Illegal {
        /// The chain.
        incident: String,
        /// Its kind.
        kind: &'static str,
        /// What is missing or in the way.
        reason: &'static str,
    },
    /// Other writers were faster every time.
    #[error("could not add to the audit records of `{incident}`: others were faster {attempts} times")]
    Busy {
        /// The chain.
        incident: String,
        /// How often it was tried.
        attempts: u32,
    },
}

impl Classified for AuditError {
    fn class(&self) -> Class {
        match self {
            Self::Port { source, .. } => source.class(),
            Self::Unreadable { .. } | Self::Illegal { .. } => Class::Stuck,
            Self::Draft { .. } => Class::Permanent,
            Self::Busy { .. } => Class::Retryable,
        }
    }
}
