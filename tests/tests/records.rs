//! Records of every identity and every call, from bytes to typed events.
//!
//! A fixture is one file in `fixtures/records`: a record and the part of the event that it must become. The list of flaws is
//! always stated in full. A new file is found by itself.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    reason = "helpers of tests: a panic is the report, and fixtures are ASCII"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use layerguard_core::call::Call;
use layerguard_core::cloudtrail::{Event, parse, parse_lambda_payload, read_records};
use proptest::prelude::*;
use proptest::sample::Index;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    name: String,
    record: Value,
    event: Value,
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn fixture_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records")
}

/// Every fixture, read once.
fn fixtures() -> &'static [Fixture] {
    static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(read_fixtures);
    &FIXTURES
}

fn first_record() -> Value {
    fixtures().first().map(|fixture| fixture.record.clone()).expect("a fixture")
}

fn read_fixtures() -> Vec<Fixture> {
    let files = json_files(&fixture_folder());
    assert!(!files.is_empty());
    files
        .iter()
        .map(|path| {
            let text = fs::read(path).expect("a readable fixture");
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

/// What `expected` states and `actual` does not hold, by path. Lists are compared whole.
fn differences(path: &str, expected: &Value, actual: &Value) -> Vec<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => expected
            .iter()
            .flat_map(|(key, value)| match actual.get(key) {
                Some(actual) => differences(&format!("{path}.{key}"), value, actual),
                // What is absent or empty is left out when an event is written.
                None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => Vec::new(),
                None => vec![format!("{path}.{key} does not exist")],
            })
            .collect(),
        _ if expected == actual => Vec::new(),
        _ => vec![format!("{path}: expected {expected}, got {actual}")],
    }
}

#[test]
fn every_fixture_becomes_its_event() {
    let mut wrong = Vec::new();
    for fixture in fixtures() {
        assert!(fixture.event.get("flaws").is_some(), "{}: the flaws are not stated", fixture.name);
        match parse(&fixture.record) {
            Ok(event) => {
                let actual = serde_json::to_value(&event).expect("an event is JSON");
                wrong.extend(
                    differences("event", &fixture.event, &actual).iter().map(|d| format!("{}: {d}", fixture.name)),
                );
            }
            Err(error) => wrong.push(format!("{}: {error}", fixture.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_principal_and_every_call_has_a_fixture() {
    let events: Vec<Event> = fixtures().iter().map(|fixture| parse(&fixture.record).expect("a record")).collect();
    let kinds: BTreeSet<_> = events.iter().map(|event| event.principal.kind).collect();
    assert_eq!(kinds.len(), 14, "{kinds:?}");
    let calls: BTreeSet<_> = events.iter().filter(|event| event.call.is_some()).map(Event::call_name).collect();
    let name = |(source, name): (&str, &str)| format!("{}:{name}", source.split('.').next().expect("a service"));
    let watched: BTreeSet<_> = Call::watched().map(name).collect();
    assert_eq!(calls, watched);
}

#[test]
fn an_event_survives_being_written_and_read() {
    for fixture in fixtures() {
        let event = parse(&fixture.record).expect("a record");
        let text = serde_json::to_string(&event).expect("an event is JSON");
        assert_eq!(serde_json::from_str::<Event>(&text).expect("an event"), event, "{}", fixture.name);
    }
}

#[test]
fn fixtures_use_example_identifiers_only() {
    for path in json_files(&fixture_folder()) {
        let text = fs::read_to_string(&path).expect("a readable fixture");
        for word in text.split(|c: char| !c.is_ascii_digit() && c != '.') {
            if let Ok(address) = word.parse::<std::net::Ipv4Addr>() {
                assert!(address.is_documentation(), "{}: address {word}", path.display());
            }
        }
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            if word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()) {
                let known = ["111122223333", "444455556666", "000000000001"];
                assert!(known.contains(&word), "{}: account {word}", path.display());
            }
            if word.starts_with("AKIA") || word.starts_with("ASIA") {
                assert!(word.ends_with("IOSFODNN7EXAMPLE"), "{}: access key {word}", path.display());
            }
        }
    }
}

/// Published records of others, where they lie beside the workspace: whatever AWS has once written must parse.
#[test]
fn published_records_all_parse() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cloudtrail");
    let folder = std::env::var_os("LAYERGUARD_CORPUS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: no published records in {} (LAYERGUARD_CORPUS names another folder)", folder.display());
        return;
    }
    let mut count = 0;
    let mut typed: BTreeMap<String, usize> = BTreeMap::new();
    for path in json_files(&folder) {
        let file = fs::File::open(&path).expect("a readable file");
        for record in read_records(std::io::BufReader::new(file)) {
            let record = record.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let event =
                parse(&record.value).unwrap_or_else(|error| panic!("{} {}: {error}", path.display(), record.position));
            if event.call.is_some() {
                *typed.entry(event.call_name()).or_default() += 1;
            }
            count += 1;
        }
    }
    println!("{count} published records parsed; watched are {typed:#?}");
    assert!(count > 0, "no records in {}", folder.display());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "arn:aws:(iam|sts|ecr):[a-z]{0,3}:[0-9]{11,12}:(role|user|repository)/.{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-zA-Z]{0,12}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every place in a value, as a path of steps.
fn places(value: &Value, path: &mut Vec<String>, found: &mut Vec<String>) {
    if !path.is_empty() {
        found.push(format!("/{}", path.join("/")));
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        path.push(step);
        places(child, path, found);
        path.pop();
    }
}

fn places_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(value, &mut Vec::new(), &mut found);
    found
}

/// The same record with the members of its objects in reverse order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect(),
        Value::Array(values) => values.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

/// Adds a member that nobody knows to every object that may hold unknown ones.
fn with_unknown_members(value: &Value, unknown: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut map: Map<String, Value> =
                map.iter().map(|(key, value)| (key.clone(), with_unknown_members(value, unknown))).collect();
            map.insert("zzUnknown".to_owned(), unknown.clone());
            Value::Object(map)
        }
        Value::Array(values) => values.iter().map(|value| with_unknown_members(value, unknown)).collect(),
        other => other.clone(),
    }
}

