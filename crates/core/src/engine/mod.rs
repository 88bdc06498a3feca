//! The policy engine: a bundle of Cedar policies, and the three questions put to it.

mod assess;
mod bundle;
mod call;
mod compiled;
mod exception;
mod explain;
mod files;
mod memo;
mod playbook;
mod problem;
mod propose;
mod question;
mod reads;
mod respond;
mod rule;
mod situation;
mod source;
mod surely;

use serde::{Deserialize, Serialize};

pub use bundle::{Bundle, version_of, whole};
pub use playbook::{Playbook, PlaybookStep, When};
pub use problem::{BundleErrors, Problem};
pub use propose::{NotProposed, Proposal, Proposed, Terms, propose};
pub use question::{ApprovalQuestion, ApprovalVerdict, Place, ResponseAnswer, ResponseQuestion};
pub(crate) use reads::CountsRead;
pub use rule::Rule;

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Worth waking somebody.
    Critical,
}

/// The answer to "was this call authorised?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Decided: authorised.
    Clear,
    /// Decided: at least one rule fired and is not excepted.
    Violation,
    /// Not decided: something was missing or failed. Never treated as clear.
    Undecided,
    /// A call that no rule is about.
    Unwatched,
}

impl Verdict {
    /// The word in JSON, logs and figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Violation => "violation",
            Self::Undecided => "undecided",
            Self::Unwatched => "unwatched",
        }
    }
}

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiredRule {
    /// The rule's id, also its file's stem.
    pub id: String,
    /// Annotation `@title`.
    pub title: String,
    /// Annotation `@family`: incidents are kept by family.
    pub family: String,
    /// Annotation `@severity`.
    pub severity: Severity,
    /// Annotation `@playbook`.
    pub playbook: String,
    /// Annotation `@attack`.
    pub attack: String,
    /// Annotation `@controls`.
    pub controls: String,
    /// The exception of the inventory that suppresses it, if one does.
    pub exception: Option<AppliedException>,
}

/// An `[[exception]]` of the inventory that covered a fired rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedException {
    /// Why it exists.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends (RFC 3339).
    pub until: String,
    /// False when it has expired: said, and without effect.
    pub in_force: bool,
}

/// The answer to the first question, with what led to it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The answer.
    pub verdict: Verdict,
    /// The rules that fired, excepted ones included, weightiest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<FiredRule>,
    /// Why, in words for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What kept the question from being decided. Not empty means undecided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Hash of the bundle (rules, playbooks, inventory) that answered.
    pub policy_version: String,
}

impl Assessment {
    /// The rules that count: fired and not excepted.
    pub fn violations(&self) -> impl Iterator<Item = &FiredRule> {
        self.rules.iter().filter(|rule| !rule.exception.as_ref().is_some_and(|exception| exception.in_force))
    }

    /// The weightiest severity among the rules that count.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.violations().map(|rule| rule.severity).max()
    }
}

#[cfg(test)]
mod tests;
