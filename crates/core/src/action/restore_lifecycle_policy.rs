//! `restore_lifecycle_policy`: put a repository's lifecycle policy back that was deleted, as the record of the deletion shows it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::resource_policy::same;
use super::restored::{self, Deed};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::lifecycle::{self, Destruction};
use crate::plan::Target;
use crate::ports::PortErrorKind;

const NAME: &str = "restore_lifecycle_policy";

pub(super) struct RestoreLifecyclePolicy;

/// The repository, and what its policy said.
fn parts(target: &Target) -> Result<(&str, &str), ActionError> {
    match target {
        Target::DeletedPolicy { repository: Some(name), text, .. } => Ok((name, text)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

/// The policy, if there is one.
async fn read(repository: &str, tools: Tools<'_>) -> Result<Option<String>, ActionError> {
    tools.ecr().lifecycle_policy(repository).await.map_err(|source| ActionError::Port { action: NAME, source })
}

async fn write(repository: &str, text: Option<&str>, tools: Tools<'_>) -> Result<(), ActionError> {
    let written = match text {
        Some(text) => tools.ecr().put_lifecycle_policy(repository, text).await,
        None => tools.ecr().delete_lifecycle_policy(repository).await,
    };
    written.map_err(|source| ActionError::Port { action: NAME, source })
}

#[async_trait]
impl Action for RestoreLifecyclePolicy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["ecr:GetLifecyclePolicy", "ecr:PutLifecyclePolicy", "ecr:DeleteLifecyclePolicy"]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let (repository, text) = match &cause.event.call {
            Some(Call::DeleteLifecyclePolicy { repository, deleted }) => {
                (repository, restored::deleted(deleted.as_ref())?)
            }
            Some(Call::PutLifecyclePolicy { .. }) => return Err(Impossible(restored::UNKNOWN.to_owned())),
            _ => return Err(Impossible(place::ANOTHER_CALL.to_owned())),
        };
        let (registry, region, name) = place::repository(cause.event, repository)?;
        let destroys = lifecycle::read(&text).map(|read| read.destruction(&cause.inventory.thresholds.lifecycle));
        match destroys {
            Ok(Destruction::No) => Ok(Target::DeletedPolicy { registry, region, repository: Some(name), text }),
            _ => Err(Impossible(
                "the policy that was deleted may destroy images in use itself: a person decides".to_owned(),
            )),
        }
    }

    fn effect(&self, target: &Target) -> String {
        format!("puts back the {}, if nobody wrote another one since", target.label())
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::DeletedPolicy { registry, region, repository: Some(repository), text } = occasion.target else {
            return Vec::new();
        };
        vec![
            format!(
                "In account {registry}, region {region}, open ECR, Private registry, Repositories, {repository}, Lifecycle Policy."
            ),
            format!("If there is no policy, edit it as JSON, paste the one that was deleted, and save: {text}"),
            "To take it back: delete that policy.".to_owned(),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, _: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let (owner, _) = parts(occasion.target)?;
        restored::captured(NAME, read(owner, tools).await?)
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let (owner, text) = parts(occasion.target)?;
        match restored::deed(NAME, captured, read(owner, tools).await?.as_deref(), text)? {
            Deed::Write => write(owner, Some(text), tools).await.map(|()| Applied::Applied),
            Deed::None(applied) => Ok(applied),
        }
    }

    async fn holds(&self, occasion: Occasion<'_>, _: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let (owner, text) = parts(occasion.target)?;
        Ok(same(read(owner, tools).await?.as_deref(), Some(text)))
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let (owner, text) = parts(occasion.target)?;
        let current = match read(owner, tools).await {
            // With the repository its policy is gone.
            Err(ActionError::Port { source, .. }) if source.kind == PortErrorKind::NotFound => None,
            current => current?,
        };
        match restored::undo(NAME, captured, current.as_deref(), text)? {
            Some(undone) => Ok(undone),
            None => write(owner, None, tools).await.map(|()| Undone::Undone),
        }
    }
}
