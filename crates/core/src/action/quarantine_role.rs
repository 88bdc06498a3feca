//! `quarantine_role`: attach the stack's own deny policy to a role.
//!
//! The customer-managed policy `<stack>-quarantine`, which denies everything and stands ready in each account. It stops the whole role and
//! everything that uses it, where no inline policy may be written or there is no room for one. Incidents share it: it is detached when the
//! last incident that attached it lets go. Lifts only by a person.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::shared::{Measure, Shared, quarantine_policy};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, holder};
use crate::plan::Target;

const NAME: &str = "quarantine_role";

pub(super) struct QuarantineRole;

/// ARN, name and account of the role.
fn parts(target: &Target) -> Result<(&str, &str, &str), ActionError> {
    match target {
        Target::Role { role_arn: arn, role_name: name, account, .. } => Ok((arn, name, account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

/// The policy's ARN, in the partition and account of the role.
fn policy(occasion: Occasion<'_>) -> Result<String, ActionError> {
    let (arn, _, account) = parts(occasion.target)?;
    Ok(quarantine_policy(arn, account, occasion.stack))
}

fn shared<'a>(target: &'a Target, policy: &'a str) -> Result<Shared<'a>, ActionError> {
    let (_, role, account) = parts(target)?;
    Ok(Shared { action: NAME, measure: Measure::Role { account, role, policy } })
}

#[async_trait]
impl Action for QuarantineRole {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["iam:ListAttachedRolePolicies", "iam:AttachRolePolicy", "iam:DetachRolePolicy"]
    }

    fn touches(&self) -> Touches {
        Touches::Principal
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Wide
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let role = holder::role(&cause.event.principal)?;
        Ok(Target::Role {
            role_arn: role.arn.to_owned(),
            role_name: role.name.to_owned(),
            account: role.account.to_owned(),
            user_id: None,
        })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "denies everything to the whole role {}: all its sessions, old and new, and every workload and person that uses it stop working \
             until a person takes this back",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Ok((_, role, account)) = parts(occasion.target) else { return Vec::new() };
        let stack = occasion.stack;
        vec![
            format!("In account {account} open IAM, Roles, {role}, Permissions, Add permissions, Attach policies."),
            format!("Choose the policy {stack}-quarantine and attach it."),
            format!("To take it back: detach the policy {stack}-quarantine from the role {role}."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, _: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let policy = policy(occasion)?;
        shared(occasion.target, &policy)?.capture(tools).await
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let policy = policy(occasion)?;
        shared(occasion.target, &policy)?.apply(occasion, captured, tools).await
    }

    async fn holds(&self, occasion: Occasion<'_>, _: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let policy = policy(occasion)?;
        shared(occasion.target, &policy)?.holds(tools).await
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let policy = policy(occasion)?;
        shared(occasion.target, &policy)?.undo(occasion, captured, tools).await
    }
}
