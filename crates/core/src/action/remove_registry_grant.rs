//! `remove_registry_grant`: take out of a registry's policy what lets everybody or somebody outside the organisation in, and keep the rest.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::resource_policy::{Narrowed, Owner};
use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::plan::Target;

const NAME: &str = "remove_registry_grant";

pub(super) struct RemoveRegistryGrant;

fn narrowed(target: &Target) -> Result<Narrowed<'_>, ActionError> {
    match target {
        Target::Registry { registry, .. } => Ok(Narrowed { action: NAME, owner: Owner::Registry, account: registry }),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

#[async_trait]
impl Action for RemoveRegistryGrant {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["ecr:GetRegistryPolicy", "ecr:PutRegistryPolicy", "ecr:DeleteRegistryPolicy"]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let Some(Call::PutRegistryPolicy { registry, .. }) = &cause.event.call else {
            return Err(Impossible(place::ANOTHER_CALL.to_owned()));
        };
        let (registry, region) = place::registry(cause.event, registry.as_deref())?;
        Ok(Target::Registry { registry, region })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "takes out of the policy of {} whatever it grants to everybody or to somebody outside the organisation; other \
             statements, and principals of the organisation in the same statement, stay",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::Registry { registry, region } = occasion.target else { return Vec::new() };
        vec![
            format!("In account {registry}, region {region}, open ECR, Private registry, Features & Settings, Permissions."),
            "Keep a copy of the policy. Remove each statement, or each principal of a statement, that names everybody or somebody \
             outside the organisation."
                .to_owned(),
            "Save. A policy without statements is deleted instead.".to_owned(),
            "To take it back: paste the copy there.".to_owned(),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        narrowed(occasion.target)?.capture(now, tools).await
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        narrowed(occasion.target)?.apply(captured, tools).await
    }

    fn remark(&self, captured: &Value) -> Option<String> {
        Narrowed::remark(captured)
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        narrowed(occasion.target)?.holds(captured, tools).await
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        narrowed(occasion.target)?.undo(captured, tools).await
    }
}
