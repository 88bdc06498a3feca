//! A look at the bytes of one value that tells most records apart from the watched ones without parsing them: in a year of an
//! account's trail, nearly all records are of calls that nobody watches.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use crate::call::Call;

/// The beginning of the name of every watched call, as JSON has it. Lambda's names go on with a date.
static NAMES: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(Call::watched().map(|(_, name)| format!("\"{name}"))).ok());

/// Whether the bytes are surely one record of a call that is not watched.
///
/// Sound whatever the bytes are: the name of a call is plain letters and digits, so a parser can find it in a text only where it stands
/// as it is, or where there is an escape of the form `\u`. What looks like no record at all is left to the parser, so that it is told.
pub(super) fn is_surely_unwatched(bytes: &[u8]) -> bool {
    let is_record = bytes.first() == Some(&b'{')
        && memmem::find(bytes, b"\"eventSource\"").is_some()
        && memmem::find(bytes, b"\"eventName\"").is_some();
    is_record
        && memmem::find(bytes, b"\\u").is_none()
        && NAMES.as_ref().is_some_and(|names| names.find(bytes).is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::cloudtrail::parse;

    fn record(source: &str, name: &str) -> Vec<u8> {
        let record =
            json!({ "eventSource": source, "eventName": name, "eventTime": "2026-11-20T09:31:00Z", "eventID": "e-1" });
        record.to_string().into_bytes()
    }

    #[test]
    fn every_watched_call_is_looked_at() {
        for (source, name) in Call::watched() {
            assert!(!is_surely_unwatched(&record(source, name)), "{source} {name}");
        }
        assert!(!is_surely_unwatched(&record("lambda.amazonaws.com", "GetLayerVersion20181031")));
    }

    #[test]
    fn other_calls_are_passed_over() {
        assert!(is_surely_unwatched(&record("s3.amazonaws.com", "GetObject")));
        assert!(is_surely_unwatched(&record("ecr.amazonaws.com", "DescribeRepositories")));
    }

    #[test]
    fn what_could_hide_a_name_or_is_no_record_is_looked_at() {
        let hidden = br#"{"eventSource":"ecr.amazonaws.com","eventName":"\u0047etDownloadUrlForLayer"}"#;
        assert!(!is_surely_unwatched(hidden));
        for other in [&b"{}"[..], b"[]", b"7", b"", br#"{"eventSource":"s3.amazonaws.com"}"#] {
            assert!(!is_surely_unwatched(other));
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
            prop_assert!(!watched || !is_surely_unwatched(&bytes));
        }
    }
}
