//! Applied measures, and the counters of the breaker.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::ports::{MeasureStore, PortResult};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows {
    measures: BTreeMap<(String, u32), Option<Timestamp>>,
    /// Scope, incident and step, with the time of the first count.
    counted: BTreeMap<(String, String, u32), Timestamp>,
}

#[async_trait]
impl MeasureStore for World {
    async fn put_measure(&self, incident: &str, step: u32, lift_at: Option<Timestamp>) -> PortResult<()> {
        self.call("measures.put_measure", incident, |state| {
            state.measures.measures.insert((incident.to_owned(), step), lift_at);
            Ok(())
        })
    }

    async fn remove_measure(&self, incident: &str, step: u32) -> PortResult<()> {
        self.call("measures.remove_measure", incident, |state| {
            state.measures.measures.remove(&(incident.to_owned(), step));
            Ok(())
        })
    }

    async fn due_measures(&self, now: Timestamp) -> PortResult<Vec<(String, u32)>> {
        self.call("measures.due_measures", "all", |state| {
            let due = state.measures.measures.iter().filter(|(_, lift_at)| lift_at.is_some_and(|at| at <= now));
            Ok(due.map(|(key, _)| key.clone()).collect())
        })
    }

    async fn count_action(&self, scopes: &[String], incident: &str, step: u32, at: Timestamp) -> PortResult<()> {
        self.call("measures.count_action", incident, |state| {
            for scope in scopes {
                state.measures.counted.entry((scope.clone(), incident.to_owned(), step)).or_insert(at);
            }
            Ok(())
        })
    }

    async fn actions_since(&self, scope: &str, from: Timestamp) -> PortResult<u32> {
        self.call("measures.actions_since", scope, |state| {
            let counted = state.measures.counted.iter().filter(|((of, ..), at)| of == scope && **at >= from);
            Ok(u32::try_from(counted.count()).unwrap_or(u32::MAX))
        })
    }
}

impl World {
    /// All measures: incident, step, and when it lifts.
    #[must_use]
    pub fn measures(&self) -> Vec<(String, u32, Option<Timestamp>)> {
        let state = self.state();
        state.measures.measures.iter().map(|((incident, step), at)| (incident.clone(), *step, *at)).collect()
    }

    /// All scopes under which actions were counted.
    #[must_use]
    pub fn scopes(&self) -> BTreeSet<String> {
        self.state().measures.counted.keys().map(|(scope, ..)| scope.clone()).collect()
    }
}
