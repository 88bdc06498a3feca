//! From text to typed rules. Members that nobody knows are ignored; a member that decides and cannot be read is kept as
//! unknown, so that it surfaces where it matters.

use serde_json::{Map, Value};

use super::{
    Action, Count, CountType, LifecycleError, LifecyclePolicy, Rule, Selection, StorageClass, TagStatus, Tags,
};
use super::{destruction, twice};

/// Read the `lifecyclePolicyText` of a call.
///
/// # Errors
/// When it is not JSON, not an object, or has no list of rules.
pub fn read(text: &str) -> Result<LifecyclePolicy, LifecycleError> {
    let value: Value = serde_json::from_str(text).map_err(LifecycleError::NotJson)?;
    let policy = value.as_object().ok_or(LifecycleError::NotAnObject)?;
    let written = policy.get("rules").and_then(Value::as_array).ok_or(LifecycleError::NoRules)?;
    let rules: Vec<Rule> = written.iter().filter_map(Value::as_object).map(rule).collect();
    let mut flaws = Vec::new();
    if rules.len() < written.len() {
        flaws.push(destruction::UNREADABLE_RULE);
    }
    if twice::decides_twice(text) {
        flaws.push(destruction::WRITTEN_TWICE);
    }
    Ok(LifecyclePolicy { rules, flaws })
}

fn rule(members: &Map<String, Value>) -> Rule {
    let selection = object(members, "selection");
    Rule {
        priority: number(members, "rulePriority"),
        selection: Selection {
            status: match text(selection, "tagStatus") {
                Some("tagged") => TagStatus::Tagged,
                Some("untagged") => TagStatus::Untagged,
                Some("any") => TagStatus::Any,
                _ => TagStatus::Unknown,
            },
            tags: tags(selection),
            storage_class: match stated(selection, "storageClass") {
                None => StorageClass::Standard,
                Some(class) => storage_class(class),
            },
        },
        count: count(selection),
        action: action(object(members, "action")),
    }
}

fn tags(selection: Option<&Map<String, Value>>) -> Tags {
    match (stated(selection, "tagPatternList"), stated(selection, "tagPrefixList")) {
        (None, None) => Tags::Unlisted,
        (Some(list), None) => texts(list).map_or(Tags::Unreadable, Tags::Patterns),
        (None, Some(list)) => texts(list).map_or(Tags::Unreadable, Tags::Prefixes),
        (Some(_), Some(_)) => Tags::Unreadable,
    }
}

fn count(selection: Option<&Map<String, Value>>) -> Count {
    Count {
        kind: match text(selection, "countType") {
            Some("imageCountMoreThan") => CountType::ImageCountMoreThan,
            Some("sinceImagePushed") => CountType::SinceImagePushed,
            Some("sinceImagePulled") => CountType::SinceImagePulled,
            Some("sinceImageTransitioned") => CountType::SinceImageTransitioned,
            _ => CountType::Unknown,
        },
        number: selection.and_then(|members| number(members, "countNumber")),
        in_days: text(selection, "countUnit") == Some("days"),
    }
}

fn action(members: Option<&Map<String, Value>>) -> Action {
    match text(members, "type") {
        Some("expire") => Action::Expire,
        Some("transition") => {
            let target = stated(members, "targetStorageClass");
            Action::Transition(target.map_or(StorageClass::Unknown, storage_class))
        }
        _ => Action::Unknown,
    }
}

fn storage_class(value: &Value) -> StorageClass {
    match value.as_str() {
        Some("standard") => StorageClass::Standard,
        Some("archive") => StorageClass::Archive,
        _ => StorageClass::Unknown,
    }
}

fn object<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    members.get(key).and_then(Value::as_object)
}

/// A member that is there and not null.
fn stated<'a>(members: Option<&'a Map<String, Value>>, key: &str) -> Option<&'a Value> {
    members?.get(key).filter(|value| !value.is_null())
}

fn text<'a>(members: Option<&'a Map<String, Value>>, key: &str) -> Option<&'a str> {
    stated(members, key)?.as_str()
}

/// At least one text, and nothing but texts.
fn texts(list: &Value) -> Option<Vec<String>> {
    let texts: Option<Vec<String>> = list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect();
    texts.filter(|texts| !texts.is_empty())
}

/// A whole number from 0 up: `3`, `3.0` or `"3"`.
fn number(members: &Map<String, Value>, key: &str) -> Option<u64> {
    match members.get(key)? {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) if text.trim().bytes().all(|byte| byte.is_ascii_digit()) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(number: f64) -> Option<u64> {
    const LARGEST: f64 = 4_294_967_295.0;
    ((0.0..=LARGEST).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}
