//! From an event to its assessment: the one path that Detect, `explain` and replay share.

use std::sync::OnceLock;

use thiserror::Error;

use crate::call::Call;
use crate::cloudtrail::Event;
use crate::engine::{Assessment, Bundle, BundleErrors, CountsRead, Verdict};
use crate::facts::{self, About, Facts, Own};
use crate::history::{self, Ancestor, History, Pulled, Trace};
use crate::incident::IncidentKey;
use crate::inventory::{Inventory, InventoryErrors};
use crate::ports::{ActivityStore, PortResult};
use crate::standings::Standings;

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
    /// It is the copy for the owner of the resource, and the caller's own copy, which decides, has not come. Undecided, and no
    /// incident before that copy has had its time ([`history::COPY_WAITS`]).
    pub waits: bool,
    /// Who issued the event's credentials, as far as it was looked up.
    pub lineage: Vec<Ancestor>,
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
    own: Own,
    policy_version: String,
    standings: Standings,
    /// Found out when replay first asks.
    counts_read: OnceLock<CountsRead>,
}

impl Assessor {
    /// Bind a bundle to an inventory. `own` is what is layerguard's own: its roles are never touched, and what others do to it is told.
    ///
    /// # Errors
    /// What of the inventory does not fit the bundle ([`Bundle::check`]).
    pub fn new(bundle: Bundle, inventory: Inventory, own: impl Into<Own>) -> Result<Self, InventoryErrors> {
        bundle.check(&inventory)?;
        let policy_version = bundle.version(&inventory);
        let own = own.into();
        let own = Own { roles: facts::with_responders(own.roles, &inventory.organization.accounts), ..own };
        let (standings, counts_read) = (Standings::default(), OnceLock::new());
        Ok(Self { bundle, inventory, own, policy_version, standings, counts_read })
    }

    /// Load the embedded bundle and an inventory's text.
    ///
    /// # Errors
    /// [`LoadError`]: then every watched call is undecided ([`without_policy`]).
    pub fn load(inventory: &str, own: impl Into<Own>) -> Result<Self, LoadError> {
        let bundle = Bundle::embedded().map_err(LoadError::Bundle)?;
        let inventory = Inventory::from_toml(inventory).map_err(LoadError::Inventory)?;
        Self::new(bundle, inventory, own).map_err(LoadError::Inventory)
    }

    /// Assess one event with what is known from others.
    pub fn assess(&self, event: &Event, history: &History) -> Assessed {
        if event.call.is_none() {
            return unwatched(&self.policy_version);
        }
        let standing = self.standings.of(&event.principal, &self.inventory, &self.own);
        let facts = facts::establish_with(event, &self.inventory, history, &self.own, standing);
        if is_nobodys(event, &facts) {
            return unwatched(&self.policy_version);
        }
        let assessment = self.bundle.assess(event, &facts, &self.inventory);
        let key = IncidentKey::of(event, &assessment);
        Assessed { facts: Some(facts), assessment, key, waits: false, lineage: history.lineage.clone() }
    }

    /// Whether the event is one about which there is something to record: a watched call, and where it could have been about something of
    /// layerguard's own, one that is.
    #[must_use]
    pub fn judges(&self, event: &Event) -> bool {
        event.call.is_some() && !is_nobodys(event, &self.alone(event))
    }

    /// The traces that an event leaves for others.
    #[must_use]
    pub fn traces(&self, event: &Event) -> Vec<Trace> {
        if event.call.is_none() {
            return Vec::new();
        }
        history::traces_of(event, &self.alone(event))
    }

    /// Assess one event with what the store knows from others. Of the two copies of a call between accounts the caller's decides, because it alone
    /// names who called; the copy of a caller outside the organisation decides alone.
    ///
    /// # Errors
    /// What the store answered.
    pub async fn investigate(&self, event: &Event, store: &dyn ActivityStore) -> PortResult<Assessed> {
        if event.call.is_none() {
            return Ok(unwatched(&self.policy_version));
        }
        let history = history::gather(event, &self.alone(event), &self.inventory, store).await?;
        let Some(callers) = &history.twin else {
            let ours = event.principal.account.as_deref().is_some_and(|account| self.inventory.owns(account));
            let waits = ours && history::is_owners_copy(event);
            return Ok(Assessed { waits, ..self.assess(event, &history) });
        };
        let history = history::gather(callers, &self.alone(callers), &self.inventory, store).await?;
        let mut assessed = self.assess(callers, &history);
        assessed.assessment.reasons.push("the copy of this call in the caller's own account decides".to_owned());
        Ok(assessed)
    }

    /// The dedupe ids of events that were assessed before this one and may have to be assessed again, because it precedes them
    /// ([`history::late()`]). `lineage` is that of its own assessment.
    ///
    /// # Errors
    /// What the store answered.
    pub async fn late(
        &self,
        event: &Event,
        lineage: &[Ancestor],
        store: &dyn ActivityStore,
    ) -> PortResult<Vec<String>> {
        if event.call.is_none() {
            return Ok(Vec::new());
        }
        history::late(event, &self.alone(event), lineage, &self.inventory, store).await
    }

    /// Of the facts that the event and the inventory alone tell, those that others' traces are looked up by.
    pub(crate) fn alone(&self, event: &Event) -> Facts {
        let standing = self.standings.of(&event.principal, &self.inventory, &self.own);
        facts::outline(event, &self.inventory, &self.own, standing)
    }

    /// Counts of pulls that have the same answer as these, the same for all such.
    pub(crate) fn alike(&self, pulled: Pulled) -> Pulled {
        self.counts_read.get_or_init(|| self.bundle.counts_read(&self.inventory)).alike(pulled)
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
        &self.own.roles
    }

    /// What is layerguard's own.
    #[must_use]
    pub fn own(&self) -> &Own {
        &self.own
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
    Assessed { facts: None, assessment, key, waits: false, lineage: Vec::new() }
}

/// A change to something that could have been layerguard's own and is not: no rule is about it.
fn is_nobodys(event: &Event, facts: &Facts) -> bool {
    matches!(event.call, Some(Call::Control { .. }))
        && facts.about == (About::Control { own: false, blinds: false })
        && !facts.unexplained
}

fn unwatched(policy_version: &str) -> Assessed {
    let assessment = Assessment {
        verdict: Verdict::Unwatched,
        rules: Vec::new(),
        reasons: Vec::new(),
        errors: Vec::new(),
        policy_version: policy_version.to_owned(),
    };
    Assessed { facts: None, assessment, key: None, waits: false, lineage: Vec::new() }
}