fn event_bus(record: &Value) -> Value {
    json!({ "version": "0", "id": "e", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecr",
            "account": "111122223333", "time": "2026-03-01T09:30:05Z", "resources": [], "detail": record })
}

/// Every envelope that one record can arrive in, as bytes.
fn envelopes(record: &Value) -> Vec<String> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    let log = json!({ "Records": [record] });
    vec![
        record.to_string(),
        pretty(record),
        log.to_string(),
        pretty(&log).replace('\n', "\r\n"),
        json!([record]).to_string(),
        json!([log]).to_string(),
        json!({ "note": { "Records": [1] }, "Records": [event_bus(record)], "more": [2] }).to_string(),
        event_bus(record).to_string(),
        pretty(&event_bus(record)),
        format!("\u{feff} \n{log}\n\n"),
    ]
}

fn events(text: &str) -> Vec<Event> {
    read_records(text.as_bytes())
        .map(|record| parse(&record.unwrap_or_else(|error| panic!("{error} in {text}")).value).expect("a record"))
        .collect()
}

#[test]
fn the_envelope_does_not_change_the_event() {
    for fixture in fixtures() {
        let event = parse(&fixture.record).expect("a record");
        for text in envelopes(&fixture.record) {
            assert_eq!(events(&text), std::slice::from_ref(&event), "{}: {text}", fixture.name);
            let payload: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("JSON");
            assert_eq!(parse_lambda_payload(&payload).expect("one record"), event, "{}", fixture.name);
        }
    }
}

#[test]
fn order_and_unknown_members_do_not_change_the_event() {
    for fixture in fixtures() {
        let event = parse(&fixture.record).expect("a record");
        assert_eq!(parse(&reversed(&fixture.record)).expect("a record"), event, "{}", fixture.name);
        if fixture.record.get("eventID").is_some() {
            let more = with_unknown_members(&fixture.record, &json!([{ "x": null }]));
            assert_eq!(parse(&more).expect("a record"), event, "{}", fixture.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_json_never_panics(value in any_json()) {
        let _ = parse(&value);
        let _ = parse_lambda_payload(&value);
        for record in read_records(value.to_string().as_bytes()).flatten() {
            let _ = parse(&record.value);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read_records(bytes.as_slice()).count() <= bytes.len() + 1);
    }

    #[test]
    fn json_like_text_never_panics_and_ends(text in "[\\[\\]{}:,\" \n\\\\0a]{0,60}") {
        prop_assert!(read_records(text.as_bytes()).count() <= text.len() + 1);
    }

    /// A record with anything at any one place is an event or an error, and the identity is never invented.
    #[test]
    fn a_mutated_record_never_panics(fixture in any::<Index>(), place in any::<Index>(), value in any_json()) {
        let fixtures = fixtures();
        let mut record = fixture.get(fixtures).record.clone();
        let places = places_of(&record);
        let place = place.get(&places);
        *record.pointer_mut(place).expect("a place in the record") = value;
        if let Ok(event) = parse(&record) {
            if let Some(account) = &event.principal.account {
                prop_assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
            }
            prop_assert!(!event.event_id.is_empty() && !event.dedupe_id.is_empty());
        }
    }

    /// Half a file: what was whole is delivered, and the cut is said.
    #[test]
    fn a_cut_log_file_yields_what_is_whole(count in 1_usize..5, cut in any::<Index>()) {
        let record = first_record();
        let text = json!({ "Records": vec![&record; count] }).to_string();
        let one = record.to_string().len();
        let head = "{\"Records\":[".len();
        let at = 1 + cut.index(text.len() - 1);
        let read: Vec<_> = read_records(&text.as_bytes()[..at]).collect();
        let whole = (1..=count).filter(|n| at >= head + n * one + (n - 1)).count();
        prop_assert_eq!(read.iter().filter(|item| item.is_ok()).count(), whole);
        prop_assert_eq!(read.iter().filter(|item| item.is_err()).count(), 1);
        prop_assert!(read.last().is_some_and(Result::is_err));
    }

    /// Lines of JSON: a line that was cut anywhere takes no other line with it.
    #[test]
    fn a_cut_line_takes_no_other_line_with_it(before in 0_usize..3, after in 1_usize..4, cut in any::<Index>()) {
        let line = first_record().to_string();
        let broken = &line[..1 + cut.index(line.len() - 1)];
        let mut lines = vec![line.as_str(); before];
        lines.push(broken);
        lines.extend(vec![line.as_str(); after]);
        let read: Vec<_> = read_records(lines.join("\n").as_bytes()).map(|item| item.is_ok()).collect();
        let mut expected = vec![true; before];
        expected.push(false);
        expected.extend(vec![true; after]);
        prop_assert_eq!(read, expected);
    }
}
