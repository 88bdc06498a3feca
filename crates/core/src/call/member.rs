//! Members of requests and responses, read leniently: beyond [`Fields`], what several families have in common.

use serde_json::Value;

use crate::cloudtrail::field::{Fields, kind};

/// What AWS writes in place of a value that it does not show.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// The member as text. A hidden value cannot be read.
pub(super) fn text(fields: Fields<'_>, key: &str, flaws: &mut Vec<String>) -> Option<String> {
    let text = fields.text(key, flaws)?;
    if text == HIDDEN {
        flaws.push(format!("`{}` is hidden", fields.name(key)));
        return None;
    }
    Some(text)
}

/// The member as a JSON document's text. One that is written out as JSON instead counts as its text.
pub(super) fn document(fields: Fields<'_>, key: &str, flaws: &mut Vec<String>) -> Option<String> {
    match fields.get(key) {
        Some(written_out @ (Value::Object(_) | Value::Array(_))) => Some(written_out.to_string()),
        _ => text(fields, key, flaws),
    }
}

/// The member as true or false, which may be written as text.
pub(super) fn flag(fields: Fields<'_>, key: &str, flaws: &mut Vec<String>) -> Option<bool> {
    if !fields.is_stated(key) {
        return None;
    }
    let value = fields.get(key).and_then(truth);
    if value.is_none() {
        flaws.push(format!("`{}` is neither true nor false", fields.name(key)));
    }
    value
}

/// A value as true or false.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The member as a list. One element without its list counts as a list of it; absent and empty text are an empty one.
pub(super) fn list<'a>(fields: Fields<'a>, key: &str) -> &'a [Value] {
    match fields.get(key) {
        Some(Value::Array(values)) => values,
        Some(one) if fields.is_stated(key) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// The member as a list of texts, each of which must be readable.
pub(super) fn texts(fields: Fields<'_>, key: &str, flaws: &mut Vec<String>) -> Vec<String> {
    let mut read = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() && text != HIDDEN => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        other => {
            let found = if other.is_string() { "empty or hidden" } else { kind(other) };
            flaws.push(format!("`{}[]` is {found}, not text", fields.name(key)));
            None
        }
    };
    list(fields, key).iter().filter_map(&mut read).collect()
}
