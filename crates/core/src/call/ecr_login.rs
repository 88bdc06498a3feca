//! ECR logins: `GetAuthorizationToken`, the call of a docker login that shows the true source address.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family};
use crate::cloudtrail::field::account;

/// See the module.
pub(super) const FAMILY: Family =
    Family { source: "ecr.amazonaws.com", calls: &[("GetAuthorizationToken", authorization_token)] };

/// The parameters are usually null: a token is for every registry that the caller may reach. The old `registryIds` names one.
pub(super) fn authorization_token(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let ids = request.list("registryIds");
    let registry = match ids.first() {
        Some(id) => registry_id(id, flaws),
        None => request.resource_account(flaws).or_else(|| request.caller.map(str::to_owned)),
    };
    Call::GetAuthorizationToken { registry }
}

fn registry_id(value: &Value, flaws: &mut Vec<String>) -> Option<String> {
    let id = account(value);
    if id.is_none() {
        flaws.push("`requestParameters.registryIds` does not name an account".to_owned());
    }
    id
}
