//! Actions: what layerguard can do about a violation. One file per action, one line here.
//!
//! Each knows which principal it is possible for, what it will write, how to take it back, and which IAM permissions it
//! needs, from which the template's policy is checked.

mod deny_session;
mod deny_user;
mod disable_access_key;
mod holder;
mod inline;
mod revoke_role_sessions;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::cloudtrail::Principal;
use crate::error::{Class, Classified};
use crate::plan::Target;
use crate::ports::{Iam, PortError};

/// How far an action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// One session or one key.
    Narrow,
    /// A whole role or user: a person decides.
    Wide,
}

/// The outside world as actions see it.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// IAM of the account that is changed.
    pub iam: &'a dyn Iam,
}

/// One use of an action.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The incident: it names every temporary measure, `layerguard-<incident id>`.
    pub incident: &'a str,
    /// What the action is done to.
    pub target: &'a Target,
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
        [holder::NOT_A_ROLE, holder::NOT_A_USER].contains(&self.0.as_str())
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
            Self::Captured { .. } | Self::NotADeny { .. } => Class::Stuck,
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
    /// How far it reaches.
    fn reach(&self) -> Reach;
    /// It writes an inline policy, which the owner must allow (`inline_deny`).
    fn writes_inline(&self) -> bool;
    /// When it lifts by itself; `None`: only a person lifts it.
    fn lift_after(&self, target: &Target) -> Option<SignedDuration>;
    /// What it would be done to for this principal.
    ///
    /// # Errors
    /// Why it is not possible for this principal.
    fn target(&self, principal: &Principal) -> Result<Target, Impossible>;
    /// What it does to the target, in one sentence for the person who approves.
    fn effect(&self, target: &Target) -> String;
    /// How a person does the same by hand, and takes it back.
    fn manual(&self, occasion: Occasion<'_>) -> Vec<String>;
    /// Read the prior state and settle everything that must stay the same over retries, such as the time of a deny.
    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError>;
    /// Make the change.
    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError>;
    /// Take exactly our change back.
    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError>;
}

/// Every action. `notify` and `escalate` are not here: they change nothing and are done by the report.
pub const ACTIONS: &[&dyn Action] = &[
    &deny_session::DenySession,
    &revoke_role_sessions::RevokeRoleSessions,
    &disable_access_key::DisableAccessKey,
    &deny_user::DenyUser,
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
    };
    holder::entity_name(arn, account, resource) == Some(name)
}

/// The action of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Action> {
    ACTIONS.iter().copied().find(|action| action.name() == name)
}
