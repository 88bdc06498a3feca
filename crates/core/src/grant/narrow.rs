//! Which part of a policy lets somebody outside in, so that exactly that can be taken out.

use jiff::Timestamp;
use serde_json::Value;

use super::action::Service;
use super::deny::Denied;
use super::document::{self, Kind, Named, Principal};
use super::principal;
use super::reach::{Judge, Reach, Unsettled};
use super::{Allowed, PolicyError};
use crate::inventory::Inventory;

/// A statement that lets everybody or somebody outside in, and what is left of it without them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowing {
    /// Its place among the policy's statements, from 0.
    pub index: usize,
    /// The statement as it stands.
    pub before: Value,
    /// The same statement with the principals that are ours alone; `None` where nobody is left.
    pub after: Option<Value>,
}

/// What is to be taken out of this policy, so that it grants nothing to everybody or to somebody outside, judged as
/// [`of_policy`](super::of_policy) judges. What cannot be told, what is denied and whatever else stands there stays.
///
/// # Errors
/// As [`of_policy`](super::of_policy).
pub fn narrowings(
    text: &str,
    owner: Option<&str>,
    inventory: &Inventory,
    at: Timestamp,
) -> Result<Vec<Narrowing>, PolicyError> {
    let statements = document::statements(text)?;
    let judge = Judge { owner, inventory, at, layers: false };
    let service = Service::of(&statements);
    let denied = Denied::of(&statements, service, judge);
    let policy: Value = serde_json::from_str(text).map_err(|_| PolicyError::NoStatement)?;
    let written = match policy.get("Statement") {
        Some(Value::Array(written)) => written.clone(),
        Some(single) => vec![single.clone()],
        None => return Err(PolicyError::NoStatement),
    };
    let mut found = Vec::new();
    for (index, (statement, before)) in statements.iter().zip(written).enumerate() {
        let (most, _) = Allowed::most(statement, service, &denied, judge);
        let lets_out =
            || Allowed::of(statement, service, &denied, judge).reaches.iter().any(|reach| *reach >= Reach::Outside);
        if !statement.allows || most < Reach::Outside || !lets_out() {
            continue;
        }
        let ours = |kind, text: &str| {
            let named = Principal { kind, text: text.to_owned() };
            principal::reach(&named, judge).0.min(most) < Reach::Outside
        };
        let after = match &statement.principals {
            Named::Only(_) => without_outsiders(&before, ours),
            Named::Except(_) => None,
        };
        if after.as_ref() != Some(&before) {
            found.push(Narrowing { index, before, after });
        }
    }
    Ok(found)
}

/// The principals to which this policy grants something although nobody can tell whose they are: their account is not listed, and the
/// list of accounts is out of date. [`narrowings`] leaves them there. As the policy writes them; each once.
///
/// # Errors
/// As [`of_policy`](super::of_policy).
pub fn of_unlisted(
    text: &str,
    owner: Option<&str>,
    inventory: &Inventory,
    at: Timestamp,
) -> Result<Vec<String>, PolicyError> {
    let statements = document::statements(text)?;
    let judge = Judge { owner, inventory, at, layers: false };
    let service = Service::of(&statements);
    let denied = Denied::of(&statements, service, judge);
    let mut found: Vec<String> = Vec::new();
    for statement in statements.iter().filter(|statement| statement.allows) {
        let (most, _) = Allowed::most(statement, service, &denied, judge);
        let Named::Only(principals) = &statement.principals else { continue };
        for principal in principals {
            let reach = principal::reach(principal, judge).0.min(most);
            if reach == Reach::Unsettled(Unsettled::StaleAccounts) && !found.contains(&principal.text) {
                found.push(principal.text.clone());
            }
        }
    }
    Ok(found)
}

fn without_outsiders(statement: &Value, ours: impl Fn(Kind, &str) -> bool) -> Option<Value> {
    let left = match statement.get("Principal")? {
        Value::Object(kinds) => {
            let left = kinds
                .iter()
                .filter_map(|(kind, named)| Some((kind.clone(), kept(named, |text| ours(Kind::of(kind), text))?)));
            let left: serde_json::Map<String, Value> = left.collect();
            (!left.is_empty()).then_some(Value::Object(left))
        }
        named => kept(named, |text| ours(Kind::Aws, text)),
    }?;
    let mut statement = statement.clone();
    statement.as_object_mut()?.insert("Principal".to_owned(), left);
    Some(statement)
}

/// One text or a list of them, in the shape in which it was written; `None` where nobody is left. A number counts as its text, as an
/// account id may be written.
fn kept(named: &Value, ours: impl Fn(&str) -> bool) -> Option<Value> {
    let stays = |value: &Value| match value {
        Value::String(text) => ours(text),
        Value::Number(_) | Value::Bool(_) => ours(&value.to_string()),
        _ => false,
    };
    match named {
        Value::Array(texts) => {
            let left: Vec<Value> = texts.iter().filter(|text| stays(text)).cloned().collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        one => stays(one).then(|| one.clone()),
    }
}
