//! ECR lifecycle policies: rules by which ECR itself deletes or archives images, and whether such a policy is a timer that
//! destroys what is in use.
//!
//! The grammar is that of the ECR user guide, "Lifecycle policy properties" and "Lifecycle policy evaluation rules". What
//! this module rests on:
//! - Rules have a unique `rulePriority`, the lower number first; a rule over `any` image has to come last.
//! - An image whose tags match a rule is never expired or archived by a later rule of the same storage class, whether or
//!   not the earlier rule does something to it. That is how people keep images: an early rule with a large number.
//! - Of the patterns or prefixes in a list **all** have to match, each any of the image's tags.
//! - `imageCountMoreThan`, `sinceImagePushed` and `sinceImagePulled` select the standard storage class alone,
//!   `sinceImageTransitioned` the archive alone. Nothing leaves the archive before 90 days.
//! - An image in the archive cannot be pulled, but restored.
//!
//! ECR refuses much that is read here: numbers as text, null, `sinceImagePulled` with `expire`. A policy is judged by what it
//! would do, not by whether ECR takes it.

mod cover;
mod destruction;
mod read;
#[cfg(test)]
mod tests;
mod twice;
mod words;

pub use destruction::{Destruction, Limits};
pub use read::read;

use crate::error::{Class, Classified};

/// A lifecycle policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    /// The rules, as written.
    pub rules: Vec<Rule>,
    /// What could not be read, in fixed sentences. Not empty means that the policy may do more than the rules say.
    pub flaws: Vec<&'static str>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `rulePriority`: the lower number is applied first. `None` where it cannot be read.
    pub priority: Option<u64>,
    /// Which images.
    pub selection: Selection,
    /// From when on.
    pub count: Count,
    /// What happens to them.
    pub action: Action,
}

/// Which images a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `tagStatus`
    pub status: TagStatus,
    /// `tagPatternList` or `tagPrefixList`
    pub tags: Tags,
    /// `storageClass`; absent means standard.
    pub storage_class: StorageClass,
}

/// `tagStatus`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagStatus {
    /// `tagged`: images with tags, as the list says.
    Tagged,
    /// `untagged`: images that nothing names any more.
    Untagged,
    /// `any`: all images.
    Any,
    /// Absent, or another word.
    Unknown,
}

/// What the tags of an image have to match. Attacker-controlled: escape it wherever a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// No list.
    Unlisted,
    /// `tagPatternList`: `*` stands for any characters. All have to match.
    Patterns(Vec<String>),
    /// `tagPrefixList`. All have to match.
    Prefixes(Vec<String>),
    /// Both lists, or one that is empty or no list of texts.
    Unreadable,
}

/// Where ECR keeps an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageClass {
    /// `standard`: it can be pulled.
    Standard,
    /// `archive`: it has to be restored before it can be pulled.
    Archive,
    /// Another word.
    Unknown,
}

/// From when on a rule acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// `countType`
    pub kind: CountType,
    /// `countNumber`: images or days. `None` where it is absent or no whole number from 0 up.
    pub number: Option<u64>,
    /// `countUnit` is `days`. It matters for the types that measure time.
    pub in_days: bool,
}

/// `countType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountType {
    /// `imageCountMoreThan`: all but the youngest.
    ImageCountMoreThan,
    /// `sinceImagePushed`: what was pushed longer ago.
    SinceImagePushed,
    /// `sinceImagePulled`: what was not pulled for so long; what was never pulled counts from its push.
    SinceImagePulled,
    /// `sinceImageTransitioned`: what has been in the archive for so long.
    SinceImageTransitioned,
    /// Absent, or another word.
    Unknown,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `expire`: the images are deleted.
    Expire,
    /// `transition`: they move to this storage class.
    Transition(StorageClass),
    /// Absent, or another word.
    Unknown,
}

/// Why a text is no lifecycle policy. What is unclear inside one is no error: [`LifecyclePolicy::destruction`] names it.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// Not JSON.
    #[error("the lifecycle policy is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("the lifecycle policy is not a JSON object")]
    NotAnObject,
    /// `rules` is absent or no list.
    #[error("the lifecycle policy has no list of `rules`")]
    NoRules,
}

impl LifecycleError {
    /// The error as a fixed sentence, which may key an incident.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "the lifecycle policy is not JSON",
            Self::NotAnObject => "the lifecycle policy is not a JSON object",
            Self::NoRules => "the lifecycle policy has no list of `rules`",
        }
    }
}

impl Classified for LifecycleError {
    fn class(&self) -> Class {
        Class::InvalidInput
    }
}
