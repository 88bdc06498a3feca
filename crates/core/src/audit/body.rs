//! What each kind of record contains: the one place for field names in the audit table.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::{CallerIdentity, Verb};
use crate::cloudtrail::Event;
use crate::engine::{self, Severity, Verdict};
use crate::facts::Facts;
use crate::incident::Status;
use crate::plan::{Mode, Plan, Target};

/// One event and how it was assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The event.
    pub event: Event,
    /// Its facts; `None` when not even those could be established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// How it was assessed.
    pub assessment: engine::Assessment,
}

/// Events that joined an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The events that no earlier finding of this incident names.
    pub events: Vec<FindingEvent>,
    /// How many events the incident had then.
    pub evidence: u64,
}

/// One event of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingEvent {
    /// What its duplicates share.
    pub dedupe_id: String,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// Event time.
    pub time: Timestamp,
    /// `ecr:GetDownloadUrlForLayer` and so on.
    pub call: String,
    /// Ids of the rules that fired.
    pub rules: Vec<String>,
    /// Hash of the event's own assessment record.
    pub record_hash: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How many events it saw.
    pub evidence: u64,
    /// Violation or undecided.
    pub verdict: Verdict,
    /// Weightiest severity among the rules that fired.
    pub severity: Option<Severity>,
    /// Ids of the rules that fired.
    pub rules: Vec<String>,
    /// What is to be done.
    pub plan: Plan,
    /// What an approver signs.
    pub plan_hash: String,
    /// Weightiest mode among the containment steps.
    pub decision: Mode,
    /// Why, in words for a person.
    pub reasons: Vec<String>,
    /// What kept it from being decided.
    pub errors: Vec<String>,
    /// Steps that may run when nobody answers in time.
    pub on_expiry: Vec<u32>,
}

/// A person was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequested {
    /// The plan that was shown.
    pub plan_hash: String,
    /// Until when an answer counts.
    pub deadline: Timestamp,
    /// Asked before; this was a reminder.
    pub reminder: bool,
}

/// An answer that counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAccepted {
    /// What the person answered.
    pub verb: Verb,
    /// The plan that the person saw.
    pub plan_hash: String,
    /// Who, as STS says.
    pub approver_arn: String,
    /// The person's `aws:userid`, as STS says.
    pub approver_user_id: String,
    /// In the person's words; escape it always.
    pub comment: Option<String>,
    /// Which signature was used up.
    pub signature_hash: String,
}

/// An answer that did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRefused {
    /// What was answered.
    pub verb: Verb,
    /// The plan that the answer names.
    pub plan_hash: String,
    /// Who, if STS was asked and told.
    pub approver: Option<CallerIdentity>,
    /// Which signature it was.
    pub signature_hash: String,
    /// Why it does not count.
    pub reason: String,
}

/// What follows from nobody answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryOutcome {
    /// Nothing is done; people are told.
    Escalate,
    /// The listed steps run; people are told.
    Contain,
}

/// Nobody answered before the deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalExpired {
    /// The plan that waited.
    pub plan_hash: String,
    /// What follows.
    pub outcome: ExpiryOutcome,
    /// The steps that run; none for `escalate`.
    pub steps: Vec<u32>,
}

/// About to change an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The step.
    pub step: u32,
    /// Its action.
    pub action: String,
    /// What it is done to.
    pub target: Target,
    /// What the action captured, in the action's own shape. Retries and undo use it again.
    pub captured: Value,
}

/// What applying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeResult {
    /// The measure stands.
    Applied,
    /// It stood already by somebody else's hand.
    NothingToDo,
    /// It could not be done. Without an intent before it, nothing was tried.
    Failed,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The step.
    pub step: u32,
    /// What applying came to.
    pub result: OutcomeResult,
    /// Why it failed, in words.
    pub detail: Option<String>,
}

/// Why a change is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoCause {
    /// A person asked for it.
    Person,
    /// The measure was temporary and its time is over.
    Lift,
}

/// About to take a change back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoIntent {
    /// The step.
    pub step: u32,
    /// Why.
    pub cause: UndoCause,
}

/// What undoing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoResult {
    /// Exactly our change is gone.
    Undone,
    /// There was nothing of ours left.
    NothingToDo,
    /// Somebody changed it in between; nothing was touched.
    Drifted,
    /// It could not be done.
    Failed,
}

/// What became of taking a change back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOutcome {
    /// The step.
    pub step: u32,
    /// Why it was taken back.
    pub cause: UndoCause,
    /// What undoing came to.
    pub result: UndoResult,
    /// What drifted or failed, in words.
    pub detail: Option<String>,
}

/// What people were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// The question whether to carry a plan out.
    ApprovalRequest,
    /// The same again.
    Reminder,
    /// What happened and what was done.
    Report,
    /// That a person must look.
    Escalation,
}

/// People were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// What.
    pub kind: NotificationKind,
    /// The topic's id of the message.
    pub message_id: String,
}

/// Handed to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The step that gave cause, if one did.
    pub step: Option<u32>,
    /// Why, in words.
    pub reason: String,
    /// The error as the machine reported it; escape it always.
    pub error: Option<String>,
}

/// The incident reached a terminal state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The terminal state.
    pub status: Status,
    /// How many records the chain has, this one included.
    pub length: u64,
}
