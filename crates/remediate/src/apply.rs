//! Task `apply`: carry one step out.
//!
//! Each look at the records does the one thing that is next: capture and record the intent; apply and record the outcome; settle what
//! follows from the outcome. So it does not matter where an earlier invocation ended, or whether another one runs beside this one.

use layerguard_core::action::{self, Applied};
use layerguard_core::audit::body::{Intent, Outcome, OutcomeResult};
use layerguard_core::audit::{Body, History};
use layerguard_core::plan::Step;

use crate::breaker::counted_under;
use crate::error::RemediateError;
use crate::step::{At, LOOKS, Trouble};
use crate::{Remediate, StepAnswer, StepOutcome};

const TASK: &str = "apply";

impl Remediate<'_> {
    pub(crate) async fn apply(&self, at: At<'_>) -> Result<StepAnswer, RemediateError> {
        for _ in 0..LOOKS {
            let history = self.history(at.incident).await?;
            if let Some(outcome) = history.outcome(at.step) {
                self.settle(at, &history, outcome.result).await?;
                return Ok(StepAnswer::of(at, outcome.result.into()));
            }
            let step = history.authorised(at.step).map_err(|source| RemediateError::NotAuthorised {
                incident: at.incident.to_owned(),
                step: at.step,
                source,
            })?;
            match history.intent(at.step) {
                None => self.begin(at, &history, step).await?,
                Some(intent) => self.finish(at, &history, step, intent).await?,
            }
        }
        Err(RemediateError::Unending { incident: at.incident.to_owned(), step: at.step })
    }

    /// Read the prior state and record it, before anything is changed.
    async fn begin(&self, at: At<'_>, history: &History, step: &Step) -> Result<(), RemediateError> {
        let captured = match self.breaker(at, step).await? {
            Ok(()) => self.capture(at.incident, step, self.clock.now()).await,
            Err(refused) => Err(refused),
        };
        let body = match captured {
            Ok(captured) => Body::Intent(Box::new(Intent {
                step: at.step,
                action: step.action.clone(),
                target: step.target.clone(),
                captured,
            })),
            Err(trouble) => failed(at, trouble)?,
        };
        self.record(history, at, body).await.map(drop)
    }

    /// Change the account as the intent says, and record what came of it.
    async fn finish(&self, at: At<'_>, history: &History, step: &Step, intent: &Intent) -> Result<(), RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        // Before the change: whatever happens from here on, what may stand is known and lifts in time.
        self.measures.put_measure(at.incident, at.step, history.lift_at(at.step)).await.map_err(port)?;
        let body = match self.carry_out(at.incident, step, &intent.captured).await {
            Ok(applied) => {
                let result = match applied {
                    Applied::Applied => OutcomeResult::Applied,
                    Applied::NothingToDo => OutcomeResult::NothingToDo,
                };
                let detail = action::by_name(&step.action).and_then(|action| action.remark(&intent.captured));
                Body::Outcome(Outcome { step: at.step, result, detail, failure: None })
            }
            Err(trouble) => failed(at, trouble)?,
        };
        if let Body::Outcome(outcome) = &body {
            let (incident_id, action, outcome) = (at.incident, &step.action, outcome.result.as_str());
            tracing::info!(incident_id, step = at.step, action, outcome, "a step came out");
        }
        self.record(history, at, body).await.map(drop)
    }

    /// What follows from the outcome. Every part can be repeated.
    async fn settle(&self, at: At<'_>, history: &History, result: OutcomeResult) -> Result<(), RemediateError> {
        let port = |source| RemediateError::Port { task: TASK, source };
        match result {
            OutcomeResult::Applied => {
                let begun = history.begun_at(at.step).unwrap_or_else(|| self.clock.now());
                let scopes = history.step(at.step).map(counted_under);
                self.measures.count_action(&scopes.unwrap_or_default(), at.incident, at.step, begun).await.map_err(port)
            }
            OutcomeResult::NothingToDo => self.measures.remove_measure(at.incident, at.step).await.map_err(port),
            // The change may have been made although the answer says no: if it lifts, it is lifted in time.
            OutcomeResult::Failed => Ok(()),
        }
    }
}

/// The outcome of a step that did not succeed, or the error when trying again may help.
fn failed(at: At<'_>, trouble: Trouble) -> Result<Body, RemediateError> {
    let failure = trouble.failure();
    let detail = Some(trouble.passes(at)?);
    Ok(Body::Outcome(Outcome { step: at.step, result: OutcomeResult::Failed, detail, failure }))
}

impl From<OutcomeResult> for StepOutcome {
    fn from(result: OutcomeResult) -> Self {
        match result {
            OutcomeResult::Applied => Self::Applied,
            OutcomeResult::NothingToDo => Self::NothingToDo,
            OutcomeResult::Failed => Self::Failed,
        }
    }
}
