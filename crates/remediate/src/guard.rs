//! The last look before an account is changed. Decide has asked the policy already; this holds even if that went wrong, or if the owner
//! has lowered the mode or protected the principal since.

use jiff::Timestamp;
use layerguard_core::action;
use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::Principal;
use layerguard_core::inventory::Inventory;
use layerguard_core::plan::{Mode, Step, Target};
use thiserror::Error;

/// What Remediate never does, whatever is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The account that layerguard runs in.
    pub account: String,
    /// ARNs of layerguard's own roles, those in other accounts included.
    pub own_roles: Vec<String>,
    /// The deployment's mode; the lower of it and the inventory's is the ceiling.
    pub mode: Mode,
    /// The inventory, or why it cannot be read. Without one nothing is applied; taking back still works.
    pub inventory: Result<Inventory, String>,
}

/// Why the guard refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("the target's name, ARN and account contradict each other")]
    Contradiction,
    #[error("the target is in account `{0}`, which is not of the organisation")]
    OtherAccount(String),
    #[error("layerguard is paused until {0}")]
    Paused(Timestamp),
    #[error("the stop switch cannot be read, so it is taken as thrown: {0}")]
    SwitchUnreadable(String),
    #[error("the target is one of layerguard's own roles")]
    Own,
    #[error("the inventory protects the target")]
    Protected,
    #[error("the target is in the organisation's management account")]
    Management,
    #[error("the inventory cannot be read, so nothing tells what is protected: {0}")]
    NoInventory(String),
    #[error("{counted} actions without a person under `{scope}` of late, and at most {most} may run: a person decides")]
    Breaker { scope: String, counted: u32, most: u32 },
    #[error(
        "this is repair {counted} of the same within a day, and at most {most} run without a person: something makes the change again and again"
    )]
    Repeated { counted: u32, most: u32 },
    #[error("the mode is `{}` now, which does not allow a step of mode `{}`", .ceiling.as_str(), .mode.as_str())]
    Lowered { ceiling: Mode, mode: Mode },
}

impl Guard {
    /// By the policy in force. The roles of a policy that cannot be loaded are unknown beyond its own account's; then nothing is applied anyway.
    #[must_use]
    pub fn of(policy: &Result<Assessor, String>, account: &str, own_roles: &[String], mode: Mode) -> Self {
        Self {
            account: account.to_owned(),
            own_roles: policy.as_ref().map_or(own_roles, Assessor::own_roles).to_vec(),
            mode,
            inventory: policy.as_ref().map(|assessor| assessor.inventory().clone()).map_err(Clone::clone),
        }
    }

    /// Whether the step may be applied.
    pub(crate) fn check(&self, step: &Step) -> Result<(), Refusal> {
        self.check_place(&step.target)?;
        let arn = step.target.principal_arn();
        if arn.is_some_and(|arn| self.own_roles.iter().any(|own| own == arn)) {
            return Err(Refusal::Own);
        }
        let inventory = self.inventory.as_ref().map_err(|reason| Refusal::NoInventory(reason.clone()))?;
        let principal = Principal { arn: arn.map(str::to_owned), ..Principal::unknown() };
        if inventory.standing_of(&principal, &self.own_roles).protected {
            return Err(Refusal::Protected);
        }
        if inventory.organization.management_account.as_deref() == step.target.account() {
            return Err(Refusal::Management);
        }
        let ceiling = self.mode.min(inventory.response.mode);
        if step.mode > ceiling {
            return Err(Refusal::Lowered { ceiling, mode: step.mode });
        }
        Ok(())
    }

    /// Whether the target can be changed from here at all, which holds for taking back too.
    pub(crate) fn check_place(&self, target: &Target) -> Result<(), Refusal> {
        if !action::is_consistent(target) {
            return Err(Refusal::Contradiction);
        }
        let account = target.account().ok_or(Refusal::Contradiction)?;
        // What the inventory does not know any more can still be taken back, as far as the account lets us in.
        let ours = self.inventory.as_ref().map_or(true, |inventory| inventory.owns(account));
        if account == self.account || ours { Ok(()) } else { Err(Refusal::OtherAccount(account.to_owned())) }
    }
}
