//! Whether a value has the shape that a JSON schema gives, for as much of JSON Schema as `infra/announcement.schema.json` uses. A keyword that
//! is not known here fails the test that asks. Patterns and formats are held by the gates, over the examples.

use serde_json::{Map, Value};

/// What is wrong with the value, each with where.
pub(crate) fn faults(root: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(root, root, value, "$", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (keyword, given) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "pattern" | "format" => true,
            "$ref" => {
                let name = given.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                check(root, &root["$defs"][name], value, at, faults);
                true
            }
            "type" => given.as_array().map_or_else(|| is(given, value), |any| any.iter().any(|kind| is(kind, value))),
            "const" => given == value,
            "enum" => given.as_array().unwrap().contains(value),
            "required" => given.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                let named: &Map<String, Value> = given.as_object().unwrap();
                for (name, part) in value.as_object().unwrap() {
                    match named.get(name) {
                        Some(schema) => check(root, schema, part, &format!("{at}.{name}"), faults),
                        None => faults.push(format!("{at}.{name} is not described")),
                    }
                }
                true
            }
            "additionalProperties" => *given == Value::Bool(false),
            "items" => {
                for (number, item) in value.as_array().unwrap().iter().enumerate() {
                    check(root, given, item, &format!("{at}[{number}]"), faults);
                }
                true
            }
            "minItems" => value.as_array().is_some_and(|items| items.len() as u64 >= given.as_u64().unwrap()),
            "maxItems" => value.as_array().is_some_and(|items| items.len() as u64 <= given.as_u64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= given.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= given.as_u64().unwrap()),
            "minimum" => value.as_u64() >= given.as_u64(),
            other => panic!("the schema uses `{other}`, which this check does not know"),
        };
        if !holds {
            faults.push(format!("{at} is {value}, against `{keyword}`: {given}"));
        }
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type `{other}`, which this check does not know"),
    }
}

#[test]
fn the_check_sees_what_is_wrong() {
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false, "required": ["one"],
        "properties": {"one": {"enum": ["a"]}, "two": {"type": "array", "maxItems": 1, "items": {"$ref": "#/$defs/number"}}},
        "$defs": {"number": {"type": "integer", "minimum": 2}}
    });
    assert_eq!(faults(&schema, &serde_json::json!({"one": "a", "two": [2]})), Vec::<String>::new());
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({"one": "b"}),
        serde_json::json!({"one": "a", "three": 1}),
        serde_json::json!({"one": "a", "two": [1]}),
        serde_json::json!({"one": "a", "two": ["2"]}),
        serde_json::json!({"one": "a", "two": [2, 2]}),
    ] {
        assert_ne!(faults(&schema, &wrong), Vec::<String>::new(), "{wrong}");
    }
}
