//! What policies and replication let out.

use jiff::Timestamp;

use super::{About, Told};
use crate::call::{Call, ReplicationDestination};
use crate::cloudtrail::Event;
use crate::grant::{self, Grants};
use crate::inventory::Inventory;
use crate::text::escape_to;

/// Sentences that are the same for every record: they key the incident.
const POLICY_MISSING: &str = "the record does not show the policy that was written";
const POLICY_UNREADABLE: &str = "the policy that was written cannot be read";

pub(super) fn written(policy: Option<&str>, owner: Option<&str>, inventory: &Inventory, at: Timestamp) -> Told {
    let nothing = Told::plain(About::Grant { public: false, external: false, push: false });
    let Some(text) = policy else { return nothing.misses(POLICY_MISSING) };
    match grant::of_policy(text, owner, inventory, at) {
        Ok(grants) => granted(grants),
        Err(error) => nothing.says(error.to_string()).misses(POLICY_UNREADABLE),
    }
}

pub(super) fn granted(grants: Grants) -> Told {
    let Grants { public, external, push, unsettled, words, .. } = grants;
    Told { about: About::Grant { public, external, push }, words, missing: Vec::new(), open: unsettled }
}

/// Deleting a template takes nothing away, and an update may leave the policy as it is.
pub(super) fn template(event: &Event, policy: Option<&str>, call: &Call, inventory: &Inventory) -> Told {
    match policy {
        Some(text) => written(Some(text), call.owner(), inventory, event.time),
        None => Told::plain(About::Grant { public: false, external: false, push: false })
            .says("the template names no repository policy"),
    }
}

/// What granted to outsiders alone protected nothing: its removal is a repair.
pub(super) fn removed(deleted: Option<&str>, owner: Option<&str>, inventory: &Inventory, at: Timestamp) -> Told {
    let grants = deleted.and_then(|text| grant::of_policy(text, owner, inventory, at).ok());
    match grants {
        Some(grants) if grants.allows_outside_only && grants.unsettled.is_empty() => {
            Told::plain(About::Removal { protects: false })
                .says("the policy that was removed granted to principals outside the organisation and to nobody else")
        }
        Some(_) => Told::plain(About::Removal { protects: true }),
        None => {
            Told::plain(About::Removal { protects: true }).says("the record does not show the policy that was removed")
        }
    }
}

pub(super) fn replication(
    destinations: Option<&[ReplicationDestination]>,
    registry: Option<&str>,
    inventory: &Inventory,
    at: Timestamp,
) -> Told {
    let Some(destinations) = destinations else {
        return Told::plain(About::Replication { outside: false, cleared: false })
            .misses("the record does not show the replication configuration that was written");
    };
    let mut told = Told::default();
    let mut outside = false;
    for destination in destinations {
        let Some(account) = destination.registry.as_deref().or(registry) else {
            told.open.push("a destination of the replication names no readable registry".to_owned());
            continue;
        };
        let region = destination.region.as_deref().unwrap_or("-");
        let shown = format!("{}/{}", escape_to(account, 12), escape_to(region, 20));
        match inventory.takes_replicas(account, region, at) {
            Some(true) => {}
            None => told.open.push(STALE_ACCOUNTS.to_owned()),
            Some(false) => {
                outside = true;
                let why = if inventory.owns(account) {
                    "which is ours and not among `approved_destinations`"
                } else {
                    "which is not of the organisation"
                };
                told.words.push(format!("images are replicated to {shown}, {why}"));
            }
        }
    }
    let cleared = destinations.is_empty();
    if cleared {
        told.words.push("the configuration that was written has no destination".to_owned());
    }
    told.open.dedup();
    Told { about: About::Replication { outside, cleared }, ..told }
}

/// Of an account that a stale list does not know nobody can say whose it is.
pub(super) const STALE_ACCOUNTS: &str =
    "an account is not in `accounts`, and that list is too old to say that it is not of the organisation";
