//! `restore_repository_policy`: put a repository's or registry's policy back that was deleted, as the record of the deletion shows it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::resource_policy::{Owner, same};
use super::restored::{self, Deed};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::grant;
use crate::plan::Target;

const NAME: &str = "restore_repository_policy";

pub(super) struct RestoreRepositoryPolicy;

/// Whose policy it is, and what it said.
fn parts(target: &Target) -> Result<(Owner<'_>, &str), ActionError> {
    match target {
        Target::DeletedPolicy { repository: Some(name), text, .. } => Ok((Owner::Repository(name), text)),
        Target::DeletedPolicy { repository: None, text, .. } => Ok((Owner::Registry, text)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

async fn read(owner: Owner<'_>, tools: Tools<'_>) -> Result<Option<String>, ActionError> {
    owner.read(tools.ecr()).await.map_err(|source| ActionError::Port { action: NAME, source })
}

async fn write(owner: Owner<'_>, text: Option<&str>, tools: Tools<'_>) -> Result<(), ActionError> {
    owner.write(tools.ecr(), text).await.map_err(|source| ActionError::Port { action: NAME, source })
}

#[async_trait]
impl Action for RestoreRepositoryPolicy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &[
            "ecr:GetRepositoryPolicy",
            "ecr:SetRepositoryPolicy",
            "ecr:DeleteRepositoryPolicy",
            "ecr:GetRegistryPolicy",
            "ecr:PutRegistryPolicy",
            "ecr:DeleteRegistryPolicy",
        ]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let (registry, region, repository, text) = match &cause.event.call {
            Some(Call::DeleteRepositoryPolicy { repository, deleted }) => {
                let (registry, region, name) = place::repository(cause.event, repository)?;
                (registry, region, Some(name), restored::deleted(deleted.as_ref())?)
            }
            Some(Call::DeleteRegistryPolicy { registry, deleted }) => {
                let (registry, region) = place::registry(cause.event, registry.as_deref())?;
                (registry, region, None, restored::deleted(deleted.as_ref())?)
            }
            _ => return Err(Impossible(place::ANOTHER_CALL.to_owned())),
        };
        match grant::of_policy(&text, Some(&registry), cause.inventory, cause.event.time) {
            Ok(grants) if grants.public || grants.external || !grants.unsettled.is_empty() => Err(Impossible(
                "the policy that was deleted lets somebody outside in itself: a person decides".to_owned(),
            )),
            Ok(_) => Ok(Target::DeletedPolicy { registry, region, repository, text }),
            Err(_) => Err(Impossible("the policy that was deleted cannot be read".to_owned())),
        }
    }

    fn effect(&self, target: &Target) -> String {
        format!("puts back the {}, if nobody wrote another one since", target.label())
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::DeletedPolicy { registry, region, repository, text } = occasion.target else { return Vec::new() };
        let place = match repository {
            Some(name) => format!("Repositories, {name}, Permissions"),
            None => "Features & Settings, Permissions".to_owned(),
        };
        vec![
            format!("In account {registry}, region {region}, open ECR, Private registry, {place}."),
            format!("If there is no policy, paste the one that was deleted and save: {text}"),
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
        let current = owner.read_if_there(tools.ecr()).await;
        let current = current.map_err(|source| ActionError::Port { action: NAME, source })?;
        match restored::undo(NAME, captured, current.as_deref(), text)? {
            Some(undone) => Ok(undone),
            None => write(owner, None, tools).await.map(|()| Undone::Undone),
        }
    }
}
