//! Which policy is in force.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::ports::{InForce, Loaded, PolicyLever, PolicyPointer, PortResult};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows {
    in_force: Option<InForce>,
    loaded: BTreeMap<String, Loaded>,
}

#[async_trait]
impl PolicyPointer for World {
    async fn in_force(&self) -> PortResult<Option<InForce>> {
        self.call("policies.in_force", "all", |state| Ok(state.policies.in_force.clone()))
    }

    async fn loaded(&self, actor: &str) -> PortResult<Option<Loaded>> {
        self.call("policies.loaded", actor, |state| Ok(state.policies.loaded.get(actor).cloned()))
    }

    async fn note_loaded(&self, actor: &str, loaded: &Loaded) -> PortResult<()> {
        self.call("policies.note_loaded", actor, |state| {
            state.policies.loaded.insert(actor.to_owned(), loaded.clone());
            Ok(())
        })
    }
}

#[async_trait]
impl PolicyLever for World {
    async fn put_in_force(&self, next: &InForce) -> PortResult<()> {
        self.call("policy_lever.put_in_force", "all", |state| {
            state.policies.in_force = Some(next.clone());
            Ok(())
        })
    }
}

impl World {
    /// Set which policy is in force, or that none was ever published.
    pub fn set_in_force(&self, next: Option<InForce>) {
        self.state().policies.in_force = next;
    }

    /// The version in force, read without a call being counted.
    #[must_use]
    pub fn version_in_force(&self) -> Option<String> {
        self.state().policies.in_force.as_ref().map(|found| found.version.clone())
    }

    /// What a function said that it runs, read without a call being counted.
    #[must_use]
    pub fn said_loaded(&self, actor: &str) -> Option<Loaded> {
        self.state().policies.loaded.get(actor).cloned()
    }
}
