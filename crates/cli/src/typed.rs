//! Values as they are typed: each is refused with what it should look like.

use jiff::SignedDuration;
use layerguard_core::approval::MOST_ASSIGNEE;
use layerguard_core::ports::LONGEST_PAUSE;

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
