//! `deny_session`: deny everything to one session of a role, and leave the role's other sessions alone.
//!
//! An inline policy of the role, `layerguard-<incident>`, with two statements for the session's `aws:userid`: credentials issued before
//! the measure are denied everything; requests without an issue time, as a docker login's may be, are denied ECR. The role can issue a new
//! session of the same name: that one is not denied, and its next call tells that the measure did not hold.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::inline::{self, Holder, Inline};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, holder};
use crate::cloudtrail::PrincipalKind;
use crate::plan::Target;

const NAME: &str = "deny_session";

/// No session of a role lives longer, so the deny has nothing left to deny (AWS facts, section 3).
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(12);

pub(super) struct DenySession;

/// Role name, `aws:userid` and account of the target.
fn parts(target: &Target) -> Result<(&str, &str, &str), ActionError> {
    match target {
        Target::RoleSession { role_name, user_id, account, .. } => Ok((role_name, user_id, account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn document(user_id: &str, time: &str) -> Value {
    inline::document(vec![inline::deny_session_before(user_id, time), inline::deny_registry_login(user_id)])
}

#[async_trait]
impl Action for DenySession {
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
        Reach::Narrow
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
        if principal.kind == PrincipalKind::Role {
            return Err(Impossible("the record names the role but not the session".to_owned()));
        }
        Ok(Target::RoleSession {
            role_arn: role.arn.to_owned(),
            role_name: role.name.to_owned(),
            account: role.account.to_owned(),
            user_id: holder::session_id(principal)?.to_owned(),
        })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "denies everything to {} as far as its credentials were issued before the measure, and ECR to its docker logins; \
             other and newer sessions of the role keep working",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Ok((role, user_id, account)) = parts(occasion.target) else { return Vec::new() };
        let policy = inline::policy_name(occasion.incident);
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
        inline.capture(&inline::policy_name(occasion.incident), document, tools).await
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
