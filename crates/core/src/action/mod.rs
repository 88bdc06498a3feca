//! Actions: what layerguard can do about a violation. One file per action, one line here.
//!
//! Each knows which principal it is possible for, what it will write, how to take it back, and which IAM permissions it
//! needs, from which the template's policy is checked.

mod by_hand;
mod deny_in_repository_policy;
mod deny_session;
mod deny_user;
mod disable_access_key;
mod holder;
mod inline;
mod place;
mod quarantine_role;
mod quarantine_user;
mod remove_layer_grant;
mod remove_registry_grant;
mod remove_replication_destination;
mod remove_repository_grant;
mod resource_policy;
mod restore_lifecycle_policy;
mod restore_repository_policy;
mod restore_scanning;
mod restore_tag_mutability;
mod restored;
mod revoke_role_sessions;
mod revoke_user_sessions;
mod setting;
mod shared;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::cloudtrail::Event;
use crate::error::{Class, Classified};
use crate::inventory::Inventory;
use crate::plan::Target;
use crate::ports::{Account, Ecr, Holders, Iam, Layers, PortError};

pub use by_hand::by_hand;

/// How far an action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// One session or one key.
    Narrow,
    /// A whole role or user: a person decides.
    Wide,
}

/// What an action changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touches {
    /// A principal in IAM: it is contained.
    Principal,
    /// What a principal can do at one resource of ours: it is contained there, whoever it is.
    Access,
    /// A configuration that somebody weakened: it is repaired, whoever weakened it.
    Configuration,
}

/// What gave cause for an action.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// The event, of which rules fired.
    pub event: &'a Event,
    /// What is ours, and what is expected.
    pub inventory: &'a Inventory,
}

/// The outside world as actions see it.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The account that is changed.
    pub account: &'a dyn Account,
    /// Who holds the measures that incidents share.
    pub holders: &'a dyn Holders,
    /// What is ours; `None` where it cannot be read, and then measures are only taken back.
    pub inventory: Option<&'a Inventory>,
}

impl<'a> Tools<'a> {
    /// IAM of the account that is changed.
    #[must_use]
    pub fn iam(&self) -> &'a dyn Iam {
        self.account.iam()
    }

    /// The registry of the account that is changed.
    #[must_use]
    pub fn ecr(&self) -> &'a dyn Ecr {
        self.account.ecr()
    }

    /// The Lambda layers of the account that is changed.
    #[must_use]
    pub fn layers(&self) -> &'a dyn Layers {
        self.account.layers()
    }
}

/// One use of an action.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The incident: it names every temporary measure, `layerguard-<incident id>`.
    pub incident: &'a str,
    /// What the action is done to.
    pub target: &'a Target,
    /// The stack, which names the deny policy that quarantines attach.
    pub stack: &'a str,
}

/// What applying did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// The measure stands.
    Applied,
    /// It stood already by somebody else's hand; undo will leave it alone.
    NothingToDo,
}

/// What undoing did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "detail")]
pub enum Undone {
    /// Exactly our change is gone.
    Undone,
    /// There was nothing of ours left.
    NothingToDo,
    /// Our part is gone, and the measure stays, because other incidents hold it too.
    Kept(String),
    /// Somebody changed it in between; nothing was touched. A person must look.
    Drifted(String),
}

/// Why an action is not possible for a principal, in words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Impossible(pub String);

impl Impossible {
    /// The action is for another kind of principal, which says nothing about this one.
    #[must_use]
    pub fn is_of_another_kind(&self) -> bool {
        [holder::NOT_A_ROLE, holder::NOT_A_USER, place::ANOTHER_CALL, deny_in_repository_policy::OURS]
            .contains(&self.0.as_str())
    }
}

/// Why an action failed.
#[derive(Debug, Error)]
pub enum ActionError {
    /// The step names a target of another kind.
    #[error("action `{action}` cannot be done to `{target}`")]
    WrongTarget {
        /// The action.
        action: &'static str,
        /// The target's label.
        target: String,
    },
    /// What was captured cannot be understood.
    #[error("what action `{action}` captured before cannot be read")]
    Captured {
        /// The action.
        action: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// What was captured would grant something.
    #[error("what action `{action}` would write is not a deny; nothing was written")]
    NotADeny {
        /// The action.
        action: &'static str,
    },
    /// What stands there is no policy that can be read.
    #[error("what action `{action}` would change cannot be read as a policy; nothing was written")]
    Unreadable {
        /// The action.
        action: &'static str,
    },
    /// Somebody wrote another policy since.
    #[error("action `{action}` found another policy in its place, written since; nothing was touched")]
    Replaced {
        /// The action.
        action: &'static str,
    },
    /// What was captured would grant more than what stands.
    #[error("what action `{action}` would write does not only take away; nothing was written")]
    NotANarrowing {
        /// The action.
        action: &'static str,
    },
    /// What was captured is not what the inventory expects.
    #[error(
        "what action `{action}` would write is not what `[expected]` of the inventory says now; nothing was written"
    )]
    NotExpected {
        /// The action.
        action: &'static str,
    },
    /// There is no inventory to tell what is ours.
    #[error("action `{action}` needs the inventory, which cannot be read")]
    NoInventory {
        /// The action.
        action: &'static str,
    },
    /// AWS said no, or nothing.
    #[error("action `{action}` failed")]
    Port {
        /// The action.
        action: &'static str,
        /// Why.
        #[source]
        source: PortError,
    },
}

