//! Which rules keep images from later ones. Narrow: where it is not sure that an earlier rule takes every image of a later
//! one, it does not.

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
    is_over_tags
        && is_standard
        && wide.iter().all(|wide| narrow.iter().any(|narrow| includes(wide.as_bytes(), narrow.as_bytes())))
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
    let is_sound = list.len() <= LONGEST_LIST && list.iter().all(|text| (1..=LONGEST_TEXT).contains(&text.len()));
    is_sound.then(|| list.iter().map(|text| format!("{text}{ending}")).collect())
}

/// Everything that matches `narrow` matches `wide`. Only a `*` of `wide` can stand for a `*` of `narrow`, so it is enough
/// to match `narrow` as if its `*` were one more letter.
fn includes(wide: &[u8], narrow: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(letter) = narrow.get(seen) {
        match wide.get(at) {
            Some(b'*') => {
                back = Some((at + 1, seen));
                at += 1;
            }
            Some(same) if same == letter => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((after, start)) = back else { return false };
                back = Some((after, start + 1));
                at = after;
                seen = start + 1;
            }
        }
    }
    wide.iter().skip(at).all(|byte| *byte == b'*')
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
            assert_eq!(includes(wide.as_bytes(), narrow.as_bytes()), expected, "`{wide}` includes `{narrow}`");
        }
    }
}
