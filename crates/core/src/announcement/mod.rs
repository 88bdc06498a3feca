//! Announcements: what other tools (ticket systems, pagers) are told about an incident's life, as events on a bus of their own.
//!
//! They follow from the records alone: each record of an incident's chain is announced by at most one announcement, whose id is the
//! incident's id and the record's number. So one may be published twice, and its reader knows it again. `infra/announcement.schema.json`
//! is the shape of the detail.

mod detail;
mod kind;

use jiff::Timestamp;
use serde_json::Value;

pub use kind::Kind;

use crate::audit::{AuditError, AuditRecord, History};
use crate::incident::{Incident, IncidentEvent};

/// The `source` of every announcement.
pub const SOURCE: &str = "layerguard";
/// The version of the detail's shape. A field that is added does not raise it; one that changes or goes does.
pub const SCHEMA_VERSION: u32 = 1;

/// One announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Same record, same id: `<incident id>/<number of the record>`.
    pub id: String,
    /// What happened; the `detail-type`.
    pub kind: Kind,
    /// When the record was written.
    pub time: Timestamp,
    /// The detail.
    pub detail: Value,
}

/// What every announcement about an incident is made from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The stack that the commands address.
    pub stack: &'a str,
    /// The region of the stack.
    pub region: &'a str,
    /// The incident.
    pub incident: &'a Incident,
    /// The events that joined it.
    pub events: &'a [IncidentEvent],
    /// Where its runbook can be read.
    pub runbook_url: Option<&'a str>,
}

/// The announcements of the records after number `upto`, in order. What a record does not hold (title, exposure, how much evidence there
/// is) is as known now.
///
/// # Errors
/// [`AuditError::Unreadable`] when a record is not of the shape of its kind.
pub fn after(
    upto: Option<u64>,
    subject: &Subject<'_>,
    records: &[AuditRecord],
) -> Result<Vec<Announcement>, AuditError> {
    let mut announcements = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if upto.is_some_and(|upto| record.seq <= upto) {
            continue;
        }
        let then = History::of(records.get(..=at).unwrap_or_default())?;
        let Some(entry) = then.entries().last() else { continue };
        if let Some((kind, status)) = kind::of(&then, entry, subject.incident) {
            announcements.push(Announcement {
                id: format!("{}/{}", subject.incident.id, entry.seq),
                kind,
                time: entry.time,
                detail: detail::of(subject, &then, entry, status),
            });
        }
    }
    Ok(announcements)
}
