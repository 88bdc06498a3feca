//! Roles as IAM describes them, and the sources of contained sessions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::ports::{LineageStore, PortErrorKind, PortResult, Roles};
use layerguard_core::workload::RoleDescription;

use crate::World;

/// Time by source and incident.
pub(crate) type Rows = BTreeMap<String, BTreeMap<String, Timestamp>>;

#[async_trait]
impl Roles for World {
    async fn role(&self, account: &str, role: &str) -> PortResult<Option<RoleDescription>> {
        self.call("roles.role", role, |state| {
            let Some(entered) = state.accounts.of(account) else {
                return Err(PortErrorKind::Denied("the account lets nobody in".to_owned()));
            };
            let found = entered.iam.roles.get(role);
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
