//! The sweeper: what no Catch can see. Detect dying after it wrote the incident row, an execution that was stopped, one that
//! ran out of time.

use jiff::SignedDuration;
use layerguard_core::incident::Incident;
use layerguard_core::metric::Metric;
use layerguard_core::ports::ExecutionStatus;
use serde::{Deserialize, Serialize};

use crate::{Decide, DecideError, Fault};

/// Triage starts an execution within seconds; an incident that still waits after this long was forgotten.
const GRACE: SignedDuration = SignedDuration::from_secs(60);
/// How often a dead execution is started again before people are told.
const MOST_RESTARTS: u32 = 2;
/// How many names are tried for the executions of one incident. Whoever may start executions may take some of them.
const MOST_NAMES: u32 = 8;

/// What one sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// Incidents for which an execution was started for the first time.
    pub started: u32,
    /// Incidents whose execution had died and was started again.
    pub restarted: u32,
    /// Incidents handed to people.
    pub escalated: u32,
    /// Incidents that could not be looked after this time; the next sweep tries again.
    pub failed: u32,
}

enum Care {
    None,
    Started,
    Restarted,
    Escalated,
}

impl Decide<'_> {
    /// Look after every open incident. One that cannot be looked after does not stop the others.
    pub(crate) async fn sweep(&self) -> Result<Swept, DecideError> {
        let port = |source| DecideError::Port { incident: "all".to_owned(), source };
        let mut swept = Swept::default();
        // What cannot be read or told now is tried again in a minute, and must not keep the incidents waiting.
        if let Err(error) = self.watch_switch().await {
            swept.failed = swept.failed.saturating_add(1);
            tracing::error!(%error, "the stop switch could not be looked after");
        }
        if let Err(error) = self.watch_policy().await {
            swept.failed = swept.failed.saturating_add(1);
            tracing::error!(%error, "the policy in force could not be looked after");
        }
        // What was held back after the last summary of a storm that is over.
        if let Err(error) = self.sum_up().await {
            swept.failed = swept.failed.saturating_add(1);
            tracing::error!(%error, "the summary of a storm could not be told");
        }
        let open = self.ports.incidents.open().await.map_err(port)?;
        swept.failed = swept.failed.saturating_add(self.gauge(&open).await);
        for incident in open {
            match self.look_after(&incident).await {
                Ok(Care::None) => {}
                Ok(Care::Started) => swept.started = swept.started.saturating_add(1),
                Ok(Care::Restarted) => swept.restarted = swept.restarted.saturating_add(1),
                Ok(Care::Escalated) => swept.escalated = swept.escalated.saturating_add(1),
                Err(error) => {
                    swept.failed = swept.failed.saturating_add(1);
                    tracing::error!(incident_id = incident.id, %error, "an incident could not be looked after");
                }
            }
        }
        // What other tools were not told yet of incidents that are closed; after those that are escalated right now.
        match self.announce_due().await {
            Ok(failed) => swept.failed = swept.failed.saturating_add(failed),
            Err(error) => {
                swept.failed = swept.failed.saturating_add(1);
                tracing::error!(%error, "what is to be announced could not be listed");
            }
        }
        self.ports.figures.tell(Metric::SweepFailures, swept.failed.into());
        if swept.restarted > 0 {
            self.ports.figures.tell(Metric::ExecutionsRestarted, swept.restarted.into());
        }
        Ok(swept)
    }

    async fn look_after(&self, incident: &Incident) -> Result<Care, DecideError> {
        if self.ports.clock.now().duration_since(incident.opened_at) < GRACE {
            return Ok(Care::None);
        }
        let Some((name, status)) = self.execution(incident).await? else {
            let fault =
                Fault::new("ExecutionNamesTaken", "every name of its executions is taken by one about something else");
            return self.escalate(&incident.id, None, &fault).await.map(|_| Care::Escalated);
        };
        match status {
            ExecutionStatus::Absent => Ok(if self.start(&name, incident).await? { Care::Started } else { Care::None }),
            // An execution that ended well while its incident is open lost a race or its records: decide once more.
            ExecutionStatus::Died | ExecutionStatus::Succeeded if incident.restarts < MOST_RESTARTS => {
                self.restart(incident).await
            }
            ExecutionStatus::Died | ExecutionStatus::Succeeded => {
                let fault = Fault::new("ExecutionDied", "its execution ended early, and so did every new one");
                self.escalate(&incident.id, None, &fault).await.map(|_| Care::Escalated)
            }
            ExecutionStatus::Running | ExecutionStatus::Foreign => Ok(Care::None),
        }
    }

    /// The name of the incident's latest execution, and how it stands: of the names that nobody else took, the one after as many
    /// as there were restarts. `None`: there is no such name left.
    async fn execution(&self, incident: &Incident) -> Result<Option<(String, ExecutionStatus)>, DecideError> {
        let mut earlier = 0;
        for number in 0..MOST_NAMES {
            let name = execution_name(&incident.id, number);
            let status = self.ports.executions.status(&name, &incident.id).await;
            match status.map_err(|source| DecideError::Port { incident: incident.id.clone(), source })? {
                ExecutionStatus::Foreign => {
                    tracing::warn!(
                        incident_id = incident.id,
                        execution = name,
                        "the name of an execution is taken by another one"
                    );
                }
                _ if earlier < incident.restarts => earlier = earlier.saturating_add(1),
                status => return Ok(Some((name, status))),
            }
        }
        Ok(None)
    }

    /// Count first: should the start fail, the next sweep finds the new name absent and starts it.
    async fn restart(&self, incident: &Incident) -> Result<Care, DecideError> {
        let counted = Incident { restarts: incident.restarts.saturating_add(1), ..incident.clone() };
        self.update(&counted, incident.revision).await?;
        match self.execution(&counted).await? {
            Some((name, ExecutionStatus::Absent)) if self.start(&name, incident).await? => Ok(Care::Restarted),
            // The next sweep sees why.
            _ => Ok(Care::None),
        }
    }

    /// Whether an execution of this name now runs for this incident. If not, somebody was faster: the next sweep looks who.
    async fn start(&self, name: &str, incident: &Incident) -> Result<bool, DecideError> {
        let started = self.ports.executions.start(name, &incident.id).await;
        started.map_err(|source| DecideError::Port { incident: incident.id.clone(), source })
    }
}

/// The first execution bears the incident's id; the ones after it count.
fn execution_name(id: &str, number: u32) -> String {
    if number == 0 { id.to_owned() } else { format!("{id}-r{number}") }
}
