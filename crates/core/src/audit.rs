//! Audit records: what was found, decided, answered and done, as a hash chain per incident.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a record records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// One event and how it was assessed; a chain of its own, `call#<dedupe id>`.
    Assessment,
    /// Events that joined an incident, with the hashes of their assessment records.
    Finding,
    /// A decision: its plan, plan hash, reasons and the evidence it saw.
    Decision,
    /// A person was asked (or reminded).
    ApprovalRequested,
    /// An answer that counted: who, as STS says, and for which plan hash.
    ApprovalAccepted,
    /// An answer that did not count, and why.
    ApprovalRefused,
    /// Nobody answered before the deadline.
    ApprovalExpired,
    /// About to change an account: what was captured.
    Intent,
    /// What became of it.
    Outcome,
    /// About to take a change back.
    UndoIntent,
    /// What became of that.
    UndoOutcome,
    /// People were told.
    Notification,
    /// Handed to people, and why.
    Escalation,
    /// The incident reached a terminal state; names the length of the chain.
    Closing,
}

/// One record of the audit table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// The chain: an incident id, or `call#<dedupe id>`.
    pub incident: String,
    /// 0 for the first of the chain.
    pub seq: u64,
    /// What it records.
    pub kind: RecordKind,
    /// When it was written.
    pub time: Timestamp,
    /// Which part of layerguard wrote it: `detect`, `decide`, `remediate`.
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
