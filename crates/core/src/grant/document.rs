//! From the text of a policy to its statements: every element in every shape that the policy language allows for it.

use std::collections::BTreeMap;

use super::PolicyError;
use super::json::Json;

/// One statement.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its place in the policy, counted from 1.
    pub(super) number: usize,
    pub(super) sid: Option<String>,
    pub(super) allows: bool,
    /// `Principal` or `NotPrincipal`.
    pub(super) principals: Named<Principal>,
    /// `Action` or `NotAction`.
    pub(super) actions: Named<String>,
    /// `Resource` or `NotResource`; `None` where the policy's own resource is meant.
    pub(super) resources: Option<Named<String>>,
    pub(super) conditions: Vec<Condition>,
}

/// What an element names: these, or everything but these.
#[derive(Debug)]
pub(super) enum Named<T> {
    Only(Vec<T>),
    Except(Vec<T>),
}

impl<T> Named<T> {
    pub(super) fn items(&self) -> &[T] {
        match self {
            Self::Only(items) | Self::Except(items) => items,
        }
    }
}

/// One principal as written.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// How a principal is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `AWS`, or a bare text.
    Aws,
    Service,
    Federated,
    CanonicalUser,
    Unknown,
}

impl Kind {
    /// The kind of this name.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "AWS" => Self::Aws,
            "Service" => Self::Service,
            "Federated" => Self::Federated,
            "CanonicalUser" => Self::CanonicalUser,
            _ => Self::Unknown,
        }
    }
}

/// One operator over one key; several of them must all hold, and of the values one.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// The statements of a policy.
pub(super) fn statements(text: &str) -> Result<Vec<Statement>, PolicyError> {
    let Json::Object(mut policy) = Json::read(text)? else { return Err(PolicyError::NotAnObject) };
    let statements = policy.remove("Statement");
    if policy.keys().any(|element| !["Version", "Id"].contains(&element.as_str())) {
        return Err(PolicyError::UnknownElement);
    }
    let statements = match statements {
        Some(Json::List(statements)) => statements,
        Some(statement @ Json::Object(_)) => vec![statement],
        _ => return Err(PolicyError::NoStatement),
    };
    statements.into_iter().enumerate().map(|(index, statement)| read(index + 1, statement)).collect()
}

fn read(number: usize, statement: Json) -> Result<Statement, PolicyError> {
    let Json::Object(members) = statement else { return Err(PolicyError::NoStatement) };
    let mut elements = Elements { number, members };
    let sid = elements.members.remove("Sid").and_then(Json::into_text);
    let allows = match elements.members.remove("Effect").and_then(Json::into_text).as_deref() {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(PolicyError::Effect { statement: number }),
    };
    let principals = elements.required("Principal", "NotPrincipal", principals)?;
    let actions = elements.required("Action", "NotAction", Json::into_texts)?;
    let resources = elements.named("Resource", "NotResource", Json::into_texts)?;
    let conditions = match elements.members.remove("Condition") {
        Some(condition) => conditions(condition).ok_or_else(|| elements.malformed("Condition"))?,
        None => Vec::new(),
    };
    if elements.members.is_empty() {
        Ok(Statement { number, sid, allows, principals, actions, resources, conditions })
    } else {
        Err(PolicyError::UnknownIn { statement: number })
    }
}

/// What of a statement is not read yet.
struct Elements {
    number: usize,
    members: BTreeMap<String, Json>,
}

impl Elements {
    fn malformed(&self, element: &'static str) -> PolicyError {
        PolicyError::Malformed { statement: self.number, element }
    }

    /// An element or its opposite, if one of them is there.
    fn named<T>(
        &mut self,
        element: &'static str,
        opposite: &'static str,
        read: impl Fn(Json) -> Option<Vec<T>>,
    ) -> Result<Option<Named<T>>, PolicyError> {
        match (self.members.remove(element), self.members.remove(opposite)) {
            (None, None) => Ok(None),
            (Some(only), None) => read(only).map(Named::Only).map(Some).ok_or_else(|| self.malformed(element)),
            (None, Some(except)) => read(except).map(Named::Except).map(Some).ok_or_else(|| self.malformed(opposite)),
            (Some(_), Some(_)) => Err(PolicyError::Both { statement: self.number, element }),
        }
    }

    fn required<T>(
        &mut self,
        element: &'static str,
        opposite: &'static str,
        read: impl Fn(Json) -> Option<Vec<T>>,
    ) -> Result<Named<T>, PolicyError> {
        let statement = self.number;
        self.named(element, opposite, read)?.ok_or(PolicyError::Missing { statement, element })
    }
}

/// `"*"`, one text, a list, or an object of kinds.
fn principals(json: Json) -> Option<Vec<Principal>> {
    let of_kind = |kind: Kind, json: Json| {
        let texts = json.into_texts()?;
        Some(texts.into_iter().map(move |text| Principal { kind, text }))
    };
    let Json::Object(kinds) = json else { return Some(of_kind(Kind::Aws, json)?.collect()) };
    let mut principals = Vec::new();
    for (kind, json) in kinds {
        principals.extend(of_kind(Kind::of(&kind), json)?);
    }
    Some(principals)
}

/// Operators, each with keys, each with values.
fn conditions(json: Json) -> Option<Vec<Condition>> {
    let Json::Object(operators) = json else { return None };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else { return None };
        // Keys are case-insensitive, so the same key can stand twice although the names differ.
        let mut seen = BTreeMap::new();
        for (key, values) in keys {
            if seen.insert(key.to_ascii_lowercase(), ()).is_some() {
                return None;
            }
            conditions.push(Condition { operator: operator.clone(), key, values: values.into_texts()? });
        }
    }
    Some(conditions)
}
