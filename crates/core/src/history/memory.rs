//! Traces in memory: for `explain`, replay and tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Look, Trace};
use crate::ports::{ActivityStore, PortResult};

type Track = BTreeMap<(Timestamp, String), Trace>;

/// All traces of a run. Grows with what was pulled, pushed and changed, not with everything that was read.
#[derive(Debug, Default)]
pub struct Memory {
    tracks: Mutex<BTreeMap<String, Track>>,
}

impl Memory {
    /// Keep traces.
    pub fn keep(&self, traces: impl IntoIterator<Item = Trace>) {
        let mut tracks = self.lock();
        for trace in traces {
            let key = (trace.time, trace.id.clone());
            tracks.entry(trace.track.clone()).or_default().insert(key, trace);
        }
    }

    /// The traces of a part of a track, in order of time.
    #[must_use]
    pub fn look(&self, look: &Look) -> Vec<Trace> {
        let tracks = self.lock();
        let Some(track) = tracks.get(&look.track).filter(|_| look.from <= look.until) else { return Vec::new() };
        let from = track.range((look.from, String::new())..);
        from.take_while(|((time, _), _)| *time <= look.until).map(|(_, trace)| trace.clone()).collect()
    }

    /// Forget what can matter no more at this time: for a run that goes in order of time and has no end.
    pub fn forget_before(&self, now: Timestamp) {
        self.lock().retain(|_, track| {
            track.retain(|_, trace| now.duration_since(trace.time) <= trace.kept_for());
            !track.is_empty()
        });
    }

    /// Forget a trace.
    pub fn drop_trace(&self, trace: &Trace) {
        if let Some(track) = self.lock().get_mut(&trace.track) {
            track.remove(&(trace.time, trace.id.clone()));
        }
    }

    /// A store that panicked half-way holds whole traces all the same.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Track>> {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ActivityStore for Memory {
    async fn remember(&self, traces: &[Trace]) -> PortResult<()> {
        self.keep(traces.iter().cloned());
        Ok(())
    }

    async fn forget(&self, trace: &Trace) -> PortResult<()> {
        self.drop_trace(trace);
        Ok(())
    }

    async fn traces(&self, look: &Look) -> PortResult<Vec<Trace>> {
        Ok(self.look(look))
    }

    fn knows_intents(&self) -> bool {
        false
    }
}
