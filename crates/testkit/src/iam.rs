//! IAM of one account.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use layerguard_core::ports::{Iam, PortErrorKind, PortResult};
use serde_json::Value;

use crate::accounts::Entered;

/// Characters that all inline policies of a role may have, white space not counted (AWS facts, section 4).
const ROLE_SPACE: usize = 10_240;
/// The same for a user.
const USER_SPACE: usize = 2_048;
/// Managed policies that a role or user may have attached.
const MOST_ATTACHED: usize = 10;

/// A role as containment sees it. By default an ordinary one, which the roles and users of its account may assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The text of its trust policy.
    pub trust: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of the managed policies that are attached.
    pub attached: BTreeSet<String>,
    /// Only AWS may modify it.
    pub unmodifiable: bool,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            trust: trust(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#),
            tags: BTreeMap::new(),
            policies: BTreeMap::new(),
            attached: BTreeSet::new(),
            unmodifiable: false,
        }
    }
}

impl Role {
    /// A role that this principal of a trust policy, as JSON, may assume.
    #[must_use]
    pub fn trusting(principal: &str) -> Self {
        Self { trust: trust(principal), ..Self::default() }
    }
}

fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
    )
}

/// A user as containment sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of the managed policies that are attached.
    pub attached: BTreeSet<String>,
    /// Access keys by id: whether active.
    pub keys: BTreeMap<String, bool>,
}

/// The whole account, for comparing before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IamSnapshot {
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// Users by name.
    pub users: BTreeMap<String, User>,
}

impl IamSnapshot {
    fn role(&mut self, name: &str) -> Result<&mut Role, PortErrorKind> {
        self.roles.get_mut(name).ok_or(PortErrorKind::NotFound)
    }

    fn editable(&mut self, name: &str) -> Result<&mut Role, PortErrorKind> {
        let role = self.role(name)?;
        if role.unmodifiable { Err(PortErrorKind::Unmodifiable) } else { Ok(role) }
    }

    fn user(&mut self, name: &str) -> Result<&mut User, PortErrorKind> {
        self.users.get_mut(name).ok_or(PortErrorKind::NotFound)
    }
}

/// IAM hands documents back in its own layout: same JSON, other text.
fn reformatted(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn put(policies: &mut BTreeMap<String, Value>, space: usize, name: &str, document: &str) -> Result<(), PortErrorKind> {
    let malformed = |_| PortErrorKind::Refused("MalformedPolicyDocument".to_owned());
    let latin = |c: char| matches!(c, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{ff}');
    if !document.chars().all(latin) {
        return Err(PortErrorKind::Refused("MalformedPolicyDocument".to_owned()));
    }
    let value: Value = serde_json::from_str(document).map_err(malformed)?;
    let size = |value: &Value| value.to_string().chars().filter(|c| !c.is_whitespace()).count();
    let others: usize = policies.iter().filter(|(other, _)| *other != name).map(|(_, value)| size(value)).sum();
    if others + size(&value) > space {
        return Err(PortErrorKind::LimitExceeded("inline policy space".to_owned()));
    }
    policies.insert(name.to_owned(), value);
    Ok(())
}

#[async_trait]
impl Iam for Entered {
    async fn role_policy(&self, role: &str, policy: &str) -> PortResult<Option<String>> {
        self.call("iam.role_policy", role, |state| Ok(state.iam.role(role)?.policies.get(policy).map(reformatted)))
    }

    async fn put_role_policy(&self, role: &str, policy: &str, document: &str) -> PortResult<()> {
        self.call("iam.put_role_policy", role, |state| {
            put(&mut state.iam.editable(role)?.policies, ROLE_SPACE, policy, document)
        })
    }

    async fn delete_role_policy(&self, role: &str, policy: &str) -> PortResult<()> {
        self.call("iam.delete_role_policy", role, |state| {
            state.iam.editable(role)?.policies.remove(policy);
            Ok(())
        })
    }

    async fn user_policy(&self, user: &str, policy: &str) -> PortResult<Option<String>> {
        self.call("iam.user_policy", user, |state| Ok(state.iam.user(user)?.policies.get(policy).map(reformatted)))
    }

    async fn put_user_policy(&self, user: &str, policy: &str, document: &str) -> PortResult<()> {
        self.call("iam.put_user_policy", user, |state| {
            put(&mut state.iam.user(user)?.policies, USER_SPACE, policy, document)
        })
    }

    async fn delete_user_policy(&self, user: &str, policy: &str) -> PortResult<()> {
        self.call("iam.delete_user_policy", user, |state| {
            state.iam.user(user)?.policies.remove(policy);
            Ok(())
        })
    }

    async fn access_key_active(&self, user: &str, key: &str) -> PortResult<Option<bool>> {
        self.call("iam.access_key_active", user, |state| Ok(state.iam.user(user)?.keys.get(key).copied()))
    }

    async fn set_access_key_active(&self, user: &str, key: &str, active: bool) -> PortResult<()> {
        self.call("iam.set_access_key_active", user, |state| {
            let stored = state.iam.user(user)?.keys.get_mut(key).ok_or(PortErrorKind::NotFound)?;
            *stored = active;
            Ok(())
        })
    }

    async fn role_has_policy(&self, role: &str, policy_arn: &str) -> PortResult<bool> {
        self.call("iam.role_has_policy", role, |state| Ok(state.iam.role(role)?.attached.contains(policy_arn)))
    }

    async fn attach_role_policy(&self, role: &str, policy_arn: &str) -> PortResult<()> {
        self.call("iam.attach_role_policy", role, |state| attach(&mut state.iam.editable(role)?.attached, policy_arn))
    }

    async fn detach_role_policy(&self, role: &str, policy_arn: &str) -> PortResult<()> {
        self.call("iam.detach_role_policy", role, |state| {
            if state.iam.roles.contains_key(role) {
                state.iam.editable(role)?.attached.remove(policy_arn);
            }
            Ok(())
        })
    }

    async fn user_has_policy(&self, user: &str, policy_arn: &str) -> PortResult<bool> {
        self.call("iam.user_has_policy", user, |state| Ok(state.iam.user(user)?.attached.contains(policy_arn)))
    }

    async fn attach_user_policy(&self, user: &str, policy_arn: &str) -> PortResult<()> {
        self.call("iam.attach_user_policy", user, |state| attach(&mut state.iam.user(user)?.attached, policy_arn))
    }

    async fn detach_user_policy(&self, user: &str, policy_arn: &str) -> PortResult<()> {
        self.call("iam.detach_user_policy", user, |state| {
            if let Ok(user) = state.iam.user(user) {
                user.attached.remove(policy_arn);
            }
            Ok(())
        })
    }
}

fn attach(attached: &mut BTreeSet<String>, policy_arn: &str) -> Result<(), PortErrorKind> {
    if !attached.contains(policy_arn) && attached.len() >= MOST_ATTACHED {
        return Err(PortErrorKind::LimitExceeded("attached managed policies".to_owned()));
    }
    attached.insert(policy_arn.to_owned());
    Ok(())
}
