//! What the stack's rules hear, and the form in which they send it on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

/// A rule of the stack on watched calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What follows the stack's name.
    pub name: String,
    services: Vec<String>,
    kinds: Vec<String>,
    #[serde(default)]
    callers_not: Vec<String>,
    /// Event names; all where none is named.
    #[serde(default)]
    names: Vec<String>,
    /// People may switch it off: what it would hear is not missed then.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Deserialize)]
struct Table {
    rule: Vec<Rule>,
}

/// The rules, as `rules.toml` has them. Empty only if that file cannot be read, which a test holds.
static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| toml::from_str::<Table>(include_str!("rules.toml")).map(|table| table.rule).unwrap_or_default());

/// The stack's rules on watched calls.
#[must_use]
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The rule whose pattern may be a compiled one ([`crate::pattern`]).
pub(super) const PULLS: &str = "pulls";

/// The state in which a rule hears calls that only read (AWS facts, section 2).
pub const HEARS_ALL: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/// The states of the stack's rules now, by the rule's short name; `None` where there is no such rule.
pub type States = BTreeMap<String, Option<String>>;

/// The names of those rules whose calls are missed where they did not arrive: all but those that people may switch off and that are off.
#[must_use]
pub fn expected(states: &States) -> BTreeSet<&'static str> {
    let off =
        |rule: &Rule| rule.optional && states.get(&rule.name).is_some_and(|state| state.as_deref() == Some("DISABLED"));
    rules().iter().filter(|rule| !off(rule)).map(|rule| rule.name.as_str()).collect()
}

/// The rule that hears this record of a watched call; `None` where no rule does.
#[must_use]
pub fn hearing(record: &Value) -> Option<&'static Rule> {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str);
    let source = text("/eventSource")?;
    // Samples of records older than 1.05 have no type: they are calls.
    let kind = text("/eventType").unwrap_or("AwsApiCall");
    let (caller, name) = (text("/userIdentity/type"), text("/eventName"));
    let among = |list: &[String], value: &str| list.iter().any(|listed| listed == value);
    rules().iter().find(|rule| {
        let named = among(&rule.services, source)
            && among(&rule.kinds, kind)
            && (rule.names.is_empty() || name.is_some_and(|name| among(&rule.names, name)));
        // In a pattern `anything-but` does not match where the field is missing (AWS facts, section 2).
        named && (rule.callers_not.is_empty() || caller.is_some_and(|caller| !among(&rule.callers_not, caller)))
    })
}

/// The record as EventBridge would have delivered it.
#[must_use]
pub fn envelope(record: &Value) -> Value {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let kind = match text("/eventType") {
        "AwsServiceEvent" => "AWS Service Event via CloudTrail",
        "AwsConsoleSignIn" => "AWS Console Sign In via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    };
    json!({
        "version": "0",
        "id": text("/eventID"),
        "detail-type": kind,
        "source": format!("aws.{}", text("/eventSource").split('.').next().unwrap_or_default()),
        "account": text("/recipientAccountId"),
        "time": text("/eventTime"),
        "region": text("/awsRegion"),
        "resources": [],
        "detail": record,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn record(source: &str, name: &str, kind: Option<&str>, caller: &str) -> Value {
        let mut record = json!({"eventSource": source, "eventName": name, "userIdentity": {"type": caller}});
        if let Some(kind) = kind {
            record["eventType"] = json!(kind);
        }
        record
    }

    #[test]
    fn some_rule_hears_every_watched_call() {
        assert_eq!(rules().len(), 6);
        for (source, name) in Call::watched() {
            assert!(rules().iter().any(|rule| rule.services.iter().any(|of| of == source)), "{source} {name}");
            let kind = if source == "signin.amazonaws.com" { "AwsConsoleSignIn" } else { "AwsApiCall" };
            assert!(hearing(&record(source, name, Some(kind), "AssumedRole")).is_some(), "{source} {name}");
        }
    }

    #[test]
    fn what_no_rule_passes_is_not_missed() {
        let heard = |source: &str, kind, caller: &str| {
            hearing(&record(source, "X", kind, caller)).map(|rule| rule.name.as_str())
        };
        assert_eq!(heard("sts.amazonaws.com", None, "AssumedRole"), Some("sessions"));
        assert_eq!(heard("sts.amazonaws.com", None, "AWSService"), None);
        assert_eq!(hearing(&json!({"eventSource": "sts.amazonaws.com"})), None, "no caller at all");
        assert_eq!(heard("ecr.amazonaws.com", Some("AwsServiceEvent"), "AWSService"), Some("calls"));
        assert_eq!(heard("lambda.amazonaws.com", Some("AwsServiceEvent"), "AWSService"), None);
        assert_eq!(heard("s3.amazonaws.com", None, "AssumedRole"), None);
        let of_ecr =
            |name| hearing(&record("ecr.amazonaws.com", name, None, "AssumedRole")).map(|rule| rule.name.as_str());
        assert_eq!((of_ecr("BatchGetImage"), of_ecr("PutImage")), (Some("pulls"), Some("calls")));
    }

    #[test]
    fn only_what_people_may_switch_off_is_not_missed_when_it_is_off() {
        let off: States = rules().iter().map(|rule| (rule.name.clone(), Some("DISABLED".to_owned()))).collect();
        assert_eq!(expected(&off), BTreeSet::from(["calls", "control", "identity", "lambda", "pulls"]));
        assert_eq!(expected(&States::new()).len(), 6, "where nothing is known all are expected");
    }

    #[test]
    fn the_envelope_is_the_one_of_eventbridge() {
        let record = json!({"eventSource": "ecr.amazonaws.com", "eventID": "e-1", "eventType": "AwsServiceEvent", "eventName": "X"});
        let event = envelope(&record);
        assert_eq!((&event["source"], &event["detail"]), (&json!("aws.ecr"), &record));
        assert_eq!(event["detail-type"], "AWS Service Event via CloudTrail");
    }
}
