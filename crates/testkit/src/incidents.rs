//! Incident rows, the events that joined them, and the traces of recent calls.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::history::{Look, Memory, Trace};
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Joined, Status};
use layerguard_core::ports::{ActivityStore, IncidentStore, Listing, Page, Place, PortErrorKind, PortResult};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows {
    /// Latest generation by key hash.
    current: BTreeMap<String, u32>,
    rows: BTreeMap<String, Incident>,
    /// By incident and dedupe id.
    events: BTreeMap<(String, String), IncidentEvent>,
    /// Which incident an event of this key and dedupe id joined.
    joined: BTreeMap<(String, String), String>,
    activity: Memory,
}

#[async_trait]
impl IncidentStore for World {
    async fn join(&self, key: &IncidentKey, event: &IncidentEvent) -> PortResult<Joined> {
        self.call("incidents.join", &key.hash(), |state| {
            let now = state.now();
            Ok(state.incidents.join(key, event, now))
        })
    }

    async fn incident(&self, id: &str) -> PortResult<Option<Incident>> {
        self.call("incidents.incident", id, |state| Ok(state.incidents.rows.get(id).cloned()))
    }

    async fn events(&self, id: &str) -> PortResult<Vec<IncidentEvent>> {
        self.call("incidents.events", id, |state| Ok(state.incidents.events_of(id)))
    }

    async fn update(&self, incident: &Incident, expected: u64) -> PortResult<()> {
        self.call("incidents.update", &incident.id, |state| {
            let row = state.incidents.rows.get_mut(&incident.id).ok_or(PortErrorKind::NotFound)?;
            if row.revision != expected {
                return Err(PortErrorKind::Conflict);
            }
            *row = Incident { revision: expected + 1, ..incident.clone() };
            Ok(())
        })
    }

    async fn open(&self) -> PortResult<Vec<Incident>> {
        self.call("incidents.open", "all", |state| {
            let mut open = state.incidents.listed(true);
            open.sort_by_key(|incident| incident.opened_at);
            Ok(open)
        })
    }

    async fn closed(&self, limit: u32) -> PortResult<Vec<Incident>> {
        self.call("incidents.closed", "all", |state| {
            let mut closed = state.incidents.listed(false);
            closed.sort_by_key(|incident| std::cmp::Reverse(incident.opened_at));
            closed.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(closed)
        })
    }

    async fn page(&self, listing: &Listing) -> PortResult<Page> {
        self.call("incidents.page", if listing.open { "open" } else { "closed" }, |state| {
            Ok(state.incidents.page(listing))
        })
    }
}

impl Rows {
    fn join(&mut self, key: &IncidentKey, event: &IncidentEvent, now: Timestamp) -> Joined {
        let (hash, dedupe) = (key.hash(), event.event.dedupe_id.clone());
        if let Some(id) = self.joined.get(&(hash.clone(), dedupe.clone())) {
            let pending = self.rows.get(id).is_some_and(|row| row.status == Status::Pending);
            return Joined { incident: id.clone(), pending, opened: false };
        }
        let generation = self.current.get(&hash).copied().unwrap_or(0);
        let id = key.incident_id(generation);
        if let Some(row) = self.rows.get(&id).filter(|row| row.absorbs(event)) {
            return Joined { incident: id, pending: row.status == Status::Pending, opened: false };
        }
        let joined = match self.rows.get_mut(&id).filter(|row| row.admits(event.event.time)) {
            Some(row) => {
                row.evidence += 1;
                row.revision += 1;
                Joined { incident: id, pending: row.status == Status::Pending, opened: false }
            }
            None => {
                let row = Incident::open(key, generation + 1, event, now);
                let id = row.id.clone();
                self.current.insert(hash.clone(), generation + 1);
                self.rows.insert(id.clone(), row);
                Joined { incident: id, pending: true, opened: true }
            }
        };
        self.events.insert((joined.incident.clone(), dedupe.clone()), event.clone());
        self.joined.insert((hash, dedupe), joined.incident.clone());
        joined
    }

    fn events_of(&self, id: &str) -> Vec<IncidentEvent> {
        let mut events: Vec<_> =
            self.events.iter().filter(|((of, _), _)| of == id).map(|(_, event)| event.clone()).collect();
        events.sort_by_key(|joined| joined.event.time);
        events
    }

    fn page(&self, listing: &Listing) -> Page {
        let mut rows = self.listed(listing.open);
        rows.sort_by_key(Place::of);
        if !listing.open {
            rows.reverse();
        }
        let is_past = |row: &Incident| match &listing.after {
            None => true,
            Some(after) if listing.open => Place::of(row) > *after,
            Some(after) => Place::of(row) < *after,
        };
        rows.retain(|row| {
            let (since, until) = (listing.since, listing.until);
            is_past(row)
                && since.is_none_or(|since| row.opened_at >= since)
                && until.is_none_or(|until| row.opened_at <= until)
        });
        let limit = usize::try_from(listing.limit.max(1)).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Page { next: rows.last().filter(|_| more).map(Place::of), incidents: rows }
    }

    fn listed(&self, open: bool) -> Vec<Incident> {
        self.rows.values().filter(|row| row.status.is_open() == open).cloned().collect()
    }
}

#[async_trait]
impl ActivityStore for World {
    async fn remember(&self, traces: &[Trace]) -> PortResult<()> {
        for trace in traces {
            self.call("activity.remember", &trace.track, |state| {
                state.incidents.activity.keep([trace.clone()]);
                Ok(())
            })?;
        }
        Ok(())
    }

    async fn traces(&self, look: &Look) -> PortResult<Vec<Trace>> {
        self.call("activity.traces", &look.track, |state| Ok(state.incidents.activity.look(look)))
    }

    async fn forget(&self, trace: &Trace) -> PortResult<()> {
        self.call("activity.forget", &trace.track, |state| {
            state.incidents.activity.drop_trace(trace);
            Ok(())
        })
    }
}

impl World {
    /// Put a row there as it is.
    pub fn set_incident(&self, incident: Incident) {
        let mut state = self.state();
        state.incidents.current.insert(incident.key.hash(), incident.generation);
        state.incidents.rows.insert(incident.id.clone(), incident);
    }

    /// Take a row away, as somebody who can write the table directly would.
    pub fn forget_incident(&self, id: &str) {
        self.state().incidents.rows.remove(id);
    }

    /// The row, read without a call being counted.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<Incident> {
        self.state().incidents.rows.get(id).cloned()
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> Vec<Incident> {
        self.state().incidents.rows.values().cloned().collect()
    }
}
