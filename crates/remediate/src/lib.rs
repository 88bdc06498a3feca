//! Remediate: the only function of layerguard that changes an account.
//!
//! What it does follows from the audit records alone. A payload names an incident and a step; whether that step is to be done, to whom,
//! and what stood there before, is recorded or it does not happen.

mod apply;
mod breaker;
mod error;
mod guard;
mod lift;
mod reach;
mod report;
mod step;
mod undo;

use layerguard_core::assess::Assessor;
use layerguard_core::metric::{Figures, Metric};
use layerguard_core::ports::{
    Accounts, ActivityStore, AuditLog, Clock, Holders, IncidentStore, MeasureStore, Notifier, Outbox, ReachStore,
    Switch,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::RemediateError;
pub use guard::Guard;

use step::At;

/// Who writes these records.
const ACTOR: &str = "remediate";

/// The function over its ports.
#[derive(Clone, Copy)]
pub struct Remediate<'a> {
    /// The records: what is authorised, what was done.
    pub audit: &'a dyn AuditLog,
    /// Incident rows, which it only reads.
    pub incidents: &'a dyn IncidentStore,
    /// What stands, and the breaker's counters.
    pub measures: &'a dyn MeasureStore,
    /// The accounts that it may change.
    pub accounts: &'a dyn Accounts,
    /// Which of them let it in, when it tried last.
    pub reaches: &'a dyn ReachStore,
    /// Where it says what it is about to change, before it does.
    pub activity: &'a dyn ActivityStore,
    /// Who holds the measures that incidents share.
    pub holders: &'a dyn Holders,
    /// The stop switch.
    pub switch: &'a dyn Switch,
    /// The alert topic.
    pub notifier: &'a dyn Notifier,
    /// Where it marks closed incidents that it changes: Decide announces that to other tools.
    pub outbox: &'a dyn Outbox,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The policy in force, or why there is none: whence the runbooks of its messages.
    pub policy: &'a Result<Assessor, String>,
    /// What it never does.
    pub guard: &'a Guard,
    /// The stack that the commands in its messages address.
    pub stack: &'a str,
    /// The region that it runs in, for the same.
    pub region: &'a str,
    /// What is told in figures.
    pub figures: &'a Figures,
}

/// A task, as the state machine or the scheduler sends it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case", deny_unknown_fields)]
enum Task {
    Apply { incident_id: String, step: u32 },
    Undo { incident_id: String, step: u32 },
    Report { incident_id: String },
    LiftDue {},
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum StepOutcome {
    Applied,
    NothingToDo,
    Failed,
    Undone,
    Drifted,
}

/// The answer to `apply` and `undo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct StepAnswer {
    incident_id: String,
    step: u32,
    outcome: StepOutcome,
}

/// The answer to `lift_due`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct LiftAnswer {
    lifted: u32,
    failed: u32,
}

impl StepAnswer {
    fn of(at: At<'_>, outcome: StepOutcome) -> Self {
        Self { incident_id: at.incident.to_owned(), step: at.step, outcome }
    }
}

impl Remediate<'_> {
    /// Do one task. Every task can be repeated.
    ///
    /// # Errors
    /// When the payload is no task, the records do not allow it, or a service does not answer. That a step failed is no error but its outcome.
    pub async fn handle(&self, payload: Value) -> Result<Value, RemediateError> {
        let answer = match serde_json::from_value(payload).map_err(RemediateError::Task)? {
            Task::Apply { incident_id, step } => {
                serde_json::to_value(self.apply(At { incident: &incident_id, step }).await?)
            }
            Task::Undo { incident_id, step } => {
                serde_json::to_value(self.undo(At { incident: &incident_id, step }).await?)
            }
            Task::Report { incident_id } => {
                self.report(&incident_id).await?;
                Ok(serde_json::json!({ "incident_id": incident_id }))
            }
            Task::LiftDue {} => {
                let answer = self.lift_due().await?;
                // What is due is lifted whether this comes about or not: the next minute tries again.
                if let Err(error) = self.try_accounts().await {
                    tracing::warn!(error = error::in_words(&error), "it was not tried which accounts let us in");
                }
                if answer.failed > 0 {
                    self.figures.tell(Metric::MeasuresNotLifted, answer.failed.into());
                }
                serde_json::to_value(answer)
            }
        };
        answer.map_err(RemediateError::Answer)
    }
}
