//! Announcing to other tools what the records tell.
//!
//! At least once, and never in the way of anything else: what cannot be announced now is announced by the next look at the incident, or,
//! once it is closed, by the sweeper. Before an incident closes, and before a closed one changes, it is marked as due; the mark goes
//! only when its chain is sealed and announced to its end. So whenever a process ends in between, somebody looks again.

use layerguard_core::announcement::{self, Subject};
use layerguard_core::audit::{AuditRecord, History};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Incident;
use layerguard_core::ports::{Announced, MOST_AT_ONCE, PortErrorKind, mark_due};

use crate::{Decide, DecideError};

impl Decide<'_> {
    /// Announce what no announcement tells yet. Says whether that worked; if not, it is logged.
    pub(crate) async fn announce(&self, id: &str) -> bool {
        match self.announce_rest(id).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(incident_id = id, %error, "an incident could not be announced; the next look tries again");
                false
            }
        }
    }

    async fn announce_rest(&self, id: &str) -> Result<(), DecideError> {
        let port = |source| DecideError::Port { incident: id.to_owned(), source };
        let known = self.ports.outbox.announced(id).await.map_err(port)?;
        let records = self.ports.audit.records(id).await.map_err(port)?;
        let last = records.last().map(|record| record.seq);
        if last == known.upto && !known.due {
            return Ok(());
        }
        let incident = self.ports.incidents.incident(id).await.map_err(port)?;
        let incident = incident.ok_or_else(|| DecideError::UnknownIncident(id.to_owned()))?;
        if last != known.upto {
            self.publish(&known, &incident, &records).await?;
        }
        let over =
            is_over(&incident, &records).map_err(|source| DecideError::Audit { incident: id.to_owned(), source })?;
        let now = Announced { upto: last, due: known.due && !over, ..known.clone() };
        if now == known {
            return Ok(());
        }
        match self.ports.outbox.keep_announced(&now).await {
            // Somebody else announced the same, or marked it again: the mark stays, and the sweeper looks once more.
            Err(error) if error.kind == PortErrorKind::Conflict => Ok(()),
            kept => kept.map_err(port),
        }
    }

    async fn publish(
        &self,
        known: &Announced,
        incident: &Incident,
        records: &[AuditRecord],
    ) -> Result<(), DecideError> {
        let id = incident.id.as_str();
        let port = |source| DecideError::Port { incident: id.to_owned(), source };
        let events = self.ports.incidents.events(id).await.map_err(port)?;
        let subject = Subject {
            stack: &self.deployment.stack,
            region: &self.deployment.region,
            incident,
            events: &events,
            runbook_url: self.playbook(&events).and_then(|playbook| playbook.runbook_url.as_deref()),
        };
        let fresh = announcement::after(known.upto, &subject, records)
            .map_err(|source| DecideError::Audit { incident: id.to_owned(), source })?;
        for some in fresh.chunks(MOST_AT_ONCE) {
            self.ports.bus.announce(some).await.map_err(port)?;
        }
        Ok(())
    }

    /// The incident is about to close, or a closed one to change: the sweeper is to see to it that this is announced. What can never be
    /// marked must not keep an incident from its end.
    pub(crate) async fn mark_due(&self, id: &str) -> Result<(), DecideError> {
        match mark_due(self.ports.outbox, id).await {
            Err(error) if error.class() != Class::Retryable => {
                tracing::error!(incident_id = id, %error, "an incident could not be marked for announcement");
                Ok(())
            }
            marked => marked.map_err(|source| DecideError::Port { incident: id.to_owned(), source }),
        }
    }

    /// Announce what is left of closed incidents; answers how many could not be.
    pub(crate) async fn announce_due(&self) -> Result<u32, DecideError> {
        let due = self.ports.outbox.due_announcements().await;
        let due = due.map_err(|source| DecideError::Port { incident: "all".to_owned(), source })?;
        let mut failed: u32 = 0;
        for id in &due {
            failed = failed.saturating_add(u32::from(!self.announce(id).await));
        }
        Ok(failed)
    }
}

/// Nothing that is under way will add to the records: the incident is closed, its chain says how long it is, and nobody waits for an undo.
fn is_over(incident: &Incident, records: &[AuditRecord]) -> Result<bool, layerguard_core::audit::AuditError> {
    let history = History::of(records)?;
    Ok(!incident.status.is_open() && history.is_sealed() && history.to_undo().is_empty())
}
