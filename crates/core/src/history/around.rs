//! What else a principal did around an incident, as far as the traces of watched calls tell. CloudTrail knows the rest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::traces::identity_of;
use super::{Look, Mark, Trace, track};
use crate::cloudtrail::Principal;
use crate::inventory::Login;
use crate::ports::{ActivityStore, PortResult};
use crate::text::escape_to;

/// How far before the first and after the last event of an incident is looked.
pub const AROUND: SignedDuration = SignedDuration::from_hours(1);
/// How long the traces that [`around`] reads are kept at least, by event time: after that it finds nothing and means nothing.
pub const AROUND_KEPT: SignedDuration = SignedDuration::from_hours(25);
/// How much of a name from a record is kept in words.
const LONGEST: usize = 100;

/// Something that was done, once or several times in the span.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deed {
    /// When first.
    pub time: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// What, in words for a person, with the names of a record escaped.
    pub what: String,
    /// How many traces of it there are; calls of one second count once.
    pub times: u32,
}

/// What the principal did from one moment to another, both included, without the events of these dedupe ids; in order of time.
/// Pulls and refused pulls are those of the session; logins and issued sessions those of its credentials; destruction, and changes of who can act as
/// it, those of the whole role or user.
///
/// # Errors
/// What the store answered.
pub async fn around(
    principal: &Principal,
    (from, until): (Timestamp, Timestamp),
    known: &BTreeSet<&str>,
    store: &dyn ActivityStore,
) -> PortResult<Vec<Deed>> {
    let mut tracks = vec![
        track::key(&principal.login_session()),
        track::pulls(&principal.subject()),
        track::children(&principal.login_session()),
        track::destruction(principal),
    ];
    tracks.extend(identity_of(principal).map(|(account, kind, name)| track::credentials(&account, kind, &name)));
    let mut deeds: BTreeMap<String, Deed> = BTreeMap::new();
    for track in tracks {
        let traces = store.traces(&Look { track, from, until }).await?;
        for trace in traces.iter().filter(|trace| !known.contains(trace.event.as_str())) {
            let Some(what) = words(trace) else { continue };
            let (time, times) = (trace.time, 0);
            let deed = deeds.entry(what.clone()).or_insert(Deed { time, last: time, what, times });
            deed.time = deed.time.min(time);
            deed.last = deed.last.max(time);
            deed.times = deed.times.saturating_add(1);
        }
    }
    let mut deeds: Vec<Deed> = deeds.into_values().collect();
    deeds.sort();
    Ok(deeds)
}

fn words(trace: &Trace) -> Option<String> {
    let shown = |name: &str| escape_to(name, LONGEST);
    Some(match &trace.mark {
        Mark::Login { login } => format!("logged in to the registry from {}", place(login)),
        Mark::Pull { repository, refused: true, .. } => format!("was refused a pull from {}", shown(repository)),
        Mark::Pull { repository, .. } => format!("pulled from {}", shown(repository)),
        Mark::Child { session } => format!("opened the session {}", shown(session)),
        Mark::Destroyed { repository, images: 0 } => {
            format!("the role or user destroyed images of {}", shown(repository))
        }
        Mark::Destroyed { repository, images } => {
            format!("the role or user deleted {images} images of {}", shown(repository))
        }
        Mark::Credential { what } => format!("who can act as it was changed: {what}"),
        _ => return None,
    })
}

fn place(login: &Login) -> String {
    match (&login.address, &login.vpc_endpoint) {
        (_, Some(endpoint)) => format!("VPC endpoint {}", escape_to(endpoint, LONGEST)),
        (Some(address), None) => format!("address {address}"),
        (None, None) => "an address that is not recorded".to_owned(),
    }
}
