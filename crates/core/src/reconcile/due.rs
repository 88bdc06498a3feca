//! Which hours are to be reconciled now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Hour;
use crate::ports::HourDone;

/// An hour is taken when it has been over for so long: CloudTrail delivers within about five minutes on average, which it does not
/// promise (AWS facts, section 1).
pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// So many hours are looked back at: what is not complete is taken again, and what comes late is noticed.
pub const LOOKED_BACK: u32 = 6;

/// What is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Oldest first: never taken, or not complete.
    pub hours: Vec<Hour>,
    /// Those that are complete, with the delivery up to which their files were read.
    pub covered: BTreeMap<Hour, Timestamp>,
}

/// What is due now, by what is known of the hours that are looked back at.
#[must_use]
pub fn due(now: Timestamp, known: &[HourDone]) -> Due {
    let last = super::hour::later(now, -SETTLED_AFTER);
    let newest = Hour::of(last).back(1);
    let mut due = Due::default();
    for back in (0..=LOOKED_BACK).rev() {
        let hour = newest.back(back);
        match known.iter().find(|known| known.hour == hour.start()) {
            Some(known) if known.complete => {
                due.covered.insert(hour, known.covered_until);
            }
            _ => due.hours.push(hour),
        }
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_hour_is_due_when_its_files_are_surely_there() {
        let newest = |now: &str| due(at(now), &[]).hours.last().unwrap().to_string();
        assert_eq!(newest("2026-11-20T10:29:59Z"), "2026-11-20T08:00:00Z");
        assert_eq!(newest("2026-11-20T10:30:00Z"), "2026-11-20T09:00:00Z");
        assert_eq!(due(at("2026-11-20T10:30:00Z"), &[]).hours.len(), 7);
    }

    #[test]
    fn what_is_complete_is_only_watched_for_late_files() {
        let done =
            |hour: &str, complete| HourDone { hour: at(hour), covered_until: at("2026-11-20T09:31:00Z"), complete };
        let known = [done("2026-11-20T08:00:00Z", true), done("2026-11-20T07:00:00Z", false)];
        let due = due(at("2026-11-20T10:31:00Z"), &known);
        let hours: Vec<String> = due.hours.iter().map(ToString::to_string).collect();
        assert_eq!(due.covered.len(), 1);
        assert!(
            hours.contains(&"2026-11-20T07:00:00Z".to_owned()) && !hours.contains(&"2026-11-20T08:00:00Z".to_owned())
        );
        assert_eq!(hours.last().unwrap(), "2026-11-20T09:00:00Z");
    }
}
