//! Exceptions that cover nothing, that have ended or soon do, and that are there twice.

use jiff::SignedDuration;

use super::{Found, INVENTORY, Said, Subject, Weight};
use crate::engine::Bundle;
use crate::inventory::{Exception, Inventory};

/// An exception that ends within so many days is worth a look.
const SOON_DAYS: i64 = 14;

/// Exceptions of rules that the bundle does not have.
pub(super) fn of_unknown_rules(bundle: &Bundle, inventory: &Inventory, found: &mut Vec<Found>) {
    let Err(errors) = bundle.check(inventory) else { return };
    found.extend(errors.problems.iter().map(|problem| Found {
        severity: Weight::Error,
        file: INVENTORY.to_owned(),
        line: Some(problem.line),
        column: None,
        problem: problem.message.clone(),
        meaning: "whoever wrote it believes that somebody is excepted, and nobody is".to_owned(),
        remedy: "correct the rule's id, or take the exception out".to_owned(),
    }));
}

/// Those that have ended, and those that end soon.
pub(super) fn ending(subject: &Subject<'_>, found: &mut Vec<Found>) {
    for exception in &subject.inventory.exceptions {
        let left = exception.until.duration_since(subject.now);
        let day = exception.until.strftime("%Y-%m-%d");
        let Exception { rule, owner, path, .. } = exception;
        if !left.is_positive() {
            let problem = format!("the exception of `{rule}` ended on {day}");
            let meaning =
                "what it covered is a violation again; it is still told, with every call that it would have covered";
            let remedy = format!("take it out, or ask `{owner}` whether it is still needed and write a later `until`");
            found.push(subject.at(Weight::Warning, path, Said { problem, meaning, remedy }));
        } else if left <= SignedDuration::from_hours(24 * SOON_DAYS) {
            let problem = format!("the exception of `{rule}` ends on {day}, within {SOON_DAYS} days");
            let meaning = "from then on what it covers is a violation";
            let remedy = format!("ask `{owner}` whether it is still needed, and write a later `until` if it is");
            found.push(subject.at(Weight::Warning, path, Said { problem, meaning, remedy }));
        }
    }
}

/// Those that say the same as an earlier one.
pub(super) fn twice(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let all = &subject.inventory.exceptions;
    for (index, later) in all.iter().enumerate() {
        let same = |one: &&Exception| {
            (&one.rule, &one.principal, &one.resource) == (&later.rule, &later.principal, &later.resource)
        };
        let Some(earlier) = all.iter().take(index).find(same) else { continue };
        let problem = format!("the exception of `{}` says the same as the one on line {}", later.rule, earlier.line);
        let meaning = "the one that ends later counts: whoever takes out the other believes that it is over";
        let remedy = "keep one of them".to_owned();
        found.push(subject.at(Weight::Warning, &later.path, Said { problem, meaning, remedy }));
    }
}
