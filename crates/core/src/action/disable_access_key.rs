//! `disable_access_key`: deactivate the long-term access key that made the call.
//!
//! Tokens that the key has issued already live on (AWS facts, section 3): `deny_user` stops those. Incidents share it: the key is activated
//! again when the last incident that deactivated it lets go. Lifts only by a person.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::shared::{Measure, Shared};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, holder};
use crate::plan::Target;

const NAME: &str = "disable_access_key";

pub(super) struct DisableAccessKey;

/// User name, key id and account of the target.
fn parts(target: &Target) -> Result<(&str, &str, &str), ActionError> {
    match target {
        Target::AccessKey { user_name, access_key, account, .. } => Ok((user_name, access_key, account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn shared(target: &Target) -> Result<Shared<'_>, ActionError> {
    let (user, key, account) = parts(target)?;
    Ok(Shared { action: NAME, measure: Measure::Key { account, user, key } })
}

#[async_trait]
impl Action for DisableAccessKey {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["iam:ListAccessKeys", "iam:UpdateAccessKey"]
    }

    fn touches(&self) -> Touches {
        Touches::Principal
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let principal = &cause.event.principal;
        let user = holder::user(principal)?;
        let no = |why: &str| Err(Impossible(why.to_owned()));
        let Some(key) = principal.access_key.as_deref() else {
            return no("the record names no access key");
        };
        if !key.starts_with("AKIA") {
            return no("the call used temporary credentials, which cannot be deactivated; deny the user");
        }
        if !key.chars().all(|c| c.is_ascii_alphanumeric()) {
            return no("the access key's id has characters that no key of AWS has");
        }
        Ok(Target::AccessKey {
            user_arn: user.arn.to_owned(),
            user_name: user.name.to_owned(),
            account: user.account.to_owned(),
            access_key: key.to_owned(),
        })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "deactivates {} until a person takes this back; the user's other keys, its console sign-in and tokens that this key has \
             issued already keep working",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Ok((user, key, account)) = parts(occasion.target) else { return Vec::new() };
        vec![
            format!("In account {account} open IAM, Users, {user}, Security credentials, Access keys."),
            format!("Choose {key}, Actions, Deactivate, and confirm."),
            format!("To take it back: choose {key} there, Actions, Activate."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, _: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        shared(occasion.target)?.capture(tools).await
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        shared(occasion.target)?.apply(occasion, captured, tools).await
    }

    async fn holds(&self, occasion: Occasion<'_>, _: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        shared(occasion.target)?.holds(tools).await
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        shared(occasion.target)?.undo(occasion, captured, tools).await
    }
}
