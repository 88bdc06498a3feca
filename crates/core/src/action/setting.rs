//! A setting of a repository that is set to what the inventory expects: what the actions that restore one have in common.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ActionError, Applied, Occasion, Tools, Undone};
use crate::inventory::Inventory;
use crate::plan::Target;
use crate::ports::{Ecr, PortErrorKind, PortResult};

/// One setting of a repository.
#[async_trait]
pub(super) trait Setting {
    /// The action that restores it.
    const ACTION: &'static str;
    /// What it can be set to.
    type Value: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// What the inventory expects; `None` where it expects nothing that protects.
    fn wanted(inventory: &Inventory) -> Option<Self::Value>;
    async fn read(ecr: &dyn Ecr, repository: &str) -> PortResult<Self::Value>;
    async fn write(ecr: &dyn Ecr, repository: &str, value: &Self::Value) -> PortResult<()>;
}

/// What is settled before the setting is changed.
#[derive(Debug, Serialize, Deserialize)]
struct Captured<T> {
    prior: T,
    wanted: T,
}

pub(super) async fn capture<S: Setting>(occasion: Occasion<'_>, tools: Tools<'_>) -> Result<Value, ActionError> {
    let repository = name::<S>(occasion.target)?;
    let inventory = tools.inventory.ok_or(ActionError::NoInventory { action: S::ACTION })?;
    let prior = read::<S>(repository, tools).await?;
    // No expectation any more: what stands is what is wanted.
    let captured = Captured { wanted: S::wanted(inventory).unwrap_or_else(|| prior.clone()), prior };
    serde_json::to_value(captured).map_err(|source| ActionError::Captured { action: S::ACTION, source })
}

pub(super) async fn apply<S: Setting>(
    occasion: Occasion<'_>,
    captured: &Value,
    tools: Tools<'_>,
) -> Result<Applied, ActionError> {
    let repository = name::<S>(occasion.target)?;
    let Captured { prior, wanted } = settled::<S>(captured)?;
    if prior == wanted {
        return Ok(Applied::NothingToDo);
    }
    // What was captured comes back from the audit table: whoever could forge a record there must not be able to set anything else.
    let inventory = tools.inventory.ok_or(ActionError::NoInventory { action: S::ACTION })?;
    if S::wanted(inventory).is_none_or(|expected| expected != wanted) {
        return Err(ActionError::NotExpected { action: S::ACTION });
    }
    if read::<S>(repository, tools).await? != wanted {
        write::<S>(repository, &wanted, tools).await?;
    }
    Ok(Applied::Applied)
}

pub(super) async fn holds<S: Setting>(
    occasion: Occasion<'_>,
    captured: &Value,
    tools: Tools<'_>,
) -> Result<bool, ActionError> {
    Ok(read::<S>(name::<S>(occasion.target)?, tools).await? == settled::<S>(captured)?.wanted)
}

pub(super) async fn undo<S: Setting>(
    occasion: Occasion<'_>,
    captured: &Value,
    tools: Tools<'_>,
) -> Result<Undone, ActionError> {
    let repository = name::<S>(occasion.target)?;
    let Captured { prior, wanted } = settled::<S>(captured)?;
    let current = match read::<S>(repository, tools).await {
        // With the repository its settings are gone.
        Err(ActionError::Port { source, .. }) if source.kind == PortErrorKind::NotFound => {
            return Ok(Undone::NothingToDo);
        }
        current => current?,
    };
    if current == prior {
        return Ok(Undone::NothingToDo);
    }
    if current != wanted {
        return Ok(Undone::Drifted("the setting was changed by somebody else; it was left as it is".to_owned()));
    }
    write::<S>(repository, &prior, tools).await?;
    Ok(Undone::Undone)
}

fn name<S: Setting>(target: &Target) -> Result<&str, ActionError> {
    match target {
        Target::Repository { repository, .. } => Ok(repository),
        other => Err(ActionError::WrongTarget { action: S::ACTION, target: other.label() }),
    }
}

fn settled<S: Setting>(captured: &Value) -> Result<Captured<S::Value>, ActionError> {
    Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: S::ACTION, source })
}

async fn read<S: Setting>(repository: &str, tools: Tools<'_>) -> Result<S::Value, ActionError> {
    S::read(tools.ecr(), repository).await.map_err(|source| ActionError::Port { action: S::ACTION, source })
}

async fn write<S: Setting>(repository: &str, value: &S::Value, tools: Tools<'_>) -> Result<(), ActionError> {
    let written = S::write(tools.ecr(), repository, value).await;
    written.map_err(|source| ActionError::Port { action: S::ACTION, source })
}
