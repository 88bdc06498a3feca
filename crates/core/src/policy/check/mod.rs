//! What is wrong with a policy, and what is probably not meant: everything at once, each with its place, its meaning and what to do.
//!
//! Pure, so that the command line, Decide and a test find the same.

mod exceptions;
mod networks;
mod patterns;
mod places;
mod response;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::engine::{self, Bundle};
use crate::inventory::{self, Inventory};

/// The name that an inventory has in a policy folder, and in what is found.
pub const INVENTORY: &str = "inventory.toml";

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The policy cannot be used, or does the opposite of what it says.
    Error,
    /// It can be used, and somebody should look.
    Warning,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How grave it is.
    pub severity: Weight,
    /// The file's name within the policy, for example `rules/x.cedar` or `inventory.toml`.
    pub file: String,
    /// Line, counted from 1; `None` when it is about the file as a whole.
    pub line: Option<usize>,
    /// Column in characters, counted from 1; known for policies only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What was found.
    pub problem: String,
    /// What that means.
    pub meaning: String,
    /// What to do about it.
    pub remedy: String,
}

/// The parts of a finding that are about the inventory.
struct Said<'a> {
    problem: String,
    meaning: &'a str,
    remedy: String,
}

/// What else is asked of an inventory that can be read.
struct Subject<'a> {
    inventory: &'a Inventory,
    lines: places::Lines,
    now: Timestamp,
}

impl Subject<'_> {
    /// Something at a key of the inventory, such as `principals.image_pullers[2]`.
    fn at(&self, severity: Weight, key: &str, said: Said<'_>) -> Found {
        let Said { problem, meaning, remedy } = said;
        let (file, line) = (INVENTORY.to_owned(), self.lines.of_key(key));
        Found { severity, file, line, column: None, problem, meaning: meaning.to_owned(), remedy }
    }
}

/// Checks a policy: `files` as they are laid over the default bundle ([`Bundle::from_files`]), and the text of the inventory. `now` decides
/// which exceptions have ended.
#[must_use]
pub fn check(files: &BTreeMap<String, String>, inventory: &str, now: Timestamp) -> Vec<Found> {
    let bundle = Bundle::from_files(files);
    let read = Inventory::from_toml(inventory);
    let mut found = Vec::new();
    if let Err(errors) = &bundle {
        found.extend(errors.problems.iter().map(of_bundle));
    }
    match &read {
        Err(errors) => found.extend(errors.problems.iter().map(unreadable)),
        Ok(known) => {
            let subject = Subject { inventory: known, lines: places::Lines::of(inventory), now };
            if let Ok(bundle) = &bundle {
                exceptions::of_unknown_rules(bundle, known, &mut found);
                response::unused_playbooks(bundle, files, &mut found);
            }
            exceptions::ending(&subject, &mut found);
            exceptions::twice(&subject, &mut found);
            patterns::all(&subject, &mut found);
            networks::all(&subject, &mut found);
            response::nobody_on_call(&subject, &mut found);
        }
    }
    found.sort_by(|one, other| {
        (one.severity, &one.file, one.line, one.column).cmp(&(other.severity, &other.file, other.line, other.column))
    });
    found.dedup();
    found
}

/// Whether there is an error among what was found.
#[must_use]
pub fn has_errors(found: &[Found]) -> bool {
    found.iter().any(|one| one.severity == Weight::Error)
}

impl Weight {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Found {
    /// `rules/x.cedar:7:12`.
    #[must_use]
    pub fn place(&self) -> String {
        let numbers = [self.line, self.column].into_iter().flatten();
        numbers.fold(self.file.clone(), |place, number| format!("{place}:{number}"))
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.problem)
    }
}

fn of_bundle(problem: &engine::Problem) -> Found {
    Found {
        severity: Weight::Error,
        file: problem.file.clone(),
        line: problem.line,
        column: problem.column,
        problem: problem.message.clone(),
        meaning: "the policy does not load, so that every watched call would be undecided".to_owned(),
        remedy: problem
            .help
            .clone()
            .unwrap_or_else(|| "correct it after the model of a built-in rule or playbook".to_owned()),
    }
}

fn unreadable(problem: &inventory::Problem) -> Found {
    let key = problem.key.as_ref().map(|key| format!("`{key}`: ")).unwrap_or_default();
    let nearest = problem.nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
    Found {
        severity: Weight::Error,
        file: INVENTORY.to_owned(),
        line: Some(problem.line),
        column: None,
        problem: format!("{key}{}", problem.message),
        meaning: "the inventory cannot be read, so that nothing is known to be yours and every watched call would be undecided"
            .to_owned(),
        remedy: nearest.unwrap_or_else(|| "correct the line; `inventory.example.toml` explains every key".to_owned()),
    }
}

#[cfg(test)]
mod tests;
