//! Which incident each finding of a run belongs to, by event time, whatever the order of the input.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use jiff::Timestamp;
use layerguard_core::cloudtrail::Event;
use layerguard_core::incident::{IncidentKey, WINDOW};

/// The findings of a run, as they come in.
#[derive(Debug, Default)]
pub(super) struct Windows {
    keys: HashSet<Rc<IncidentKey>>,
    /// By what copies of one event share.
    joined: HashMap<String, Joined>,
}

/// Where an event and its copies belong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Joined {
    /// It is not the copy of the caller's own account, which knows the role and therefore decides.
    owners: bool,
    time: Timestamp,
    key: Rc<IncidentKey>,
}

impl Windows {
    /// Adds a finding. Copies of one event join the same incident: that of the caller's copy where there is one.
    pub(super) fn join(&mut self, event: &Event, key: &IncidentKey) {
        let key = self.keys.get(key).cloned().unwrap_or_else(|| Rc::new(key.clone()));
        self.keys.insert(Rc::clone(&key));
        let owners = event.recipient_account.is_none() || event.recipient_account != event.principal.account;
        let new = Joined { owners, time: event.time, key };
        match self.joined.get_mut(&event.dedupe_id) {
            Some(known) if new < *known => *known = new,
            Some(_) => {}
            None => drop(self.joined.insert(event.dedupe_id.clone(), new)),
        }
    }

    /// Lays the windows: the earliest finding opens the first generation, and a finding more than an hour after the one that
    /// opened a generation opens the next.
    pub(super) fn close(self) -> Incidents {
        let mut times: HashMap<Rc<IncidentKey>, Vec<Timestamp>> = HashMap::new();
        for joined in self.joined.values() {
            times.entry(Rc::clone(&joined.key)).or_default().push(joined.time);
        }
        let openings = times.into_iter().map(|(key, times)| (key, openings(times))).collect();
        Incidents { joined: self.joined, openings }
    }
}

/// The times at which generations open.
fn openings(mut times: Vec<Timestamp>) -> Vec<Timestamp> {
    times.sort_unstable();
    let mut openings: Vec<Timestamp> = Vec::new();
    for time in times {
        if openings.last().is_none_or(|opened| time.duration_since(*opened) > WINDOW) {
            openings.push(time);
        }
    }
    openings
}

/// The incidents of a run.
#[derive(Debug)]
pub(super) struct Incidents {
    joined: HashMap<String, Joined>,
    openings: HashMap<Rc<IncidentKey>, Vec<Timestamp>>,
}

impl Incidents {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.openings.values().map(Vec::len).sum()
    }

    /// The id of the incident that an event belongs to.
    pub(super) fn of(&self, dedupe_id: &str) -> Option<String> {
        let joined = self.joined.get(dedupe_id)?;
        let openings = self.openings.get(&joined.key)?;
        let generation = openings.iter().take_while(|opened| **opened <= joined.time).count();
        Some(joined.key.incident_id(u32::try_from(generation).unwrap_or(u32::MAX)))
    }
}
