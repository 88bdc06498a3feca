//! Where the traces that matter for a call are kept, by name: the same for all calls that differ in their ids and time alone.

use jiff::SignedDuration;

use super::traces::identity_of;
use super::{is_pull, is_refused_pull, repository_id, track};
use crate::call::Call;
use crate::cloudtrail::Event;
use crate::facts::{self, Facts};
use crate::inventory::Inventory;

/// The tracks that [`gather`](super::gather()) looks at for a registry login or a pull that nobody else has a copy of.
#[derive(Debug)]
pub(crate) struct Tracks {
    /// Of the credentials: their logins, and who issued them.
    pub(super) key: String,
    /// The logins matter.
    pub(super) wants_logins: bool,
    /// Of what was changed about how one can act as the principal.
    pub(super) credentials: Option<String>,
    /// Of what was pulled, where it counts.
    pub(super) pulls: Option<PullTracks>,
}

/// The tracks on which pulls are counted.
#[derive(Debug)]
pub(super) struct PullTracks {
    pub(super) session: String,
    pub(super) role: Option<String>,
    pub(super) account: Option<String>,
    /// The repository of the call, which counts whether its trace is kept or not.
    pub(super) mine: Option<String>,
    /// The call was refused.
    pub(super) refused: bool,
    pub(super) window: SignedDuration,
}

impl Tracks {
    /// Of an event. `facts` are its facts as far as the event and the inventory alone tell them. `None` for calls that something else matters for.
    pub(crate) fn of(event: &Event, facts: &Facts, inventory: &Inventory) -> Option<Self> {
        let call = event.call.as_ref()?;
        let (is_login, of_pull) = (matches!(call, Call::GetAuthorizationToken { .. }), call.is_pull());
        if event.is_shared || facts.standing.own || !(is_login || of_pull) {
            return None;
        }
        let principal = &event.principal;
        let counts = of_pull && facts.counts() && (is_pull(event) || is_refused_pull(event));
        let [role, account] = if facts.counts_widely() { track::wide(principal) } else { [None, None] };
        let credentials = identity_of(principal).filter(|_| of_pull);
        Some(Self {
            key: track::key(&principal.login_session()),
            wants_logins: facts::needs_logins(event),
            credentials: credentials.map(|(account, kind, name)| track::credentials(&account, kind, &name)),
            pulls: counts.then(|| PullTracks {
                session: track::pulls(&principal.subject()),
                role,
                account,
                mine: call.repository().and_then(repository_id),
                refused: !is_pull(event),
                window: inventory.thresholds.pull_breadth.window,
            }),
        })
    }

    /// They are those of a pull that counts: what such a call leaves behind is the same for all of its kind in one second.
    pub(crate) const fn are_those_of_a_pull(&self) -> bool {
        self.pulls.is_some()
    }
}
