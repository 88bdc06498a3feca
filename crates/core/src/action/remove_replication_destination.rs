//! `remove_replication_destination`: stop replicating to places that are not approved, and keep the others.
//!
//! ECR replaces the configuration whole and knows no revision (AWS facts, section 7), so what stands now is read, and all but the
//! offending destinations is written back.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::inventory::Inventory;
use crate::plan::Target;
use crate::ports::{PortError, Replication};

const NAME: &str = "remove_replication_destination";

pub(super) struct RemoveReplicationDestination;

/// What is settled before destinations are taken out.
#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    before: Replication,
    /// Account and region of each destination that is not approved.
    outside: Vec<(String, String)>,
}

fn ours(target: &Target) -> Result<(), ActionError> {
    match target {
        Target::Registry { .. } => Ok(()),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn settled(captured: &Value) -> Result<Captured, ActionError> {
    Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: NAME, source })
}

const fn port(source: PortError) -> ActionError {
    ActionError::Port { action: NAME, source }
}

/// The destinations that are known not to be approved. Of which nothing is known, stay: a person looks.
fn outside(replication: &Replication, inventory: &Inventory, now: Timestamp) -> Vec<(String, String)> {
    let all = replication.rules.iter().flat_map(|rule| &rule.destinations);
    all.filter(|(account, region)| inventory.takes_replicas(account, region, now) == Some(false)).cloned().collect()
}

fn without(replication: &Replication, outside: &[(String, String)]) -> Replication {
    let mut left = replication.clone();
    for rule in &mut left.rules {
        rule.destinations.retain(|destination| !outside.contains(destination));
    }
    left.rules.retain(|rule| !rule.destinations.is_empty());
    left
}

#[async_trait]
impl Action for RemoveReplicationDestination {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["ecr:DescribeRegistry", "ecr:PutReplicationConfiguration"]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        let Some(Call::PutReplicationConfiguration { registry, .. }) = &cause.event.call else {
            return Err(Impossible(place::ANOTHER_CALL.to_owned()));
        };
        let (registry, region) = place::registry(cause.event, registry.as_deref())?;
        Ok(Target::Registry { registry, region })
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "stops the replication of {} to places that are not approved; other destinations stay, and so do images that were \
             replicated already",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::Registry { registry, region } = occasion.target else { return Vec::new() };
        vec![
            format!("In account {registry}, region {region}, open ECR, Private registry, Features & Settings, Replication."),
            "Keep a copy of the rules. Remove each destination that is not approved, and each rule without destinations.".to_owned(),
            "To take it back: write the rules of the copy again.".to_owned(),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        ours(occasion.target)?;
        let inventory = tools.inventory.ok_or(ActionError::NoInventory { action: NAME })?;
        let before = tools.ecr().replication().await.map_err(port)?;
        let outside = outside(&before, inventory, now);
        serde_json::to_value(Captured { before, outside })
            .map_err(|source| ActionError::Captured { action: NAME, source })
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        ours(occasion.target)?;
        let Captured { outside, .. } = settled(captured)?;
        if outside.is_empty() {
            return Ok(Applied::NothingToDo);
        }
        let current = tools.ecr().replication().await.map_err(port)?;
        let left = without(&current, &outside);
        if left != current {
            tools.ecr().put_replication(&left).await.map_err(port)?;
        }
        Ok(Applied::Applied)
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        ours(occasion.target)?;
        let current = tools.ecr().replication().await.map_err(port)?;
        Ok(without(&current, &settled(captured)?.outside) == current)
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        ours(occasion.target)?;
        let Captured { before, outside } = settled(captured)?;
        let current = tools.ecr().replication().await.map_err(port)?;
        if outside.is_empty() || current == before {
            return Ok(Undone::NothingToDo);
        }
        if current != without(&before, &outside) {
            return Ok(Undone::Drifted(
                "the replication was changed by somebody else; it was left as it is".to_owned(),
            ));
        }
        tools.ecr().put_replication(&before).await.map_err(port)?;
        Ok(Undone::Undone)
    }
}
