//! `restore_tag_mutability`: set a repository's tags to immutable again, as the inventory expects.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::setting::{self, Setting};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::inventory::{self as expected, Inventory};
use crate::plan::Target;
use crate::ports::{Ecr, PortResult, TagMutability};

const NAME: &str = "restore_tag_mutability";
const UNEXPECTED: &str =
    "`[expected] tag_mutability` does not say that tags are to be immutable, and what stood before is not known";

pub(super) struct RestoreTagMutability;

#[async_trait]
impl Setting for RestoreTagMutability {
    const ACTION: &'static str = NAME;
    type Value = TagMutability;

    fn wanted(inventory: &Inventory) -> Option<Self::Value> {
        let immutable = TagMutability { value: "IMMUTABLE".to_owned(), exclusions: Vec::new() };
        (inventory.expected.tag_mutability == Some(expected::TagMutability::Immutable)).then_some(immutable)
    }

    async fn read(ecr: &dyn Ecr, repository: &str) -> PortResult<Self::Value> {
        Ok(ecr.repository(repository).await?.tag_mutability)
    }

    async fn write(ecr: &dyn Ecr, repository: &str, value: &Self::Value) -> PortResult<()> {
        ecr.set_tag_mutability(repository, value).await
    }
}

#[async_trait]
impl Action for RestoreTagMutability {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["ecr:DescribeRepositories", "ecr:PutImageTagMutability"]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let repository = match &cause.event.call {
            Some(Call::PutImageTagMutability { repository, .. }) => repository,
            _ => return Err(Impossible(place::ANOTHER_CALL.to_owned())),
        };
        if Self::wanted(cause.inventory).is_none() {
            return Err(Impossible(UNEXPECTED.to_owned()));
        }
        let (registry, region, repository) = place::repository(cause.event, repository)?;
        Ok(Target::Repository { registry, region, repository })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "sets tags of {} to immutable, as `[expected]` says, without exclusions; images stay as they are",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::Repository { registry, region, repository } = occasion.target else { return Vec::new() };
        vec![
            format!(
                "In account {registry}, region {region}, open ECR, Private registry, Repositories, {repository}, Edit."
            ),
            "Note what stands there. Set image tag mutability to immutable, without exclusions, and save.".to_owned(),
            format!("To take it back: set for {repository} what stood there before."),
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
