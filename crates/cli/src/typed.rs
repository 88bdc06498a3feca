//! Values as they are typed: each is refused with what it should look like.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{LONGEST_PAUSE, Place};

/// The id of an incident: sixteen hexadecimal digits, a dash and a generation.
pub(crate) fn incident(text: &str) -> Result<String, String> {
    let plain = |key: &str| key.len() == 16 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.split_once('-') {
        Some((key, generation)) if plain(key) && generation.parse::<u32>().is_ok_and(|number| number > 0) => {
            Ok(text.to_owned())
        }
        _ => Err("an id looks like `0123456789abcdef-1`; `layerguard incidents list` shows them".to_owned()),
    }
}

/// The address of an endpoint.
pub(crate) fn endpoint(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[') => {
            Ok(text.to_owned())
        }
        _ => Err("an endpoint looks like `https://host` or `http://127.0.0.1:4566`".to_owned()),
    }
}

/// A number of seconds to wait.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "say a whole number of seconds, 0 or more; 0 does not wait".to_owned())
}

/// How long to pause: hours or minutes.
pub(crate) fn span(text: &str) -> Result<SignedDuration, String> {
    let parsed = text.strip_suffix('h').map(|hours| (hours, 60)).or_else(|| text.strip_suffix('m').map(|m| (m, 1)));
    let minutes = parsed.and_then(|(number, each)| number.parse::<u32>().ok().map(|n| i64::from(n) * each));
    match minutes.map(SignedDuration::from_mins) {
        Some(span) if span > LONGEST_PAUSE => Err("a pause lasts at most 24 hours".to_owned()),
        Some(span) if span > SignedDuration::ZERO => Ok(span),
        _ => Err("a span looks like `30m` or `4h`".to_owned()),
    }
}

/// A comment that says something.
pub(crate) fn said(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("say why, for the record".to_owned()) } else { Ok(text.to_owned()) }
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Back(SignedDuration),
    /// From this moment on.
    At(Timestamp),
}

impl Since {
    /// The moment, when it is this late.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Back(span) => now.checked_sub(span).unwrap_or(Timestamp::UNIX_EPOCH),
            Self::At(moment) => moment,
        }
    }
}

/// A span back from now, a date, or a moment.
pub(crate) fn since(text: &str) -> Result<Since, String> {
    let units = [('d', 86_400), ('h', 3_600), ('m', 60)];
    for (unit, seconds) in units {
        if let Some(count) = text.strip_suffix(unit).and_then(|count| count.parse::<u32>().ok()) {
            return Ok(Since::Back(SignedDuration::from_secs(i64::from(count).saturating_mul(seconds))));
        }
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Since::At(moment));
    }
    let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    date.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|day| Since::At(day.timestamp())).ok_or_else(|| {
        "say a span such as `24h` or `7d`, a date such as `2026-11-20`, or a time such as `2026-11-20T09:30:00Z`"
            .to_owned()
    })
}

/// Where a list ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Among the open ones.
    pub open: bool,
    /// Behind this one.
    pub place: Place,
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listing = if self.open { "open" } else { "closed" };
        write!(out, "{listing},{},{}", self.place.opened_at, self.place.id)
    }
}

/// A place in a list, as [`Cursor`] is written.
pub(crate) fn cursor(text: &str) -> Result<Cursor, String> {
    let read = || {
        let (listing, rest) = text.split_once(',')?;
        let (opened_at, id) = rest.split_once(',')?;
        let open = match listing {
            "open" => true,
            "closed" => false,
            _ => return None,
        };
        let place = Place { opened_at: opened_at.parse().ok()?, id: incident(id).ok()? };
        Some(Cursor { open, place })
    };
    read().ok_or_else(|| {
        "give it as an earlier list said, like `closed,2026-11-20T09:31:00Z,0123456789abcdef-1`".to_owned()
    })
}

/// An account.
pub(crate) fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("an account has 12 digits".to_owned()) }
}

/// Seconds between two looks.
pub(crate) fn interval(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3_600).contains(seconds));
    seconds.ok_or_else(|| "say a whole number of seconds, 1 to 3600".to_owned())
}

/// The days that an exception lasts.
pub(crate) fn days(text: &str) -> Result<u16, String> {
    let days = text.parse().ok().filter(|days| (1..=365).contains(days));
    days.ok_or_else(|| "say a whole number of days, 1 to 365: an exception ends".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let text = "closed,2026-11-20T09:31:00.25Z,0123456789abcdef-1";
        assert_eq!(cursor(text).unwrap().to_string(), text);
        for wrong in ["closed,2026-11-20,0123456789abcdef-1", "all,2026-11-20T09:31:00Z,0123456789abcdef-1", "closed"] {
            assert!(cursor(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn since_is_a_span_a_date_or_a_moment() {
        let now: Timestamp = "2026-11-20T09:31:00Z".parse().unwrap();
        let of = |text: &str| since(text).unwrap().at(now).to_string();
        assert_eq!(of("7d"), "2026-11-13T09:31:00Z");
        assert_eq!(of("90m"), "2026-11-20T08:01:00Z");
        assert_eq!(of("2026-11-01"), "2026-11-01T00:00:00Z");
        assert_eq!(of("2026-11-20T10:00:00+01:00"), "2026-11-20T09:00:00Z");
        assert_eq!(of("4294967295d"), "1970-01-01T00:00:00Z");
        for wrong in ["", "d", "-7d", "7 d", "7w", "2026-13-01", "2026-11-20T09:00"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
