//! Patterns that can match nobody, that say nothing new, or that let a stranger in.

use super::{Found, Said, Subject, Weight};
use crate::inventory::{ArnPattern, Partner};

/// One list of patterns.
struct List<'a> {
    /// Its key.
    key: &'static str,
    patterns: &'a [ArnPattern],
    /// Its patterns match widely, because matching too much is the safe side.
    shields: bool,
    /// How many of its patterns the owner wrote; what is built in follows after them.
    own: usize,
}

/// Everything about the lists of principals.
pub(super) fn all(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let lists = &subject.inventory.principals;
    let readers = subject.inventory.layers.readers.as_deref().unwrap_or_default();
    let own = (0..lists.service_pullers.len())
        .take_while(|index| subject.lines.has(&format!("principals.service_pullers[{index}]")))
        .count();
    let of = |key, patterns: &'_ Vec<ArnPattern>, shields| (key, patterns.clone(), shields);
    for (key, patterns, shields) in [
        of("principals.image_pullers", &lists.image_pullers, false),
        of("principals.administrators", &lists.administrators, false),
        of("principals.workloads", &lists.workloads, true),
        of("principals.protected", &lists.protected, true),
        of("principals.on_call", &lists.on_call, false),
    ] {
        let own = patterns.len();
        one(subject, &List { key, patterns: &patterns, shields, own }, found);
    }
    let service_pullers =
        List { key: "principals.service_pullers", patterns: &lists.service_pullers, shields: false, own };
    one(subject, &service_pullers, found);
    one(subject, &List { key: "layers.readers", patterns: readers, shields: false, own: readers.len() }, found);
}

fn one(subject: &Subject<'_>, list: &List<'_>, found: &mut Vec<Found>) {
    for (index, pattern) in list.patterns.iter().take(list.own).enumerate() {
        let key = format!("{}[{index}]", list.key);
        let told = impossible(pattern)
            .or_else(|| foreign(subject, list, pattern))
            .or_else(|| shadowed(subject, list, index, pattern));
        found.extend(told.map(|said| subject.at(Weight::Warning, &key, said)));
    }
}

/// A pattern that no principal's ARN can match, beside those that an inventory refuses.
fn impossible(pattern: &ArnPattern) -> Option<Said<'static>> {
    let resource = pattern.resource()?;
    let nameless = ["role", "user", "role/", "user/"].contains(&resource);
    nameless.then(|| Said {
        problem: format!("`{}` matches nobody: the name is missing, as in `role/ci` or `role/ci/*`", pattern.as_str()),
        meaning: "whoever was to be listed is not",
        remedy: "write the name, or take the pattern out".to_owned(),
    })
}

/// A pattern of an account that is neither ours nor a partner's.
fn foreign(subject: &Subject<'_>, list: &List<'_>, pattern: &ArnPattern) -> Option<Said<'static>> {
    let account = pattern.account()?;
    let organization = &subject.inventory.organization;
    let partner = organization.partners.iter().any(|partner| match partner {
        Partner::Account(known) => known == account,
        Partner::Principals(known) => known.account() == Some(account),
    });
    if subject.inventory.owns(account) || partner {
        return None;
    }
    let meaning = if list.shields {
        "it shields nobody of yours: layerguard changes nothing in that account anyway"
    } else {
        "somebody outside the organisation is trusted here as one of yours"
    };
    Some(Said {
        problem: format!("`{}` is of account `{account}`, which is not of the organisation", pattern.as_str()),
        meaning,
        remedy: "correct the account, add it to `organization.accounts`, or to `partners` if that is meant".to_owned(),
    })
}

/// A pattern that is there already, or that an earlier one covers wholly.
fn shadowed(subject: &Subject<'_>, list: &List<'_>, index: usize, pattern: &ArnPattern) -> Option<Said<'static>> {
    let ours = |account: &str| subject.inventory.owns(account);
    let covers = |(_, earlier): &(usize, &ArnPattern)| {
        // A wildcard account stands for ours alone.
        let counts = earlier.account().is_some() || pattern.account().is_none_or(ours);
        earlier == &pattern || (counts && earlier.covers(pattern, list.shields))
    };
    let (at, earlier) = list.patterns.iter().enumerate().take(index).find(covers)?;
    let line = subject.lines.of_key(&format!("{}[{at}]", list.key));
    let line = line.map(|line| format!(" on line {line}")).unwrap_or_default();
    let problem = if earlier == pattern {
        format!("`{}` is listed{line} already", pattern.as_str())
    } else {
        format!("`{}` says nothing new: `{}`{line} covers it", pattern.as_str(), earlier.as_str())
    };
    let meaning = "whoever takes it out believes that it is not listed any more, and it still is";
    let remedy = "take it out, or narrow the earlier one if it is wider than meant".to_owned();
    Some(Said { problem, meaning, remedy })
}
