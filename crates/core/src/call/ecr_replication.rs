//! Replication: one document for the whole registry, which every call replaces (AWS facts, section 7).

use serde_json::Value;

use super::request::Request;
use super::{Call, Family, ReplicationDestination, member};
use crate::cloudtrail::field::{Fields, kind};

/// See the module.
pub(super) const FAMILY: Family =
    Family { source: "ecr.amazonaws.com", calls: &[("PutReplicationConfiguration", put)] };

fn put(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let registry = request.registry(response, flaws);
    let path = "requestParameters.replicationConfiguration";
    let configuration = request.parameters.object("replicationConfiguration", path, flaws);
    let destinations = match configuration.get("rules") {
        Some(Value::Array(rules)) => Some(rules.iter().flat_map(|rule| destinations(rule, flaws)).collect()),
        Some(other) => {
            flaws.push(format!("`{path}.rules` is {}, not a list", kind(other)));
            None
        }
        None => {
            if !request.is_silent() {
                flaws.push(format!("`{path}.rules` is missing"));
            }
            None
        }
    };
    Call::PutReplicationConfiguration { registry, destinations }
}

/// The destinations of one rule. What cannot be read stands as one that nobody knows, so that the others still count.
fn destinations(rule: &Value, flaws: &mut Vec<String>) -> Vec<ReplicationDestination> {
    let path = "requestParameters.replicationConfiguration.rules[]";
    let unknown = || vec![ReplicationDestination { registry: None, region: None }];
    let Some(fields) = Fields::member(rule, path) else {
        flaws.push(format!("`{path}` is {}, not an object", kind(rule)));
        return unknown();
    };
    match fields.get("destinations") {
        Some(Value::Array(destinations)) => destinations.iter().map(|one| destination(one, flaws)).collect(),
        Some(other) => {
            flaws.push(format!("`{path}.destinations` is {}, not a list", kind(other)));
            unknown()
        }
        None => {
            flaws.push(format!("`{path}.destinations` is missing"));
            unknown()
        }
    }
}

fn destination(value: &Value, flaws: &mut Vec<String>) -> ReplicationDestination {
    let path = "requestParameters.replicationConfiguration.rules[].destinations[]";
    let Some(fields) = Fields::member(value, path) else {
        flaws.push(format!("`{path}` is {}, not an object", kind(value)));
        return ReplicationDestination { registry: None, region: None };
    };
    let before = flaws.len();
    let registry = fields.account("registryId", flaws);
    if registry.is_none() && flaws.len() == before {
        flaws.push(format!("`{path}.registryId` is missing"));
    }
    ReplicationDestination { registry, region: member::text(fields, "region", flaws) }
}
