//! Policies of Lambda layer versions, in one account and region.

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::add_layer_version_permission::AddLayerVersionPermissionError;
use aws_sdk_lambda::operation::get_layer_version_policy::GetLayerVersionPolicyError;
use aws_sdk_lambda::operation::remove_layer_version_permission::RemoveLayerVersionPermissionError;
use layerguard_core::ports::{LayerGrant, LayerPolicy, Layers, PortError, PortErrorKind, PortResult};
use serde_json::Value;

use crate::error::{failed, unreadable};

/// The only action that a statement of a layer version can allow.
const ACTION: &str = "lambda:GetLayerVersion";

/// The Lambda layers of one account and region.
///
/// Lambda answers with one code whether a version has no policy or does not exist; both are `None` here.
#[derive(Debug, Clone)]
pub(crate) struct LayerVersions {
    client: Client,
}

impl LayerVersions {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Layers for LayerVersions {
    async fn layer_policy(&self, layer: &str, version: i64) -> PortResult<Option<LayerPolicy>> {
        let operation = format!("read the policy of layer `{layer}` version {version}");
        let sent = self.client.get_layer_version_policy().layer_name(layer).version_number(version).send().await;
        match sent {
            Ok(answer) => match (answer.policy, answer.revision_id) {
                (Some(document), Some(revision)) => Ok(Some(LayerPolicy { document, revision })),
                _ => Err(unreadable(operation, "the policy or its revision is missing")),
            },
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetLayerVersionPolicyError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(operation)(error)),
        }
    }

    async fn remove_layer_permission(
        &self,
        layer: &str,
        version: i64,
        statement: &str,
        revision: &str,
    ) -> PortResult<()> {
        let removal = self.client.remove_layer_version_permission().layer_name(layer).version_number(version);
        match removal.statement_id(statement).revision_id(revision).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(RemoveLayerVersionPermissionError::is_resource_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => {
                Err(failed(format!("remove statement `{statement}` of layer `{layer}` version {version}"))(error))
            }
        }
    }

    async fn add_layer_permission(&self, layer: &str, version: i64, grant: &LayerGrant) -> PortResult<()> {
        let operation = format!("add statement `{}` to layer `{layer}` version {version}", grant.statement);
        let sent = self
            .client
            .add_layer_version_permission()
            .layer_name(layer)
            .version_number(version)
            .statement_id(&grant.statement)
            .action(ACTION)
            .principal(&grant.principal)
            .set_organization_id(grant.organization.clone())
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            // A statement of this id is there: it may be ours, of a first try whose answer was lost.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(AddLayerVersionPermissionError::is_resource_conflict_exception) =>
            {
                let policy = self.layer_policy(layer, version).await?;
                if policy.is_some_and(|policy| grants(&policy.document, grant)) {
                    Ok(())
                } else {
                    Err(PortError { operation, kind: PortErrorKind::Conflict })
                }
            }
            Err(error) => Err(failed(operation)(error)),
        }
    }
}

/// Whether the document has exactly this statement. An account is handed out as the ARN of its root.
fn grants(document: &str, grant: &LayerGrant) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(document) else { return false };
    let statements = document.get("Statement").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    statements.iter().any(|statement| {
        let text = |pointer: &str| statement.pointer(pointer).and_then(Value::as_str);
        let principal = text("/Principal").or_else(|| text("/Principal/AWS"));
        let organization = text("/Condition/StringEquals/aws:PrincipalOrgID");
        text("/Sid") == Some(&grant.statement)
            && text("/Effect") == Some("Allow")
            && text("/Action") == Some(ACTION)
            && principal.is_some_and(|principal| account_or_all(principal) == account_or_all(&grant.principal))
            && organization == grant.organization.as_deref()
            && (organization.is_some() || statement.get("Condition").is_none())
    })
}

/// The account of a root's ARN; anything else as it is.
fn account_or_all(principal: &str) -> &str {
    let account = principal.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next());
    account.unwrap_or(principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn grant(principal: &str, organization: Option<&str>) -> LayerGrant {
        LayerGrant {
            statement: "share".into(),
            principal: principal.into(),
            organization: organization.map(str::to_owned),
        }
    }

    fn policy(principal: Value, condition: Option<Value>) -> String {
        let mut statement =
            json!({ "Sid": "share", "Effect": "Allow", "Principal": principal, "Action": ACTION, "Resource": "x" });
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        json!({ "Version": "2012-10-17", "Id": "default", "Statement": [statement] }).to_string()
    }

    #[test]
    fn a_statement_is_the_same_however_the_account_is_written() {
        let root = json!({ "AWS": "arn:aws:iam::444455556666:root" });
        for principal in ["444455556666", "arn:aws:iam::444455556666:root"] {
            assert!(grants(&policy(root.clone(), None), &grant(principal, None)));
        }
        assert!(grants(&policy(json!("*"), None), &grant("*", None)));
    }

    #[test]
    fn another_principal_id_or_condition_is_another_statement() {
        let org = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-exampleorgid" } });
        let ours = policy(json!("*"), Some(org));
        assert!(grants(&ours, &grant("*", Some("o-exampleorgid"))));
        assert!(!grants(&ours, &grant("*", Some("o-another00000"))));
        assert!(!grants(&ours, &grant("*", None)));
        assert!(!grants(&policy(json!("*"), None), &grant("*", Some("o-exampleorgid"))));
        assert!(!grants(&policy(json!("*"), None), &grant("444455556666", None)));
        assert!(!grants(&policy(json!("*"), Some(json!({ "Bool": { "x": "true" } }))), &grant("*", None)));
        assert!(!grants(&ours.replace("share", "other"), &grant("*", Some("o-exampleorgid"))));
        assert!(!grants("{", &grant("*", None)));
    }
}
