//! Lineage: which credentials issued which.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::traces::hour_of;
use super::{Look, Mark, Trace, track};
use crate::cloudtrail::{Event, Principal, PrincipalKind};
use crate::ports::{ActivityStore, PortResult};

/// The longest life of a session of a role that another session assumed is an hour; of any other, twelve (AWS facts, section 3).
const LIFE: SignedDuration = SignedDuration::from_hours(12);
/// Longer chains are cut: each link costs a read, and roles that assume each other in a circle have no end.
const LINKS: usize = 5;
/// Sessions of one source that are looked at. Who opens more is counted by role and account.
const CHILDREN: usize = 50;

/// One link of a lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestor {
    /// When the credentials were issued.
    pub time: Timestamp,
    /// By whom, in words, escaped.
    pub by: String,
    /// The credentials with which they were issued.
    pub parent: String,
}

/// An AWS service that assumes a role for itself is no source: the role's sessions have nothing else in common.
pub(super) const fn names_a_source(principal: &Principal) -> bool {
    !matches!(principal.kind, PrincipalKind::AwsService | PrincipalKind::Unknown)
}

/// Who issued the credentials of this event, nearest first.
///
/// # Errors
/// What the store answered.
pub async fn ancestors(event: &Event, store: &dyn ActivityStore) -> PortResult<Vec<Ancestor>> {
    let mut found: Vec<Ancestor> = Vec::new();
    let Some(mut key) = event.principal.access_key.clone() else { return Ok(found) };
    while found.len() < LINKS {
        let traces = store.traces(&Look::whole(track::key(&key))).await?;
        let Some(issued) = traces.iter().find_map(ancestor) else { break };
        if found.iter().any(|known| known.parent == issued.parent) {
            break;
        }
        key.clone_from(&issued.parent);
        found.push(issued);
    }
    Ok(found)
}

fn ancestor(trace: &Trace) -> Option<Ancestor> {
    let Mark::Issued { by, parent } = &trace.mark else { return None };
    Some(Ancestor { time: trace.time, by: by.clone(), parent: parent.clone() })
}

/// The sessions that the same credentials issued in the life of a session before and after this moment, this one's own left out.
pub(super) async fn siblings(
    event: &Event,
    lineage: &[Ancestor],
    store: &dyn ActivityStore,
) -> PortResult<BTreeSet<String>> {
    let Some(nearest) = lineage.first() else { return Ok(BTreeSet::new()) };
    let from = event.time.checked_sub(LIFE).unwrap_or(Timestamp::MIN);
    let until = event.time.checked_add(LIFE).unwrap_or(Timestamp::MAX);
    let traces = store.traces(&Look { track: track::children(&nearest.parent), from, until }).await?;
    let own = event.principal.subject();
    let sessions = traces.into_iter().filter_map(|trace| match trace.mark {
        Mark::Child { session } => Some(session),
        _ => None,
    });
    Ok(sessions.filter(|session| *session != own).collect::<BTreeSet<_>>().into_iter().take(CHILDREN).collect())
}

/// How many distinct sessions of the same role were seen in the twelve hours before this moment, this hour included; 0 for whoever is
/// no session of a role.
///
/// # Errors
/// What the store answered.
pub async fn sessions_of_role(principal: &Principal, at: Timestamp, store: &dyn ActivityStore) -> PortResult<u32> {
    let Some(track) = track::sessions(principal) else { return Ok(0) };
    let look = Look::back(track, at, LIFE);
    let traces = store.traces(&Look { from: hour_of(look.from), ..look }).await?;
    let sessions: BTreeSet<String> = traces
        .into_iter()
        .filter_map(|trace| match trace.mark {
            Mark::Session { session } => Some(session),
            _ => None,
        })
        .collect();
    Ok(u32::try_from(sessions.len()).unwrap_or(u32::MAX))
}
