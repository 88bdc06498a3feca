//! `revoke_user_sessions`: deny everything to all temporary credentials of a user that are older than the measure.
//!
//! An inline policy of the user, `layerguard-<incident>-tokens`: it stops the sessions that the user got from `GetSessionToken` and the
//! federated users that it issued, and not its long-term keys, which carry no issue time (AWS facts, section 3). A docker login may carry
//! none either; to deny ECR to what carries none, as is done for sessions of roles, would stop the long-term keys too, so such a login
//! lives on for its 12 hours unless `deny_user` stops the user.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::inline::{self, Holder, Inline};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, holder};
use crate::cloudtrail::PrincipalKind;
use crate::plan::Target;

const NAME: &str = "revoke_user_sessions";

/// No token of a user lives longer (design, section 5).
const LONGEST_TOKEN: SignedDuration = SignedDuration::from_hours(36);

pub(super) struct RevokeUserSessions;

/// User name and account of the target.
fn parts(target: &Target) -> Result<(&str, &str), ActionError> {
    match target {
        Target::User { user_name, account, .. } => Ok((user_name, account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn policy_name(incident: &str) -> String {
    format!("{}-tokens", inline::policy_name(incident))
}

fn document(time: &str) -> Value {
    inline::document(vec![json!({
        "Sid": "DenyTokensIssuedBefore",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": { "DateLessThan": { "aws:TokenIssueTime": time } },
    })])
}

#[async_trait]
impl Action for RevokeUserSessions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["iam:GetUserPolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy"]
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
        Some(LONGEST_TOKEN)
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let principal = &cause.event.principal;
        let user = holder::user_or_issuer(principal)?;
        let no = |why: &str| Err(Impossible(why.to_owned()));
        match principal.access_key.as_deref() {
            // A federated user has no other credentials.
            _ if principal.kind == PrincipalKind::FederatedUser => Ok(user.into_user()),
            None => no("the record names no access key, so it cannot be told that the call used a token"),
            Some(key) if key.starts_with("ASIA") => Ok(user.into_user()),
            Some(_) => no("the call used a long-term key"),
        }
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "denies everything to all temporary credentials of {} that were issued before the measure, to its federated users too, whoever \
             holds them; its access keys keep working and can issue new ones",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Ok((user, account)) = parts(occasion.target) else { return Vec::new() };
        let policy = policy_name(occasion.incident);
        let text = document("TIME");
        vec![
            format!(
                "In account {account} open IAM, Users, {user}, Permissions, Add permissions, Create inline policy, JSON."
            ),
            format!("Paste, with the time now in UTC (like 2026-11-20T09:31:30Z) in place of TIME: {text}"),
            format!("Name it {policy} and create it."),
            format!("To take it back: delete the inline policy {policy} of the user {user}."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let (user, _) = parts(occasion.target)?;
        let document = document(&inline::issued_before(now));
        let inline = Inline { action: NAME, holder: Holder::User(user) };
        inline.capture(&policy_name(occasion.incident), document, tools).await
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let (user, _) = parts(occasion.target)?;
        Inline { action: NAME, holder: Holder::User(user) }.apply(captured, tools).await
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let (user, _) = parts(occasion.target)?;
        Inline { action: NAME, holder: Holder::User(user) }.holds(captured, tools).await
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let (user, _) = parts(occasion.target)?;
        Inline { action: NAME, holder: Holder::User(user) }.undo(captured, tools).await
    }
}
