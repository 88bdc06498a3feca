//! Closing an incident, and what may still happen to a closed one.

use layerguard_core::approval::Verb;
use layerguard_core::audit::body::OutcomeResult;
use layerguard_core::audit::{self, Body};
use layerguard_core::engine::Verdict;
use layerguard_core::incident::{Incident, Status};

use crate::hub::course;
use crate::view::View;
use crate::{ACTOR, Course, Decide, DecideError, Next};

impl Decide<'_> {
    /// Close, unless an event joined since the view was taken: then the update conflicts and the hub looks again.
    pub(crate) async fn close(&self, view: &View) -> Result<(), DecideError> {
        self.settle(view, view.final_status()).await
    }

    /// Give the row a terminal status, then record it.
    pub(crate) async fn settle(&self, view: &View, status: Status) -> Result<(), DecideError> {
        let closed = Incident { status, closed_at: Some(self.ports.clock.now()), ..view.incident.clone() };
        self.update(&closed, view.incident.revision).await?;
        self.record_closing(view, status).await
    }

    async fn record_closing(&self, view: &View, status: Status) -> Result<(), DecideError> {
        let id = &view.incident.id;
        let now = self.ports.clock.now();
        let closed = audit::close(self.ports.audit, id, ACTOR, self.policy_version(), now, status).await;
        closed.map(|_| ()).map_err(|source| DecideError::Audit { incident: id.clone(), source })
    }

    /// A closed incident: an undo that a person asked for, or nothing.
    pub(crate) async fn after_closing(&self, view: &View) -> Result<Course, DecideError> {
        let id = view.incident.id.as_str();
        let closing = view.last(|body| matches!(body, Body::Closing(_)));
        let undone = view.last(|body| matches!(body, Body::UndoOutcome(_)));
        let asked = view.last(|body| matches!(body, Body::ApprovalAccepted(answer) if answer.verb == Verb::Undo));
        let steps = view.history.to_undo();
        if !steps.is_empty() {
            return Ok(course(id, Next::Undo, &steps));
        }
        if asked.max(undone) > closing {
            if !view.is_reported() {
                return Ok(course(id, Next::Report, &[]));
            }
            self.settle(view, view.status_after_undo()).await?;
        } else if closing.is_none() {
            // The row was closed and its record lost.
            self.record_closing(view, view.incident.status).await?;
        }
        Ok(course(id, Next::Settled, &[]))
    }
}

impl View {
    /// What an open incident with nothing left to do has come to.
    fn final_status(&self) -> Status {
        let Some(decision) = self.history.decision() else { return Status::Escalated };
        if decision.verdict != Verdict::Violation {
            return Status::Undecided;
        }
        let mut applied = false;
        let mut failed = false;
        for entry in self.history.entries() {
            match &entry.body {
                Body::Outcome(outcome) if outcome.result == OutcomeResult::Failed => failed = true,
                Body::Outcome(_) => applied = true,
                Body::Escalation(given) if given.step.is_some() => failed = true,
                _ => {}
            }
        }
        let rejected = self.last(|body| matches!(body, Body::ApprovalAccepted(answer) if answer.verb == Verb::Reject));
        let expired = self.last(|body| matches!(body, Body::ApprovalExpired(_)));
        match (applied, failed) {
            (true, true) => Status::PartlyContained,
            (false, true) => Status::Escalated,
            _ if rejected.is_some() => Status::Rejected,
            (true, false) => Status::Contained,
            _ if expired.is_some() => Status::Expired,
            (false, false) => Status::Observed,
        }
    }

    /// Undone when nothing of ours stands any more.
    fn status_after_undo(&self) -> Status {
        if self.history.standing().is_empty() { Status::Undone } else { Status::PartlyContained }
    }
}
