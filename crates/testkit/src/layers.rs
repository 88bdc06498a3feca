//! Policies of Lambda layer versions.

use async_trait::async_trait;
use layerguard_core::ports::{LayerGrant, LayerPolicy, Layers, PortErrorKind, PortResult};
use serde_json::{Value, json};

use crate::accounts::Entered;

/// One statement of the policy of a layer version.
pub type LayerStatement = LayerGrant;

/// The statements of a layer version's policy, in order.
pub type Statements = Vec<LayerStatement>;

/// A revision that changes with the statements and with nothing else.
fn revision(statements: &Statements) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    document(statements).to_string().hash(&mut hasher);
    format!("revision-{:016x}", hasher.finish())
}

/// As Lambda hands it out: an account becomes the ARN of its root.
fn document(statements: &Statements) -> Value {
    let statement = |grant: &LayerStatement| {
        let is_account = grant.principal.len() == 12 && grant.principal.bytes().all(|byte| byte.is_ascii_digit());
        let principal = match grant.principal.as_str() {
            "*" => json!("*"),
            account if is_account => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
            arn => json!({ "AWS": arn }),
        };
        let mut statement = json!({
            "Sid": grant.statement,
            "Effect": "Allow",
            "Principal": principal,
            "Action": "lambda:GetLayerVersion",
            "Resource": "arn:aws:lambda:eu-central-1:111122223333:layer:shared:1",
        });
        if let (Some(id), Some(members)) = (&grant.organization, statement.as_object_mut()) {
            members.insert("Condition".to_owned(), json!({ "StringEquals": { "aws:PrincipalOrgID": id } }));
        }
        statement
    };
    json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements.iter().map(statement).collect::<Vec<_>>() })
}

impl Entered {
    fn at_layer<T>(
        &self,
        operation: &'static str,
        layer: &str,
        version: i64,
        effect: impl FnOnce(&mut Statements) -> Result<T, PortErrorKind>,
    ) -> PortResult<T> {
        self.call(operation, layer, |account| {
            let key = (self.region.clone(), layer.to_owned(), version);
            effect(account.layers.get_mut(&key).ok_or(PortErrorKind::NotFound)?)
        })
    }
}

#[async_trait]
impl Layers for Entered {
    async fn layer_policy(&self, layer: &str, version: i64) -> PortResult<Option<LayerPolicy>> {
        self.at_layer("layers.layer_policy", layer, version, |statements| {
            let policy = LayerPolicy { document: document(statements).to_string(), revision: revision(statements) };
            Ok((!statements.is_empty()).then_some(policy))
        })
    }

    async fn remove_layer_permission(&self, layer: &str, version: i64, statement: &str, given: &str) -> PortResult<()> {
        self.at_layer("layers.remove_layer_permission", layer, version, |statements| {
            if !statements.iter().any(|stored| stored.statement == statement) {
                return Ok(());
            }
            if revision(statements) != given {
                return Err(PortErrorKind::Conflict);
            }
            statements.retain(|stored| stored.statement != statement);
            Ok(())
        })
    }

    async fn add_layer_permission(&self, layer: &str, version: i64, grant: &LayerGrant) -> PortResult<()> {
        self.at_layer("layers.add_layer_permission", layer, version, |statements| {
            match statements.iter().find(|stored| stored.statement == grant.statement) {
                Some(stored) if stored == grant => {}
                Some(_) => return Err(PortErrorKind::Conflict),
                None => statements.push(grant.clone()),
            }
            Ok(())
        })
    }
}
