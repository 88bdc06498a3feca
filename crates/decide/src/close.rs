//! Closing an incident, and what may still happen to a closed one.

use layerguard_core::audit::body::UndoCause;
use layerguard_core::audit::{self, Body};
use layerguard_core::engine::Verdict;
use layerguard_core::incident::{Incident, Status};
use layerguard_core::metric::Metric;

use crate::hub::course;
use crate::view::View;
use crate::{ACTOR, Course, Decide, DecideError, Next};

impl Decide<'_> {
    /// Close, unless an event joined since the view was taken: then the update conflicts and the hub looks again.
    pub(crate) async fn close(&self, view: &View) -> Result<(), DecideError> {
        self.settle(view, view.history.conclusion()).await
    }

    /// Give the row a terminal status, then record it.
    pub(crate) async fn settle(&self, view: &View, status: Status) -> Result<(), DecideError> {
        // Nothing stands that new calls could show not to hold, and people know.
        let told = matches!(status, Status::Observed | Status::Undecided | Status::Rejected)
            || (status == Status::Escalated && view.incident.verdict == Verdict::Undecided);
        // What was left alone because of a pause is looked at again after it.
        let paused = view.history.decision().is_some_and(|decision| decision.circumstances.paused);
        let quiet = told && !paused && view.standing().is_empty();
        let closed = Incident { status, quiet, closed_at: Some(self.ports.clock.now()), ..view.incident.clone() };
        self.mark_due(&view.incident.id).await?;
        self.update(&closed, view.incident.revision).await?;
        self.ports.figures.tell(Metric::IncidentsClosed, 1);
        self.record_closing(view, status).await
    }

    pub(crate) async fn record_closing(&self, view: &View, status: Status) -> Result<(), DecideError> {
        let id = &view.incident.id;
        let now = self.ports.clock.now();
        let closed = audit::close(self.ports.audit, id, ACTOR, self.policy_version(), now, status).await;
        closed.map(|_| ()).map_err(|source| DecideError::Audit { incident: id.clone(), source })
    }

    /// A closed incident: an undo or a lift that a person asked for, or nothing.
    pub(crate) async fn after_closing(&self, view: &View) -> Result<Course, DecideError> {
        let id = view.incident.id.as_str();
        let closing = view.last(|body| matches!(body, Body::Closing(_)));
        let undone = view.last(|body| matches!(body, Body::UndoOutcome(done) if done.cause == UndoCause::Person));
        let asked = view.last(|body| matches!(body, Body::ApprovalAccepted(answer) if answer.verb.takes_back()));
        let mut steps = view.history.to_undo();
        // The machine tried and gave up: told to people, not tried again under the same approval.
        steps.retain(|&step| view.escalated(step) <= view.history.asked_back_in(step).map(|entry| entry.seq));
        if !steps.is_empty() {
            self.mark_due(id).await?;
            return Ok(course(id, Next::Undo, &steps));
        }
        if asked.max(undone) > closing {
            if !view.history.is_reported() {
                return Ok(course(id, Next::Report, &[]));
            }
            self.settle(view, view.history.conclusion()).await?;
        } else if !view.history.is_sealed() {
            // The row was closed and its record lost, or a late answer was refused after it: the chain names its length again.
            self.record_closing(view, view.incident.status).await?;
        }
        Ok(course(id, Next::Settled, &[]))
    }
}
