//! The outside world in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{Clock, PortError, PortErrorKind, PortResult};

use crate::fault::{Call, Fault, Trap, dead};
use crate::{
    Site, accounts, announce, approvals, audit, deployment, drill, images, incidents, measures, outside, policies,
    reach, shared, source, trail_files,
};

/// The outside world. Clones share it.
#[derive(Clone)]
pub struct World {
    shared: Arc<Mutex<State>>,
}

#[derive(Clone)]
pub(crate) struct State {
    now: Timestamp,
    calls: Vec<Call>,
    traps: Vec<Trap>,
    struck: usize,
    killed: bool,
    watched: bool,
    pub(crate) announce: announce::Rows,
    pub(crate) audit: audit::Table,
    pub(crate) bucket: trail_files::Bucket,
    pub(crate) images: images::Repositories,
    pub(crate) incidents: incidents::Rows,
    pub(crate) approvals: approvals::Rows,
    pub(crate) measures: measures::Rows,
    pub(crate) accounts: accounts::All,
    pub(crate) shared: shared::Rows,
    pub(crate) policies: policies::Rows,
    pub(crate) form: Option<u32>,
    pub(crate) reach: reach::Rows,
    pub(crate) lineage: source::Rows,
    pub(crate) outside: outside::Outside,
    pub(crate) deployed: deployment::Deployed,
    pub(crate) drill: drill::Ground,
}

impl World {
    /// An empty world at this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        let state = State {
            now,
            calls: Vec::new(),
            traps: Vec::new(),
            struck: 0,
            killed: false,
            watched: false,
            announce: announce::Rows::default(),
            audit: audit::Table::default(),
            bucket: trail_files::Bucket::default(),
            images: images::Repositories::default(),
            incidents: incidents::Rows::default(),
            approvals: approvals::Rows::default(),
            measures: measures::Rows::default(),
            accounts: accounts::All::default(),
            shared: shared::Rows::default(),
            policies: policies::Rows::default(),
            form: None,
            reach: reach::Rows::default(),
            lineage: source::Rows::default(),
            outside: outside::Outside::default(),
            deployed: deployment::Deployed::default(),
            drill: drill::Ground::default(),
        };
        Self { shared: Arc::new(Mutex::new(state)) }
    }

    /// A world of its own that is as this one is now.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { shared: Arc::new(Mutex::new(self.state().clone())) }
    }

    /// Set the clock.
    pub fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Let time pass.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state();
        state.now = state.now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Let the call after the next `passes` calls go wrong.
    pub fn trap(&self, passes: usize, fault: Fault) {
        self.state().traps.push(Trap { operation: None, passes, strikes: 1, fault });
    }

    /// Let `strikes` calls of one operation go wrong, after the next `passes` of it.
    pub fn trap_operation(&self, operation: &'static str, passes: usize, strikes: usize, fault: Fault) {
        self.state().traps.push(Trap { operation: Some(operation), passes, strikes, fault });
    }

    /// From now on tell of each call where the code under test makes it. Slow.
    pub fn watch(&self) {
        self.state().watched = true;
    }

    /// Forget all faults that have not struck, and bring a killed process back.
    pub fn heal(&self) {
        let mut state = self.state();
        state.traps.clear();
        state.killed = false;
    }

    /// How many faults have struck.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.state().struck
    }

    /// Whether the process was killed; if so, a new one lives from here on. Whatever the dead one returned must be thrown away.
    #[must_use]
    pub fn revive(&self) -> bool {
        std::mem::take(&mut self.state().killed)
    }

    /// All calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// How often an operation was called.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.state().calls.iter().filter(|call| call.operation == operation).count()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Make one call: counted, and going wrong where a fault says so.
    pub(crate) fn call<T>(
        &self,
        operation: &'static str,
        about: &str,
        effect: impl FnOnce(&mut State) -> Result<T, PortErrorKind>,
    ) -> PortResult<T> {
        let mut state = self.state();
        if state.killed {
            return Err(dead(operation));
        }
        let site = state.watched.then(|| Site::calling(operation)).flatten();
        state.calls.push(Call { operation, about: about.to_owned(), site });
        let error = |kind| PortError { operation: format!("{operation} `{about}`"), kind };
        match state.strike(operation) {
            None => effect(&mut state).map_err(error),
            Some(Fault::Before(kind)) => Err(error(kind)),
            Some(Fault::After(kind)) => {
                effect(&mut state).map_err(error)?;
                Err(error(kind))
            }
            Some(Fault::KillBefore) => {
                state.killed = true;
                Err(dead(operation))
            }
            Some(Fault::KillAfter) => {
                // Whether the call itself succeeded, nobody will learn.
                drop(effect(&mut state));
                state.killed = true;
                Err(dead(operation))
            }
        }
    }
}

impl State {
    /// The fault that strikes this call.
    fn strike(&mut self, operation: &'static str) -> Option<Fault> {
        let mut struck = None;
        for trap in &mut self.traps {
            if trap.operation.is_some_and(|only| only != operation) || trap.strikes == 0 {
                continue;
            }
            if trap.passes > 0 {
                trap.passes -= 1;
            } else if struck.is_none() {
                trap.strikes -= 1;
                self.struck += 1;
                struck = Some(trap.fault.clone());
            }
        }
        struck
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.state().now()
    }
}
