//! What one event costs of the store: a track is read once for an event, and a process writes a trace once.
//!
//! Ten million pulls a day are ten million times each read and write. Neither of these changes an answer.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{Look, Mark, Trace};
use crate::ports::{ActivityStore, PortResult};

/// Traces that one process knows to be kept. Some hundred bytes each; beyond it, it begins anew.
const MOST_KEPT: usize = 4_096;

/// A store as one event sees it, whose own traces are kept already: each track is read once, as far ahead as the window reaches, so that what
/// the answer rests on and whom it comes late for ([`late()`](super::late())) are told by the same read. That is as good as
/// two: of two events at the same moment, each keeps its traces before it reads, so that at least one sees both.
pub struct ReadOnce<'a> {
    store: &'a dyn ActivityStore,
    ahead: SignedDuration,
    read: Mutex<HashMap<String, Read>>,
}

struct Read {
    from: Timestamp,
    until: Timestamp,
    traces: Vec<Trace>,
}

impl<'a> ReadOnce<'a> {
    /// For one event; `window` is how far ahead of it later ones may be changed by it.
    #[must_use]
    pub fn new(store: &'a dyn ActivityStore, window: SignedDuration) -> Self {
        Self { store, ahead: window, read: Mutex::default() }
    }

    fn known(&self, look: &Look) -> Option<Vec<Trace>> {
        let read = lock(&self.read);
        let known = read.get(&look.track).filter(|read| read.from <= look.from && look.until <= read.until)?;
        Some(known.traces.iter().filter(|trace| look.holds(trace.time)).cloned().collect())
    }
}

#[async_trait]
impl ActivityStore for ReadOnce<'_> {
    async fn remember(&self, traces: &[Trace]) -> PortResult<()> {
        for trace in traces {
            lock(&self.read).remove(&trace.track);
        }
        self.store.remember(traces).await
    }

    async fn traces(&self, look: &Look) -> PortResult<Vec<Trace>> {
        if let Some(known) = self.known(look) {
            return Ok(known);
        }
        let until = look.until.checked_add(self.ahead).unwrap_or(Timestamp::MAX);
        let wider = Look { until, ..look.clone() };
        let traces = self.store.traces(&wider).await?;
        let wanted = traces.iter().filter(|trace| look.holds(trace.time)).cloned().collect();
        lock(&self.read).insert(wider.track, Read { from: wider.from, until, traces });
        Ok(wanted)
    }

    async fn forget(&self, trace: &Trace) -> PortResult<()> {
        lock(&self.read).remove(&trace.track);
        self.store.forget(trace).await
    }

    fn knows_intents(&self) -> bool {
        self.store.knows_intents()
    }

    fn count_pulled(&self, look: &Look, also: Option<&str>) -> Option<u32> {
        self.store.count_pulled(look, also)
    }
}

/// A store as one process sees it: a trace that it kept already and that says the same is not written again. The thirty layers of one image
/// leave the same traces within a second; a session leaves one trace an hour. Only the event that a trace names may differ:
/// it stands for the others, as the last of them does in the store.
#[derive(Default)]
pub struct Kept {
    known: Mutex<HashSet<String>>,
}

impl Kept {
    /// The store by way of which traces are kept.
    #[must_use]
    pub const fn over<'a>(&'a self, store: &'a dyn ActivityStore) -> WriteOnce<'a> {
        WriteOnce { store, kept: self }
    }
}

/// [`Kept`] over a store.
pub struct WriteOnce<'a> {
    store: &'a dyn ActivityStore,
    kept: &'a Kept,
}

#[async_trait]
impl ActivityStore for WriteOnce<'_> {
    async fn remember(&self, traces: &[Trace]) -> PortResult<()> {
        for trace in traces {
            let says = says(trace);
            if lock(&self.kept.known).contains(&says) {
                continue;
            }
            // Known only once it is kept for sure.
            self.store.remember(std::slice::from_ref(trace)).await?;
            // Another process takes this one away when it is settled.
            if trace.mark == Mark::Waiting {
                continue;
            }
            let mut known = lock(&self.kept.known);
            if known.len() >= MOST_KEPT {
                known.clear();
            }
            known.insert(says);
        }
        Ok(())
    }

    async fn traces(&self, look: &Look) -> PortResult<Vec<Trace>> {
        self.store.traces(look).await
    }

    async fn forget(&self, trace: &Trace) -> PortResult<()> {
        lock(&self.kept.known).remove(&says(trace));
        self.store.forget(trace).await
    }

    fn knows_intents(&self) -> bool {
        self.store.knows_intents()
    }

    fn count_pulled(&self, look: &Look, also: Option<&str>) -> Option<u32> {
        self.store.count_pulled(look, also)
    }
}

/// Everything about a trace but the event that left it.
fn says(trace: &Trace) -> String {
    format!("{}\n{}\n{}\n{:?}", trace.track, trace.time, trace.id, trace.mark)
}

/// Whoever panicked half-way left whole entries all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