impl Classified for ActionError {
    fn class(&self) -> Class {
        match self {
            Self::WrongTarget { .. } => Class::InvalidInput,
            Self::Replaced { .. } | Self::NotExpected { .. } => Class::Permanent,
            Self::Captured { .. }
            | Self::NotADeny { .. }
            | Self::NoInventory { .. }
            | Self::Unreadable { .. }
            | Self::NotANarrowing { .. } => Class::Stuck,
            Self::Port { source, .. } => source.class(),
        }
    }
}

/// One action. `capture`, `apply` and `undo` are idempotent; `apply` gets what `capture` saw and decided, which is recorded before it.
#[async_trait]
pub trait Action: Send + Sync {
    /// Its name in plans, policies and playbooks.
    fn name(&self) -> &'static str;
    /// The IAM permissions that capture, apply and undo need.
    fn permissions(&self) -> &'static [&'static str];
    /// What it changes.
    fn touches(&self) -> Touches;
    /// How far it reaches.
    fn reach(&self, target: &Target) -> Reach;
    /// It writes an inline policy, which the owner must allow (`inline_deny`).
    fn writes_inline(&self) -> bool {
        false
    }
    /// When it lifts by itself; `None`: only a person lifts it.
    fn lift_after(&self, _target: &Target) -> Option<SignedDuration> {
        None
    }
    /// What it would be done to.
    ///
    /// # Errors
    /// Why it is not possible for this cause.
    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible>;
    /// What it does to the target, in one sentence for the person who approves.
    fn effect(&self, target: &Target) -> String;
    /// How a person does the same by hand, and takes it back.
    fn manual(&self, occasion: Occasion<'_>) -> Vec<String>;
    /// Read the prior state and settle everything that must stay the same over retries, such as the time of a deny.
    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError>;
    /// Make the change.
    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError>;
    /// What was captured and stays although the action cannot answer for it, in words for people.
    fn remark(&self, _captured: &Value) -> Option<String> {
        None
    }
    /// Read back whether what was applied stands. Changes of IAM may take minutes to be seen everywhere (AWS facts, section 3).
    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError>;
    /// Take exactly our change back.
    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError>;
}

/// Every action. `notify` and `escalate` are not here: they change nothing and are done by the report.
pub const ACTIONS: &[&dyn Action] = &[
    &deny_session::DenySession,
    &revoke_role_sessions::RevokeRoleSessions,
    &disable_access_key::DisableAccessKey,
    &deny_user::DenyUser,
    &revoke_user_sessions::RevokeUserSessions,
    &quarantine_role::QuarantineRole,
    &quarantine_user::QuarantineUser,
    &remove_repository_grant::RemoveRepositoryGrant,
    &remove_registry_grant::RemoveRegistryGrant,
    &deny_in_repository_policy::DenyInRepositoryPolicy,
    &remove_replication_destination::RemoveReplicationDestination,
    &remove_layer_grant::RemoveLayerGrant,
    &restore_tag_mutability::RestoreTagMutability,
    &restore_scanning::RestoreScanning,
    &restore_lifecycle_policy::RestoreLifecyclePolicy,
    &restore_repository_policy::RestoreRepositoryPolicy,
];

/// Whether the parts of a target agree: the name that IAM's API is called with is the one in the ARN that policies were asked about,
/// in the account that the target names.
#[must_use]
pub fn is_consistent(target: &Target) -> bool {
    let (arn, name, account, resource) = match target {
        Target::RoleSession { role_arn, role_name, account, .. }
        | Target::Role { role_arn, role_name, account, .. } => (role_arn, role_name, account, "role/"),
        Target::AccessKey { user_arn, user_name, account, .. } | Target::User { user_arn, user_name, account } => {
            (user_arn, user_name, account, "user/")
        }
        Target::OnCall => return true,
        _ => return place::is_plausible(target),
    };
    holder::entity_name(arn, account, resource) == Some(name)
}

/// The action of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Action> {
    ACTIONS.iter().copied().find(|action| action.name() == name)
}
