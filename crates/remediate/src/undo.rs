//! Task `undo`: take one step back because a person said so.

use layerguard_core::action::Undone;
use layerguard_core::audit::body::{UndoCause, UndoIntent, UndoOutcome, UndoResult};
use layerguard_core::audit::{Body, History, NotAuthorised};

use crate::error::RemediateError;
use crate::step::{At, LOOKS};
use crate::{Remediate, StepAnswer, StepOutcome};

const TASK: &str = "undo";

impl Remediate<'_> {
    pub(crate) async fn undo(&self, at: At<'_>) -> Result<StepAnswer, RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        for _ in 0..LOOKS {
            let history = self.history(at.incident).await?;
            if let Some(answer) = history.undo_answer(at.step) {
                if !history.standing().contains(&at.step) {
                    self.measures.remove_measure(at.incident, at.step).await.map_err(port)?;
                }
                return Ok(StepAnswer::of(at, answer.result.into()));
            }
            if let Some(open) = history.open_undo(at.step) {
                self.finish_undo(at, &history, open.cause).await?;
                continue;
            }
            match history.undo_authorised(at.step) {
                Ok(_) => {
                    let body = Body::UndoIntent(UndoIntent { step: at.step, cause: UndoCause::Person });
                    self.record(&history, at, body).await?;
                }
                // Lifted before, never begun, or there by somebody else's hand.
                Err(NotAuthorised::NothingStands) => return Ok(StepAnswer::of(at, StepOutcome::NothingToDo)),
                Err(source) => {
                    let incident = at.incident.to_owned();
                    return Err(RemediateError::NotAuthorised { incident, step: at.step, source });
                }
            }
        }
        Err(RemediateError::Unending { incident: at.incident.to_owned(), step: at.step })
    }

    /// Take the change back and record what came of it.
    pub(crate) async fn finish_undo(
        &self,
        at: At<'_>,
        history: &History,
        cause: UndoCause,
    ) -> Result<(), RemediateError> {
        let (Some(step), Some(intent)) = (history.step(at.step), history.intent(at.step)) else {
            let incident = at.incident.to_owned();
            return Err(RemediateError::NotAuthorised { incident, step: at.step, source: NotAuthorised::UnknownStep });
        };
        let (result, detail) = match self.take_back(at.incident, step, &intent.captured).await {
            Ok(Undone::Undone) => (UndoResult::Undone, None),
            Ok(Undone::NothingToDo) => (UndoResult::NothingToDo, None),
            Ok(Undone::Kept(words)) => (UndoResult::Undone, Some(words)),
            Ok(Undone::Drifted(words)) => (UndoResult::Drifted, Some(words)),
            Err(trouble) => (UndoResult::Failed, Some(trouble.passes(at)?)),
        };
        let (incident_id, action, outcome) = (at.incident, &step.action, result.as_str());
        tracing::info!(incident_id, step = at.step, action, outcome, "a step was to be taken back");
        let body = Body::UndoOutcome(UndoOutcome { step: at.step, cause, result, detail });
        self.record(history, at, body).await.map(drop)
    }
}

impl From<UndoResult> for StepOutcome {
    fn from(result: UndoResult) -> Self {
        match result {
            UndoResult::Undone => Self::Undone,
            UndoResult::NothingToDo => Self::NothingToDo,
            UndoResult::Drifted => Self::Drifted,
            UndoResult::Failed => Self::Failed,
        }
    }
}
