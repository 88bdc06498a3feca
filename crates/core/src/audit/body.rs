//! What each kind of record contains: the one place for field names in the audit table.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Original;
use crate::approval::{CallerIdentity, Verb};
use crate::cloudtrail::Event;
use crate::engine::{self, Severity, Verdict};
use crate::facts::Facts;
use crate::incident::Status;
use crate::plan::{Mode, Plan, Target};
use crate::ports;

pub use super::reconciliation::{Reconciliation, UnreadableFile};

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
    /// The record that the event was read from, where the call is not clear. Records of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
}

/// Events that joined an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The events that no earlier finding of this incident names.
    pub events: Vec<FindingEvent>,
    /// How many events the incident had then.
    pub evidence: u64,
    /// Who is accused by these events: ARNs and `aws:userid`s, each once. What the incident is found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<String>,
    /// The accounts in which they happened, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
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
    /// Weightiest severity among the rules that fired; one step higher where a containment did not hold.
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
    /// How many different people must approve before a step that asks may run: 1 or 2. Records of earlier versions say nothing and mean 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub approvers: u32,
    /// How much depends on the roles that would be touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blast: Vec<Blast>,
    /// What it was made under.
    #[serde(default, skip_serializing_if = "Circumstances::is_ordinary")]
    pub circumstances: Circumstances,
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
const fn is_one(count: &u32) -> bool {
    *count == 1
}

/// How much depends on a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blast {
    /// The role's ARN.
    pub role: String,
    /// Its distinct sessions in the twelve hours before, as far as they made watched calls.
    pub sessions: u32,
    /// The services that its trust policy lets use it, as far as the role could be looked at.
    pub services: Vec<String>,
}

/// What a decision was made under, beside the evidence. Records of earlier versions have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Circumstances {
    /// A containment of the same session, or of one of the same source, did not hold.
    pub not_held: bool,
    /// An inline policy found no room before, so that none is planned.
    pub inline_full: bool,
    /// The stop switch was thrown, or could not be read.
    pub paused: bool,
}

impl Circumstances {
    /// Nothing out of the ordinary.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        *self == Self::default()
    }
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
    /// The one step that is to be taken back; `None` for all that the verb takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The first of two approvals: nothing runs until a second person approves the same plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaits_second: bool,
}

impl ApprovalAccepted {
    /// Who answered, as STS said.
    #[must_use]
    pub fn identity(&self) -> CallerIdentity {
        CallerIdentity {
            arn: self.approver_arn.clone(),
            user_id: self.approver_user_id.clone(),
            account: self.approver_arn.split(':').nth(4).unwrap_or_default().to_owned(),
        }
    }
}

/// Somebody on call has seen the incident. Decides nothing and ends no wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who, as STS says.
    pub by: CallerIdentity,
    /// In the person's words; escape it always.
    pub comment: Option<String>,
    /// Which signature was used up.
    pub signature_hash: String,
}

/// Somebody on call said who looks after the incident. Decides nothing and ends no wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// To whom: free text; escape it always.
    pub to: String,
    /// By whom, as STS says.
    pub by: CallerIdentity,
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

impl OutcomeResult {
    /// The word in JSON, logs and figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NothingToDo => "nothing_to_do",
            Self::Failed => "failed",
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The step.
    pub step: u32,
    /// What applying came to.
    pub result: OutcomeResult,
    /// Why it failed, or what stays although the step succeeded, in words.
    pub detail: Option<String>,
    /// What kind of failure it was, where something follows from the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A kind of failure from which something follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// A quota is exhausted, such as the room for inline policies: another action may still be possible.
    LimitExceeded,
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

impl UndoResult {
    /// The word in JSON, logs and figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undone => "undone",
            Self::NothingToDo => "nothing_to_do",
            Self::Drifted => "drifted",
            Self::Failed => "failed",
        }
    }
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
    /// That one of two people has approved, and a second must.
    SecondApprover,
    /// The question for the last time, a while before the deadline.
    LastCall,
    /// What happened and what was done.
    Report,
    /// That a person must look.
    Escalation,
    /// That layerguard is paused.
    Pause,
    /// That a pause is over.
    Resume,
    /// That another policy is in force.
    Published,
    /// Nothing by itself: it is counted in the summary of many incidents.
    Summarised,
}

/// People were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// What.
    pub kind: NotificationKind,
    /// The topic's id of the message; empty where the summary was told by another incident.
    pub message_id: String,
    /// What would have been told by itself, of a summarised one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<NotificationKind>,
}

impl Notification {
    /// What it stands for: a summarised one for what it held back.
    #[must_use]
    pub fn tells(&self) -> NotificationKind {
        self.held.unwrap_or(self.kind)
    }
}

impl NotificationKind {
    /// It puts the open question to people, in whichever words.
    #[must_use]
    pub const fn asks(self) -> bool {
        matches!(self, Self::ApprovalRequest | Self::Reminder | Self::SecondApprover | Self::LastCall)
    }
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

/// The stop switch was thrown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What the switch says.
    pub pause: ports::Pause,
    /// What a resume names: see [`ports::Pause::hash`].
    pub hash: String,
}

/// Why a pause is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Resume {
    /// Its time ran out.
    Expired,
    /// Somebody took it away without an answer that counts.
    Removed,
    /// A person resumed.
    Person(ApprovalAccepted),
}

/// A whole policy. What it is called is its own hash, so that nobody has to be believed about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Its version: what decisions name.
    pub version: String,
    /// All of it, packed ([`crate::policy::Package`]).
    pub package: String,
}

/// Another policy is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its version.
    pub version: String,
    /// The version that was in force before, or `built-in`.
    pub replaces: String,
    /// Who published it, as STS says; the verb tells a rollback from a publish.
    pub answer: ApprovalAccepted,
    /// What changed, in words, and what the checks warned of.
    pub changes: Vec<String>,
}
