//! Which records are announced, as what.

use crate::approval::Verb;
use crate::audit::body::{OutcomeResult, UndoCause, UndoResult};
use crate::audit::{Body, Entry, History};
use crate::incident::{Incident, Status};
use crate::plan::Mode;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A new incident.
    IncidentOpened,
    /// A new incident of what an incident before was about: its measures did not hold, or it went on.
    IncidentReopened,
    /// What is to be done was decided, for the first time or anew.
    IncidentDecided,
    /// A person is asked.
    ApprovalRequested,
    /// A person's answer counted.
    ApprovalAnswered,
    /// Nobody answered in time.
    ApprovalExpired,
    /// Everything that is authorised so far was done, at least in part.
    IncidentContained,
    /// A person must look.
    IncidentEscalated,
    /// It came to its end.
    IncidentClosed,
    /// A temporary measure ended by itself.
    MeasureLifted,
    /// A measure was taken back because a person asked.
    MeasureUndone,
    /// A measure was to be taken back and was not.
    MeasureNotUndone,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::IncidentOpened,
        Self::IncidentReopened,
        Self::IncidentDecided,
        Self::ApprovalRequested,
        Self::ApprovalAnswered,
        Self::ApprovalExpired,
        Self::IncidentContained,
        Self::IncidentEscalated,
        Self::IncidentClosed,
        Self::MeasureLifted,
        Self::MeasureUndone,
        Self::MeasureNotUndone,
    ];

    /// The `detail-type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncidentOpened => "Incident Opened",
            Self::IncidentReopened => "Incident Reopened",
            Self::IncidentDecided => "Incident Decided",
            Self::ApprovalRequested => "Approval Requested",
            Self::ApprovalAnswered => "Approval Answered",
            Self::ApprovalExpired => "Approval Expired",
            Self::IncidentContained => "Incident Contained",
            Self::IncidentEscalated => "Incident Escalated",
            Self::IncidentClosed => "Incident Closed",
            Self::MeasureLifted => "Measure Lifted",
            Self::MeasureUndone => "Measure Undone",
            Self::MeasureNotUndone => "Measure Not Undone",
        }
    }
}

/// As what the last record of `then` is announced, and where the incident stands with it; `None` when it is not.
pub(super) fn of(then: &History, entry: &Entry, incident: &Incident) -> Option<(Kind, Status)> {
    Some(match &entry.body {
        _ if entry.seq == 0 && incident.generation > 1 => (Kind::IncidentReopened, Status::Deciding),
        _ if entry.seq == 0 => (Kind::IncidentOpened, Status::Deciding),
        Body::Decision(decision) => match decision.decision {
            Mode::Act => (Kind::IncidentDecided, Status::Containing),
            Mode::Ask => (Kind::IncidentDecided, Status::AwaitingApproval),
            Mode::Observe => (Kind::IncidentDecided, Status::Deciding),
        },
        Body::ApprovalRequested(asked) if !asked.reminder => (Kind::ApprovalRequested, Status::AwaitingApproval),
        Body::ApprovalAccepted(answer) => match answer.verb {
            Verb::Approve => (Kind::ApprovalAnswered, Status::Containing),
            _ => (Kind::ApprovalAnswered, then.conclusion()),
        },
        Body::ApprovalExpired(expired) if expired.steps.is_empty() => (Kind::ApprovalExpired, Status::Expired),
        Body::ApprovalExpired(_) => (Kind::ApprovalExpired, Status::Containing),
        Body::Outcome(outcome) => after_outcome(then, outcome.result)?,
        Body::UndoOutcome(undone) => match (undone.result, undone.cause) {
            (UndoResult::Drifted | UndoResult::Failed, _) => (Kind::MeasureNotUndone, then.conclusion()),
            (_, UndoCause::Lift) => (Kind::MeasureLifted, then.conclusion()),
            (_, UndoCause::Person) => (Kind::MeasureUndone, then.conclusion()),
        },
        Body::Escalation(_) => (Kind::IncidentEscalated, Status::Escalated),
        Body::Closing(closing) if told_closed(then) != Some(closing.status) => (Kind::IncidentClosed, closing.status),
        _ => return None,
    })
}

/// The last step that may run came out.
fn after_outcome(then: &History, result: OutcomeResult) -> Option<(Kind, Status)> {
    if !then.to_run().is_empty() {
        return None;
    }
    match (then.conclusion(), result) {
        (status @ (Status::Contained | Status::PartlyContained), _) => Some((Kind::IncidentContained, status)),
        (status, OutcomeResult::Failed) => Some((Kind::IncidentEscalated, status)),
        _ => None,
    }
}

/// As what the closing record before the last record closed it: a late answer that is refused makes a new closing record, and no news.
fn told_closed(then: &History) -> Option<Status> {
    then.entries().iter().rev().skip(1).find_map(|entry| match &entry.body {
        Body::Closing(closing) => Some(closing.status),
        _ => None,
    })
}
