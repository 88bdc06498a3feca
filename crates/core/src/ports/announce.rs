//! Announcements to other tools: the bus, and how far each incident was announced.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{PortError, PortErrorKind, PortResult};
use crate::announcement::Announcement;

/// The most announcements that a bus takes at once.
pub const MOST_AT_ONCE: usize = 10;
/// How often [`mark_due`] tries again when somebody else changes the row at the same moment.
const ATTEMPTS: u32 = 8;

/// The bus that other tools listen to.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Put these on the bus, at most [`MOST_AT_ONCE`]. An error when one of them was not taken; then any of them may be there already.
    async fn announce(&self, announcements: &[Announcement]) -> PortResult<()>;
}

/// How far each incident was announced. What is to be announced stands in its records; this says from where on.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// How far this incident was announced; [`Announced::nothing`] when nothing was.
    async fn announced(&self, incident: &str) -> PortResult<Announced>;
    /// Replace it if its `revision` is still the stored one, which then is one higher. `Conflict` otherwise.
    async fn keep_announced(&self, announced: &Announced) -> PortResult<()>;
    /// Incidents that are marked as due.
    async fn due_announcements(&self) -> PortResult<Vec<String>>;
}

/// How far an incident was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The incident.
    pub incident: String,
    /// The last record that was looked at; `None` before the first.
    pub upto: Option<u64>,
    /// Records of a closed incident may have to be announced, and no machine may be looking: the sweeper does.
    pub due: bool,
    /// Raised by every change; 0 where nothing is stored.
    pub revision: u64,
}

impl Announced {
    /// Nothing was announced yet.
    #[must_use]
    pub fn nothing(incident: &str) -> Self {
        Self { incident: incident.to_owned(), upto: None, due: false, revision: 0 }
    }
}

/// Let the sweeper look at this incident until all its records were announced. Also where it is marked: whoever is about to take the
/// mark away then looks again.
///
/// # Errors
/// What the outbox answered; `Conflict` when others were faster every time.
pub async fn mark_due(outbox: &dyn Outbox, incident: &str) -> PortResult<()> {
    for _ in 0..ATTEMPTS {
        let marked = Announced { due: true, ..outbox.announced(incident).await? };
        match outbox.keep_announced(&marked).await {
            Err(PortError { kind: PortErrorKind::Conflict, .. }) => {}
            kept => return kept,
        }
    }
    Err(PortError { operation: format!("mark incident `{incident}` for announcement"), kind: PortErrorKind::Conflict })
}
