//! What went before: one call's answer may rest on others, by event time.
//!
//! Every watched call leaves traces ([`traces_of`]) on tracks; [`gather()`] reads those that matter for one event. Traces are sets:
//! writing one twice changes nothing, and a count is the number of distinct things, so duplicates and the order of arrival
//! do not matter. A call that arrives late may change the answer about others that were assessed already; [`late()`] names them.
//! The store is the port [`ActivityStore`](crate::ports::ActivityStore): DynamoDB live, [`Memory`] in `explain` and replay.

mod around;
mod count;
mod gather;
mod glance;
mod intended;
mod late;
mod lineage;
mod memory;
mod once;
mod pulls;
mod trace;
mod traces;
mod track;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use around::{AROUND, AROUND_KEPT, Deed, around};
pub use gather::gather;
pub(crate) use glance::Tracks;
pub use intended::intended;
pub use late::late;
pub use lineage::{Ancestor, ancestors, sessions_of_role};
pub use memory::Memory;
pub use once::{Kept, ReadOnce, WriteOnce};
pub(crate) use pulls::PullTraces;
pub use trace::{Look, Mark, Trace};
pub use traces::{repository_id, traces_of, waiting, waiting_before};

use crate::call::Call;
use crate::cloudtrail::{Event, PrincipalKind};
use crate::inventory::Login;

/// How long after a weakening of tag immutability a push counts as its use.
pub const WEAKENED_FOR: SignedDuration = SignedDuration::from_mins(30);
/// How long new credentials of a principal count as new.
pub const NEW_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How long it is remembered which function uses a layer.
pub const LAYER_USE_KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How long a copy for the resource's owner waits for the caller's copy: CloudTrail delivers within minutes, EventBridge
/// retries for a day, and an hour is when a person should know (AWS facts, sections 1 and 2).
pub const COPY_WAITS: SignedDuration = SignedDuration::from_hours(1);

/// What is known about an event from other events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The registry logins of the same credentials that may speak for a masked source.
    pub logins: Vec<Login>,
    /// How much was pulled and refused in the window of `pull_breadth`, this event included.
    pub pulled: Pulled,
    /// Who issued the credentials, nearest first.
    pub lineage: Vec<Ancestor>,
    /// What was changed about how one can act as this principal, in the hour before, in words.
    pub new_credentials: Vec<Earlier>,
    /// Weakenings of the repository's tag immutability in the half hour before.
    pub weakened: Vec<Earlier>,
    /// What the principal destroyed in the window of `destruction_breadth`, this event included.
    pub destroyed: Destroyed,
    /// Functions that were seen to use the layer.
    pub functions: Vec<String>,
    /// Of a change made with layerguard's own roles: whether Remediate said before that it would make it. `None` where the store
    /// cannot tell, and for everybody else's calls.
    pub intended: Option<bool>,
    /// The caller's own copy of this call, when this one is the copy for the owner of the resource.
    pub twin: Option<Box<Event>>,
}

/// Distinct repositories, counted in one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pulled {
    /// Pulled from by this session.
    pub session: u32,
    /// Pulled from by any session of the same role or user, when it is not a workload.
    pub role: u32,
    /// Pulled from by any session that the same credentials issued.
    pub lineage: u32,
    /// Pulled from by anybody of the principal's account that is neither a workload nor a service.
    pub account: u32,
    /// Refused to this session.
    pub refused: u32,
}

/// Destruction, counted in one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destroyed {
    /// Distinct repositories.
    pub repositories: u32,
    /// Images named in deletions.
    pub images: u32,
}

/// Something that happened before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// When.
    pub time: Timestamp,
    /// What, in words for a person, with the names of a record escaped.
    pub what: String,
}

/// This record is the copy for the owner of the resource, of a call by another account: it names the account and not which
/// role or user of it called (AWS facts, section 1).
#[must_use]
pub fn is_owners_copy(event: &Event) -> bool {
    let elsewhere = event.recipient_account.is_some() && event.recipient_account != event.principal.account;
    elsewhere && event.principal.kind == PrincipalKind::AwsAccount && event.is_shared
}

/// This record is the caller's own copy of a call of which the owner of the resource has one too.
#[must_use]
pub fn is_callers_copy(event: &Event) -> bool {
    event.is_shared && event.principal.kind != PrincipalKind::AwsAccount
}

/// A pull that was refused or asked for what is not there: somebody tries doors.
#[must_use]
pub fn is_refused_pull(event: &Event) -> bool {
    let refused = event.error_code.as_deref().is_some_and(|code| {
        ["AccessDenied", "Unauthorized", "RepositoryNotFound"].iter().any(|known| code.contains(known))
    });
    refused && event.call.as_ref().is_some_and(Call::is_pull)
}

/// A pull that succeeded.
#[must_use]
pub fn is_pull(event: &Event) -> bool {
    event.error_code.is_none() && event.call.as_ref().is_some_and(Call::is_pull)
}

#[cfg(test)]
mod tests;
