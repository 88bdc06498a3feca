//! A policy that was deleted and is put back: what the actions that restore one have in common.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::resource_policy::same;
use super::{ActionError, Applied, Impossible, Undone};

/// Why a policy cannot be put back.
pub(super) const UNKNOWN: &str = "what stood before is not known: the record does not show it";

/// What is settled before the policy is put back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Captured {
    /// What stands in its place now.
    pub(super) prior: Option<String>,
}

/// The next deed.
pub(super) enum Deed {
    /// Nothing stands there: put it back.
    Write,
    /// It stands.
    None(Applied),
}

pub(super) fn captured(action: &'static str, prior: Option<String>) -> Result<Value, ActionError> {
    serde_json::to_value(Captured { prior }).map_err(|source| ActionError::Captured { action, source })
}

/// What is to be done, by what stands there now. A policy that somebody wrote since is never overwritten.
pub(super) fn deed(
    action: &'static str,
    value: &Value,
    current: Option<&str>,
    text: &str,
) -> Result<Deed, ActionError> {
    let Captured { prior } = Captured::deserialize(value).map_err(|source| ActionError::Captured { action, source })?;
    match current {
        None => Ok(Deed::Write),
        Some(_) if same(current, Some(text)) => {
            // It stood there already, or an earlier try has put it back.
            let before = same(prior.as_deref(), Some(text));
            Ok(Deed::None(if before { Applied::NothingToDo } else { Applied::Applied }))
        }
        Some(_) => Err(ActionError::Replaced { action }),
    }
}

/// Whether to delete what stands there now, or why not.
pub(super) fn undo(
    action: &'static str,
    value: &Value,
    current: Option<&str>,
    text: &str,
) -> Result<Option<Undone>, ActionError> {
    let Captured { prior } = Captured::deserialize(value).map_err(|source| ActionError::Captured { action, source })?;
    Ok(match current {
        None => Some(Undone::NothingToDo),
        // It stood there before us.
        Some(_) if same(prior.as_deref(), Some(text)) => Some(Undone::NothingToDo),
        Some(_) if same(current, Some(text)) => None,
        Some(_) => Some(Undone::Drifted("somebody wrote another policy since; it was left as it is".to_owned())),
    })
}

/// The text that the record of the deletion shows.
pub(super) fn deleted(text: Option<&String>) -> Result<String, Impossible> {
    text.cloned().ok_or_else(|| Impossible(UNKNOWN.to_owned()))
}
