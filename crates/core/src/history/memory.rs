//! Traces in memory: for `explain`, replay and tests.

use std::collections::HashMap;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use foldhash::quality::RandomState;
use jiff::Timestamp;

use super::count::Counted;
use super::glance::Tracks;
use super::traces::minute_of;
use super::{Look, Mark, Pulled, Trace};
use crate::facts::LOGIN_LIFE;
use crate::inventory::Login;
use crate::ports::{ActivityStore, PortResult};

pub(super) type Track = BTreeMap<(Timestamp, String), Trace>;

/// All traces of a run. Grows with what was pulled, pushed and changed, not with everything that was read.
#[derive(Debug, Default)]
pub struct Memory {
    tracks: Mutex<Tracked>,
}

/// Tracks by their names.
type Tracked = HashMap<String, OneTrack, RandomState>;

#[derive(Debug, Default, Clone)]
struct OneTrack {
    traces: Track,
    /// On a track of pulls, what was counted last, to be counted on from.
    counted: Option<Box<Counted>>,
    /// Something on it says who issued the credentials, or said so.
    issued: bool,
}

impl OneTrack {
    /// What is counted in this part of it.
    fn counted(&mut self, from: Timestamp, until: Timestamp) -> &Counted {
        let counted = self.counted.get_or_insert_default();
        counted.move_to(&self.traces, from, until);
        counted
    }

    fn keep(&mut self, trace: Trace) {
        self.issued |= matches!(trace.mark, Mark::Issued { .. });
        match self.traces.entry((trace.time, trace.id.clone())) {
            Entry::Occupied(mut kept) => _ = kept.insert(trace),
            Entry::Vacant(place) => {
                if let Some(counted) = &mut self.counted {
                    counted.add(&trace);
                }
                place.insert(trace);
            }
        }
    }

    /// Forgets from its beginning on whatever is over. What stands behind something that is not stays: it may be looked at, it need not.
    fn forget(&mut self, is_over: impl Fn(&Trace) -> bool) {
        while let Some(first) = self.traces.first_entry().filter(|first| is_over(first.get())) {
            let trace = first.remove();
            if let Some(counted) = &mut self.counted {
                counted.forget(&trace);
            }
        }
    }
}

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self { tracks: Mutex::new(self.lock().clone()) }
    }
}

impl Memory {
    /// What the tracks of a call say in few words. `None` where they say more than fits, or where it has to be looked up what they say.
    pub(crate) fn glance(&self, tracks: &Tracks, time: Timestamp, hear: &mut dyn FnMut(&Login)) -> Option<Pulled> {
        let kept = &mut *self.lock();
        // Mostly nothing was changed about how one can act as the principal, and nobody is known to have issued the credentials.
        if tracks.credentials.as_ref().is_some_and(|name| kept.contains_key(name)) {
            return None;
        }
        if let Some(OneTrack { traces: track, issued, .. }) = kept.get(&tracks.key) {
            if *issued {
                return None;
            }
            let from = (time.checked_sub(LOGIN_LIFE).unwrap_or(Timestamp::MIN), String::new());
            let logins = track.range(from..).take_while(|((at, _), _)| *at <= time).map(|(_, trace)| &trace.mark);
            logins.filter(|_| tracks.wants_logins).for_each(|mark| {
                if let Mark::Login { login } = mark {
                    hear(login)
                }
            });
        }
        let Some(pulls) = &tracks.pulls else { return Some(Pulled::default()) };
        let from = time.checked_sub(pulls.window).unwrap_or(Timestamp::MIN);
        let (mine, refused) = if pulls.refused { (None, pulls.mine.as_deref()) } else { (pulls.mine.as_deref(), None) };
        let own = kept.get_mut(&pulls.session).map(|track| track.counted(from, time));
        let alone = (u32::from(mine.is_some()), u32::from(refused.is_some()));
        let (session, refused) = own.map_or(alone, |counted| (counted.pulled(mine), counted.refused(refused)));
        // These tracks hold minutes.
        let from = minute_of(from);
        let mut count = |name: Option<&String>| {
            let Some(name) = name else { return 0 };
            kept.get_mut(name).map_or(u32::from(mine.is_some()), |track| track.counted(from, time).pulled(mine))
        };
        let [role, account] = [count(pulls.role.as_ref()), count(pulls.account.as_ref())];
        Some(Pulled { session, role, lineage: session, account, refused })
    }

    /// Keep traces.
    pub fn keep(&self, traces: impl IntoIterator<Item = Trace>) {
        let tracks = &mut *self.lock();
        for trace in traces {
            match tracks.get_mut(&trace.track) {
                Some(track) => track.keep(trace),
                None => tracks.entry(trace.track.clone()).or_default().keep(trace),
            }
        }
    }

    /// The traces of a part of a track, in order of time.
    #[must_use]
    pub fn look(&self, look: &Look) -> Vec<Trace> {
        let kept = self.lock();
        let Some(track) = kept.get(&look.track).filter(|_| look.from <= look.until) else { return Vec::new() };
        let from = track.traces.range((look.from, String::new())..);
        from.take_while(|((time, _), _)| *time <= look.until).map(|(_, trace)| trace.clone()).collect()
    }

    /// Forget what can matter no more at this time: for a run that goes in order of time and has no end.
    pub fn forget_before(&self, now: Timestamp) {
        self.forget_all(|trace| now.duration_since(trace.time) > trace.kept_for());
    }

    /// Forget pulls and sessions before this time: for a run in which no call comes late, and which counts no further back.
    pub fn forget_pulls_before(&self, moment: Timestamp) {
        let counts = |mark: &Mark| matches!(mark, Mark::Pull { .. } | Mark::Pulled { .. } | Mark::Session { .. });
        self.forget_all(|trace| trace.time < moment && counts(&trace.mark));
    }

    fn forget_all(&self, is_over: impl Fn(&Trace) -> bool) {
        self.lock().retain(|_, track| {
            track.forget(&is_over);
            !track.traces.is_empty()
        });
    }

    /// Forget a trace.
    pub fn drop_trace(&self, trace: &Trace) {
        if let Some(track) = self.lock().get_mut(&trace.track) {
            track.counted = None;
            track.traces.remove(&(trace.time, trace.id.clone()));
        }
    }

    /// A store that panicked half-way holds whole traces all the same.
    fn lock(&self) -> MutexGuard<'_, Tracked> {
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

    fn count_pulled(&self, look: &Look, also: Option<&str>) -> Option<u32> {
        let tracks = &mut *self.lock();
        let counted = tracks.get_mut(&look.track).map(|track| track.counted(look.from, look.until));
        Some(counted.map_or(u32::from(also.is_some()), |counted| counted.pulled(also)))
    }
}
