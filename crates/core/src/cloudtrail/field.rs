//! Reading members of JSON objects leniently: absent is absent, empty is absent, a wrong type is a flaw and absent.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::arn::is_account;

/// A JSON object inside a record, and how a person would point at it. Absent objects read as empty ones.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: Option<&'a Map<String, Value>>,
    path: &'static str,
}

impl<'a> Fields<'a> {
    /// The record itself.
    pub(crate) fn record(map: &'a Map<String, Value>) -> Self {
        Self { map: Some(map), path: "" }
    }

    /// The object member `key`, which a person finds at `path`. Null and absent are empty; another type is a flaw.
    pub(crate) fn object(self, key: &str, path: &'static str, flaws: &mut Vec<String>) -> Fields<'a> {
        let map = match self.get(key) {
            Some(Value::Object(map)) => Some(map),
            Some(other) => {
                flaws.push(format!("`{path}` is {}, not an object", kind(other)));
                None
            }
            None => None,
        };
        Fields { map, path }
    }

    /// An object inside a list, which a person finds at `path`; `None` where it is something else.
    pub(crate) fn member(value: &'a Value, path: &'static str) -> Option<Self> {
        value.as_object().map(|map| Self { map: Some(map), path })
    }

    /// The object stands in the record.
    pub(crate) const fn is_present(self) -> bool {
        self.map.is_some()
    }

    /// The member `key`, if it is there and not null.
    pub(crate) fn get(self, key: &str) -> Option<&'a Value> {
        self.map?.get(key).filter(|value| !value.is_null())
    }

    /// The member `key` says something: it is neither absent nor null nor empty text.
    pub(crate) fn is_stated(self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    /// The member `key` as text. Numbers count as their digits; empty text is absent.
    pub(crate) fn text(self, key: &str, flaws: &mut Vec<String>) -> Option<String> {
        match self.get(key)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            other => {
                flaws.push(format!("`{}` is {}, not text", self.name(key), kind(other)));
                None
            }
        }
    }

    /// The member `key` as a 12-digit account id. A number gets back the zeros that it lost.
    pub(crate) fn account(self, key: &str, flaws: &mut Vec<String>) -> Option<String> {
        let value = self.get(key)?;
        if let Some(id) = account(value) {
            return Some(id);
        }
        let text = self.text(key, flaws)?;
        flaws.push(format!("`{}` is `{}`, not a 12-digit account id", self.name(key), excerpt(&text)));
        None
    }

    /// The member `key` as a time, in any form of [`parse_time`].
    pub(crate) fn time(self, key: &str, flaws: &mut Vec<String>) -> Option<Timestamp> {
        let text = self.text(key, flaws)?;
        match parse_time(&text) {
            Ok(time) => Some(time),
            Err(_) => {
                flaws.push(format!("`{}` is `{}`, not a time", self.name(key), excerpt(&text)));
                None
            }
        }
    }

    /// The member's name as a person would write it.
    pub(crate) fn name(self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A time in RFC 3339 or in the basic form (`20131102T010628Z`). CloudTrail's times are UTC; log stores that write them anew
/// (`2026-03-01 09:30:00.000`) leave that out.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, jiff::Error> {
    let text = text.trim();
    text.parse::<Timestamp>().or_else(|error| {
        let is_plain = text.contains(':') && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:. T".contains(&byte));
        match text.parse::<DateTime>() {
            Ok(time) if is_plain => time.to_zoned(TimeZone::UTC).map(|time| time.timestamp()),
            _ => Err(error),
        }
    })
}

/// A 12-digit account id, as text or as the number that it is not.
pub(crate) fn account(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.trim().to_owned(),
        other => format!("{:012}", other.as_u64()?),
    };
    is_account(&id).then_some(id)
}

/// What kind of JSON value this is, for messages.
pub(crate) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The beginning of a text from a record, safe to show: it is written by whoever made the call.
pub(crate) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 80;
    let mut shown: String = text.chars().take(LENGTH).flat_map(char::escape_debug).collect();
    if text.chars().nth(LENGTH).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields<'_> {
        Fields::record(value.as_object().expect("an object"))
    }

    #[test]
    fn empty_text_and_null_are_absent_without_a_flaw() {
        let value = json!({ "a": "", "b": " ", "c": null });
        let mut flaws = Vec::new();
        for key in ["a", "b", "c", "d"] {
            assert_eq!(fields(&value).text(key, &mut flaws), None);
        }
        assert!(flaws.is_empty());
    }

    #[test]
    fn an_account_that_arrives_as_a_number_gets_its_zeros_back() {
        let value =
            json!({ "a": 1_122_223_333_u64, "b": "111122223333", "c": 111_122_223_333_u64, "d": "12", "e": [] });
        let mut flaws = Vec::new();
        assert_eq!(fields(&value).account("a", &mut flaws).as_deref(), Some("001122223333"));
        assert_eq!(fields(&value).account("b", &mut flaws).as_deref(), Some("111122223333"));
        assert_eq!(fields(&value).account("c", &mut flaws).as_deref(), Some("111122223333"));
        assert!(flaws.is_empty());
        assert_eq!(fields(&value).account("d", &mut flaws), None);
        assert_eq!(fields(&value).account("e", &mut flaws), None);
        assert_eq!(flaws, ["`d` is `12`, not a 12-digit account id", "`e` is a list, not text"]);
    }

    #[test]
    fn times_are_read_in_every_form_in_which_they_are_written() {
        let value = json!({ "a": "2013-11-02T01:06:28Z", "b": "20131102T010628Z", "c": "yesterday" });
        let mut flaws = Vec::new();
        let extended = fields(&value).time("a", &mut flaws);
        assert!(extended.is_some());
        assert_eq!(extended, fields(&value).time("b", &mut flaws));
        assert_eq!(extended, parse_time("2013-11-02 01:06:28.000").ok());
        for junk in
            ["2013-11-02", "2013-11-02T01:06:28[Europe/Berlin]", "01:06:28", "1383354388", "2013-13-02T01:06:28Z"]
        {
            assert!(parse_time(junk).is_err(), "{junk}");
        }
        assert_eq!(fields(&value).time("c", &mut flaws), None);
        assert_eq!(flaws, ["`c` is `yesterday`, not a time"]);
    }

    #[test]
    fn an_excerpt_is_short_and_shows_what_hides() {
        assert_eq!(excerpt("a\u{202e}b\n"), "a\\u{202e}b\\n");
        assert_eq!(excerpt(&"x".repeat(200)).len(), 83);
    }
}
