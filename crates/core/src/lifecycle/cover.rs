//! Which rules keep images from later ones. Narrow: where it is not sure that an earlier rule takes every image of a later
//! one, it does not.

use wildmatch::WildMatchPattern;

use super::{LifecyclePolicy, Rule, Selection, StorageClass, TagStatus, Tags};

/// More rules than a policy can have, and longer lists and texts than make sense, cover nothing: comparing them would cost
/// more than an event may.
const MOST_RULES: usize = 50;
const LONGEST_LIST: usize = 16;
const LONGEST_TEXT: usize = 256;

/// An earlier rule takes every tagged image that `later` is about, so that `later` touches none of them.
pub(super) fn is_kept_from(later: &Rule, policy: &LifecyclePolicy) -> bool {
    policy.rules.iter().take(MOST_RULES).any(|earlier| comes_before(earlier, later) && covers(earlier, later))
}

/// Where priorities are missing or equal, neither rule comes first.
fn comes_before(earlier: &Rule, later: &Rule) -> bool {
    matches!((earlier.priority, later.priority), (Some(first), Some(second)) if first < second)
}

/// Only a rule over tags covers: one over `any` image has to come last, so before another one it is an odd policy.
fn covers(earlier: &Rule, later: &Rule) -> bool {
    let is_over_tags = earlier.selection.status == TagStatus::Tagged;
    let is_standard = [earlier, later].iter().all(|rule| rule.selection.storage_class == StorageClass::Standard);
    let (Some(wide), Some(narrow)) = (globs(&earlier.selection), wanted(&later.selection)) else { return false };
    is_over_tags && is_standard && wide.iter().all(|wide| narrow.iter().any(|narrow| includes(wide, narrow)))
}

/// What every image of the later rule has among its tags.
fn wanted(selection: &Selection) -> Option<Vec<String>> {
    match selection.status {
        TagStatus::Tagged => Some(globs(selection).unwrap_or_else(|| vec!["*".to_owned()])),
        TagStatus::Any => Some(vec!["*".to_owned()]),
        TagStatus::Untagged | TagStatus::Unknown => None,
    }
}

/// The list as patterns with `*`; `None` where it is not sure what it selects.
fn globs(selection: &Selection) -> Option<Vec<String>> {
    let (list, ending) = match &selection.tags {
        Tags::Patterns(list) => (list, ""),
        // Whether `*` in a prefix is a wildcard is written nowhere.
        Tags::Prefixes(list) if list.iter().all(|prefix| !prefix.contains('*')) => (list, "*"),
        _ => return None,
    };
    let is_sound = |text: &String| (1..=LONGEST_TEXT).contains(&text.len()) && !text.contains(NOT_IN_A_TAG);
    let are_sound = list.len() <= LONGEST_LIST && list.iter().all(is_sound);
    are_sound.then(|| list.iter().map(|text| format!("{text}{ending}")).collect())
}

/// Patterns of tags know `*` alone; the library wants a character for one letter too, and no tag has this one.
type Glob = WildMatchPattern<'*', NOT_IN_A_TAG>;
const NOT_IN_A_TAG: char = '\0';

/// Everything that matches `narrow` matches `wide`. Only a `*` of `wide` can stand for a `*` of `narrow`, so it is enough
/// to match `narrow` as if its `*` were one more letter.
fn includes(wide: &str, narrow: &str) -> bool {
    Glob::new(wide).matches(narrow)
}

#[cfg(test)]
mod tests {
    use super::includes;

    #[test]
    fn a_pattern_includes_another_when_it_matches_all_that_the_other_matches() {
        let table = [
            ("*", "", true),
            ("*", "*", true),
            ("*", "prod*", true),
            ("**", "*", true),
            ("prod*", "prod*", true),
            ("prod*", "prod", true),
            ("prod*", "prod-*", true),
            ("prod*", "*", false),
            ("prod*", "pro*", false),
            ("prod", "prod*", false),
            ("*prod*", "a*prod", true),
            ("*prod", "prod*", false),
            ("a*b*c", "a*c", false),
            ("a*c", "a*b*c", true),
            ("*a*", "*b*a*b*", true),
            ("v?", "v1", false),
        ];
        for (wide, narrow, expected) in table {
            assert_eq!(includes(wide, narrow), expected, "`{wide}` includes `{narrow}`");
        }
    }
}
