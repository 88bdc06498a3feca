//! Whether an event matches a pattern, as EventBridge does it, as far as compiled patterns go.
//!
//! Members are compared as words. A list in the event matches where one of its items does. `anything-but` needs the member to be there.
//! The end-to-end tests hold this against another implementation.

use serde_json::{Map, Value};
use wildmatch::WildMatch;

/// Whether the event matches. What of a pattern is not known here matches nothing.
#[must_use]
pub fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(pattern) => object(pattern, &[event]),
        _ => false,
    }
}

/// All members hold of the same event; `places` are the objects at this point of it, several where a list was passed.
fn object(pattern: &Map<String, Value>, places: &[&Value]) -> bool {
    pattern.iter().all(|(name, tests)| match tests {
        Value::Array(alternatives) if name == "$or" => {
            alternatives.iter().any(|one| one.as_object().is_some_and(|one| object(one, places)))
        }
        Value::Array(tests) => leaf(tests, &below(places, name)),
        Value::Object(inner) => object(inner, &below(places, name)),
        _ => false,
    })
}

/// What stands under this name, lists taken apart.
fn below<'a>(places: &[&'a Value], name: &str) -> Vec<&'a Value> {
    places.iter().filter_map(|place| place.get(name)).flat_map(items).collect()
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(self::items).collect(),
        one => vec![one],
    }
}

/// One of the tests holds. An object is no value: only what stands in it is.
fn leaf(tests: &[Value], found: &[&Value]) -> bool {
    let values: Vec<&Value> = found.iter().copied().filter(|value| !value.is_object()).collect();
    tests.iter().any(|test| match test.get("exists").and_then(Value::as_bool) {
        Some(wanted) => wanted != values.is_empty(),
        None => values.iter().any(|value| holds(test, value)),
    })
}

fn holds(test: &Value, value: &Value) -> bool {
    let Some((operator, operand)) = test.as_object().and_then(|test| test.iter().next()) else { return test == value };
    match operator.as_str() {
        "anything-but" => !is_one_of(operand, value),
        _ => compares(operator, operand, value),
    }
}

/// The operand of `anything-but`: a word, words, or one comparison.
fn is_one_of(operand: &Value, value: &Value) -> bool {
    match operand {
        Value::Array(words) => words.contains(value),
        Value::Object(comparison) => {
            comparison.iter().next().is_some_and(|(operator, operand)| compares(operator, operand, value))
        }
        word => word == value,
    }
}

fn compares(operator: &str, operand: &Value, value: &Value) -> bool {
    let (Some(operand), Some(value)) = (operand.as_str(), value.as_str()) else { return false };
    match operator {
        "prefix" => value.starts_with(operand),
        "suffix" => value.ends_with(operand),
        // Nothing else than `*` is special in a pattern of EventBridge.
        "wildcard" => !operand.contains(['?', '\\']) && WildMatch::new(operand).matches(value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_compared_as_eventbridge_does() {
        let event =
            json!({ "a": "x", "b": { "c": "arn:aws:s3:::y" }, "list": [{ "d": "1" }, { "d": "2" }], "none": null });
        let cases = [
            (json!({ "a": ["x"] }), true),
            (json!({ "a": ["y", "x"] }), true),
            (json!({ "a": ["y"] }), false),
            (json!({ "z": ["x"] }), false),
            (json!({ "a": [{ "anything-but": ["x", "y"] }] }), false),
            (json!({ "a": [{ "anything-but": "y" }] }), true),
            (json!({ "z": [{ "anything-but": "y" }] }), false),
            (json!({ "z": [{ "exists": false }] }), true),
            (json!({ "a": [{ "exists": false }] }), false),
            (json!({ "b": [{ "exists": false }] }), true),
            (json!({ "none": [{ "exists": true }] }), true),
            (json!({ "b": { "c": [{ "anything-but": { "prefix": "arn:" } }] } }), false),
            (json!({ "b": { "c": [{ "wildcard": "arn:*:s3:*y" }] } }), true),
            (json!({ "b": { "c": [{ "suffix": "::x" }] } }), false),
            (json!({ "list": { "d": ["2"] } }), true),
            (json!({ "list": { "d": [{ "anything-but": "1" }] } }), true),
            (json!({ "list": { "e": [{ "exists": false }] } }), true),
            (json!({ "a": ["x"], "$or": [{ "z": ["1"] }, { "b": { "c": [{ "prefix": "arn" }] } }] }), true),
            (json!({ "a": ["x"], "$or": [{ "z": ["1"] }, { "a": ["y"] }] }), false),
            (json!({ "a": [{ "unheard-of": "x" }] }), false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(matches(&pattern, &event), expected, "{pattern}");
        }
    }
}
