//! Facts: what is known about one call, typed and honest. Rules see nothing else.

mod missing;
mod network;

use serde::{Deserialize, Serialize};

pub use network::{LOGIN_LIFE, needs_logins};

use crate::call::{Call, Repository};
use crate::cloudtrail::{Event, Member, Principal};
use crate::inventory::{Inventory, Login};

/// Whether the call came from a network of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Through a listed VPC endpoint or from a listed address.
    Inside,
    /// Through an endpoint or from an address that is not listed.
    Outside,
    /// Cannot be told. Neither trusted nor suspicious by itself.
    Unknown,
}

/// Whose registry the call touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// An account of the organisation.
    Ours,
    /// A registry that AWS or a vendor runs for everybody (EKS add-ons and the like).
    ServiceOwned,
    /// A known account outside the organisation.
    Foreign,
    /// The record does not say.
    Unknown,
}

/// What the inventory says about the principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// Its account is one of the organisation; `None` when the record names no account.
    pub in_organization: Option<bool>,
    /// Matches `image_pullers`.
    pub image_puller: bool,
    /// Matches `administrators`.
    pub administrator: bool,
    /// A known AWS service or service role that pulls by itself.
    pub service_puller: bool,
    /// Matches `workloads`.
    pub workload: bool,
    /// Matches `protected`, or is one of layerguard's own roles.
    pub protected: bool,
}

/// Everything that a rule may ask about one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `ecr:GetDownloadUrlForLayer` and so on.
    pub call: String,
    /// The call failed: an attempt.
    pub attempt: bool,
    /// Where it came from.
    pub network: Network,
    /// What the inventory says about the principal.
    pub standing: Standing,
    /// Whose registry it touched.
    pub owner: Owner,
    /// Registry account, if known.
    pub registry: Option<String>,
    /// Repository name, if any.
    pub repository: Option<String>,
    /// Why each fact is as it is, in words for a person: network first.
    pub reasons: Vec<String>,
    /// Facts that the rules need and that could not be established. Any of them makes the answer undecided.
    pub missing: Vec<String>,
    /// Why it cannot be told where the call came from, when the record should say and does not. A call that is a violation wherever it
    /// came from stays one; any other is undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_network: Option<String>,
}

/// Establishes the facts of one call.
///
/// `logins` are the registry logins of the same session that are known; those that are older than [`LOGIN_LIFE`] at the
/// time of the event, or later than it, do not count. They matter only where [`needs_logins`] says so. `own_roles` are the
/// exact ARNs of layerguard's own roles.
#[must_use]
pub fn establish(event: &Event, inventory: &Inventory, logins: &[Login], own_roles: &[String]) -> Facts {
    let (network, mut reasons) = network::of(event, inventory, logins);
    let standing = inventory.standing_of(&event.principal, own_roles);
    let (registry, repository) = whereabouts(event.call.as_ref());
    let owner = owner_of(registry.as_deref(), inventory);
    if let Some(code) = &event.error_code {
        reasons.push(format!("the call failed with `{}`: an attempt, nothing left", code.escape_debug()));
    }
    if event.cannot_read(Member::ErrorCode) {
        reasons.push("the error code cannot be read: the call counts as one that succeeded".to_owned());
    }
    if event.call.is_some() {
        reasons.push(owner_in_words(owner, registry.as_deref(), inventory));
    }
    reasons.extend(missing::standing_in_words(&event.principal, &standing, inventory));
    let missing = missing::of(event, inventory, owner);
    let missing_network = missing::of_network(event, inventory, owner).map(str::to_owned);
    let attempt = event.error_code.is_some();
    Facts {
        call: event.call_name(),
        attempt,
        network,
        standing,
        owner,
        registry,
        repository,
        reasons,
        missing,
        missing_network,
    }
}

/// Whether the record tells enough about the principal to say that the inventory lists it, or that it does not.
pub(crate) fn is_identified(principal: &Principal, inventory: &Inventory) -> bool {
    missing::of_principal(principal, inventory).is_none()
}

/// Account of the registry, and name of the repository.
fn whereabouts(call: Option<&Call>) -> (Option<String>, Option<String>) {
    match call {
        Some(
            Call::GetDownloadUrlForLayer { repository: Repository { registry, name, .. }, .. }
            | Call::BatchGetImage { repository: Repository { registry, name, .. }, .. },
        ) => (registry.clone(), name.clone()),
        Some(Call::GetAuthorizationToken { registry }) => (registry.clone(), None),
        None => (None, None),
    }
}

fn owner_of(registry: Option<&str>, inventory: &Inventory) -> Owner {
    match registry {
        None => Owner::Unknown,
        Some(account) if inventory.owns(account) => Owner::Ours,
        Some(account) if inventory.registries.service_owned.contains_key(account) => Owner::ServiceOwned,
        Some(_) => Owner::Foreign,
    }
}

fn owner_in_words(owner: Owner, registry: Option<&str>, inventory: &Inventory) -> String {
    let account = registry.unwrap_or_default().escape_debug();
    match owner {
        Owner::Ours => format!("registry `{account}` is one of ours"),
        Owner::ServiceOwned => {
            let serves = registry.and_then(|account| inventory.registries.service_owned.get(account));
            let serves = serves.map_or("", String::as_str);
            format!("registry `{account}` is run for everybody ({serves})")
        }
        Owner::Foreign => format!("registry `{account}` belongs to an account outside the organisation"),
        Owner::Unknown => "the record does not say whose registry it is".to_owned(),
    }
}
