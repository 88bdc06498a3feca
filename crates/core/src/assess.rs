//! From an event to its assessment: the one path that Detect, `explain` and replay share.

use thiserror::Error;

use crate::cloudtrail::Event;
use crate::engine::{Assessment, Bundle, BundleErrors, Verdict};
use crate::facts::{self, Facts};
use crate::incident::IncidentKey;
use crate::inventory::{Inventory, InventoryErrors, Login};

/// What is found out about one event.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// What is known about the call; `None` for unwatched calls and where no inventory could be read.
    pub facts: Option<Facts>,
    /// The answer and its reasons.
    pub assessment: Assessment,
    /// The incident it belongs to; `None` when there is nothing to do about it.
    pub key: Option<IncidentKey>,
}

/// Why there is no policy to ask.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The bundle does not validate.
    #[error("the policy bundle does not validate: {0}")]
    Bundle(BundleErrors),
    /// The inventory does not parse, or does not fit the bundle.
    #[error("the inventory cannot be read: {0}")]
    Inventory(InventoryErrors),
}

/// A loaded policy: the bundle, the inventory and layerguard's own roles.
#[derive(Debug)]
pub struct Assessor {
    bundle: Bundle,
    inventory: Inventory,
    own_roles: Vec<String>,
    policy_version: String,
}

impl Assessor {
    /// Bind a bundle to an inventory. `own_roles` are the exact ARNs of layerguard's own roles, which are never touched.
    ///
    /// # Errors
    /// What of the inventory does not fit the bundle ([`Bundle::check`]).
    pub fn new(bundle: Bundle, inventory: Inventory, own_roles: Vec<String>) -> Result<Self, InventoryErrors> {
        bundle.check(&inventory)?;
        let policy_version = bundle.version(&inventory);
        Ok(Self { bundle, inventory, own_roles, policy_version })
    }

    /// Load the embedded bundle and an inventory's text.
    ///
    /// # Errors
    /// [`LoadError`]: then every watched call is undecided ([`without_policy`]).
    pub fn load(inventory: &str, own_roles: Vec<String>) -> Result<Self, LoadError> {
        let bundle = Bundle::embedded().map_err(LoadError::Bundle)?;
        let inventory = Inventory::from_toml(inventory).map_err(LoadError::Inventory)?;
        Self::new(bundle, inventory, own_roles).map_err(LoadError::Inventory)
    }

    /// Assess one event. `logins` are the registry logins of its session in the twelve hours before it; only a masked
    /// source needs them ([`facts::needs_logins`]).
    pub fn assess(&self, event: &Event, logins: &[Login]) -> Assessed {
        if event.call.is_none() {
            return unwatched(&self.policy_version);
        }
        let facts = facts::establish(event, &self.inventory, logins, &self.own_roles);
        let assessment = self.bundle.assess(event, &facts, &self.inventory);
        let key = IncidentKey::of(event, &assessment);
        Assessed { facts: Some(facts), assessment, key }
    }

    /// The rules, playbooks and the two other questions.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What is ours.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Exact ARNs of layerguard's own roles.
    #[must_use]
    pub fn own_roles(&self) -> &[String] {
        &self.own_roles
    }

    /// Hash of rules, playbooks and inventory.
    #[must_use]
    pub fn policy_version(&self) -> &str {
        &self.policy_version
    }
}

/// The assessment where there is no policy to ask: a watched call is undecided, never clear.
///
/// `reason` must not depend on the event: it keys the incident, so that one broken inventory is one incident.
pub fn without_policy(event: &Event, reason: &str) -> Assessed {
    if event.call.is_none() {
        return unwatched("none");
    }
    let assessment = Assessment {
        verdict: Verdict::Undecided,
        rules: Vec::new(),
        reasons: vec![reason.to_owned()],
        errors: vec![reason.to_owned()],
        policy_version: "none".to_owned(),
    };
    let key = IncidentKey::of(event, &assessment);
    Assessed { facts: None, assessment, key }
}

fn unwatched(policy_version: &str) -> Assessed {
    let assessment = Assessment {
        verdict: Verdict::Unwatched,
        rules: Vec::new(),
        reasons: Vec::new(),
        errors: Vec::new(),
        policy_version: policy_version.to_owned(),
    };
    Assessed { facts: None, assessment, key: None }
}
