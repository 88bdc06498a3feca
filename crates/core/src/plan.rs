//! Plans: the steps that a decision consists of.

use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// What may happen with a step, from the least to the weightiest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Tell, and do nothing.
    Observe,
    /// A person decides.
    Ask,
    /// Runs without a person.
    Act,
}

impl Mode {
    /// The word in JSON, tables and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Ask => "ask",
            Self::Act => "act",
        }
    }
}

/// A word that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a mode; the modes are `observe`, `ask` and `act`")]
pub struct UnknownMode(pub String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        [Self::Observe, Self::Ask, Self::Act]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

/// What an action is done to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One session of a role.
    RoleSession {
        /// The role's ARN with its path.
        role_arn: String,
        /// The role's name, as IAM's API wants it.
        role_name: String,
        /// The account of the role.
        account: String,
        /// `aws:userid` of the session.
        user_id: String,
    },
    /// All sessions of a role that are older than the measure.
    Role {
        /// The role's ARN with its path.
        role_arn: String,
        /// The role's name.
        role_name: String,
        /// The account of the role.
        account: String,
        /// `aws:userid` of the session that gave cause, whose registry logins are denied too.
        user_id: Option<String>,
    },
    /// One access key of a user.
    AccessKey {
        /// The user's ARN.
        user_arn: String,
        /// The user's name.
        user_name: String,
        /// The account of the user.
        account: String,
        /// The key's id (not a secret).
        access_key: String,
    },
    /// A user with everything it holds.
    User {
        /// The user's ARN.
        user_arn: String,
        /// The user's name.
        user_name: String,
        /// The account of the user.
        account: String,
    },
    /// A private repository.
    Repository {
        /// The account of the registry.
        registry: String,
        /// Its region.
        region: String,
        /// The repository's name.
        repository: String,
    },
    /// One principal at one repository.
    RepositoryPrincipal {
        /// The account of the registry.
        registry: String,
        /// Its region.
        region: String,
        /// The repository's name.
        repository: String,
        /// The principal's ARN as the inventory has it, if the record names it: for a session its role's.
        principal_arn: Option<String>,
        /// Whom the repository's policy is to name: the ARN of a session, role or user, or an account.
        denied: String,
    },
    /// A policy that was deleted, to be put back.
    DeletedPolicy {
        /// The account of the registry.
        registry: String,
        /// Its region.
        region: String,
        /// The repository; `None`: the registry's own policy.
        repository: Option<String>,
        /// The text that was deleted, as the record of the deletion shows it.
        text: String,
    },
    /// A registry.
    Registry {
        /// Its account.
        registry: String,
        /// Its region.
        region: String,
    },
    /// A version of a Lambda layer.
    LayerVersion {
        /// The account of the layer.
        account: String,
        /// Its region.
        region: String,
        /// The layer's name.
        layer: String,
        /// The version's number.
        version: i64,
    },
    /// The people who get the alerts.
    OnCall,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number within the incident; later plans count on.
    pub number: u32,
    /// The action's name, for example `deny_session`.
    pub action: String,
    /// What it is done to.
    pub target: Target,
    /// Whether it acts, asks or only tells.
    pub mode: Mode,
    /// What it does, in words for the person who approves.
    pub effect: String,
    /// Seconds after which it lifts by itself; `None`: only a person lifts it.
    pub lift_after_seconds: Option<i64>,
    /// Why it has this mode, in words.
    pub reasons: Vec<String>,
}

/// The steps of one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The incident it is for.
    pub incident: String,
    /// In the order in which they run.
    pub steps: Vec<Step>,
}

impl Step {
    /// How long the measure stands before it lifts by itself.
    #[must_use]
    pub fn lift_after(&self) -> Option<SignedDuration> {
        self.lift_after_seconds.map(SignedDuration::from_secs)
    }

    /// A step that changes an account, as opposed to telling somebody.
    #[must_use]
    pub fn is_containment(&self) -> bool {
        !matches!(self.target, Target::OnCall)
    }
}

impl Plan {
    /// What an approver signs: SHA-256 over the incident and over what each containment step does to what, in hexadecimal. Reasons are
    /// left out, so that new evidence for the same plan does not void an approval.
    ///
    /// # Errors
    /// When the plan cannot be written as JSON, which no plan of ours does.
    pub fn hash(&self) -> Result<String, serde_json::Error> {
        let steps: Vec<_> = self
            .steps
            .iter()
            .filter(|step| step.is_containment())
            .map(|step| (step.number, &step.action, &step.target, step.mode, step.lift_after_seconds))
            .collect();
        let text = serde_json::to_vec(&(&self.incident, steps))?;
        Ok(hex::encode(Sha256::digest(text)))
    }

    /// The weightiest mode among the containment steps; observe when there is none.
    #[must_use]
    pub fn weightiest(&self) -> Mode {
        self.steps.iter().filter(|step| step.is_containment()).map(|step| step.mode).max().unwrap_or(Mode::Observe)
    }
}

