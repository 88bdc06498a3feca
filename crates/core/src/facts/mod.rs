//! Facts: what is known about one call, typed and honest. Rules see nothing else.

mod about;
mod missing;
mod network;
mod own;
mod words;

use serde::{Deserialize, Serialize};

pub use about::About;
pub(crate) use network::Spoken;
pub use network::{LOGIN_LIFE, needs_logins};
pub use own::{Own, READER, RESPONDER, own_roles, with_responders};

use crate::call::Call;
use crate::cloudtrail::{Event, Principal};
use crate::history::{Destroyed, History, Pulled};
use crate::inventory::Inventory;

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

impl Network {
    /// The word in JSON, policies, reasons and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Outside => "outside",
            Self::Unknown => "unknown",
        }
    }
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
    /// Matches `protected` or `on_call`, or is one of layerguard's own roles or a way back into the account.
    pub protected: bool,
    /// Is one of layerguard's own roles, by exact ARN.
    #[serde(default)]
    pub own: bool,
    /// Matches `[layers] readers`.
    #[serde(default)]
    pub layer_reader: bool,
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
    /// What the call is about beyond that.
    #[serde(default)]
    pub about: About,
    /// How much was pulled and refused of late.
    #[serde(default)]
    pub pulled: Pulled,
    /// How much was destroyed of late.
    #[serde(default)]
    pub destroyed: Destroyed,
    /// Somebody new can act as the principal since less than an hour.
    #[serde(default)]
    pub new_credentials: bool,
    /// The repository's tag immutability was weakened less than half an hour ago.
    #[serde(default)]
    pub weakened: bool,
    /// It was made with one of layerguard's own roles, and no recorded intent explains it.
    #[serde(default)]
    pub unexplained: bool,
    /// It was made with the deployment's own drill role, by exact ARN: whatever a session is called makes no drill. No rule asks for it, and
    /// nothing is decided otherwise by it; people are told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// Why each fact is as it is, in words for a person: network first.
    pub reasons: Vec<String>,
    /// Facts that the rules need and that could not be established. Any of them makes the answer undecided.
    pub missing: Vec<String>,
    /// Why it cannot be told where the call came from, when the record should say and does not. A call that is a violation wherever it
    /// came from stays one; any other is undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_network: Option<String>,
    /// What else could not be told and could only add to what is decided against the call, as fixed sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// The calls that take content out of a registry.
const PULLS: [&str; 2] = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"];

impl Facts {
    /// The call takes content out of a registry.
    #[must_use]
    pub fn is_pull(&self) -> bool {
        PULLS.contains(&self.call.as_str())
    }

    /// A pull of this kind counts towards breadth: it takes something that AWS does not hand to everybody.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.owner != Owner::ServiceOwned && !self.standing.service_puller && !self.standing.own
    }

    /// It also counts for its role and account. Nodes and tasks of a cluster share a role and pull what the cluster runs.
    #[must_use]
    pub fn counts_widely(&self) -> bool {
        self.counts() && !self.standing.workload
    }
}

/// Establishes the facts of one call.
///
/// `history` is what is known from other events; of its logins those that are older than [`LOGIN_LIFE`] at the time of the
/// event, or later than it, do not count, and they matter only where [`needs_logins`] says so. With an empty history the facts are those
/// that the event and the inventory alone tell.
#[must_use]
pub fn establish(event: &Event, inventory: &Inventory, history: &History, own: &Own) -> Facts {
    establish_with(event, inventory, history, own, inventory.standing_of(&event.principal, &own.roles))
}

/// The same, where what the inventory says about the principal is known already.
pub(crate) fn establish_with(
    event: &Event,
    inventory: &Inventory,
    history: &History,
    own: &Own,
    standing: Standing,
) -> Facts {
    let (network, mut reasons) = network::of(event, inventory, &history.logins);
    let (registry, repository) = whereabouts(event.call.as_ref());
    let owner = owner_of(registry.as_deref(), inventory);
    let told = about::of(event, inventory, &own.stack);
    reasons.extend(words::of_outcome(event));
    reasons.extend(words::of_owner(event, owner, registry.as_deref(), inventory));
    reasons.extend(words::of_standing(event, &standing, inventory));
    reasons.extend(told.words);
    reasons.extend(words::of_history(event, history));
    let attempt = event.error_code.is_some();
    let mut missing = missing::of(event, inventory, owner);
    let (told_missing, open) = if attempt { Default::default() } else { (told.missing, told.open) };
    missing.extend(told_missing);
    Facts {
        call: event.call_name(),
        attempt,
        network,
        owner,
        registry,
        repository,
        about: told.about,
        pulled: history.pulled,
        destroyed: history.destroyed,
        new_credentials: !history.new_credentials.is_empty(),
        weakened: !history.weakened.is_empty(),
        unexplained: standing.own && history.intended == Some(false),
        drill: own.drill.is_some() && own.drill == event.principal.arn,
        standing,
        reasons,
        missing,
        missing_network: missing::of_network(event, inventory, owner).map(str::to_owned),
        open,
    }
}

/// What of the facts traces and the looks at others' traces rest on: who called and what about, from the event and the inventory alone,
/// without words. `standing` is what [`Inventory::standing_of`] says about the principal.
pub(crate) fn outline(event: &Event, inventory: &Inventory, own: &Own, standing: Standing) -> Facts {
    let (registry, repository) = whereabouts(event.call.as_ref());
    let owner = owner_of(registry.as_deref(), inventory);
    Facts {
        call: event.call_name(),
        attempt: event.error_code.is_some(),
        network: Network::Unknown,
        owner,
        registry,
        repository,
        about: about::of(event, inventory, &own.stack).about,
        pulled: Pulled::default(),
        destroyed: Destroyed::default(),
        new_credentials: false,
        weakened: false,
        unexplained: false,
        standing,
        reasons: Vec::new(),
        missing: Vec::new(),
        missing_network: None,
        drill: false,
        open: Vec::new(),
    }
}

/// Whether the record tells enough about the principal to say that the inventory lists it, or that it does not.
pub(crate) fn is_identified(principal: &Principal, inventory: &Inventory) -> bool {
    missing::of_principal(principal, inventory).is_none()
}

/// Account of the registry, and name of the repository.
fn whereabouts(call: Option<&Call>) -> (Option<String>, Option<String>) {
    let owner = call.and_then(Call::owner).map(str::to_owned);
    (owner, call.and_then(Call::repository).and_then(|repository| repository.name.clone()))
}

fn owner_of(registry: Option<&str>, inventory: &Inventory) -> Owner {
    match registry {
        None => Owner::Unknown,
        Some(account) if inventory.owns(account) => Owner::Ours,
        Some(account) if inventory.registries.service_owned.contains_key(account) => Owner::ServiceOwned,
        Some(_) => Owner::Foreign,
    }
}
