//! Odd inputs: what is readable is delivered, the rest is said.

use std::io::{BufReader, Read};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cloudtrail::{Event, parse};
use crate::error::{Class, Classified};

const RECORD: &str = r#"{"eventSource":"ecr.amazonaws.com","eventName":"BatchGetImage"}"#;

/// What an input yields: `ok`, or the error in words.
fn read(text: &str) -> Vec<String> {
    read_records(text.as_bytes()).map(|item| item.map_or_else(|error| error.to_string(), |_| "ok".to_owned())).collect()
}

#[test]
fn an_empty_input_is_an_error_and_an_empty_list_is_not() {
    for text in ["", " \n\t", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(read(text), ["the input is empty: expected CloudTrail records as JSON"], "{text:?}");
    }
    for text in ["{\"Records\":[]}", "[]", "{\"Records\": [ ] , \"x\": 1}", "[{\"Records\":[]}]"] {
        assert!(read(text).is_empty(), "{text}");
    }
}

#[test]
fn values_may_follow_each_other_in_any_envelope() {
    let text =
        format!("{RECORD}{RECORD} [{RECORD},{RECORD}]\u{feff}{{\"Records\":[{RECORD}]}}\n{{\"detail\":{RECORD}}}");
    assert_eq!(read(&text), ["ok"; 6]);
}

#[test]
fn records_are_numbered_and_placed() {
    let text = format!("{{\"Records\":[{RECORD},\n  {RECORD}]}}\n{RECORD}");
    let positions: Vec<Position> = read_records(text.as_bytes()).map(|item| item.expect("a record").position).collect();
    let places: Vec<_> = positions.iter().map(|at| (at.record, at.line, at.column)).collect();
    assert_eq!(places, [(1, 1, 13), (2, 2, 3), (3, 3, 1)]);
}

#[test]
fn what_is_not_json_is_said_with_its_place() {
    assert_eq!(read("hello"), ["record 1 (line 1, column 1): not JSON: expected `{` or `[`"]);
    assert_eq!(read("\n null"), ["record 1 (line 2, column 2): not JSON: expected `{` or `[`"]);
    assert_eq!(read("{\"a\": 1,}"), ["record 1 (line 1, column 9): not JSON: trailing comma"]);
    assert_eq!(read("{\n\"a\": x\n}"), ["record 1 (line 2, column 6): not JSON: expected value"]);
    let text = format!("{RECORD} junk\n<html>\n{RECORD}");
    assert_eq!(read(&text), ["ok", "record 2 (line 1, column 65): not JSON: expected `{` or `[`", "ok"]);
}

#[test]
fn half_a_file_yields_its_whole_records_first() {
    let text = format!("{{\"Records\":[{RECORD},{RECORD},{{\"eventName\":\"Get");
    let cut = "the input ends in the middle of what begins here; is the file whole?";
    assert_eq!(read(&text), ["ok", "ok", &format!("record 3 (line 1, column 141): {cut}")]);
    let text = format!("{{\"Records\":[{RECORD}");
    assert_eq!(read(&text), ["ok", &format!("record 2 (line 1, column 1): {cut}")]);
    assert_eq!(read("{\"Records\":[]"), [format!("record 1 (line 1, column 1): {cut}")]);
}

#[test]
fn one_bad_record_does_not_stop_the_others() {
    let bad = "{\"eventName\": tru}";
    let text = format!("{{\"Records\":[{RECORD},{bad},{RECORD}]}}");
    assert_eq!(read(&text), ["ok", "record 2 (line 1, column 94): not JSON: expected ident", "ok"]);
    for bad in [bad, "{\"a\":", "{\"a\":{\"b\":1", "{\"a\":\"b", "[", "{\"Records\":[{", "]", "{}{", "{\"a\":1}}"] {
        let text = format!("{RECORD}\n{bad}\n{RECORD}\n{RECORD}");
        let items = read(&text);
        let good = items.iter().filter(|item| *item == "ok").count();
        assert_eq!((good, items.len() > good), (3, true), "{bad}: {items:?}");
    }
}

#[test]
fn a_broken_list_of_indented_records_goes_on_with_the_next_one() {
    let text = format!("{{\"Records\":[\n{RECORD},\n{{\"a\":\"b\n}},\n{RECORD}\n]}}\n{RECORD}");
    let items = read(&text);
    assert_eq!(items.iter().filter(|item| *item == "ok").count(), 3, "{items:?}");
    assert_eq!(items.len(), 4, "{items:?}");
}

#[test]
fn json_of_another_shape_is_said() {
    let event = json!({ "detail-type": "ECR Image Action", "source": "aws.ecr", "detail": { "action-type": "PUSH" } });
    let cases = [
        (event.to_string(), "an EventBridge event of type `ECR Image Action`, not a CloudTrail record"),
        (
            json!({ "detail-type": "x" }).to_string(),
            "an EventBridge event without a `detail` object: expected the CloudTrail record there",
        ),
        (
            json!({ "detail": "x" }).to_string(),
            "an EventBridge event without a `detail` object: expected the CloudTrail record there",
        ),
        (json!({ "Records": {} }).to_string(), "`Records` is an object, not a list"),
        (json!({ "Records": null }).to_string(), "`Records` is null, not a list"),
        (json!([null]).to_string(), "null where a CloudTrail record was expected"),
        (json!({ "Records": ["x"] }).to_string(), "text where a CloudTrail record was expected"),
        (
            json!({}).to_string(),
            "an object that is neither a CloudTrail record nor an envelope of records: it has none of `eventName`, `eventSource`, `Records`, `detail`",
        ),
    ];
    for (text, shape) in cases {
        let items = read(&text);
        assert_eq!(items.len(), 1, "{text}");
        assert!(items[0].ends_with(shape), "{text}: {items:?}");
    }
}

