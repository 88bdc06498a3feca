//! Values as they are typed: each is refused with what it should look like.

use std::fmt;

use jiff::SignedDuration;
use layerguard_core::approval::MOST_ASSIGNEE;
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

/// Who looks after an incident.
pub(crate) fn assignee(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("say who, for example `build team`".to_owned());
    }
    if name.len() > MOST_ASSIGNEE {
        return Err(format!("a name has at most {MOST_ASSIGNEE} bytes"));
    }
    Ok(name.to_owned())
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
}
