//! IAM of one account.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::ports::{Iam, PortErrorKind, PortResult};
use serde_json::Value;

use crate::World;

/// Characters that all inline policies of a role may have, white space not counted (AWS facts, section 4).
const ROLE_SPACE: usize = 10_240;
/// The same for a user.
const USER_SPACE: usize = 2_048;

/// A role as containment sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// Only AWS may modify it.
    pub unmodifiable: bool,
}

/// A user as containment sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
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

#[derive(Default)]
pub(crate) struct Account {
    entities: IamSnapshot,
}

impl Account {
    fn role(&mut self, name: &str) -> Result<&mut Role, PortErrorKind> {
        self.entities.roles.get_mut(name).ok_or(PortErrorKind::NotFound)
    }

    fn editable(&mut self, name: &str) -> Result<&mut Role, PortErrorKind> {
        let role = self.role(name)?;
        if role.unmodifiable { Err(PortErrorKind::Unmodifiable) } else { Ok(role) }
    }

    fn user(&mut self, name: &str) -> Result<&mut User, PortErrorKind> {
        self.entities.users.get_mut(name).ok_or(PortErrorKind::NotFound)
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
impl Iam for World {
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
}

impl World {
    /// Put a role there.
    pub fn set_role(&self, name: &str, role: Role) {
        self.state().iam.entities.roles.insert(name.to_owned(), role);
    }

    /// Put a user there.
    pub fn set_user(&self, name: &str, user: User) {
        self.state().iam.entities.users.insert(name.to_owned(), user);
    }

    /// Let a role vanish.
    pub fn remove_role(&self, name: &str) {
        self.state().iam.entities.roles.remove(name);
    }

    /// The whole account as it stands.
    #[must_use]
    pub fn iam_snapshot(&self) -> IamSnapshot {
        self.state().iam.entities.clone()
    }
}
