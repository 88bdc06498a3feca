//! The audit table: inserts only.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::audit::AuditRecord;
use layerguard_core::ports::{AuditLog, PortErrorKind, PortResult};

use crate::World;

#[derive(Default)]
pub(crate) struct Table {
    records: BTreeMap<(String, u64), AuditRecord>,
}

#[async_trait]
impl AuditLog for World {
    async fn records(&self, incident: &str) -> PortResult<Vec<AuditRecord>> {
        self.call("audit.records", incident, |state| Ok(state.audit.of(incident)))
    }

    async fn insert(&self, record: &AuditRecord) -> PortResult<()> {
        self.call("audit.insert", &record.incident, |state| {
            let key = (record.incident.clone(), record.seq);
            if state.audit.records.contains_key(&key) {
                return Err(PortErrorKind::Conflict);
            }
            state.audit.records.insert(key, record.clone());
            Ok(())
        })
    }
}

impl Table {
    fn of(&self, incident: &str) -> Vec<AuditRecord> {
        let from = (incident.to_owned(), 0);
        let to = (incident.to_owned(), u64::MAX);
        self.records.range(from..=to).map(|(_, record)| record.clone()).collect()
    }
}

impl World {
    /// The records of one chain, read without a call being counted.
    #[must_use]
    pub fn chain(&self, incident: &str) -> Vec<AuditRecord> {
        self.state().audit.of(incident)
    }

    /// The names of all chains.
    #[must_use]
    pub fn chains(&self) -> Vec<String> {
        let mut chains: Vec<String> = self.state().audit.records.keys().map(|(incident, _)| incident.clone()).collect();
        chains.dedup();
        chains
    }

    /// Replace what is stored, as somebody who can write the table directly would.
    pub fn tamper(&self, incident: &str, records: Vec<AuditRecord>) {
        let mut state = self.state();
        state.audit.records.retain(|(of, _), _| of != incident);
        state.audit.records.extend(records.into_iter().map(|record| ((incident.to_owned(), record.seq), record)));
    }
}
