//! `restore_scanning`: let a repository's images be scanned on push again, as the inventory expects.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::inventory::Inventory;
use crate::plan::Target;
use crate::ports::{PortError, PortErrorKind};

const NAME: &str = "restore_scanning";
const UNEXPECTED: &str =
    "`[expected] scan_on_push` does not say that images are to be scanned, and what stood before is not known";
const REGISTRY: &str =
    "the scanning configuration of the whole registry was replaced, and what stood before is not known";

pub(super) struct RestoreScanning;

/// What is settled before the setting is changed.
#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    prior: bool,
    wanted: bool,
}

fn name(target: &Target) -> Result<&str, ActionError> {
    match target {
        Target::Repository { repository, .. } => Ok(repository),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn settled(captured: &Value) -> Result<Captured, ActionError> {
    Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: NAME, source })
}

const fn port(source: PortError) -> ActionError {
    ActionError::Port { action: NAME, source }
}

/// What the inventory expects; `None` where it expects no scanning.
fn wanted(inventory: &Inventory) -> Option<bool> {
    inventory.expected.scan_on_push.filter(|scan| *scan)
}

async fn read(repository: &str, tools: Tools<'_>) -> Result<bool, ActionError> {
    Ok(tools.ecr().repository(repository).await.map_err(port)?.scan_on_push)
}

async fn write(repository: &str, scan: bool, tools: Tools<'_>) -> Result<(), ActionError> {
    tools.ecr().set_scan_on_push(repository, scan).await.map_err(port)
}

#[async_trait]
impl Action for RestoreScanning {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["ecr:DescribeRepositories", "ecr:PutImageScanningConfiguration"]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let repository = match &cause.event.call {
            Some(Call::PutImageScanningConfiguration { repository, .. }) => repository,
            Some(Call::PutRegistryScanningConfiguration { .. }) => return Err(Impossible(REGISTRY.to_owned())),
            _ => return Err(Impossible(place::ANOTHER_CALL.to_owned())),
        };
        if wanted(cause.inventory).is_none() {
            return Err(Impossible(UNEXPECTED.to_owned()));
        }
        let (registry, region, repository) = place::repository(cause.event, repository)?;
        Ok(Target::Repository { registry, region, repository })
    }

    fn effect(&self, target: &Target) -> String {
        format!("lets images be scanned again when they are pushed to {}, as `[expected]` says", target.label())
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::Repository { registry, region, repository } = occasion.target else { return Vec::new() };
        vec![
            format!(
                "In account {registry}, region {region}, open ECR, Private registry, Repositories, {repository}, Edit."
            ),
            "Switch scan on push on, and save.".to_owned(),
            format!("To take it back: switch scan on push off for {repository}."),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, _: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let repository = name(occasion.target)?;
        let inventory = tools.inventory.ok_or(ActionError::NoInventory { action: NAME })?;
        let prior = read(repository, tools).await?;
        // No expectation any more: what stands is what is wanted.
        let captured = Captured { wanted: wanted(inventory).unwrap_or(prior), prior };
        serde_json::to_value(captured).map_err(|source| ActionError::Captured { action: NAME, source })
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let repository = name(occasion.target)?;
        let Captured { prior, wanted } = settled(captured)?;
        if prior == wanted {
            return Ok(Applied::NothingToDo);
        }
        if read(repository, tools).await? != wanted {
            write(repository, wanted, tools).await?;
        }
        Ok(Applied::Applied)
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        Ok(read(name(occasion.target)?, tools).await? == settled(captured)?.wanted)
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let repository = name(occasion.target)?;
        let Captured { prior, wanted } = settled(captured)?;
        let current = match read(repository, tools).await {
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
        write(repository, prior, tools).await?;
        Ok(Undone::Undone)
    }
}
