//! `deny_user`: deny everything to a user, with whatever credentials; of a federated user, to the user that issued it.
//!
//! An inline policy of the user, `layerguard-<incident>`: a plain deny. Long-term keys carry no issue time, so no condition on it would
//! stop them (AWS facts, section 3). Lifts only by a person.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::inline::{self, Holder, Inline};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, holder};
use crate::plan::Target;

const NAME: &str = "deny_user";

pub(super) struct DenyUser;

/// User name and account of the target.
fn parts(target: &Target) -> Result<(&str, &str), ActionError> {
    match target {
        Target::User { user_name, account, .. } => Ok((user_name, account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn document() -> Value {
    inline::document(vec![json!({ "Sid": "DenyUser", "Effect": "Deny", "Action": "*", "Resource": "*" })])
}

#[async_trait]
impl Action for DenyUser {
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

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        Ok(holder::user_or_issuer(&cause.event.principal)?.into_user())
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "denies everything to {}: all its access keys, its console sign-in, its temporary credentials and the federated users \
             that it issued stop working until a person takes this back",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Ok((user, account)) = parts(occasion.target) else { return Vec::new() };
        let policy = inline::policy_name(occasion.incident);
        vec![
            format!(
                "In account {account} open IAM, Users, {user}, Permissions, Add permissions, Create inline policy, JSON."
            ),
            format!("Paste: {}", document()),
            format!("Name it {policy} and create it."),
            format!("To take it back: delete the inline policy {policy} of the user {user}."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, _: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let (user, _) = parts(occasion.target)?;
        let inline = Inline { action: NAME, holder: Holder::User(user) };
        inline.capture(&inline::policy_name(occasion.incident), document(), tools).await
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
