//! Edits of a resource policy: what the actions that change one have in common.
//!
//! ECR replaces a policy whole and knows no revision (AWS facts, section 6). So each edit reads what stands now, changes its own
//! statements in it and keeps all others, and what was written is read back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ActionError, Applied, Tools, Undone};
use crate::grant;
use crate::ports::{Ecr, PortErrorKind, PortResult};
use crate::text::escape_to;

/// How many principals are named in words.
const MOST_NAMED: usize = 5;
/// How much of a name is kept in words.
const LONGEST_NAME: usize = 160;

/// Whose policy it is.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    /// A repository's, by name.
    Repository(&'a str),
    /// The registry's own.
    Registry,
}

impl Owner<'_> {
    /// The policy, if there is one.
    pub(super) async fn read(self, ecr: &dyn Ecr) -> PortResult<Option<String>> {
        match self {
            Self::Repository(name) => ecr.repository_policy(name).await,
            Self::Registry => ecr.registry_policy().await,
        }
    }

    /// The same for taking back: with a repository its policy is gone.
    pub(super) async fn read_if_there(self, ecr: &dyn Ecr) -> PortResult<Option<String>> {
        match self.read(ecr).await {
            Err(error) if error.kind == PortErrorKind::NotFound => Ok(None),
            read => read,
        }
    }

    /// Replace the policy; `None` deletes it.
    pub(super) async fn write(self, ecr: &dyn Ecr, policy: Option<&str>) -> PortResult<()> {
        match (self, policy) {
            (Self::Repository(name), Some(text)) => ecr.set_repository_policy(name, text).await,
            (Self::Repository(name), None) => ecr.delete_repository_policy(name).await,
            (Self::Registry, Some(text)) => ecr.put_registry_policy(text).await,
            (Self::Registry, None) => ecr.delete_registry_policy().await,
        }
    }
}

/// A policy document, with its statements apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    other: Map<String, Value>,
    pub(super) statements: Vec<Value>,
}

impl Document {
    /// A policy without a statement.
    pub(super) fn empty() -> Self {
        let other = Map::from_iter([("Version".to_owned(), json!("2012-10-17"))]);
        Self { other, statements: Vec::new() }
    }

    pub(super) fn read(action: &'static str, text: &str) -> Result<Self, ActionError> {
        let unreadable = |_| ActionError::Unreadable { action };
        let mut other: Map<String, Value> = serde_json::from_str(text).map_err(unreadable)?;
        let statements = match other.remove("Statement") {
            Some(Value::Array(statements)) => statements,
            Some(single) => vec![single],
            None => Vec::new(),
        };
        Ok(Self { other, statements })
    }

    /// The text; `None` where no statement is left, which no policy may be.
    pub(super) fn text(&self) -> Option<String> {
        if self.statements.is_empty() {
            return None;
        }
        let mut whole = self.other.clone();
        whole.insert("Statement".to_owned(), Value::Array(self.statements.clone()));
        Some(Value::Object(whole).to_string())
    }
}

/// Both are the same policy, or none: what counts is the JSON.
pub(super) fn same(one: Option<&str>, other: Option<&str>) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one == other || value(one).is_some_and(|one| Some(one) == value(other)),
        _ => false,
    }
}

/// One statement that loses what is outside.
#[derive(Debug, Serialize, Deserialize)]
struct Change {
    index: usize,
    before: Value,
    after: Option<Value>,
}

/// What stood there, and what is taken out of it.
#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    policy: Option<String>,
    changes: Vec<Change>,
    /// To whom it grants on although nobody can tell whose they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unlisted: Vec<String>,
}

/// Takes out of a policy what lets somebody outside in.
#[derive(Clone, Copy)]
pub(super) struct Narrowed<'a> {
    pub(super) action: &'static str,
    pub(super) owner: Owner<'a>,
    /// The account of the registry.
    pub(super) account: &'a str,
}

