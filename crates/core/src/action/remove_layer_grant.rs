//! `remove_layer_grant`: take back the statements by which a version of a Lambda layer is shared outside the organisation.
//!
//! Lambda knows a revision, so a removal never goes against somebody else's edit (AWS facts, section 8).

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionError, Applied, Cause, Impossible, Occasion, Reach, Tools, Touches, Undone, place};
use crate::call::Call;
use crate::grant;
use crate::inventory::Inventory;
use crate::plan::Target;
use crate::ports::{LayerGrant, LayerPolicy, PortError, PortErrorKind};

const NAME: &str = "remove_layer_grant";

pub(super) struct RemoveLayerGrant;

/// What is settled before statements are taken back.
#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    /// The statements that let somebody outside in.
    outside: Vec<LayerGrant>,
}

/// Account, name and version.
fn parts(target: &Target) -> Result<(&str, &str, i64), ActionError> {
    match target {
        Target::LayerVersion { account, layer, version, .. } => Ok((account, layer, *version)),
        other => Err(ActionError::WrongTarget { action: NAME, target: other.label() }),
    }
}

fn settled(captured: &Value) -> Result<Captured, ActionError> {
    Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: NAME, source })
}

const fn port(source: PortError) -> ActionError {
    ActionError::Port { action: NAME, source }
}

async fn read(layer: &str, version: i64, tools: Tools<'_>) -> Result<Option<LayerPolicy>, ActionError> {
    tools.layers().layer_policy(layer, version).await.map_err(port)
}

/// The statements as the API took them: one principal each, and maybe an organisation.
fn statements(policy: &LayerPolicy) -> Result<Vec<LayerGrant>, ActionError> {
    let unreadable = ActionError::Unreadable { action: NAME };
    let Ok(document) = serde_json::from_str::<Value>(&policy.document) else { return Err(unreadable) };
    let Some(list) = document.get("Statement").and_then(Value::as_array) else { return Err(unreadable) };
    list.iter().map(statement).collect::<Option<_>>().ok_or(unreadable)
}

fn statement(statement: &Value) -> Option<LayerGrant> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let principal = statement.get("Principal")?;
    let principal = text(principal).or_else(|| text(principal.get("AWS")?))?;
    let organization = statement.pointer("/Condition/StringEquals/aws:PrincipalOrgID").and_then(text);
    Some(LayerGrant { statement: text(statement.get("Sid")?)?, principal, organization })
}

fn lets_out(grant: &LayerGrant, owner: &str, inventory: &Inventory, now: Timestamp) -> bool {
    let (to, only) = (Some(grant.principal.as_str()), grant.organization.as_deref());
    let grants = grant::of_layer(to, only, Some(owner), inventory, now);
    grants.public || grants.external
}

#[async_trait]
impl Action for RemoveLayerGrant {
    fn name(&self) -> &'static str {
        NAME
    }

    fn permissions(&self) -> &'static [&'static str] {
        &["lambda:GetLayerVersionPolicy", "lambda:RemoveLayerVersionPermission", "lambda:AddLayerVersionPermission"]
    }

    fn touches(&self) -> Touches {
        Touches::Configuration
    }

    fn reach(&self, _: &Target) -> Reach {
        Reach::Narrow
    }

    fn target(&self, cause: Cause<'_>) -> Result<Target, Impossible> {
        match &cause.event.call {
            // A removal names no principal.
            Some(Call::LayerPermission { layer, principal: Some(_), .. }) => place::layer_version(cause.event, layer),
            _ => Err(Impossible(place::ANOTHER_CALL.to_owned())),
        }
    }

    fn effect(&self, target: &Target) -> String {
        format!(
            "takes back the statements by which {} is shared with everybody or outside the organisation; functions outside that use it \
             already keep their copy",
            target.label()
        )
    }

    fn manual(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Target::LayerVersion { account, region, layer, version } = occasion.target else { return Vec::new() };
        vec![
            format!(
                "In account {account}: aws lambda get-layer-version-policy --region {region} --layer-name {layer} --version-number {version}"
            ),
            format!(
                "For each statement that names everybody or somebody outside: aws lambda remove-layer-version-permission --region {region} --layer-name {layer} --version-number {version} --statement-id SID"
            ),
            "To take it back: add the statement again with aws lambda add-layer-version-permission.".to_owned(),
        ]
    }

    async fn capture(&self, occasion: Occasion<'_>, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let (account, layer, version) = parts(occasion.target)?;
        let inventory = tools.inventory.ok_or(ActionError::NoInventory { action: NAME })?;
        let grants = match read(layer, version, tools).await? {
            Some(policy) => statements(&policy)?,
            None => Vec::new(),
        };
        let outside = grants.into_iter().filter(|grant| lets_out(grant, account, inventory, now)).collect();
        serde_json::to_value(Captured { outside }).map_err(|source| ActionError::Captured { action: NAME, source })
    }

    async fn apply(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let (_, layer, version) = parts(occasion.target)?;
        let Captured { outside } = settled(captured)?;
        if outside.is_empty() {
            return Ok(Applied::NothingToDo);
        }
        for grant in &outside {
            // Each removal makes a new revision.
            let Some(policy) = read(layer, version, tools).await? else { break };
            if statements(&policy)?.contains(grant) {
                let removed =
                    tools.layers().remove_layer_permission(layer, version, &grant.statement, &policy.revision).await;
                removed.map_err(port)?;
            }
        }
        Ok(Applied::Applied)
    }

    async fn holds(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let (_, layer, version) = parts(occasion.target)?;
        let Captured { outside } = settled(captured)?;
        let Some(policy) = read(layer, version, tools).await? else { return Ok(true) };
        let standing = statements(&policy)?;
        Ok(!outside.iter().any(|grant| standing.contains(grant)))
    }

    async fn undo(&self, occasion: Occasion<'_>, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let (_, layer, version) = parts(occasion.target)?;
        let Captured { outside } = settled(captured)?;
        let mut standing = match read(layer, version, tools).await {
            Ok(Some(policy)) => statements(&policy)?,
            Ok(None) => Vec::new(),
            // With the version its statements are gone.
            Err(ActionError::Port { source, .. }) if source.kind == PortErrorKind::NotFound => {
                return Ok(Undone::NothingToDo);
            }
            Err(error) => return Err(error),
        };
        let missing: Vec<LayerGrant> = outside.into_iter().filter(|grant| !standing.contains(grant)).collect();
        if let Some(taken) =
            missing.iter().find(|grant| standing.iter().any(|stored| stored.statement == grant.statement))
        {
            let words =
                format!("statement `{}` was written anew by somebody else; nothing was put back", taken.statement);
            return Ok(Undone::Drifted(words));
        }
        if missing.is_empty() {
            return Ok(Undone::NothingToDo);
        }
        for grant in missing {
            match tools.layers().add_layer_permission(layer, version, &grant).await {
                // With the version its statements are gone.
                Err(error) if error.kind == PortErrorKind::NotFound => return Ok(Undone::NothingToDo),
                added => added.map_err(port)?,
            }
            standing.push(grant);
        }
        Ok(Undone::Undone)
    }
}
