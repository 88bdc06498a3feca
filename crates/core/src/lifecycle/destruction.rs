//! Would a policy expire what is in use?

use super::{Action, CountType, LifecyclePolicy, Rule, StorageClass, TagStatus, Tags};
use super::{cover, words};

pub(super) const UNREADABLE_RULE: &str = "a rule of the lifecycle policy cannot be read";
pub(super) const WRITTEN_TWICE: &str = "the lifecycle policy states something twice, and which one counts is open";
const UNKNOWN_ACTION: &str = "a rule of the lifecycle policy has an action that is not known";
const UNKNOWN_TARGET: &str = "a rule of the lifecycle policy moves images to a storage class that is not known";
const UNKNOWN_COUNT: &str = "a rule of the lifecycle policy counts in a way that is not known";
const NO_NUMBER: &str = "a rule of the lifecycle policy has no `countNumber` that can be read";
const UNKNOWN_UNIT: &str = "a rule of the lifecycle policy counts in a unit that is not days";
const UNKNOWN_STATUS: &str = "a rule of the lifecycle policy has a `tagStatus` that is not known";
const UNKNOWN_CLASS: &str = "a rule of the lifecycle policy has a `storageClass` that is not known";

/// What has to stay, so that a policy does not destroy what is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A rule that keeps fewer images destroys.
    pub least_images: u32,
    /// A rule that deletes images sooner after their push, or after their last pull, destroys. In days.
    pub least_days: u32,
}

/// Whether a policy is a timer that destroys images.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destruction {
    /// It keeps what is in use.
    No,
    /// It destroys: which rule, in words for a person. At least one, and safe to show.
    Yes(Vec<String>),
    /// It cannot be told: why, in fixed sentences, which may key an incident. At least one, none twice.
    Unsettled(Vec<&'static str>),
}

/// What one rule would do to tagged images in use, if no earlier rule kept them from it.
enum Effect {
    Keeps,
    Destroys,
    Unsettled(&'static str),
}

impl LifecyclePolicy {
    /// Would this policy expire what is in use?
    ///
    /// Destructive is a rule over tagged or `any` images that deletes them and keeps fewer, or younger ones, than the limits
    /// say, unless an earlier rule takes all of its tagged images. Clean-up of untagged images is routine. Moving images to
    /// the archive destroys nothing ([`LifecyclePolicy::notes`]), and what is in the archive is not in use.
    ///
    /// One destructive rule is enough for a yes. Otherwise anything that decides and cannot be read makes it unsettled.
    pub fn destruction(&self, limits: &Limits) -> Destruction {
        let mut destroying = Vec::new();
        let mut open = self.flaws.clone();
        for rule in &self.rules {
            match rule.effect(limits) {
                Effect::Destroys if !cover::is_kept_from(rule, self) => destroying.push(rule),
                Effect::Unsettled(sentence) if !open.contains(&sentence) => open.push(sentence),
                _ => {}
            }
        }
        destroying.sort_by_key(|rule| rule.priority);
        if !destroying.is_empty() {
            return Destruction::Yes(words::destroying(&destroying, limits));
        }
        open.sort_unstable();
        if open.is_empty() { Destruction::No } else { Destruction::Unsettled(open) }
    }

    /// What else a person should know: rules that move images in use to the archive, from where they cannot be pulled until
    /// somebody restores them. In words, safe to show.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let archiving = self.rules.iter().filter(|rule| {
            rule.action == Action::Transition(StorageClass::Archive) && rule.selection.status != TagStatus::Untagged
        });
        words::archiving(archiving)
    }
}

impl Rule {
    fn effect(&self, limits: &Limits) -> Effect {
        match self.action {
            Action::Expire => self.effect_of_expiry(limits),
            Action::Transition(StorageClass::Archive) => Effect::Keeps,
            Action::Transition(_) => Effect::Unsettled(UNKNOWN_TARGET),
            Action::Unknown => Effect::Unsettled(UNKNOWN_ACTION),
        }
    }

    fn effect_of_expiry(&self, limits: &Limits) -> Effect {
        let limit = match self.count.kind {
            CountType::Unknown => return Effect::Unsettled(UNKNOWN_COUNT),
            CountType::SinceImageTransitioned => return Effect::Keeps,
            CountType::ImageCountMoreThan => limits.least_images,
            CountType::SinceImagePushed | CountType::SinceImagePulled => limits.least_days,
        };
        let Some(number) = self.count.number else { return Effect::Unsettled(NO_NUMBER) };
        if self.count.kind != CountType::ImageCountMoreThan && !self.count.in_days {
            return Effect::Unsettled(UNKNOWN_UNIT);
        }
        if number >= u64::from(limit) || (number > 0 && self.keeps_one_by_name()) {
            return Effect::Keeps;
        }
        match (self.selection.storage_class, self.selection.status) {
            (StorageClass::Archive, _) | (_, TagStatus::Untagged) => Effect::Keeps,
            (StorageClass::Unknown, _) => Effect::Unsettled(UNKNOWN_CLASS),
            (_, TagStatus::Unknown) => Effect::Unsettled(UNKNOWN_STATUS),
            (StorageClass::Standard, TagStatus::Tagged | TagStatus::Any) => Effect::Destroys,
        }
    }

    /// People keep an image by its whole tag: `latest`, and more than 1. A tag names one image of a repository, so such a rule
    /// never has more than one to choose from.
    fn keeps_one_by_name(&self) -> bool {
        let is_tag = |text: &String| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        };
        let is_named = matches!(&self.selection.tags, Tags::Patterns(list) if list.iter().any(is_tag));
        is_named && self.selection.status == TagStatus::Tagged && self.count.kind == CountType::ImageCountMoreThan
    }
}
