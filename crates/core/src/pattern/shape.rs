//! The conditions of a pattern as EventBridge writes them.
//!
//! A pattern says what passes, so each condition here is that something is *not* as a dropped call has it. `anything-but` does not match a
//! member that is absent: that it is absent stands beside it. Room is scarce, so what all calls share is said once.

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
const ECR_PUBLIC: &str = "ecr-public.amazonaws.com";

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
pub(super) fn not_among(path: &str, words: &[String]) -> Value {
    at(path, json!([{ "anything-but": words }, { "exists": false }]))
}

/// The member is there and is not one of these words.
pub(super) fn other_than(path: &str, words: &[String]) -> Value {
    at(path, json!([{ "anything-but": words }]))
}

/// The record does not name a repository by its ARN.
pub(super) fn names_no_repository() -> Value {
    at("resources.ARN", json!([{ "anything-but": { "wildcard": REPOSITORY } }, { "exists": false }]))
}

/// An address, or anything else that is no mask, where there is no endpoint that would decide before it.
pub(super) fn shows_an_address() -> Value {
    json!({
        "sourceIPAddress": [{ "anything-but": { "prefix": "AWS Internal" } }],
        "vpcEndpointId": [{ "exists": false }],
    })
}

/// Whatever its name, such an event passes: a call that failed; one of which a copy is in another account's trail, and which of the two
/// decides is told where both are seen; a record of a version that is not known; a call on what is published anyway.
fn whoever_it_is() -> [Value; 4] {
    [
        json!({ "errorCode": [{ "exists": true }] }),
        json!({ "sharedEventID": [{ "exists": true }] }),
        json!({ "eventVersion": [{ "anything-but": { "prefix": "1." } }] }),
        json!({ "eventSource": [ECR_PUBLIC] }),
    ]
}

/// Calls of these names pass where one of these holds; all of them where nothing is named.
pub(super) fn of_calls(names: &[&str], alternatives: Vec<Value>) -> Value {
    let mut group = Map::from_iter([("eventName".to_owned(), json!(names))]);
    if alternatives.is_empty() {
        return Value::Object(group);
    }
    if let Value::Object(more) = any(alternatives) {
        group.extend(more);
    }
    Value::Object(group)
}

/// The pattern of the rule: events of ECR and ECR Public of which one of these holds. The first ones let a little through that is not
/// watched, and save the room that names take.
pub(super) fn whole(groups: Vec<Value>) -> Value {
    json!({
        "source": ["aws.ecr", "aws.ecr-public"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": any(whoever_it_is().into_iter().chain(groups).collect()),
    })
}
