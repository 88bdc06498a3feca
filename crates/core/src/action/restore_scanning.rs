//! `restore_scanning`: let a repository's images be scanned on push again, as the inventory expects.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::setting::{self, Setting};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::inventory::Inventory;
use crate::plan::Target;
use crate::ports::{Ecr, PortResult};

const NAME: &str = "restore_scanning";
const UNEXPECTED: &str =
    "`[expected] scan_on_push` does not say that images are to be scanned, and what stood before is not known";
const REGISTRY: &str =
    "the scanning configuration of the whole registry was replaced, and what stood before is not known";

pub(super) struct RestoreScanning;

#[async_trait]
impl Setting for RestoreScanning {
    const ACTION: &'static str = NAME;
    type Value = bool;

    fn wanted(inventory: &Inventory) -> Option<Self::Value> {
        inventory.expected.scan_on_push.filter(|scan| *scan)
    }

    async fn read(ecr: &dyn Ecr, repository: &str) -> PortResult<Self::Value> {
        Ok(ecr.repository(repository).await?.scan_on_push)
    }

    async fn write(ecr: &dyn Ecr, repository: &str, value: &Self::Value) -> PortResult<()> {
        ecr.set_scan_on_push(repository, *value).await
    }
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
        if Self::wanted(cause.inventory).is_none() {
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
        setting::capture::<Self>(occasion, tools).await
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        setting::apply::<Self>(occasion, captured, tools).await
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        setting::holds::<Self>(occasion, captured, tools).await
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        setting::undo::<Self>(occasion, captured, tools).await
    }
}
