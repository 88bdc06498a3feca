//! Kinds of records, and the content of each.

use serde::{Deserialize, Serialize};

use super::body::{
    Acknowledged, ApprovalAccepted, ApprovalExpired, ApprovalRefused, ApprovalRequested, Assessment, Assigned, Bundle,
    Closing, Decision, Escalation, Finding, Intent, Notification, Outcome, Pause, Published, Reconciliation, Resume,
    UndoIntent, UndoOutcome,
};

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
    /// Somebody on call has seen the incident.
    Acknowledged,
    /// Somebody on call said who looks after it.
    Assigned,
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
    /// The stop switch was thrown; in the chain of the switch.
    Pause,
    /// The pause is over, and why.
    Resume,
    /// What an hour of the trail came to against what was assessed; in a chain of its account, region and day.
    Reconciliation,
    /// A whole policy, under its version; a chain of its own, `bundle#<version>`.
    Bundle,
    /// A policy is in force from now on; in the chain of the policy.
    Published,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::Assessment,
        Self::Finding,
        Self::Decision,
        Self::ApprovalRequested,
        Self::ApprovalAccepted,
        Self::ApprovalRefused,
        Self::ApprovalExpired,
        Self::Acknowledged,
        Self::Assigned,
        Self::Intent,
        Self::Outcome,
        Self::UndoIntent,
        Self::UndoOutcome,
        Self::Notification,
        Self::Escalation,
        Self::Closing,
        Self::Pause,
        Self::Resume,
        Self::Reconciliation,
        Self::Bundle,
        Self::Published,
    ];

    /// The word in the table, and in what is hashed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assessment => "assessment",
            Self::Finding => "finding",
            Self::Decision => "decision",
            Self::ApprovalRequested => "approval_requested",
            Self::ApprovalAccepted => "approval_accepted",
            Self::ApprovalRefused => "approval_refused",
            Self::ApprovalExpired => "approval_expired",
            Self::Acknowledged => "acknowledged",
            Self::Assigned => "assigned",
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::UndoIntent => "undo_intent",
            Self::UndoOutcome => "undo_outcome",
            Self::Notification => "notification",
            Self::Escalation => "escalation",
            Self::Closing => "closing",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Reconciliation => "reconciliation",
            Self::Bundle => "bundle",
            Self::Published => "published",
        }
    }
}

/// The content of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each variant is the struct of its name")]
pub enum Body {
    Assessment(Box<Assessment>),
    Finding(Finding),
    Decision(Box<Decision>),
    ApprovalRequested(ApprovalRequested),
    ApprovalAccepted(ApprovalAccepted),
    ApprovalRefused(ApprovalRefused),
    ApprovalExpired(ApprovalExpired),
    Acknowledged(Acknowledged),
    Assigned(Assigned),
    Intent(Box<Intent>),
    Outcome(Outcome),
    UndoIntent(UndoIntent),
    UndoOutcome(UndoOutcome),
    Notification(Notification),
    Escalation(Escalation),
    Closing(Closing),
    Pause(Pause),
    Resume(Resume),
    Reconciliation(Box<Reconciliation>),
    Bundle(Bundle),
    Published(Published),
}

impl Body {
    /// Which kind of record it is the content of.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::Assessment(_) => RecordKind::Assessment,
            Self::Finding(_) => RecordKind::Finding,
            Self::Decision(_) => RecordKind::Decision,
            Self::ApprovalRequested(_) => RecordKind::ApprovalRequested,
            Self::ApprovalAccepted(_) => RecordKind::ApprovalAccepted,
            Self::ApprovalRefused(_) => RecordKind::ApprovalRefused,
            Self::ApprovalExpired(_) => RecordKind::ApprovalExpired,
            Self::Acknowledged(_) => RecordKind::Acknowledged,
            Self::Assigned(_) => RecordKind::Assigned,
            Self::Intent(_) => RecordKind::Intent,
            Self::Outcome(_) => RecordKind::Outcome,
            Self::UndoIntent(_) => RecordKind::UndoIntent,
            Self::UndoOutcome(_) => RecordKind::UndoOutcome,
            Self::Notification(_) => RecordKind::Notification,
            Self::Escalation(_) => RecordKind::Escalation,
            Self::Closing(_) => RecordKind::Closing,
            Self::Pause(_) => RecordKind::Pause,
            Self::Resume(_) => RecordKind::Resume,
            Self::Reconciliation(_) => RecordKind::Reconciliation,
            Self::Bundle(_) => RecordKind::Bundle,
            Self::Published(_) => RecordKind::Published,
        }
    }

    /// Read the content of a record of this kind.
    ///
    /// # Errors
    /// When the text is not JSON of the kind's shape.
    pub fn read(kind: RecordKind, text: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            RecordKind::Assessment => Self::Assessment(serde_json::from_str(text)?),
            RecordKind::Finding => Self::Finding(serde_json::from_str(text)?),
            RecordKind::Decision => Self::Decision(serde_json::from_str(text)?),
            RecordKind::ApprovalRequested => Self::ApprovalRequested(serde_json::from_str(text)?),
            RecordKind::ApprovalAccepted => Self::ApprovalAccepted(serde_json::from_str(text)?),
            RecordKind::ApprovalRefused => Self::ApprovalRefused(serde_json::from_str(text)?),
            RecordKind::ApprovalExpired => Self::ApprovalExpired(serde_json::from_str(text)?),
            RecordKind::Acknowledged => Self::Acknowledged(serde_json::from_str(text)?),
            RecordKind::Assigned => Self::Assigned(serde_json::from_str(text)?),
            RecordKind::Intent => Self::Intent(serde_json::from_str(text)?),
            RecordKind::Outcome => Self::Outcome(serde_json::from_str(text)?),
            RecordKind::UndoIntent => Self::UndoIntent(serde_json::from_str(text)?),
            RecordKind::UndoOutcome => Self::UndoOutcome(serde_json::from_str(text)?),
            RecordKind::Notification => Self::Notification(serde_json::from_str(text)?),
            RecordKind::Escalation => Self::Escalation(serde_json::from_str(text)?),
            RecordKind::Closing => Self::Closing(serde_json::from_str(text)?),
            RecordKind::Pause => Self::Pause(serde_json::from_str(text)?),
            RecordKind::Resume => Self::Resume(serde_json::from_str(text)?),
            RecordKind::Reconciliation => Self::Reconciliation(serde_json::from_str(text)?),
            RecordKind::Bundle => Self::Bundle(serde_json::from_str(text)?),
            RecordKind::Published => Self::Published(serde_json::from_str(text)?),
        })
    }
}
