//! What all tasks share: reading the records of an incident, and running one verb of a step's action.

use jiff::Timestamp;
use layerguard_core::action::{self, Action, ActionError, Applied, Occasion, Tools, Undone};
use layerguard_core::audit::{self, AuditError, Body, Draft, History};
use layerguard_core::error::{Class, Classified};
use layerguard_core::plan::Step;
use layerguard_core::ports::PortError;
use serde_json::Value;
use thiserror::Error;

use crate::error::{RemediateError, in_words};
use crate::guard::Refusal;
use crate::{ACTOR, Remediate};

/// How often a task looks at the records again. Each look does one thing; the rest is for another invocation of the same step.
pub(crate) const LOOKS: u32 = 8;

/// Why one verb of an action did not succeed.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    #[error("the guard refused it")]
    Refused(#[from] Refusal),
    #[error("this version knows no action `{0}`")]
    NoSuchAction(String),
    #[error("{0}")]
    Action(#[source] ActionError),
}

/// One step of one incident.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) incident: &'a str,
    pub(crate) step: u32,
}

impl Trouble {
    /// Trying again may help: the machine does.
    pub(crate) fn passes(self, at: At<'_>) -> Result<String, RemediateError> {
        match self {
            Self::Action(source) if source.class() == Class::Retryable => {
                Err(RemediateError::Interrupted { incident: at.incident.to_owned(), step: at.step, source })
            }
            Self::Action(source) => Ok(in_words(&source)),
            other => Ok(in_words(&other)),
        }
    }
}

impl<'a> Remediate<'a> {
    /// The records of the incident, proven whole.
    pub(crate) async fn history(&self, incident: &str) -> Result<History, RemediateError> {
        let port = |source: PortError| AuditError::Port { incident: incident.to_owned(), source };
        let records = self.audit.records(incident).await.map_err(port)?;
        if records.is_empty() {
            return Err(RemediateError::UnknownIncident(incident.to_owned()));
        }
        if let Err(breaks) = audit::verify(&records) {
            let count = breaks.len();
            if let Some(first) = breaks.into_iter().next() {
                return Err(RemediateError::Broken { incident: incident.to_owned(), count, first });
            }
        }
        Ok(History::of(&records)?)
    }

    /// Append a record; `false` when another invocation was here first and it may not follow any more.
    pub(crate) async fn record(&self, history: &History, at: At<'_>, body: Body) -> Result<bool, RemediateError> {
        let version = history.decided_in(at.step).map_or("", |decided| decided.policy_version.as_str());
        let draft = Draft::of(&body)?;
        match audit::append(self.audit, at.incident, ACTOR, version, self.clock.now(), draft).await {
            Ok(_) => Ok(true),
            Err(AuditError::Illegal { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn tools(&self) -> Tools<'a> {
        Tools { iam: self.iam }
    }

    pub(crate) async fn capture(&self, incident: &str, step: &Step, now: Timestamp) -> Result<Value, Trouble> {
        self.guard.check(step)?;
        let occasion = Occasion { incident, target: &step.target };
        known(step)?.capture(occasion, now, self.tools()).await.map_err(Trouble::Action)
    }

    pub(crate) async fn carry_out(&self, incident: &str, step: &Step, captured: &Value) -> Result<Applied, Trouble> {
        self.guard.check(step)?;
        let occasion = Occasion { incident, target: &step.target };
        known(step)?.apply(occasion, captured, self.tools()).await.map_err(Trouble::Action)
    }

    pub(crate) async fn take_back(&self, incident: &str, step: &Step, captured: &Value) -> Result<Undone, Trouble> {
        self.guard.check_place(&step.target)?;
        let occasion = Occasion { incident, target: &step.target };
        known(step)?.undo(occasion, captured, self.tools()).await.map_err(Trouble::Action)
    }
}

fn known(step: &Step) -> Result<&'static dyn Action, Trouble> {
    action::by_name(&step.action).ok_or_else(|| Trouble::NoSuchAction(step.action.clone()))
}
