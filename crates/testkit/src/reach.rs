//! Which accounts let Remediate in.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::ports::{PortResult, Reach, ReachStore};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows(BTreeMap<String, Reach>);

#[async_trait]
impl ReachStore for World {
    async fn reaches(&self) -> PortResult<Vec<Reach>> {
        self.call("reach_store.reaches", "all", |state| Ok(state.reach.0.values().cloned().collect()))
    }

    async fn note_reach(&self, reach: &Reach) -> PortResult<()> {
        self.call("reach_store.note_reach", &reach.account, |state| {
            state.reach.0.insert(reach.account.clone(), reach.clone());
            Ok(())
        })
    }
}

impl World {
    /// What is known of an account, read without a call being counted.
    #[must_use]
    pub fn reach_of(&self, account: &str) -> Option<Reach> {
        self.state().reach.0.get(account).cloned()
    }

    /// Let this have come of the latest try.
    pub fn set_reach(&self, reach: Reach) {
        self.state().reach.0.insert(reach.account.clone(), reach);
    }
}
