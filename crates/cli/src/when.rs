//! Points in time as they are typed: a day, a time, or a span before now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A point in time. All times are in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This one.
    At(Timestamp),
    /// The beginning of this day.
    Day(Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

impl When {
    /// The point from which on is meant.
    #[must_use]
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) | Self::Day(time) => time,
            Self::Ago(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
        }
    }

    /// The point until which is meant: a day counts whole.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(time) => time.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX),
            other => other.from(now),
        }
    }
}

/// Reads one.
pub(crate) fn when(text: &str) -> Result<When, String> {
    let wrong = || "a time looks like `2026-11-20`, `2026-11-20T09:30:00Z`, `90m`, `12h` or `7d`".to_owned();
    for (unit, minutes) in [('d', 24 * 60), ('h', 60), ('m', 1)] {
        if let Some(number) = text.strip_suffix(unit) {
            let minutes =
                number.parse::<u32>().ok().and_then(|number| number.checked_mul(minutes)).ok_or_else(wrong)?;
            return Ok(When::Ago(SignedDuration::from_mins(i64::from(minutes))));
        }
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(When::At(time));
    }
    // A time without its zone is no day: it is refused instead of being cut down to one.
    let day = text.parse::<Date>().ok().filter(|_| text.len() == "2026-11-20".len()).ok_or_else(wrong)?;
    day.to_zoned(TimeZone::UTC).map(|day| When::Day(day.timestamp())).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_a_point_or_a_span() {
        let now: Timestamp = "2026-11-20T09:30:00Z".parse().unwrap();
        let range = |text: &str| {
            let when = when(text).unwrap();
            (when.from(now).to_string(), when.until(now).to_string())
        };
        assert_eq!(range("2026-11-19"), ("2026-11-19T00:00:00Z".to_owned(), "2026-11-20T00:00:00Z".to_owned()));
        assert_eq!(range("90m").0, "2026-11-20T08:00:00Z");
        assert_eq!(range("12h").0, "2026-11-19T21:30:00Z");
        assert_eq!(range("2d").0, "2026-11-18T09:30:00Z");
        assert_eq!(range("2026-11-19T10:00:00+01:00").0, "2026-11-19T09:00:00Z");
        for junk in ["", "yesterday", "2026-11-31", "2026-11-19T10:00:00", "-1d", "5w", "99999999999d", "d"] {
            assert!(when(junk).is_err(), "{junk}");
        }
    }
}
