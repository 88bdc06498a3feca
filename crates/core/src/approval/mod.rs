//! Approvals: a person's answer, and the proof of who gave it.
//!
//! Whoever holds a task token can call back, so the callback carries no authority. The answer is a signed
//! `sts:GetCallerIdentity` request that names the incident, the plan's hash and the answer among its signed headers; Decide checks it,
//! sends it to STS, and believes only what STS returns.

mod fingerprint;
mod person;
mod proof;
mod statement;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use person::{is_accused, is_same_person, role_of, same_person, shares_lineage};
pub use proof::{Expectation, MOST_ASSIGNEE, MOST_COMMENT, Refusal, check, comment_hash};
pub use statement::{NO_PLAN, Statement};

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Carry the plan out.
    Approve,
    /// Do not.
    Reject,
    /// Take the measures back: all, or one step.
    Undo,
    /// Take the temporary measures back before their time.
    Lift,
    /// End the pause.
    Resume,
    /// Say that it was seen. Decides nothing.
    Acknowledge,
    /// Say who looks after it. Decides nothing.
    Assign,
    /// Let a policy be in force.
    Publish,
    /// Let a policy that was in force before be in force again.
    Rollback,
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
    /// The one step that an undo is about; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Who shall look after the incident, of an assignment: free text, at most [`MOST_ASSIGNEE`] bytes; escape it always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// The policy that a publish or rollback replaces: its version, or [`BUILT_IN`]; the plan's hash is then the version that is to be in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The policy of a publish, packed. Not signed itself: its version is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
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
/// Signed header that names the answer: one of the words of [`Verb::as_str`].
pub const HEADER_ANSWER: &str = "x-layerguard-answer";
/// Signed header with the SHA-256 of the comment, hexadecimal; of the empty text when there is none.
pub const HEADER_COMMENT: &str = "x-layerguard-comment-sha256";
/// Signed header with the number of the one step that an undo is about; not there when it is about all.
pub const HEADER_STEP: &str = "x-layerguard-step";
/// Signed header with the version of the policy that a publish or rollback replaces; not there for anything else.
pub const HEADER_REPLACES: &str = "x-layerguard-replaces";
/// What is in force where nothing was published: the built-in policy with the deployment's inventory.
pub const BUILT_IN: &str = "built-in";
/// Signed header with the SHA-256 of the assignee's name, hexadecimal; there for an assignment and nothing else.
pub const HEADER_ASSIGNEE: &str = "x-layerguard-assignee-sha256";

impl Verb {
    /// The word in the signed header, in commands and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Undo => "undo",
            Self::Lift => "lift",
            Self::Resume => "resume",
            Self::Acknowledge => "acknowledge",
            Self::Assign => "assign",
            Self::Publish => "publish",
            Self::Rollback => "rollback",
        }
    }

    /// It answers the question whether a plan is carried out.
    #[must_use]
    pub const fn decides(self) -> bool {
        matches!(self, Self::Approve | Self::Reject)
    }

    /// It takes back what was done.
    #[must_use]
    pub const fn takes_back(self) -> bool {
        matches!(self, Self::Undo | Self::Lift)
    }

    /// It is about which policy is in force.
    #[must_use]
    pub const fn is_of_policy(self) -> bool {
        matches!(self, Self::Publish | Self::Rollback)
    }

    /// It is noted and decides nothing.
    #[must_use]
    pub const fn is_note(self) -> bool {
        matches!(self, Self::Acknowledge | Self::Assign)
    }
}
