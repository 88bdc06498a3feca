//! ECR logins: `GetAuthorizationToken`, the call of a docker login that shows the true source address.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family};
use crate::cloudtrail::arn::is_account;

/// See the module.
pub(super) const FAMILY: Family =
    Family { source: "ecr.amazonaws.com", names: &["GetAuthorizationToken"], read: authorization_token };

/// The parameters are usually null: a token is for every registry that the caller may reach. The old `registryIds` names one.
fn authorization_token(_name: &str, request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let asked = request.list("registryIds").iter().find_map(registry_id);
    let registry = request
        .resource_account(flaws)
        .or(asked)
        .or_else(|| request.parameters.account("registryId", flaws))
        .or_else(|| request.caller.map(str::to_owned));
    Call::GetAuthorizationToken { registry }
}

fn registry_id(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("{:012}", number.as_u64()?),
        _ => return None,
    };
    is_account(&text).then_some(text)
}
