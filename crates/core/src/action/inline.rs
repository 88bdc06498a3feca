//! Inline deny policies: what the actions that write one have in common.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ActionError, Applied, Tools, Undone};
use crate::ports::{Iam, PortError, PortErrorKind, PortResult};

/// Whose inline policy it is.
#[derive(Clone, Copy)]
pub(super) enum Holder<'a> {
    /// A role, by name.
    Role(&'a str),
    /// A user, by name.
    User(&'a str),
}

/// What is settled and seen before an inline policy is written.
#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    /// The policy's name.
    policy: String,
    /// What is written, to the second: retries write the same, and undo knows it again.
    document: Value,
    /// What stood under that name before.
    prior: Option<String>,
}

/// One inline policy of one action.
#[derive(Clone, Copy)]
pub(super) struct Inline<'a> {
    pub(super) action: &'static str,
    pub(super) holder: Holder<'a>,
}

impl Inline<'_> {
    /// Read what stands under the policy's name, and settle what will be written.
    pub(super) async fn capture(&self, policy: &str, document: Value, tools: Tools<'_>) -> Result<Value, ActionError> {
        let prior = self.holder.read(tools.iam(), policy).await.map_err(|source| self.port(source))?;
        serde_json::to_value(Captured { policy: policy.to_owned(), document, prior })
            .map_err(|source| ActionError::Captured { action: self.action, source })
    }

    /// Write the policy. Whatever stands under its name by now is overwritten: the name is this incident's own, and shut beats open.
    pub(super) async fn apply(&self, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let captured = self.read(captured)?;
        // The document comes back from the audit table. Whoever could forge a record there must not be able to grant anything.
        if !only_denies(&captured.document) {
            return Err(ActionError::NotADeny { action: self.action });
        }
        let text = captured.document.to_string();
        self.holder.write(tools.iam(), &captured.policy, &text).await.map_err(|source| self.port(source))?;
        Ok(Applied::Applied)
    }

    /// Whether what was written stands.
    pub(super) async fn holds(&self, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let Captured { policy, document, .. } = self.read(captured)?;
        let current = self.holder.read(tools.iam(), &policy).await.map_err(|source| self.port(source))?;
        Ok(current.is_some_and(|current| same(&current, &document.to_string())))
    }

    /// Put back what stood there before, if what stands there is what was written.
    pub(super) async fn undo(&self, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let Captured { policy, document, prior } = self.read(captured)?;
        let current = match self.holder.read(tools.iam(), &policy).await {
            Ok(current) => current,
            // With the role or user its policies are gone.
            Err(error) if error.kind == PortErrorKind::NotFound => None,
            Err(source) => return Err(self.port(source)),
        };
        let Some(current) = current else { return Ok(Undone::NothingToDo) };
        if !same(&current, &document.to_string()) {
            // An undo whose answer was lost has put the prior document back already.
            return Ok(match prior.is_some_and(|prior| same(&current, &prior)) {
                true => Undone::NothingToDo,
                false => Undone::Drifted(format!(
                    "inline policy `{policy}` is not what layerguard wrote; it was left as it is"
                )),
            });
        }
        let restored = match prior {
            Some(prior) => self.holder.write(tools.iam(), &policy, &prior).await,
            None => self.holder.delete(tools.iam(), &policy).await,
        };
        restored.map_err(|source| self.port(source))?;
        Ok(Undone::Undone)
    }

    fn read(&self, captured: &Value) -> Result<Captured, ActionError> {
        Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: self.action, source })
    }

    const fn port(&self, source: PortError) -> ActionError {
        ActionError::Port { action: self.action, source }
    }
}

impl Holder<'_> {
    async fn read(&self, iam: &dyn Iam, policy: &str) -> PortResult<Option<String>> {
        match self {
            Self::Role(role) => iam.role_policy(role, policy).await,
            Self::User(user) => iam.user_policy(user, policy).await,
        }
    }

    async fn write(&self, iam: &dyn Iam, policy: &str, document: &str) -> PortResult<()> {
        match self {
            Self::Role(role) => iam.put_role_policy(role, policy, document).await,
            Self::User(user) => iam.put_user_policy(user, policy, document).await,
        }
    }

    async fn delete(&self, iam: &dyn Iam, policy: &str) -> PortResult<()> {
        match self {
            Self::Role(role) => iam.delete_role_policy(role, policy).await,
            Self::User(user) => iam.delete_user_policy(user, policy).await,
        }
    }
}

/// The name of an incident's own policy; it tells everybody who looks at the role where it comes from.
pub(super) fn policy_name(incident: &str) -> String {
    format!("layerguard-{incident}")
}

/// The issue time below which sessions are denied: the next full second after `now`, as IAM writes times. It covers every session that
/// was issued in the second of `now`.
pub(super) fn issued_before(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second().saturating_add(1)).unwrap_or(now).to_string()
}

/// A policy document of these statements.
pub(super) fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Denies everything to the session's credentials that were issued before a time. Both conditions must hold: session names are used again,
/// and the next session of that name must not be hit (AWS facts, section 0.6).
pub(super) fn deny_session_before(user_id: &str, time: &str) -> Value {
    json!({
        "Sid": "DenySessionIssuedBefore",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "StringEquals": { "aws:userid": user_id },
            "DateLessThan": { "aws:TokenIssueTime": time },
        },
    })
}

/// Denies ECR to requests of the session that carry no issue time, as a docker login's may (AWS facts, section 0.4).
pub(super) fn deny_registry_login(user_id: &str) -> Value {
    json!({
        "Sid": "DenyRegistryLoginOfSession",
        "Effect": "Deny",
        "Action": "ecr:*",
        "Resource": "*",
        "Condition": {
            "StringEquals": { "aws:userid": user_id },
            "Null": { "aws:TokenIssueTime": "true" },
        },
    })
}

/// IAM may hand a document back in another layout: what counts is the JSON.
fn same(one: &str, other: &str) -> bool {
    match (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Every statement of the document is a deny, and there is at least one.
fn only_denies(document: &Value) -> bool {
    let statements = document.get("Statement").and_then(Value::as_array);
    statements.is_some_and(|statements| {
        !statements.is_empty()
            && statements.iter().all(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Deny"))
    })
}
