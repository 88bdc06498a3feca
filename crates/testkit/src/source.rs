//! Roles as IAM describes them, and the sources of contained sessions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::ports::{LineageStore, PortResult, Roles};
use layerguard_core::workload::RoleDescription;

use crate::{HOME, World};

/// Time by source and incident.
pub(crate) type Rows = BTreeMap<String, BTreeMap<String, Timestamp>>;

#[async_trait]
impl Roles for World {
    async fn role(&self, account: &str, role: &str) -> PortResult<Option<RoleDescription>> {
        self.call("roles.role", role, |state| {
            let home = state.accounts.of(HOME).filter(|_| account == HOME);
            let found = home.and_then(|home| home.iam.roles.get(role));
            Ok(found.map(|role| RoleDescription { trust: role.trust.clone(), tags: role.tags.clone() }))
        })
    }
}

#[async_trait]
impl LineageStore for World {
    async fn note(&self, source: &str, incident: &str, at: Timestamp) -> PortResult<()> {
        self.call("lineage.note", source, |state| {
            state.lineage.entry(source.to_owned()).or_default().insert(incident.to_owned(), at);
            Ok(())
        })
    }

    async fn of(&self, source: &str) -> PortResult<Vec<(String, Timestamp)>> {
        self.call("lineage.of", source, |state| {
            let noted = state.lineage.get(source).into_iter().flatten();
            Ok(noted.map(|(incident, at)| (incident.clone(), *at)).collect())
        })
    }
}