#[test]
fn deep_nesting_is_an_error_of_that_record_alone() {
    let deep = "[".repeat(1_000_000);
    let text = format!("{{\"eventName\":{deep}\n{RECORD}\n{{\"eventName\":{deep}{}}}\n{RECORD}", "]".repeat(1_000_000));
    let items = read(&text);
    assert_eq!(items.iter().filter(|item| *item == "ok").count(), 2, "{items:?}");
    assert!(items.iter().any(|item| item.contains("recursion limit exceeded")), "{items:?}");
}

#[test]
fn a_record_of_twenty_megabytes_is_read() {
    let text = format!("{{\"eventName\":\"x\",\"requestParameters\":\"{}\"}}\n{RECORD}", "a".repeat(20 << 20));
    assert_eq!(read(&text), ["ok", "ok"]);
}

#[test]
fn what_no_record_can_be_is_skipped_and_said() {
    let text = format!("{{\"eventName\":\"{}\"}}\n{RECORD}", "a".repeat(LARGEST));
    let items = read(&text);
    assert_eq!(items.len(), 2);
    assert!(items[0].contains("larger than") && items[1] == "ok", "{}", items[1]);
}

/// An endless log file, and how much of it was asked for.
struct Endless {
    head: &'static [u8],
    given: std::rc::Rc<std::cell::Cell<usize>>,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut count = self.head.read(out)?;
        if count == 0 {
            let element = format!("{RECORD},");
            count = element.as_bytes().read(out)?;
        }
        self.given.set(self.given.get() + count);
        Ok(count)
    }
}

#[test]
fn a_list_is_walked_record_by_record() {
    let given = std::rc::Rc::new(std::cell::Cell::new(0));
    let endless = Endless { head: b"{\"Records\":[", given: given.clone() };
    let mut records = read_records(BufReader::with_capacity(256, endless));
    for number in 1..=20_000_u64 {
        let record = records.next().expect("another record").expect("a record");
        assert_eq!(record.position.record, number);
    }
    let read = 20_000 * (RECORD.len() + 1);
    assert!(given.get() < read + 1_000, "{} bytes were taken for {read}", given.get());
    assert!(records.splitter.bytes().len() <= RECORD.len());
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

#[test]
fn an_input_that_fails_ends_the_stream() {
    let half = RECORD.as_bytes().chain(Failing);
    let items: Vec<_> = read_records(BufReader::new(half)).collect();
    assert_eq!(items.len(), 2);
    let error = items[1].as_ref().expect_err("the failure");
    assert!(matches!(error, ReadError::Io { .. }));
    assert_eq!(error.class(), Class::Retryable);
}

#[test]
fn a_payload_holds_exactly_one_record() {
    let record: Value = serde_json::from_str(RECORD).expect("JSON");
    for payload in [json!({ "detail": record }), json!([record]), json!({ "Records": [{ "detail": record }] })] {
        assert_eq!(only_record(&payload), Ok(&record));
    }
    assert_eq!(only_record(&json!({ "Records": [] })), Err(ShapeError::Count { count: 0 }));
    assert_eq!(only_record(&json!([record, record])), Err(ShapeError::Count { count: 2 }));
    assert_eq!(only_record(&json!(7)), Err(ShapeError::NotAnObject { found: "a number" }));
}

/// Everything that was read, with the problems in words.
fn items<R: BufRead>(records: Records<R>) -> Vec<Result<RawRecord, String>> {
    records.map(|item| item.map_err(|error| format!("{error:?}"))).collect()
}

fn watched<R: BufRead>(records: Records<R>) -> Vec<Event> {
    let events = records.filter_map(Result::ok).filter_map(|raw| parse(&raw.value).ok());
    events.filter(|event| event.call.is_some()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The fast way of a replay (blocks of bytes; unwatched records unparsed) and the slow one (single bytes; everything parsed) come to
    /// the same, however broken the input is. The fuzz target `fast` holds the same for arbitrary bytes.
    #[test]
    fn the_fast_way_is_the_slow_way(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{\"Records\":[", "]}", "[", "]", "{", "}", ",", "\n", " ", "\"", "\\", ":", "null", "17", "\u{feff}",
            "{\"eventSource\":\"ecr.amazonaws.com\",\"eventName\":\"GetDownloadUrlForLayer\",\"eventTime\":\"2026-11-20T09:31:00Z\"}",
            "{\"eventName\":\"GetDownloadUrlForLayer\",\"eventSource\":\"ecr.amazonaws.com\",\"eventID\":\"e\"}",
            "{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"requestParameters\":{\"key\":\"}{\\\"]\"},\"x\":[[],{}]}",
            "{\"eventSource\":\"ecr.amazonaws.com\",\"eventTime\":\"2026-11-20T09:31:00Z\",\"eventName\":\"GetDownloadUrl\\u0046orLayer\"}",
            "{\"eventSource\":\"lambda.amazonaws.com\",\"eventName\":\"GetLayerVersion20181031\",\"eventTime\":\"2026-11-20T09:31:00Z\"}",
            "{\"detail-type\":\"x\",\"detail\":{\"eventSource\":\"ecr.amazonaws.com\",\"eventName\":\"BatchGetImage\",\"eventTime\":\"20131102T010628Z\"}}",
            "\"eventName\":\"BatchGetImage\"", "\"eventSource\":\"ecr.amazonaws.com\"", "\"detail\":",
        ]), 0..24),
    ) {
        let text = parts.concat();
        let single = || read_records(BufReader::with_capacity(1, text.as_bytes()));
        prop_assert_eq!(items(read_records(text.as_bytes())), items(single()));
        prop_assert_eq!(watched(read_records(text.as_bytes()).watched_only()), watched(single()));
    }
}
