//! Hours: the unit in which a trail is reconciled.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Seconds of an hour.
const LENGTH: i64 = 3_600;

/// A full hour of event time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(Timestamp);

impl Hour {
    /// The hour in which this moment is.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        let second = time.as_second();
        let begin = second.saturating_sub(second.rem_euclid(LENGTH));
        Self(Timestamp::from_second(begin).unwrap_or(time))
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        self.0
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        later(self.0, SignedDuration::from_secs(LENGTH))
    }

    /// The hour after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.end())
    }

    /// The hour that is so many hours before it.
    #[must_use]
    pub fn back(self, hours: u32) -> Self {
        Self(later(self.0, -SignedDuration::from_hours(i64::from(hours))))
    }

    /// The hours that begin at this moment or later and are over at the other one.
    #[must_use]
    pub fn whole(since: Timestamp, until: Timestamp) -> Vec<Self> {
        let first = Self::of(since);
        let first = if first.start() < since { first.next() } else { first };
        let mut hours = Vec::new();
        let mut hour = first;
        while hour.end() <= until && hour.end() > hour.start() {
            hours.push(hour);
            hour = hour.next();
        }
        hours
    }
}

/// A moment so much later; the first or last one that there is where that goes too far.
pub(super) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_whole_hours_are_reconciled() {
        let hours = Hour::whole(at("2026-11-20T08:30:00Z"), at("2026-11-20T11:59:59Z"));
        let starts: Vec<String> = hours.iter().map(ToString::to_string).collect();
        assert_eq!(starts, ["2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"]);
        assert_eq!(Hour::of(at("2026-11-20T09:59:59.9Z")), hours[0]);
        assert_eq!((hours[0].next(), hours[1].back(1)), (hours[1], hours[0]));
        assert!(Hour::whole(at("2026-11-20T09:00:00Z"), at("2026-11-20T09:59:59Z")).is_empty());
        assert!(Hour::whole(Timestamp::MAX, Timestamp::MAX).is_empty());
    }
}
