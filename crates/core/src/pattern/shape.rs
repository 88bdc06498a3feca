//! The conditions of a pattern as EventBridge writes them.
//!
//! A pattern says what passes, so each condition here is that something is *not* as a dropped call has it. `anything-but` does not match a
//! member that is absent: that it is absent is a condition of its own.

use serde_json::{Map, Value, json};

/// How many characters a pattern may have (EventBridge quotas; AWS facts, section 13).
pub const LONGEST: usize = 2048;

/// The calls that come in numbers: pulls, logins and what a push is made of. The template has a rule for them alone, so that a
/// pattern can never hide a change of a setting.
pub const WATCHED_AT_VOLUME: [&str; 7] = [
    "BatchCheckLayerAvailability",
    "BatchGetImage",
    "CompleteLayerUpload",
    "GetAuthorizationToken",
    "GetDownloadUrlForLayer",
    "InitiateLayerUpload",
    "UploadLayerPart",
];

pub(super) const ECR: &str = "ecr.amazonaws.com";
pub(super) const ECR_PUBLIC: &str = "ecr-public.amazonaws.com";

/// A repository's ARN, in every partition.
const REPOSITORY: &str = "arn:*:ecr:*:*:repository/*";

/// `{"a": {"b": [..]}}` for the path `a.b`.
pub(super) fn at(path: &str, tests: Value) -> Value {
    path.rsplit('.').fold(tests, |inner, member| Value::Object(Map::from_iter([(member.to_owned(), inner)])))
}

/// Any of these alternatives; one alone is itself.
pub(super) fn any(mut alternatives: Vec<Value>) -> Value {
    if alternatives.len() == 1 { alternatives.remove(0) } else { json!({ "$or": alternatives }) }
}

/// The member is not one of these words, or is not there.
pub(super) fn not_among(path: &str, words: &[String]) -> [Value; 2] {
    [at(path, json!([{ "anything-but": words }])), absent(path)]
}

/// The member is there and is not one of these words.
pub(super) fn other_than(path: &str, words: &[String]) -> Value {
    at(path, json!([{ "anything-but": words }]))
}

pub(super) fn absent(path: &str) -> Value {
    at(path, json!([{ "exists": false }]))
}

/// The call failed.
pub(super) fn failed() -> Value {
    at("errorCode", json!([{ "exists": true }]))
}

/// A copy of the call is in another account's trail; which of the two decides is told where both are seen.
pub(super) fn shared() -> Value {
    at("sharedEventID", json!([{ "exists": true }]))
}

/// A record of a version that is not known.
pub(super) fn of_other_version() -> Value {
    at("eventVersion", json!([{ "anything-but": { "prefix": "1." } }]))
}

/// The record does not name a repository by its ARN.
pub(super) fn names_no_repository() -> [Value; 2] {
    [at("resources.ARN", json!([{ "anything-but": { "wildcard": REPOSITORY } }])), absent("resources.ARN")]
}

/// An address, or anything else that is no mask, where there is no endpoint that would decide before it.
pub(super) fn shows_an_address() -> Value {
    json!({
        "sourceIPAddress": [{ "anything-but": { "prefix": "AWS Internal" } }],
        "vpcEndpointId": [{ "exists": false }],
    })
}

/// Only calls of these names pass on by these alternatives.
pub(super) fn of_calls(names: &[&str], alternatives: Vec<Value>) -> Value {
    let mut group = Map::new();
    group.insert("eventSource".to_owned(), json!([ECR]));
    group.insert("eventName".to_owned(), json!(names));
    if let Value::Object(more) = any(alternatives) {
        group.extend(more);
    }
    Value::Object(group)
}

/// The pattern of the rule: events of ECR and ECR Public of which one of these holds.
pub(super) fn whole(groups: Vec<Value>) -> Value {
    let public: Vec<&str> = WATCHED_AT_VOLUME.into_iter().filter(|name| !name.starts_with("BatchGet")).collect();
    let mut groups = groups;
    groups.push(json!({ "eventSource": [ECR_PUBLIC], "eventName": public }));
    json!({
        "source": ["aws.ecr", "aws.ecr-public"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": any(groups),
    })
}
