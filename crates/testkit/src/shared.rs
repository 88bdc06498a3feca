//! Holders of shared measures, and the stop switch.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::ports::{Holder, Holders, Lever, Pause, PortResult, Switch};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows {
    holders: BTreeMap<String, Vec<Holder>>,
    pause: Option<Pause>,
}

#[async_trait]
impl Holders for World {
    async fn holders(&self, measure: &str) -> PortResult<Vec<Holder>> {
        self.call("holders.holders", measure, |state| {
            Ok(state.shared.holders.get(measure).cloned().unwrap_or_default())
        })
    }

    async fn hold(&self, measure: &str, holder: &Holder) -> PortResult<()> {
        self.call("holders.hold", measure, |state| {
            let holders = state.shared.holders.entry(measure.to_owned()).or_default();
            if !holders.iter().any(|stored| stored.by == holder.by) {
                holders.push(holder.clone());
            }
            Ok(())
        })
    }

    async fn release(&self, measure: &str, by: &str) -> PortResult<()> {
        self.call("holders.release", measure, |state| {
            if let Some(holders) = state.shared.holders.get_mut(measure) {
                holders.retain(|stored| stored.by != by);
            }
            state.shared.holders.retain(|_, holders| !holders.is_empty());
            Ok(())
        })
    }
}

#[async_trait]
impl Switch for World {
    async fn pause(&self) -> PortResult<Option<Pause>> {
        self.call("switch.pause", "all", |state| Ok(state.shared.pause.clone()))
    }
}

#[async_trait]
impl Lever for World {
    async fn throw(&self, pause: &Pause) -> PortResult<()> {
        self.call("lever.throw", "all", |state| {
            state.shared.pause = Some(pause.clone());
            Ok(())
        })
    }

    async fn put_back(&self, pause: &Pause) -> PortResult<()> {
        self.call("lever.put_back", "all", |state| {
            state.shared.pause.take_if(|found| found == pause);
            Ok(())
        })
    }
}

impl World {
    /// Set the pause, or end it.
    pub fn set_pause(&self, pause: Option<Pause>) {
        self.state().shared.pause = pause;
    }

    /// What the stop switch says, read without a call being counted.
    #[must_use]
    pub fn paused(&self) -> Option<Pause> {
        self.state().shared.pause.clone()
    }

    /// Who holds which shared measure: measure and incident.
    #[must_use]
    pub fn held(&self) -> Vec<(String, String)> {
        let state = self.state();
        let all = state.shared.holders.iter();
        all.flat_map(|(measure, holders)| holders.iter().map(move |holder| (measure.clone(), holder.by.clone())))
            .collect()
    }
}
