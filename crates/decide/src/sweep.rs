//! The sweeper: what no Catch can see. Detect dying after it wrote the incident row, an execution that was stopped, one that
//! ran out of time.

use jiff::SignedDuration;
use layerguard_core::incident::Incident;
use layerguard_core::ports::ExecutionStatus;
use serde::{Deserialize, Serialize};

use crate::{Decide, DecideError, Fault};

/// Triage starts an execution within seconds; an incident that still waits after this long was forgotten.
const GRACE: SignedDuration = SignedDuration::from_secs(60);
/// How often a dead execution is started again before people are told.
const MOST_RESTARTS: u32 = 2;

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
        for incident in self.ports.incidents.open().await.map_err(port)? {
            match self.look_after(&incident).await {
                Ok(Care::None) => {}
                Ok(Care::Started) => swept.started = swept.started.saturating_add(1),
                Ok(Care::Restarted) => swept.restarted = swept.restarted.saturating_add(1),
                Ok(Care::Escalated) => swept.escalated = swept.escalated.saturating_add(1),
                Err(error) => {
                    swept.failed = swept.failed.saturating_add(1);
                    tracing::error!(incident = incident.id, error = %error, "an incident could not be looked after");
                }
            }
        }
        Ok(swept)
    }

    async fn look_after(&self, incident: &Incident) -> Result<Care, DecideError> {
        if self.ports.clock.now().duration_since(incident.opened_at) < GRACE {
            return Ok(Care::None);
        }
        let name = execution_name(&incident.id, incident.restarts);
        let port = |source| DecideError::Port { incident: incident.id.clone(), source };
        match self.ports.executions.status(&name).await.map_err(port)? {
            ExecutionStatus::Running => Ok(Care::None),
            ExecutionStatus::Absent => {
                self.ports.executions.start(&name, &incident.id).await.map_err(port)?;
                Ok(Care::Started)
            }
            // An execution that ended well while its incident is open lost a race or its records: decide once more.
            ExecutionStatus::Died | ExecutionStatus::Succeeded if incident.restarts < MOST_RESTARTS => {
                self.restart(incident).await.map(|()| Care::Restarted)
            }
            ExecutionStatus::Died | ExecutionStatus::Succeeded => {
                let fault = Fault::new("ExecutionDied", "its execution ended early, and so did every new one");
                self.escalate(&incident.id, None, &fault).await.map(|_| Care::Escalated)
            }
        }
    }

    /// Count first: should the start fail, the next sweep finds the new name absent and starts it.
    async fn restart(&self, incident: &Incident) -> Result<(), DecideError> {
        let restarts = incident.restarts.saturating_add(1);
        let counted = Incident { restarts, ..incident.clone() };
        self.update(&counted, incident.revision).await?;
        let name = execution_name(&incident.id, restarts);
        let started = self.ports.executions.start(&name, &incident.id).await;
        started.map(|_| ()).map_err(|source| DecideError::Port { incident: incident.id.clone(), source })
    }
}

/// The first execution bears the incident's id; the ones after it count.
fn execution_name(id: &str, restarts: u32) -> String {
    if restarts == 0 { id.to_owned() } else { format!("{id}-r{restarts}") }
}
