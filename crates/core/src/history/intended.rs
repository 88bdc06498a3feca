//! What layerguard is about to change itself. Whoever gets hold of its roles writes without having said so before.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Mark, Trace, repository_id};
use crate::call::{Call, IdentityKind};
use crate::cloudtrail::Event;
use crate::plan::Target;

/// How long before the call the intent may have been kept: one invocation with its retries, and clocks that differ.
const BEFORE: SignedDuration = SignedDuration::from_mins(20);
/// CloudTrail's clock may be behind ours.
const AFTER: SignedDuration = SignedDuration::from_mins(2);

/// The trace that Remediate leaves before it changes this target, or takes the change back. `None` where no watched call tells of it, as of
/// access keys that are switched.
#[must_use]
pub fn intended(target: &Target, incident: &str, step: u32, now: Timestamp) -> Option<Trace> {
    let mark = Mark::Intended { incident: incident.to_owned(), step };
    let event = format!("{incident}#{step}");
    Some(Trace { track: track(&of_target(target)?), time: now, id: event.clone(), event, mark })
}

/// Where to look whether layerguard meant this call. `None`: it changes nothing that layerguard ever means to change.
pub(super) fn look(event: &Event) -> Option<Look> {
    let (time, thing) = (event.time, of_call(event)?);
    let from = time.checked_sub(BEFORE).unwrap_or(Timestamp::MIN);
    Some(Look { track: track(&thing), from, until: time.checked_add(AFTER).unwrap_or(Timestamp::MAX) })
}

/// A successful call of one of layerguard's own roles that changes something. Entering another account changes nothing.
pub(super) fn is_write(event: &Event) -> bool {
    let issues = matches!(event.call, Some(Call::CredentialsIssued { .. }));
    event.error_code.is_none() && event.call.is_some() && !issues
}

fn track(thing: &str) -> String {
    format!("intended#{thing}")
}

fn of_target(target: &Target) -> Option<String> {
    Some(match target {
        Target::RoleSession { account, role_name, .. } | Target::Role { account, role_name, .. } => {
            identity(account, IdentityKind::Role, role_name)
        }
        Target::User { account, user_name, .. } => identity(account, IdentityKind::User, user_name),
        Target::Repository { registry, region, repository }
        | Target::RepositoryPrincipal { registry, region, repository, .. }
        | Target::DeletedPolicy { registry, region, repository: Some(repository), .. } => {
            format!("repository/{registry}/{region}/{repository}")
        }
        Target::DeletedPolicy { registry, region, repository: None, .. } | Target::Registry { registry, region } => {
            format!("registry/{registry}/{region}")
        }
        Target::LayerVersion { account, region, layer, version } => {
            format!("layer/{account}/{region}/{layer}/{version}")
        }
        Target::AccessKey { .. } | Target::OnCall => return None,
    })
}

fn of_call(event: &Event) -> Option<String> {
    let call = event.call.as_ref()?;
    if let Some(repository) = call.repository() {
        return repository_id(repository).map(|id| format!("repository/{id}"));
    }
    match call {
        Call::PermissionsChanged { identity: changed, .. } => {
            Some(identity(changed.account.as_deref()?, changed.kind, changed.name.as_deref()?))
        }
        Call::LayerPermission { layer, .. } => {
            let region = layer.region.as_deref().or(event.region.as_deref())?;
            let (account, name, version) =
                (layer.account.as_deref()?, layer.name.as_deref()?, layer.version.as_deref()?);
            Some(format!("layer/{account}/{region}/{name}/{version}"))
        }
        Call::PutRegistryPolicy { registry, .. }
        | Call::DeleteRegistryPolicy { registry, .. }
        | Call::PutReplicationConfiguration { registry, .. } => {
            Some(format!("registry/{}/{}", registry.as_deref()?, event.region.as_deref()?))
        }
        _ => None,
    }
}

fn identity(account: &str, kind: IdentityKind, name: &str) -> String {
    let kind = match kind {
        IdentityKind::User => "user",
        IdentityKind::Role => "role",
    };
    format!("{kind}/{account}/{name}")
}
