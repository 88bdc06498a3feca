//! Task `lift_due`: take back the temporary measures whose time is over.

use layerguard_core::audit::body::{Escalation, NotificationKind, UndoCause, UndoIntent, UndoOutcome, UndoResult};
use layerguard_core::audit::{self, Body, History};
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::mark_due;

use crate::error::{RemediateError, in_words};
use crate::step::{At, LOOKS};
use crate::{ACTOR, LiftAnswer, Remediate};

const TASK: &str = "lift_due";

/// What became of one measure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lifted {
    Yes,
    /// A person must look; told.
    No,
    /// Its time has not come.
    Later,
}

impl Remediate<'_> {
    pub(crate) async fn lift_due(&self) -> Result<LiftAnswer, RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        let mut due = self.measures.due_measures(self.clock.now()).await.map_err(port)?;
        // Of one incident the latest first: it may stand on top of an earlier one.
        due.sort_by(|one, other| other.cmp(one));
        let mut answer = LiftAnswer { lifted: 0, failed: 0 };
        for (incident, step) in &due {
            match self.lift(At { incident, step: *step }).await {
                Ok(Lifted::Yes) => answer.lifted += 1,
                Ok(Lifted::No) => answer.failed += 1,
                Ok(Lifted::Later) => {}
                // The measure stays due: the next minute tries again.
                Err(error) => {
                    tracing::warn!(incident_id = incident, step, error = in_words(&error), "a measure was not lifted");
                    answer.failed += 1;
                }
            }
        }
        Ok(answer)
    }

    async fn lift(&self, at: At<'_>) -> Result<Lifted, RemediateError> {
        for _ in 0..LOOKS {
            let history = self.history(at.incident).await?;
            if let Some(open) = history.open_undo(at.step) {
                // The intent stands in the record, so the chain is not sealed, and nobody takes the mark away before it is.
                self.mark_due(at.incident).await?;
                self.finish_undo(at, &history, open.cause).await?;
            } else if !history.standing().contains(&at.step) {
                self.forget(at, &history).await?;
                return Ok(Lifted::Yes);
            } else if let Some(undo) = history.undo_outcome(at.step).filter(|undo| undo.cause == UndoCause::Lift) {
                self.hand_over(at, &history, undo).await?;
                self.forget(at, &self.history(at.incident).await?).await?;
                return Ok(Lifted::No);
            } else if self.postponed(at, &history).await? {
                return Ok(Lifted::Later);
            } else {
                let body = Body::UndoIntent(UndoIntent { step: at.step, cause: UndoCause::Lift });
                self.record(&history, at, body).await?;
            }
        }
        Err(RemediateError::Unending { incident: at.incident.to_owned(), step: at.step })
    }

    /// Lifting changes a closed incident, which no machine looks at: the sweeper is to announce it. What can never be marked must not
    /// keep a measure from being lifted.
    async fn mark_due(&self, incident: &str) -> Result<(), RemediateError> {
        match mark_due(self.outbox, incident).await {
            Err(error) if error.class() != Class::Retryable => {
                tracing::error!(incident_id = incident, %error, "an incident could not be marked for announcement");
                Ok(())
            }
            marked => marked.map_err(|source| RemediateError::Port { task: TASK, source }),
        }
    }

    /// A measure waits for its own time, and for that of a later one that wrote over it: that one puts it back when it goes.
    async fn postponed(&self, at: At<'_>, history: &History) -> Result<bool, RemediateError> {
        let over = history.overlaid(at.step).and_then(|later| history.lift_at(later));
        let until = history.lift_at(at.step).max(over);
        if until.is_some_and(|until| until <= self.clock.now()) {
            return Ok(false);
        }
        let port = |source| RemediateError::Port { task: TASK, source };
        self.measures.put_measure(at.incident, at.step, until).await.map_err(port)?;
        Ok(true)
    }

    /// Not lifted and not to be tried again: people are told once, and it is recorded.
    async fn hand_over(&self, at: At<'_>, history: &History, undo: &UndoOutcome) -> Result<(), RemediateError> {
        if history.told(NotificationKind::Escalation) {
            return Ok(());
        }
        let what = match undo.result {
            UndoResult::Drifted => "was changed by somebody else and stays as it is",
            _ => "could not be lifted and still stands",
        };
        let detail = undo.detail.as_deref().unwrap_or("no detail was given");
        let reason = format!("the temporary measure of step {} {what}", at.step);
        let given = Escalation { step: Some(at.step), reason: reason.clone(), error: Some(detail.to_owned()) };
        // Recorded by an invocation that ended before people were told.
        let recorded = |body: &Body| matches!(body, Body::Escalation(earlier) if *earlier == given);
        if !history.entries().iter().any(|entry| recorded(&entry.body)) {
            self.record(history, at, Body::Escalation(given)).await?;
        }
        self.tell_escalation(at.incident, &format!("{reason}: {detail}")).await
    }

    /// A closed incident's chain ends with its length again; then the measure is forgotten.
    async fn forget(&self, at: At<'_>, history: &History) -> Result<(), RemediateError> {
        if let Some(closing) = history.closing().filter(|_| !history.is_sealed()) {
            let version = history.decided_in(at.step).map_or("", |decided| decided.policy_version.as_str());
            audit::close(self.audit, at.incident, ACTOR, version, self.clock.now(), closing.status).await?;
        }
        let port = |source| RemediateError::Port { task: TASK, source };
        self.measures.remove_measure(at.incident, at.step).await.map_err(port)
    }
}