impl Target {
    /// How a person recognises it; escaped by whoever shows it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::RoleSession { role_arn, user_id, .. } => {
                let session = user_id.split_once(':').map_or(user_id.as_str(), |(_, session)| session);
                format!("{role_arn} session {session}")
            }
            Self::Role { role_arn, .. } => role_arn.clone(),
            Self::AccessKey { user_arn, access_key, .. } => format!("{user_arn} key {access_key}"),
            Self::User { user_arn, .. } => user_arn.clone(),
            Self::Repository { registry, region, repository } => {
                format!("repository {repository} in {registry} {region}")
            }
            Self::RepositoryPrincipal { registry, region, repository, denied, .. } => {
                format!("{denied} at repository {repository} in {registry} {region}")
            }
            Self::DeletedPolicy { registry, region, repository: Some(repository), .. } => {
                format!("deleted policy of repository {repository} in {registry} {region}")
            }
            Self::DeletedPolicy { registry, region, repository: None, .. } => {
                format!("deleted policy of registry {registry} {region}")
            }
            Self::Registry { registry, region } => format!("registry {registry} {region}"),
            Self::LayerVersion { account, region, layer, version } => {
                format!("layer {layer} version {version} in {account} {region}")
            }
            Self::OnCall => "on-call".to_owned(),
        }
    }

    /// ARN of the principal that is changed, if one is.
    #[must_use]
    pub fn principal_arn(&self) -> Option<&str> {
        match self {
            Self::RoleSession { role_arn, .. } | Self::Role { role_arn, .. } => Some(role_arn),
            Self::AccessKey { user_arn, .. } | Self::User { user_arn, .. } => Some(user_arn),
            Self::RepositoryPrincipal { principal_arn, .. } => principal_arn.as_deref(),
            _ => None,
        }
    }

    /// The account that is changed, if one is.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::RoleSession { account, .. }
            | Self::Role { account, .. }
            | Self::AccessKey { account, .. }
            | Self::User { account, .. }
            | Self::LayerVersion { account, .. } => Some(account),
            Self::Repository { registry, .. }
            | Self::RepositoryPrincipal { registry, .. }
            | Self::DeletedPolicy { registry, .. }
            | Self::Registry { registry, .. } => Some(registry),
            Self::OnCall => None,
        }
    }

    /// The region of what is changed; `None` where it has none, as IAM has not.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Repository { region, .. }
            | Self::RepositoryPrincipal { region, .. }
            | Self::DeletedPolicy { region, .. }
            | Self::Registry { region, .. }
            | Self::LayerVersion { region, .. } => Some(region),
            _ => None,
        }
    }
}

/// The scopes under which the breaker counts an action: all, the account, the principal; in this order.
#[must_use]
pub fn breaker_scopes(principal_arn: Option<&str>, account: Option<&str>) -> Vec<String> {
    let mut scopes = vec!["all".to_owned(), format!("account#{}", account.unwrap_or("unknown"))];
    scopes.extend(principal_arn.map(|arn| format!("role#{arn}")));
    scopes
}

/// How often the same is repaired within [`REPAIRS_WITHIN`] before a person is asked.
pub const MOST_REPAIRS: u32 = 2;
/// How long a repair is counted.
pub const REPAIRS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The scope under which a repair is counted: the action and what it is done to. The text of a policy that is put back does not tell
/// repairs apart, because whoever deletes it again may have changed it in between.
#[must_use]
pub fn repair_scope(step: &Step) -> String {
    let target = match &step.target {
        Target::DeletedPolicy { registry, region, repository, .. } => {
            format!("{registry}/{region}/{}", repository.as_deref().unwrap_or("-"))
        }
        other => other.label(),
    };
    let mut hasher = Sha256::new();
    for part in [step.action.as_str(), &target] {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    format!("repair#{}", hex::encode(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repair(action: &str, text: &str, repository: &str) -> Step {
        Step {
            number: 0,
            action: action.to_owned(),
            target: Target::DeletedPolicy {
                registry: "111122223333".to_owned(),
                region: "eu-central-1".to_owned(),
                repository: Some(repository.to_owned()),
                text: text.to_owned(),
            },
            mode: Mode::Act,
            effect: String::new(),
            lift_after_seconds: None,
            reasons: Vec::new(),
        }
    }

    #[test]
    fn the_same_repair_is_counted_together_whatever_was_in_the_policy() {
        let first = repair_scope(&repair("restore_policy", "{}", "team/app"));
        assert_eq!(repair_scope(&repair("restore_policy", "{ }", "team/app")), first);
        assert_ne!(repair_scope(&repair("restore_policy", "{}", "team/other")), first);
        assert_ne!(repair_scope(&repair("restore", "{}", "team/app")), first);
        assert!(first.starts_with("repair#"));
    }
}
