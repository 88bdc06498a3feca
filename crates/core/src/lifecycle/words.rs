//! Rules in words for a person. Tags are escaped: whoever writes the policy chooses them.

use super::{Count, CountType, Limits, Rule, Selection, TagStatus, Tags};
use crate::cloudtrail::field::excerpt;

/// A policy has at most 50 rules; a text that is none must not fill a message.
const MOST_RULES: usize = 10;
const MOST_TAGS: usize = 3;

pub(super) fn destroying(rules: &[&Rule], limits: &Limits) -> Vec<String> {
    let mut told: Vec<String> = rules.iter().take(MOST_RULES).map(|rule| destroys(rule, limits)).collect();
    if let Some(more) = rules.len().checked_sub(MOST_RULES).filter(|more| *more > 0) {
        told.push(format!("and {more} more"));
    }
    told
}

pub(super) fn archiving<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<String> {
    let told = rules.take(MOST_RULES).map(|rule| {
        let (rule, images) = (name(rule), images(&rule.selection));
        format!("{rule} moves {images} to the archive; it deletes nothing, but they cannot be pulled until restored")
    });
    told.collect()
}

fn destroys(rule: &Rule, limits: &Limits) -> String {
    let (name, images) = (name(rule), images(&rule.selection));
    let Limits { least_images, least_days } = limits;
    let Count { kind, number, .. } = rule.count;
    let number = number.unwrap_or_default();
    match kind {
        CountType::ImageCountMoreThan => format!("{name} keeps only {number} of {images}, fewer than {least_images}"),
        CountType::SinceImagePulled => {
            format!("{name} deletes {images} that were not pulled for {}, fewer than {least_days}", days(number))
        }
        _ => format!("{name} deletes {images} {} after their push, fewer than {least_days}", days(number)),
    }
}

fn name(rule: &Rule) -> String {
    rule.priority.map_or_else(|| "a rule without priority".to_owned(), |priority| format!("rule {priority}"))
}

fn days(number: u64) -> String {
    if number == 1 { "1 day".to_owned() } else { format!("{number} days") }
}

fn images(selection: &Selection) -> String {
    if selection.status == TagStatus::Any {
        return "all images".to_owned();
    }
    let (list, ending) = match &selection.tags {
        Tags::Patterns(list) => (list, ""),
        Tags::Prefixes(list) => (list, "*"),
        Tags::Unlisted | Tags::Unreadable => return "the tagged images".to_owned(),
    };
    let shown: Vec<String> = list.iter().take(MOST_TAGS).map(|tag| format!("`{}{ending}`", excerpt(tag))).collect();
    let more = list.len().saturating_sub(MOST_TAGS);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the images tagged {}{rest}", shown.join(" and "))
}
