//! `revoke_role_sessions`: deny everything to all sessions of a role that are older than the measure.
//!
//! What the console's "Revoke active sessions" does, under a name of the incident's own, `layerguard-<incident>-role`. A session that may
//! hold a docker login is denied ECR besides, because that login may carry no issue time.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::inline::{self, Holder, Inline};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, holder};
use crate::plan::Target;

const NAME: &str = "revoke_role_sessions";

/// No session of a role lives longer (AWS facts, section 3).
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(12);

pub(super) struct RevokeRoleSessions;

/// Role name, `aws:userid` of the session that gave cause, and account of the target.
fn parts(target: &Target) -> Result<(&str, Option<&str>, &str), ActionError> {
    match target {
        Target::Role { role_name, user_id, account, .. } => Ok((role_name, user_id.as_deref(), account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn policy_name(incident: &str) -> String {
    format!("{}-role", inline::policy_name(incident))
}

fn document(user_id: Option<&str>, time: &str) -> Value {
    let mut statements = vec![json!({
        "Sid": "DenySessionsIssuedBefore",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": { "DateLessThan": { "aws:TokenIssueTime": time } },
    })];
    statements.extend(user_id.map(inline::deny_registry_login));
    inline::document(statements)
}

#[async_trait]
impl Action for RevokeRoleSessions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["iam:GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"]
    }

    fn touches(&self) -> Touches {
        Touches::Principal
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Wide
    }

    fn writes_inline(&self) -> bool {
        true
    }

    fn lift_after(&self, _: &Target) -> Option<SignedDuration> {
        Some(LONGEST_SESSION)
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let principal = &cause.event.principal;
        let role = holder::role(principal)?;
        Ok(Target::Role {
            role_arn: role.arn.to_owned(),
            role_name: role.name.to_owned(),
            account: role.account.to_owned(),
            user_id: holder::session_id(principal).ok().map(str::to_owned),
        })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "denies everything to all sessions of {} that were issued before the measure, whoever holds them; \
             new sessions of the role work",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Ok((role, user_id, account)) = parts(occasion.target) else { return Vec::new() };
        let policy = policy_name(occasion.incident);
        let text = document(user_id, "TIME");
        vec![
            format!(
                "In account {account} open IAM, Roles, {role}, Permissions, Add permissions, Create inline policy, JSON."
            ),
            format!("Paste, with the time now in UTC (like 2026-11-20T09:31:30Z) in place of TIME: {text}"),
            format!("Name it {policy} and create it."),
            format!("To take it back: delete the inline policy {policy} of the role {role}."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let (role, user_id, _) = parts(occasion.target)?;
        let document = document(user_id, &inline::issued_before(now));
        let inline = Inline { action: NAME, holder: Holder::Role(role) };
        inline.capture(&policy_name(occasion.incident), document, tools).await
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let (role, ..) = parts(occasion.target)?;
        Inline { action: NAME, holder: Holder::Role(role) }.apply(captured, tools).await
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let (role, ..) = parts(occasion.target)?;
        Inline { action: NAME, holder: Holder::Role(role) }.holds(captured, tools).await
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let (role, ..) = parts(occasion.target)?;
        Inline { action: NAME, holder: Holder::Role(role) }.undo(captured, tools).await
    }
}
