//! What all tasks share: reading the records of an incident, and running one verb of a step's action.

use std::sync::Arc;

use jiff::Timestamp;
use layerguard_core::action::{self, Action, ActionError, Applied, Occasion, Tools, Undone};
use layerguard_core::audit::body::Failure;
use layerguard_core::audit::{self, AuditError, Body, Draft, History};
use layerguard_core::error::{Class, Classified};
use layerguard_core::history::intended;
use layerguard_core::plan::Step;
use layerguard_core::ports::{Account, PortError, PortErrorKind};
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
    #[error("the change could not be prepared")]
    Account(#[source] PortError),
    #[error("the change was made and could not be seen to stand")]
    DoesNotStand,
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
    /// What kind of failure it is, where something follows from the kind.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Action(ActionError::Port { source, .. })
                if matches!(source.kind, PortErrorKind::LimitExceeded(_)) =>
            {
                Some(Failure::LimitExceeded)
            }
            _ => None,
        }
    }

    /// Trying again may help: the machine does.
    pub(crate) fn passes(self, at: At<'_>) -> Result<String, RemediateError> {
        match self {
            Self::Action(source) if source.class() == Class::Retryable => {
                Err(RemediateError::Interrupted { incident: at.incident.to_owned(), step: at.step, source })
            }
            Self::Account(source) if source.class() == Class::Retryable => {
                Err(RemediateError::Unreachable { incident: at.incident.to_owned(), step: at.step, source })
            }
            Self::DoesNotStand => Err(RemediateError::NotSeen { incident: at.incident.to_owned(), step: at.step }),
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
            Ok(record) => {
                self.figures.count(&record);
                Ok(true)
            }
            Err(AuditError::Illegal { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The account that the step changes.
    async fn enter(&self, step: &Step) -> Result<Arc<dyn Account>, Trouble> {
        let account = step.target.account().ok_or(Refusal::Contradiction)?;
        self.accounts.enter(account, step.target.region()).await.map_err(Trouble::Account)
    }

    fn tools<'t>(&'t self, account: &'t dyn Account) -> Tools<'t> {
        let inventory = self.guard.inventory.as_ref().ok();
        Tools { account, holders: self.holders, inventory }
    }

    pub(crate) async fn capture(&self, incident: &str, step: &Step, now: Timestamp) -> Result<Value, Trouble> {
        self.check(step).await?;
        let (action, account) = (known(step)?, self.enter(step).await?);
        let occasion = Occasion { incident, target: &step.target, stack: self.stack };
        action.capture(occasion, now, self.tools(&*account)).await.map_err(Trouble::Action)
    }

    /// Make the change and read it back.
    pub(crate) async fn carry_out(&self, incident: &str, step: &Step, captured: &Value) -> Result<Applied, Trouble> {
        self.check(step).await?;
        let (action, account) = (known(step)?, self.enter(step).await?);
        let (occasion, tools) = (Occasion { incident, target: &step.target, stack: self.stack }, self.tools(&*account));
        self.announce(incident, step).await?;
        let applied = action.apply(occasion, captured, tools).await.map_err(Trouble::Action)?;
        if action.holds(occasion, captured, tools).await.map_err(Trouble::Action)? {
            Ok(applied)
        } else {
            Err(Trouble::DoesNotStand)
        }
    }

    pub(crate) async fn take_back(&self, incident: &str, step: &Step, captured: &Value) -> Result<Undone, Trouble> {
        self.guard.check_place(&step.target)?;
        let (action, account) = (known(step)?, self.enter(step).await?);
        let occasion = Occasion { incident, target: &step.target, stack: self.stack };
        self.announce(incident, step).await?;
        action.undo(occasion, captured, self.tools(&*account)).await.map_err(Trouble::Action)
    }

    /// Say what is about to change. A change with our own roles that was not announced is not ours.
    async fn announce(&self, incident: &str, step: &Step) -> Result<(), Trouble> {
        match intended(&step.target, incident, step.number, self.clock.now()) {
            Some(trace) => self.activity.remember(&[trace]).await.map_err(Trouble::Account),
            None => Ok(()),
        }
    }

    /// The guard's look, and the stop switch's: a switch that cannot be read is taken as thrown.
    async fn check(&self, step: &Step) -> Result<(), Trouble> {
        self.guard.check(step)?;
        match self.switch.pause().await {
            Ok(Some(pause)) if pause.holds(self.clock.now()) => Err(Refusal::Paused(pause.ends_at()).into()),
            Ok(_) => Ok(()),
            Err(source) if source.class() == Class::Retryable => Err(Trouble::Account(source)),
            Err(source) => Err(Refusal::SwitchUnreadable(source.to_string()).into()),
        }
    }
}

fn known(step: &Step) -> Result<&'static dyn Action, Trouble> {
    action::by_name(&step.action).ok_or_else(|| Trouble::NoSuchAction(step.action.clone()))
}
