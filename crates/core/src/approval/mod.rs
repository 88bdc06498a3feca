//! Approvals: a person's answer, and the proof of who gave it.
//!
//! Whoever holds a task token can call back, so the callback carries no authority. The answer is a signed
//! `sts:GetCallerIdentity` request that names the incident, the plan's hash and the answer among its signed headers; Decide checks it,
//! sends it to STS, and believes only what STS returns.

mod fingerprint;
mod proof;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use proof::{Expectation, MOST_COMMENT, Refusal, check, comment_hash};

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Carry the plan out.
    Approve,
    /// Do not.
    Reject,
    /// Take the measures back.
    Undo,
    /// End the pause.
    Resume,
}

/// The question that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// The incident.
    pub incident: String,
    /// What was shown is what runs.
    pub plan_hash: String,
    /// When it was first asked.
    pub asked_at: Timestamp,
    /// The one absolute deadline.
    pub deadline: Timestamp,
    /// When people were last told.
    pub told_at: Option<Timestamp>,
    /// The task token of the current wait: a bearer secret, shown nowhere.
    pub token: Option<String>,
}

/// A signed `sts:GetCallerIdentity` request, kept as it is to be sent: always `POST /` with the fixed body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRequest {
    /// Scheme, host and port, for example `https://sts.eu-central-1.amazonaws.com`.
    pub endpoint: String,
    /// All headers, names in lower case, the `authorization` and the session token among them.
    pub headers: BTreeMap<String, String>,
}

/// A person's answer as stored; worth nothing until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The incident.
    pub incident: String,
    /// What the person wants.
    pub verb: Verb,
    /// The plan that the person saw.
    pub plan_hash: String,
    /// In the person's words. Attacker-controlled until verified; escape it always.
    pub comment: Option<String>,
    /// When the command line stored it.
    pub given_at: Timestamp,
    /// The proof.
    pub request: SignedRequest,
}

/// Whom STS says the signer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerIdentity {
    /// `arn:aws:sts::...:assumed-role/Role/session` or `arn:aws:iam::...:user/path/name`.
    pub arn: String,
    /// `AROA...:session` or `AIDA...`.
    pub user_id: String,
    /// The account.
    pub account: String,
}

/// The body of every such request.
pub const PROOF_BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
/// Signed header that names the incident.
pub const HEADER_INCIDENT: &str = "x-layerguard-incident";
/// Signed header that names the plan's hash.
pub const HEADER_PLAN: &str = "x-layerguard-plan";
/// Signed header that names the answer: `approve`, `reject` or `undo`.
pub const HEADER_ANSWER: &str = "x-layerguard-answer";
/// Signed header with the SHA-256 of the comment, hexadecimal; of the empty text when there is none.
pub const HEADER_COMMENT: &str = "x-layerguard-comment-sha256";

impl Verb {
    /// The word in the signed header, in commands and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Undo => "undo",
            Self::Resume => "resume",
        }
    }
}