impl Narrowed<'_> {
    /// Read the policy as it stands now, and settle what offends in it.
    pub(super) async fn capture(&self, now: Timestamp, tools: Tools<'_>) -> Result<Value, ActionError> {
        let action = self.action;
        let inventory = tools.inventory.ok_or(ActionError::NoInventory { action })?;
        let policy = self.read(tools).await?;
        let unreadable = |_| ActionError::Unreadable { action };
        let (found, unlisted) = match &policy {
            Some(text) => (
                grant::narrowings(text, Some(self.account), inventory, now).map_err(unreadable)?,
                grant::of_unlisted(text, Some(self.account), inventory, now).map_err(unreadable)?,
            ),
            None => (Vec::new(), Vec::new()),
        };
        let change = |found: grant::Narrowing| Change { index: found.index, before: found.before, after: found.after };
        let captured = Captured { policy, changes: found.into_iter().map(change).collect(), unlisted };
        serde_json::to_value(captured).map_err(|source| ActionError::Captured { action, source })
    }

    /// Take it out of whatever stands there by now.
    pub(super) async fn apply(&self, captured: &Value, tools: Tools<'_>) -> Result<Applied, ActionError> {
        let Captured { changes, .. } = self.captured(captured)?;
        if changes.is_empty() {
            return Ok(Applied::NothingToDo);
        }
        // What was captured comes back from the audit table: whoever could forge a record there must not be able to grant anything.
        if !changes.iter().all(is_narrowing) {
            return Err(ActionError::NotANarrowing { action: self.action });
        }
        let Some(text) = self.read(tools).await? else { return Ok(Applied::Applied) };
        let mut document = Document::read(self.action, &text)?;
        if forward(&mut document, &changes) {
            self.write(document.text().as_deref(), tools).await?;
        }
        Ok(Applied::Applied)
    }

    /// What the policy grants on, because nobody can tell whose it is.
    pub(super) fn remark(captured: &Value) -> Option<String> {
        let unlisted = Captured::deserialize(captured).ok()?.unlisted;
        let shown: Vec<String> =
            unlisted.iter().take(MOST_NAMED).map(|who| format!("`{}`", escape_to(who, LONGEST_NAME))).collect();
        let more = unlisted.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!shown.is_empty()).then(|| {
            format!(
                "the policy still grants something to {}{more}: an account that is not listed, and the list of accounts is too old to \
                 tell whose it is; look whether it is yours",
                shown.join(", ")
            )
        })
    }

    /// None of what offended stands.
    pub(super) async fn holds(&self, captured: &Value, tools: Tools<'_>) -> Result<bool, ActionError> {
        let Captured { changes, .. } = self.captured(captured)?;
        let Some(text) = self.read(tools).await? else { return Ok(true) };
        let document = Document::read(self.action, &text)?;
        Ok(!changes.iter().any(|change| document.statements.contains(&change.before)))
    }

    /// Put back exactly what was taken out, and keep what others changed since.
    pub(super) async fn undo(&self, captured: &Value, tools: Tools<'_>) -> Result<Undone, ActionError> {
        let Captured { policy, changes, .. } = self.captured(captured)?;
        let Some(before) = policy.filter(|_| !changes.is_empty()) else { return Ok(Undone::NothingToDo) };
        let mut written = Document::read(self.action, &before)?;
        forward(&mut written, &changes);
        let current = self.owner.read_if_there(tools.ecr()).await;
        let current = current.map_err(|source| ActionError::Port { action: self.action, source })?;
        if same(current.as_deref(), Some(&before)) {
            return Ok(Undone::NothingToDo);
        }
        if same(current.as_deref(), written.text().as_deref()) {
            return match self.write(Some(&before), tools).await {
                // With the repository its policy is gone.
                Err(ActionError::Port { source, .. }) if source.kind == PortErrorKind::NotFound => {
                    Ok(Undone::NothingToDo)
                }
                put_back => put_back.map(|()| Undone::Undone),
            };
        }
        let Some(current) = current else { return Ok(drifted("the policy was deleted by somebody else")) };
        let mut document = Document::read(self.action, &current)?;
        match backward(&mut document, &changes) {
            None => Ok(drifted("the statements that layerguard narrowed were changed by somebody else")),
            Some(false) => Ok(Undone::NothingToDo),
            Some(true) => self.write(document.text().as_deref(), tools).await.map(|()| Undone::Undone),
        }
    }

    async fn read(&self, tools: Tools<'_>) -> Result<Option<String>, ActionError> {
        let read = self.owner.read(tools.ecr()).await;
        read.map_err(|source| ActionError::Port { action: self.action, source })
    }

    async fn write(&self, policy: Option<&str>, tools: Tools<'_>) -> Result<(), ActionError> {
        let written = self.owner.write(tools.ecr(), policy).await;
        written.map_err(|source| ActionError::Port { action: self.action, source })
    }

    fn captured(&self, captured: &Value) -> Result<Captured, ActionError> {
        Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: self.action, source })
    }
}

fn drifted(what: &str) -> Undone {
    Undone::Drifted(format!("{what}; it was left as it is"))
}

/// Whether anything changed.
fn forward(document: &mut Document, changes: &[Change]) -> bool {
    let before = document.statements.clone();
    document.statements = before
        .iter()
        .filter_map(|statement| match changes.iter().find(|change| change.before == *statement) {
            Some(change) => change.after.clone(),
            None => Some(statement.clone()),
        })
        .collect();
    document.statements != before
}

/// Whether anything changed; `None` where a narrowed statement is not there any more.
fn backward(document: &mut Document, changes: &[Change]) -> Option<bool> {
    let mut changed = false;
    for change in changes {
        if document.statements.contains(&change.before) {
            continue;
        }
        match &change.after {
            Some(after) => {
                let narrowed = document.statements.iter_mut().find(|statement| *statement == after)?;
                narrowed.clone_from(&change.before);
            }
            None => {
                let place = change.index.min(document.statements.len());
                document.statements.insert(place, change.before.clone());
            }
        }
        changed = true;
    }
    Some(changed)
}

/// An Allow that goes, or that is left to some of those whom it named.
fn is_narrowing(change: &Change) -> bool {
    let apart = |statement: &Value| {
        let mut rest = statement.as_object()?.clone();
        let principal = rest.remove("Principal")?;
        Some((rest, principal))
    };
    let allows = change.before.get("Effect").and_then(Value::as_str) == Some("Allow");
    allows
        && change.after.as_ref().is_none_or(|after| match (apart(&change.before), apart(after)) {
            (Some((rest, before)), Some((rest_after, after))) => {
                let (before, after) = (named(&before), named(&after));
                rest == rest_after && !after.is_empty() && after.iter().all(|who| before.contains(who))
            }
            _ => false,
        })
}

/// Whom a principal element names, with the kind.
fn named(principal: &Value) -> Vec<(String, Value)> {
    let texts = |kind: &str, named: &Value| -> Vec<(String, Value)> {
        let list = named.as_array().cloned().unwrap_or_else(|| vec![named.clone()]);
        list.into_iter().map(|text| (kind.to_owned(), text)).collect()
    };
    match principal {
        Value::Object(kinds) => kinds.iter().flat_map(|(kind, named)| texts(kind, named)).collect(),
        named => texts("AWS", named),
    }
}
