//! Whether the stack's rules were on for the whole of an hour: by their state now and by the changes that the trail recorded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Hour;
use super::rules::{HEARS_ALL, States, rules};
use crate::cloudtrail::parse_time;

/// How a rule stood in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It heard everything, all the time.
    Enabled,
    /// For some of the time it heard nothing, or no calls that only read.
    Disabled,
    /// Nobody can say.
    Unknown,
}

/// A change of a rule that the trail recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// The rule's whole name.
    pub rule: String,
    /// How it stands since then, as far as the change itself tells.
    pub then: Option<bool>,
}

impl Change {
    /// The change that a record is, if it is one. A refused call changed nothing.
    #[must_use]
    pub fn of(record: &Value) -> Option<Self> {
        let text = |path: &str| record.pointer(path).and_then(Value::as_str);
        if text("/eventSource") != Some("events.amazonaws.com") || text("/errorCode").is_some() {
            return None;
        }
        let bus = text("/requestParameters/eventBusName");
        if bus.is_some_and(|bus| bus != "default" && !bus.ends_with("event-bus/default")) {
            return None;
        }
        let then = match text("/eventName")? {
            "DisableRule" | "DeleteRule" => Some(false),
            // It sets the plain state, in which a rule never sees calls that only read.
            "EnableRule" => Some(false),
            // What a PutRule leaves out is reset (AWS facts, section 2).
            "PutRule" => Some(text("/requestParameters/state") == Some(HEARS_ALL)),
            // Without its target a rule hears and tells nobody; whether one is left, the call does not say.
            "RemoveTargets" | "PutTargets" => None,
            _ => return None,
        };
        let rule = text("/requestParameters/name").or_else(|| text("/requestParameters/rule"))?;
        Some(Self { at: parse_time(text("/eventTime")?).ok()?, rule: rule.to_owned(), then })
    }
}

/// How each rule of the stack stood in this hour, by its short name. `changes` are all that are known from the hour's first moment up to
/// `known_until`; `now` is when the states were looked at.
#[must_use]
pub fn standings(
    stack: &str,
    hour: Hour,
    states: &States,
    changes: &[Change],
    up_to_now: bool,
) -> BTreeMap<String, Standing> {
    let of = |name: &str| {
        let whole = format!("{stack}-{name}");
        let own: Vec<&Change> =
            changes.iter().filter(|change| change.rule == whole && change.at >= hour.start()).collect();
        let state = states.get(name).map(|state| state.as_deref() == Some(HEARS_ALL));
        standing(hour, state.filter(|_| up_to_now), &own)
    };
    rules().iter().map(|rule| (rule.name.clone(), of(&rule.name))).collect()
}

/// `state`: how it stands now, if that can be said and every change until now is known. `changes` in order of time, none before the hour.
fn standing(hour: Hour, state: Option<bool>, changes: &[&Change]) -> Standing {
    let mut changes = changes.to_vec();
    changes.sort();
    let within: Vec<&&Change> = changes.iter().filter(|change| change.at < hour.end()).collect();
    if within.iter().any(|change| change.then == Some(false)) {
        return Standing::Disabled;
    }
    if !changes.is_empty() {
        // How it stood before the first change, no later record tells.
        return Standing::Unknown;
    }
    match state {
        Some(true) => Standing::Enabled,
        Some(false) => Standing::Disabled,
        None => Standing::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOUR: &str = "2026-11-20T09:00:00Z";

    fn change(name: &str, time: &str, state: Option<&str>) -> Change {
        let record = json!({
            "eventSource": "events.amazonaws.com", "eventName": name, "eventTime": time,
            "requestParameters": {"name": "layerguard-calls", "state": state},
        });
        Change::of(&record).unwrap()
    }

    fn calls(state: Option<&str>, changes: &[Change], up_to_now: bool) -> Standing {
        let states = States::from([("calls".to_owned(), state.map(str::to_owned))]);
        standings("layerguard", Hour::of(HOUR.parse().unwrap()), &states, changes, up_to_now)["calls"]
    }

    #[test]
    fn a_rule_that_is_on_and_was_not_changed_was_on() {
        let earlier = change("DisableRule", "2026-11-20T08:59:59Z", None);
        assert_eq!(calls(Some(HEARS_ALL), &[], true), Standing::Enabled);
        assert_eq!(calls(Some(HEARS_ALL), &[earlier], true), Standing::Enabled);
        assert_eq!(calls(Some(HEARS_ALL), &[], false), Standing::Unknown, "what changed since, nobody has read");
        assert_eq!(calls(Some("ENABLED"), &[], true), Standing::Disabled, "it hears no calls that only read");
        assert_eq!(calls(None, &[], true), Standing::Disabled, "there is no such rule");
    }

    #[test]
    fn what_was_switched_off_within_the_hour_was_off() {
        for name in ["DisableRule", "DeleteRule", "EnableRule", "PutRule"] {
            let off = change(name, "2026-11-20T09:20:00Z", None);
            assert_eq!(calls(Some(HEARS_ALL), &[off], true), Standing::Disabled, "{name}");
        }
    }

    #[test]
    fn what_was_changed_afterwards_is_not_known_from_before() {
        let on_again = change("PutRule", "2026-11-20T10:20:00Z", Some(HEARS_ALL));
        assert_eq!(calls(Some(HEARS_ALL), &[on_again], true), Standing::Unknown);
        let within = change("PutRule", "2026-11-20T09:20:00Z", Some(HEARS_ALL));
        assert_eq!(calls(Some(HEARS_ALL), &[within], true), Standing::Unknown);
    }

    #[test]
    fn refused_calls_and_other_buses_change_nothing() {
        let record = |more: Value| {
            let mut record =
                json!({"eventSource": "events.amazonaws.com", "eventName": "DisableRule", "eventTime": HOUR});
            record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Change::of(&record)
        };
        assert!(record(json!({"requestParameters": {"name": "x"}})).is_some());
        assert!(record(json!({"requestParameters": {"name": "x"}, "errorCode": "AccessDenied"})).is_none());
        assert!(record(json!({"requestParameters": {"name": "x", "eventBusName": "other"}})).is_none());
        assert!(record(json!({"eventName": "PutTargets", "requestParameters": {"rule": "x"}})).unwrap().then.is_none());
    }
}
