//! A registry's replication configuration, read and written without loss.
//!
//! It is one document that a write replaces whole, and the SDK's model of it is older than the service's: a rule's `deleteReplication`
//! (AWS facts, section 7) would be dropped on reading and so be switched off by a write. So the JSON itself is read and written: what a
//! rule has beyond our model is carried along, and what there is no place for is an error.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecr::types::{
    ReplicationConfiguration, ReplicationDestination, ReplicationRule as TypedRule, RepositoryFilter,
    RepositoryFilterType,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::operation::BuildError;
use layerguard_core::ports::{Replication, ReplicationRule};
use serde_json::{Map, Value, json};

/// The only kind of filter that there is.
const PREFIX: &str = "PREFIX_MATCH";

/// Keeps the text of the last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer(Arc<Mutex<Vec<u8>>>);

impl Answer {
    pub(super) fn body(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "KeepAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
        Ok(())
    }
}

/// The configuration in an answer to `DescribeRegistry`, or what of it has no place in our model.
pub(super) fn read(body: &[u8]) -> Result<Replication, &'static str> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "it is no JSON")?;
    let Some(configuration) = answer.get("replicationConfiguration").filter(|value| !value.is_null()) else {
        return Ok(Replication::default());
    };
    let mut configuration = configuration.as_object().cloned().ok_or("the configuration is no object")?;
    let rules = take_list(&mut configuration, "rules")?;
    only(&configuration, "the configuration has a setting that this version does not know")?;
    Ok(Replication { rules: rules.into_iter().map(read_rule).collect::<Result<_, _>>()? })
}

fn read_rule(rule: Value) -> Result<ReplicationRule, &'static str> {
    let Value::Object(mut rule) = rule else { return Err("a rule is no object") };
    let destinations = take_list(&mut rule, "destinations")?.into_iter().map(read_destination);
    let destinations = destinations.collect::<Result<_, _>>()?;
    let prefixes = take_list(&mut rule, "repositoryFilters")?.into_iter().map(read_filter);
    let prefixes = prefixes.collect::<Result<_, _>>()?;
    rule.retain(|_, value| !value.is_null());
    Ok(ReplicationRule { destinations, prefixes, other: rule })
}

fn read_destination(destination: Value) -> Result<(String, String), &'static str> {
    let Value::Object(mut destination) = destination else { return Err("a destination is no object") };
    let account = take_text(&mut destination, "registryId").ok_or("a destination has no registry")?;
    let region = take_text(&mut destination, "region").ok_or("a destination has no region")?;
    only(&destination, "a destination has a setting that this version does not know")?;
    Ok((account, region))
}

fn read_filter(filter: Value) -> Result<String, &'static str> {
    let unknown = "a filter is of a kind that this version does not know";
    let Value::Object(mut filter) = filter else { return Err("a filter is no object") };
    let prefix = take_text(&mut filter, "filter").ok_or("a filter has no prefix")?;
    if take_text(&mut filter, "filterType").as_deref() != Some(PREFIX) {
        return Err(unknown);
    }
    only(&filter, unknown)?;
    Ok(prefix)
}

fn take_list(object: &mut Map<String, Value>, name: &str) -> Result<Vec<Value>, &'static str> {
    match object.remove(name) {
        Some(Value::Array(list)) => Ok(list),
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(_) => Err("a list is no list"),
    }
}

