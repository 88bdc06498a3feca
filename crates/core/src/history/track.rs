//! The names of tracks.

use super::traces::identity_of;
use crate::call::{IdentityKind, Layer};
use crate::cloudtrail::Principal;
use crate::cloudtrail::arn::last_segment;

/// What was done with credentials, and who issued them: the registry logins, and one trace of their origin. One track, so that a pull
/// reads it once.
pub(super) fn key(credentials: &str) -> String {
    format!("key#{credentials}")
}

pub(super) fn pulls(session: &str) -> String {
    format!("pulls#{session}")
}

/// Everything that a user or any session of a role pulls. Names are unique within an account, whatever their path.
pub(super) fn principal(account: &str, kind: IdentityKind, name: &str) -> String {
    identity("principal", account, kind, name)
}

pub(super) fn account(account: &str) -> String {
    format!("account#{account}")
}

/// Where pulls are counted beyond the session: the role or user, and the account.
pub(super) fn wide(caller: &Principal) -> [Option<String>; 2] {
    let of_identity = identity_of(caller).map(|(account, kind, name)| principal(&account, kind, &name));
    [of_identity, caller.account.as_deref().map(account)]
}

/// The sessions of a role; `None` for whoever is no session of a role.
pub(super) fn sessions(principal: &Principal) -> Option<String> {
    let (account, kind, name) = identity_of(principal).filter(|(_, kind, _)| *kind == IdentityKind::Role)?;
    Some(identity("sessions", &account, kind, &name))
}

pub(super) fn new_key(access_key: &str) -> String {
    format!("newkey#{access_key}")
}

pub(super) fn children(parent: &str) -> String {
    format!("children#{parent}")
}

pub(super) fn credentials(account: &str, kind: IdentityKind, name: &str) -> String {
    identity("credentials", account, kind, name)
}

fn identity(track: &str, account: &str, kind: IdentityKind, name: &str) -> String {
    let kind = match kind {
        IdentityKind::User => "user",
        IdentityKind::Role => "role",
    };
    format!("{track}#{account}/{kind}/{}", last_segment(name))
}

pub(super) fn repository(id: &str) -> String {
    format!("repository#{id}")
}

/// By role or user, not by session: a new session name does not begin a new count.
pub(super) fn destruction(principal: &Principal) -> String {
    format!("destruction#{}", principal.arn.clone().unwrap_or_else(|| principal.subject()))
}

/// Without the version: who uses any of them is worth telling.
pub(super) fn layer(layer: &Layer) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!("layer#{}/{}/{}", part(&layer.account), part(&layer.region), part(&layer.name))
}

pub(super) const WAITING: &str = "waiting";

pub(super) fn copies(shared: &str) -> String {
    format!("copy#{shared}")
}
