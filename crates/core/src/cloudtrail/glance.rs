//! A look at the bytes of one value that tells most records apart from the watched ones without parsing them: in a year of an
//! account's trail, nearly all records are of calls that nobody watches.

use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;

use crate::call::Call;

static SOURCE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"eventSource\""));
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"eventName\""));
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));

/// The names of watched calls. Lambda's go on with a date.
static NAMES: LazyLock<HashSet<&'static [u8]>> =
    LazyLock::new(|| Call::watched().map(|(_, name)| name.as_bytes()).collect());

/// Whether the bytes are surely one record of a call that is not watched.
///
/// Sound whatever the bytes are: the key and the name of a call are plain letters and digits, so a parser can find them in a text only
/// where they stand as they are, or where there is an escape of the form `\u`. Every place where the key stands is looked at, at
/// whatever depth, so that neither a second key nor an envelope hides one. What looks like no record at all is left to the parser, so
/// that it is told. `plain` bytes are known to have no escape.
pub(super) fn is_surely_unwatched(bytes: &[u8], plain: bool) -> bool {
    if bytes.first() != Some(&b'{') {
        return false;
    }
    let mut rest = bytes;
    let mut named = false;
    while let Some(at) = NAME.find(rest) {
        rest = rest.get(at + NAME.needle().len()..).unwrap_or_default();
        match value_is_unwatched(rest) {
            Some(true) => named = true,
            Some(false) => return false,
            None => {}
        }
    }
    named && has_source(bytes) && (plain || ESCAPE.find(bytes).is_none())
}

/// The key of the service stands somewhere.
fn has_source(bytes: &[u8]) -> bool {
    SOURCE.find(bytes).is_some()
}

/// Of what follows the key: whether its value is surely no watched call's name. `None` where no value follows.
fn value_is_unwatched(after: &[u8]) -> Option<bool> {
    let value = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let Some(text) = value.strip_prefix(b"\"") else { return Some(false) };
    let name = memchr(b'"', text).and_then(|end| text.get(..end)).unwrap_or_default();
    Some(is_plain(name) && !is_watched(name))
}

/// A name as AWS gives them: letters and digits.
fn is_plain(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric)
}

fn is_watched(name: &[u8]) -> bool {
    if NAMES.contains(name) {
        return true;
    }
    // Lambda's date and version; every beginning that ends before a digit or a `v` may be the plain name.
    name.iter().enumerate().skip(1).any(|(at, byte)| {
        (byte.is_ascii_digit() || *byte == b'v') && name.get(..at).is_some_and(|plain| NAMES.contains(plain))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::cloudtrail::parse;

    fn surely(bytes: &[u8]) -> bool {
        is_surely_unwatched(bytes, false)
    }

    fn record(source: &str, name: &str) -> Vec<u8> {
        let record =
            json!({ "eventSource": source, "eventName": name, "eventTime": "2026-11-20T09:31:00Z", "eventID": "e-1" });
        record.to_string().into_bytes()
    }

    #[test]
    fn every_watched_call_is_looked_at() {
        for (source, name) in Call::watched() {
            assert!(!surely(&record(source, name)), "{source} {name}");
        }
        assert!(!surely(&record("lambda.amazonaws.com", "GetLayerVersion20181031")));
    }

    #[test]
    fn other_calls_are_passed_over() {
        assert!(surely(&record("s3.amazonaws.com", "GetObject")));
        assert!(surely(&record("ecr.amazonaws.com", "DescribeRepositories")));
    }

    #[test]
    fn what_could_hide_a_name_or_is_no_record_is_looked_at() {
        let hidden = br#"{"eventSource":"ecr.amazonaws.com","eventName":"\u0047etDownloadUrlForLayer"}"#;
        assert!(!surely(hidden));
        for hidden in [
            &br#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventName":"GetDownloadUrlForLayer"}"#[..],
            br#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","detail":{"eventName" : "GetDownloadUrlForLayer"}}"#,
            br#"{"eventSource":"s3.amazonaws.com","eventName":"Get\"Object"}"#,
            br#"{"eventSource":"s3.amazonaws.com","eventName":7}"#,
            br#"{"eventSource":"s3.amazonaws.com","x":"eventName"}"#,
        ] {
            assert!(!surely(hidden), "{}", String::from_utf8_lossy(hidden));
        }
        for other in [&b"{}"[..], b"[]", b"7", b"", br#"{"eventSource":"s3.amazonaws.com"}"#] {
            assert!(!surely(other));
        }
    }

    proptest! {
        /// Whatever the whitespace and the order: what the parser calls watched was not passed over.
        #[test]
        fn nothing_watched_is_passed_over(at in 0..200_usize, pretty in any::<bool>(), noise in "[ -~]{0,40}") {
            let (source, name) = Call::watched().nth(at % Call::watched().count()).expect("a call");
            let value = json!({
                "noise": noise, "eventName": name, "eventSource": source, "eventTime": "2026-11-20T09:31:00Z", "eventID": "e-1",
            });
            let bytes = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.expect("JSON");
            let watched = parse(&value).expect("an event").call.is_some();
            prop_assert!(!watched || !surely(&bytes));
        }
    }
}