fn take_text(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match object.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Nothing is left that we would lose.
fn only(rest: &Map<String, Value>, otherwise: &'static str) -> Result<(), &'static str> {
    if rest.values().all(Value::is_null) { Ok(()) } else { Err(otherwise) }
}

/// The request of `PutReplicationConfiguration`.
pub(super) fn written(replication: &Replication) -> String {
    let rules: Vec<Value> = replication.rules.iter().map(written_rule).collect();
    json!({ "replicationConfiguration": { "rules": rules } }).to_string()
}

fn written_rule(rule: &ReplicationRule) -> Value {
    let mut object = rule.other.clone();
    let destinations = rule.destinations.iter();
    let destinations = destinations.map(|(account, region)| json!({ "region": region, "registryId": account }));
    object.insert("destinations".to_owned(), destinations.collect());
    // Without filters a rule replicates every repository; an empty list is none.
    if !rule.prefixes.is_empty() {
        let filters = rule.prefixes.iter().map(|prefix| json!({ "filter": prefix, "filterType": PREFIX }));
        object.insert("repositoryFilters".to_owned(), filters.collect());
    }
    Value::Object(object)
}

/// The same as the SDK knows it, which validates it; [`send`] puts the whole in its place.
pub(super) fn typed(replication: &Replication) -> Result<ReplicationConfiguration, BuildError> {
    let rules = replication.rules.iter().map(|rule| {
        let destinations = rule
            .destinations
            .iter()
            .map(|(account, region)| ReplicationDestination::builder().registry_id(account).region(region).build());
        let filters = rule.prefixes.iter().map(|prefix| {
            RepositoryFilter::builder().filter(prefix).filter_type(RepositoryFilterType::PrefixMatch).build()
        });
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        TypedRule::builder()
            .set_destinations(Some(destinations.collect::<Result<_, _>>()?))
            .set_repository_filters((!filters.is_empty()).then_some(filters))
            .build()
    });
    ReplicationConfiguration::builder().set_rules(Some(rules.collect::<Result<_, _>>()?)).build()
}

/// Puts this body into a request before it is signed.
pub(super) fn send(request: &mut HttpRequest, body: &str) {
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rules: Value) -> Vec<u8> {
        json!({ "registryId": "111122223333", "replicationConfiguration": { "rules": rules } }).to_string().into_bytes()
    }

    #[test]
    fn what_is_read_and_written_again_is_the_same() {
        let rules = json!([
            {
                "destinations": [{ "region": "eu-west-1", "registryId": "444455556666" }],
                "repositoryFilters": [{ "filter": "prod/", "filterType": "PREFIX_MATCH" }],
                "deleteReplication": { "enabled": true },
            },
            { "destinations": [{ "region": "eu-west-3", "registryId": "111122223333" }] },
        ]);
        let read = read(&answer(rules.clone())).unwrap();
        assert_eq!(read.rules[0].destinations, [("444455556666".to_owned(), "eu-west-1".to_owned())]);
        assert_eq!(read.rules[0].prefixes, ["prod/"]);
        let again: Value = serde_json::from_str(&written(&read)).unwrap();
        assert_eq!(again, json!({ "replicationConfiguration": { "rules": rules } }));
        assert_eq!(typed(&read).unwrap().rules().len(), 2);
    }

    #[test]
    fn a_registry_that_replicates_nothing_has_no_rules() {
        for body in
            [&b"{}"[..], br#"{"replicationConfiguration":null}"#, br#"{"replicationConfiguration":{"rules":[]}}"#]
        {
            assert_eq!(read(body).unwrap(), Replication::default());
        }
    }

    #[test]
    fn what_would_be_lost_is_an_error() {
        let destination = json!({ "region": "eu-west-1", "registryId": "444455556666" });
        let of = |rule: Value| read(&answer(json!([rule])));
        assert!(of(json!({ "destinations": [destination] })).is_ok());
        assert!(of(json!({ "destinations": [{ "region": "eu-west-1" }] })).is_err());
        assert!(of(json!({ "destinations": [{ "region": "eu-west-1", "registryId": "1", "role": "x" }] })).is_err());
        assert!(of(json!({ "repositoryFilters": [{ "filter": "a", "filterType": "REGEX" }] })).is_err());
        assert!(read(br#"{"replicationConfiguration":{"rules":[],"role":"x"}}"#).is_err());
        assert!(read(b"{").is_err());
    }
}
