//! The bus that other tools listen to, and how far each incident was announced.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::announcement::Announcement;
use layerguard_core::ports::{Announced, Bus, Outbox, PortErrorKind, PortResult};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Rows {
    bus: Vec<Announcement>,
    announced: BTreeMap<String, Announced>,
}

#[async_trait]
impl Bus for World {
    async fn announce(&self, announcements: &[Announcement]) -> PortResult<()> {
        let ids: Vec<&str> = announcements.iter().map(|announcement| announcement.id.as_str()).collect();
        self.call("bus.announce", &ids.join(" "), |state| {
            state.announce.bus.extend_from_slice(announcements);
            Ok(())
        })
    }
}

#[async_trait]
impl Outbox for World {
    async fn announced(&self, incident: &str) -> PortResult<Announced> {
        self.call("outbox.announced", incident, |state| {
            Ok(state.announce.announced.get(incident).cloned().unwrap_or_else(|| Announced::nothing(incident)))
        })
    }

    async fn keep_announced(&self, announced: &Announced) -> PortResult<()> {
        self.call("outbox.keep_announced", &announced.incident, |state| {
            let stored = state.announce.announced.get(&announced.incident).map_or(0, |stored| stored.revision);
            if stored != announced.revision {
                return Err(PortErrorKind::Conflict);
            }
            let next = Announced { revision: stored + 1, ..announced.clone() };
            state.announce.announced.insert(announced.incident.clone(), next);
            Ok(())
        })
    }

    async fn due_announcements(&self) -> PortResult<Vec<String>> {
        self.call("outbox.due_announcements", "all", |state| {
            let due = state.announce.announced.values().filter(|announced| announced.due);
            Ok(due.map(|announced| announced.incident.clone()).collect())
        })
    }
}

impl World {
    /// Everything that was put on the bus, in order; one that was put there twice stands there twice.
    #[must_use]
    pub fn announcements(&self) -> Vec<Announcement> {
        self.state().announce.bus.clone()
    }

    /// Incidents that the sweeper is to announce.
    #[must_use]
    pub fn due(&self) -> Vec<String> {
        let state = self.state();
        let due = state.announce.announced.values().filter(|announced| announced.due);
        due.map(|announced| announced.incident.clone()).collect()
    }
}
