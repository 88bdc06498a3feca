//! Settings and lifecycle policies: what protects less than it should.

use super::{About, LONGEST, Told};
use crate::call::ScanRule;
use crate::inventory::{Inventory, TagMutability};
use crate::lifecycle::{self, Destruction};
use crate::text::escape_to;

const fn setting(weakened: bool) -> About {
    About::Setting { weakened }
}

/// Today's values of `imageTagMutability` (AWS facts, section 7; API model of ECR).
pub(super) fn tag_mutability(value: Option<&str>, exclusions: &[String], inventory: &Inventory) -> Told {
    let mutable_is_expected = inventory.expected.tag_mutability == Some(TagMutability::Mutable);
    let names =
        || exclusions.iter().map(|name| format!("`{}`", escape_to(name, LONGEST))).collect::<Vec<_>>().join(", ");
    match value {
        Some("IMMUTABLE") => Told::plain(setting(false)),
        Some("MUTABLE" | "MUTABLE_WITH_EXCLUSION" | "IMMUTABLE_WITH_EXCLUSION") if mutable_is_expected => {
            Told::plain(setting(false)).says("the inventory expects mutable tags")
        }
        Some("MUTABLE") => Told::plain(setting(true)).says("every tag may be moved to another image"),
        Some("MUTABLE_WITH_EXCLUSION") => {
            Told::plain(setting(true)).says(format!("every tag may be moved, except those that match {}", names()))
        }
        Some("IMMUTABLE_WITH_EXCLUSION") => {
            Told::plain(setting(true)).says(format!("tags that match {} may be moved to another image", names()))
        }
        _ => Told::plain(setting(false)).misses("the record does not show a value of tag mutability that is known"),
    }
}

pub(super) fn scan_on_push_set(value: Option<bool>, inventory: &Inventory) -> Told {
    match value {
        Some(true) => Told::plain(setting(false)),
        Some(false) if inventory.expected.scan_on_push == Some(false) => {
            Told::plain(setting(false)).says("the inventory does not expect scanning on push")
        }
        Some(false) => Told::plain(setting(true)).says("images are not scanned when they are pushed"),
        None => Told::plain(setting(false)).misses("the record does not show whether images are scanned on push"),
    }
}

/// The whole configuration of a registry, replaced: what it does not name is not scanned.
pub(super) fn scanning(scan_type: Option<&str>, rules: Option<&[ScanRule]>) -> Told {
    let unreadable = "the record does not show a scanning configuration that can be read";
    let Some(rules) = rules else { return Told::plain(setting(false)).misses(unreadable) };
    let everything = |rule: &ScanRule| rule.filters.is_empty() || rule.filters.iter().any(|filter| filter == "*");
    let by_itself = |rule: &ScanRule| rule.frequency.as_deref() != Some("MANUAL");
    let weakness = match scan_type {
        Some("BASIC") | None => Some("scanning is basic: no packages of languages, no scanning after the push"),
        Some("ENHANCED") if rules.is_empty() => Some("no repository is scanned"),
        Some("ENHANCED") if !rules.iter().any(|rule| everything(rule) && by_itself(rule)) => {
            Some("only some repositories are scanned by themselves")
        }
        Some("ENHANCED") => None,
        _ => return Told::plain(setting(false)).misses(unreadable),
    };
    match weakness {
        Some(words) => Told::plain(setting(true)).says(words),
        None => Told::plain(setting(false)),
    }
}

/// ECR's account settings (API model of ECR; AWS facts, section 6).
pub(super) fn account_setting(name: Option<&str>, value: Option<&str>) -> Told {
    match (name, value) {
        (Some("REGISTRY_POLICY_SCOPE"), Some("V1")) => Told::plain(setting(true))
            .says("the registry policy no longer covers every action: its denies lose their effect"),
        (Some("BLOB_MOUNTING"), Some("ENABLED")) => Told::plain(setting(true))
            .says("layers can be mounted across repositories: a layer of one can be pulled through another"),
        (Some("BASIC_SCAN_TYPE_VERSION"), Some("CLAIR")) => {
            Told::plain(setting(true)).says("basic scanning falls back to its old engine")
        }
        (Some("REGISTRY_POLICY_SCOPE"), Some("V2"))
        | (Some("BLOB_MOUNTING"), Some("DISABLED"))
        | (Some("BASIC_SCAN_TYPE_VERSION"), Some("AWS_NATIVE")) => Told::plain(setting(false)),
        _ => {
            Told::plain(setting(false)).misses("the record shows an account setting or a value of it that is not known")
        }
    }
}

pub(super) fn lifecycle_policy(policy: Option<&str>, inventory: &Inventory) -> Told {
    let nothing = Told::plain(About::Lifecycle { destructive: false });
    let Some(text) = policy else {
        return nothing.misses("the record does not show the lifecycle policy that was written");
    };
    let read = match lifecycle::read(text) {
        Ok(read) => read,
        Err(error) => {
            return nothing.says(error.to_string()).misses("the lifecycle policy that was written cannot be read");
        }
    };
    match read.destruction(&inventory.thresholds.lifecycle) {
        Destruction::No => nothing,
        Destruction::Yes(words) => Told { words, ..Told::plain(About::Lifecycle { destructive: true }) },
        Destruction::Unsettled(sentences) => {
            Told { missing: sentences.into_iter().map(str::to_owned).collect(), ..nothing }
        }
    }
}
