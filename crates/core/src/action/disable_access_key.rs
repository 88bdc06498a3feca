//! `disable_access_key`: deactivate the long-term access key that made the call.
//!
//! Tokens that the key has issued already live on (AWS facts, section 3): `deny_user` stops those. Lifts only by a person.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionError, Applied, Impossible, Occasion, Reach, Tools, Undone, holder};
use crate::cloudtrail::Principal;
use crate::plan::Target;
use crate::ports::{PortError, PortErrorKind};

const NAME: &str = "disable_access_key";

pub(super) struct DisableAccessKey;

/// How the key stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stood {
    Active,
    /// Somebody else deactivated it: undo leaves it so.
    Inactive,
    /// The user has no such key any more.
    Absent,
}

#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    prior: Stood,
}

/// User name, key id and account of the target.
fn parts(target: &Target) -> Result<(&str, &str, &str), ActionError> {
    match target {
        Target::AccessKey { user_name, access_key, account, .. } => Ok((user_name, access_key, account)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

const fn port(source: PortError) -> ActionError {
    ActionError::Port { action: NAME, source }
}

async fn stands(user: &str, key: &str, tools: Tools<'_>) -> Result<Stood, ActionError> {
    Ok(match tools.iam.access_key_active(user, key).await.map_err(port)? {
        Some(true) => Stood::Active,
        Some(false) => Stood::Inactive,
        None => Stood::Absent,
    })
}

fn read(captured: &Value) -> Result<Stood, ActionError> {
    let captured = Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: NAME, source })?;
    Ok(captured.prior)
}

#[async_trait]
impl Action for DisableAccessKey {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["iam:ListAccessKeys", "iam:UpdateAccessKey"]
    }

    fn reach(&self) -> Reach {
        Reach::Narrow
    }

    fn writes_inline(&self) -> bool {
        false
    }

    fn lift_after(&self, _: &Target) -> Option<SignedDuration> {
        None
    }

    fn target(&self, principal: &Principal) -> Result<Target, Impossible> {
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
        let (user, key, _) = parts(occasion.target)?;
        let prior = stands(user, key, tools).await?;
        serde_json::to_value(Captured { prior }).map_err(|source| ActionError::Captured { action: NAME, source })
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let (user, key, _) = parts(occasion.target)?;
        let prior = read(captured)?;
        if stands(user, key, tools).await? == Stood::Active {
            tools.iam.set_access_key_active(user, key, false).await.map_err(port)?;
            return Ok(Applied::Applied);
        }
        // Active when it was captured and not now: an earlier try deactivated it, and its answer was lost.
        Ok(if prior == Stood::Active { Applied::Applied } else { Applied::NothingToDo })
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let (user, key, _) = parts(occasion.target)?;
        if read(captured)? != Stood::Active {
            return Ok(Undone::NothingToDo);
        }
        let now = match stands(user, key, tools).await {
            // With the user its keys are gone.
            Err(ActionError::Port { source, .. }) if source.kind == PortErrorKind::NotFound => Stood::Absent,
            now => now?,
        };
        if now != Stood::Inactive {
            return Ok(Undone::NothingToDo);
        }
        tools.iam.set_access_key_active(user, key, true).await.map_err(port)?;
        Ok(Undone::Undone)
    }
}
