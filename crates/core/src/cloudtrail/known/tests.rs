use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Found, read_records};
use super::*;

fn pull() -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:run-1", "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
            "arn": "arn:aws:sts::111122223333:assumed-role/builder/run-1",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ci/builder", "userName": "builder"},
                "attributes": {"creationDate": "2026-11-20T09:00:00Z"}
            }
        },
        "eventTime": "2026-11-20T09:31:00Z", "eventSource": "ecr.amazonaws.com", "eventName": "GetDownloadUrlForLayer",
        "awsRegion": "eu-central-1", "sourceIPAddress": "AWS Internal",
        "requestParameters": {"repositoryName": "team/app", "layerDigest": "sha256:00"},
        "requestID": "r-1", "eventID": "e-1",
        "resources": [{"accountId": "111122223333", "ARN": "arn:aws:ecr:eu-central-1:111122223333:repository/team/app"}],
        "recipientAccountId": "111122223333", "sharedEventID": "s-1"
    })
}

/// Members in the order in which CloudTrail writes them; a map of this library has them in order of their names.
fn text(record: &Value, order: &[&str]) -> String {
    let Value::Object(map) = record else { return record.to_string() };
    let mut members: Vec<_> = map.iter().collect();
    members.sort_by_key(|(name, _)| order.iter().position(|known| known == name).unwrap_or(usize::MAX));
    let members: Vec<String> = members.into_iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

const ORDER: [&str; 12] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "requestParameters",
    "requestID",
    "eventID",
    "resources",
    "sharedEventID",
];

/// Events and errors of a text, through what is known, and whether the last was known from before.
fn found(text: &str) -> (Vec<Result<Event, String>>, usize) {
    let (mut records, mut known, mut again) = (read_records(text.as_bytes()), KnownRecords::new(8), 0);
    let mut events = Vec::new();
    loop {
        match records.next_found(&mut known, |known| Some(Arc::new(known))) {
            None => return (events, again),
            Some(Ok(Found::Known(like, told))) => {
                again += 1;
                events.push(Ok(like.event_of(&told)));
            }
            Some(Ok(Found::Raw(raw))) => events.push(parse(&raw.value).map_err(|error| error.to_string())),
            Some(Err(error)) => events.push(Err(format!("{error:?}"))),
        }
    }
}

fn parsed(text: &str) -> Vec<Result<Event, String>> {
    let one = |record: Result<super::super::RawRecord, _>| match record {
        Ok(raw) => parse(&raw.value).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{error:?}")),
    };
    read_records(text.as_bytes()).map(one).collect()
}

fn check(records: &[String]) -> usize {
    let text = format!("{{\"Records\":[{}]}}", records.join(","));
    let (events, again) = found(&text);
    assert_eq!(events, parsed(&text), "{text}");
    again
}

#[test]
fn the_layers_of_an_image_are_read_once() {
    let layer = |at: u32| {
        let mut record = pull();
        record["eventID"] = json!(format!("e-{at}"));
        record["sharedEventID"] = json!(format!("s-{at}"));
        record["requestParameters"]["layerDigest"] = json!(format!("sha256:{at:064x}"));
        record["eventTime"] = json!(format!("2026-11-20T09:31:{:02}Z", at % 60));
        text(&record, &ORDER)
    };
    let records: Vec<String> = (0..90).map(layer).collect();
    assert_eq!(check(&records), 90);
    assert_eq!(
        check(&records.iter().map(|record| record.replace(",\"sharedEventID\"", ",\"x\"")).collect::<Vec<_>>()),
        90
    );
}

#[test]
fn the_images_of_a_repository_are_read_once() {
    let asks = |ids: &str| {
        let record = text(&pull(), &ORDER).replace("GetDownloadUrlForLayer", "BatchGetImage");
        record.replace("\"layerDigest\":\"sha256:00\"", &format!("\"imageIds\":{ids}"))
    };
    let tags: Vec<String> = (0..9).map(|at| asks(&format!("[{{\"imageTag\":\"v{at}\"}}]"))).collect();
    assert_eq!(check(&tags), 9);
    let digests: Vec<String> = (0..9).map(|at| asks(&format!("[{{\"imageDigest\":\"sha256:{at}\"}}]"))).collect();
    assert_eq!(check(&digests), 9);
    for ids in [
        "[{\"imageTag\":\"v1\",\"imageDigest\":\"sha256:1\"}]",
        "[{\"imageTag\":\"v1\"},{\"imageTag\":\"v2\"}]",
        "[{\"imageTag\":\"v1\",\"imageTag\":\"v2\"}]",
        "[{\"imageTag\":\"HIDDEN_DUE_TO_SECURITY_REASONS\"}]",
        "[{\"imageTag\":\"v1\"}],\"imageIds\":[{\"imageTag\":\"v2\"}]",
        "[\"v1\"]",
        "[]",
        "null",
    ] {
        check(&[asks(ids), asks(ids), asks(&ids.replace("v1", "v3"))]);
    }
}

/// What would not mean what it seems to mean is left to the parser.
#[test]
fn what_is_cut_out_must_be_what_the_event_is_made_of() {
    let plain = text(&pull(), &ORDER);
    let odd = [
        // A member of the same name further up is cut out instead.
        plain.replace("\"eventTime\"", "\"x\":{\"eventID\":\"e-1\"},\"eventTime\""),
        plain.replace("\"eventSource\"", "\"x\":{\"eventID\":\"e-1\"},\"eventSource\""),
        plain.replace("\"requestParameters\"", "\"x\":{\"layerDigest\":\"sha256:00\"},\"requestParameters\""),
        plain.replace("\"userIdentity\"", "\"x\":{\"eventTime\":\"2026-11-20T09:31:00Z\"},\"userIdentity\""),
        // Twice; the last one counts.
        plain.replace("\"requestID\":\"r-1\"", "\"eventID\":\"e-1\",\"requestID\":\"r-1\""),
        plain.replace("\"resources\"", "\"eventID\":\"e-1\",\"resources\""),
        plain.replace("\"resources\"", "\"event\\u0049D\":\"e-1\",\"resources\""),
        plain.replace("\"resources\"", "\"eventTime\":\"2026-11-20T09:31:00Z\",\"resources\""),
        // A key that only ends so.
        plain.replace("\"eventID\"", "\"x\\\"eventID\""),
    ];
    for record in odd {
        for (from, to) in
            [("e-1", "e-2"), ("sha256:00", "sha256:01"), ("09:31:00Z", "09:32:00Z"), ("r-1", "r-2"), ("s-1", "s-2")]
        {
            check(&[record.clone(), record.replacen(from, to, 1), record.replace(from, to), plain.clone()]);
        }
    }
}

#[test]
fn unusual_values_are_left_to_the_parser() {
    let plain = text(&pull(), &ORDER);
    for (from, to) in [
        ("\"e-1\"", "\"\""),
        ("\"e-1\"", "\" \""),
        ("\"e-1\"", "\"e\\u002d1\""),
        ("\"e-1\"", "\"\u{e9}\""),
        ("\"e-1\"", "7"),
        ("\"e-1\"", "null"),
        ("\"e-1\"", "\"layerguard-probe\""),
        ("\"e-1\"", "\"layerguard-probe-id\""),
        ("2026-11-20T09:31:00Z", "2026-11-20T09:31:61Z"),
        ("2026-11-20T09:31:00Z", "20261120T093100Z"),
        ("2026-11-20T09:31:00Z", "2026-11-20T09:31:00.5Z"),
        ("2026-11-20T09:31:00Z", "+002026-1-20T09:31Z"),
        ("sha256:00", "HIDDEN_DUE_TO_SECURITY_REASONS"),
        ("GetDownloadUrlForLayer", "BatchGetImage"),
        ("GetDownloadUrlForLayer", "GetAuthorizationToken"),
        ("GetDownloadUrlForLayer", "PutImage"),
        ("sha256:00", "md5:0"),
        ("\"s-1\"", "[]"),
        ("\"team/app\"", "null"),
    ] {
        let odd = plain.replace(from, to);
        check(&[plain.clone(), odd.clone(), plain.clone(), odd]);
    }
}

#[test]
fn what_was_not_seen_for_long_is_forgotten() {
    let mut known = KnownRecords::new(4);
    for at in 0..100 {
        let record = text(&pull(), &ORDER).replace("team/app", &format!("team/app-{at}"));
        let mut records = read_records(record.as_bytes());
        assert!(matches!(records.next_found(&mut known, |_| Some(())), Some(Ok(Found::Known(..)))));
        assert!(known.known.len() <= 4);
    }
}

proptest! {
    /// Whatever is done to a pull: through what is known it comes to what the parser makes of it.
    #[test]
    fn an_event_is_what_the_parser_makes_of_it(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..24_usize, prop::sample::select(vec![
            "", "\"", "\\", "\\u0041", "x", ",", "\"eventID\":\"e-1\",", "\"eventID\":\"", "\"eventTime\":\"2026-11-20T09:31:00Z\",",
            "\"layerDigest\":\"sha256:00\",", "{\"requestID\":\"r-1\"},", "\"sharedEventID\":\"s-1\",", "}", "{", "]", "null", "e-1", "\u{e9}",
            "\"imageIds\":[{\"imageTag\":\"sha256:00\"}],", "GetAuthorizationToken", "BatchGetImage",
            "\"addendum\":{\"originalEventID\":\"e-1\"},", "HIDDEN_DUE_TO_SECURITY_REASONS",
        ]), any::<bool>()), 0..4),
        swaps in prop::collection::vec((0..5_usize, "[a-z0-9:-]{0,8}"), 1..6),
    ) {
        let mut edited = text(&pull(), &ORDER);
        for (at, cut, put, keep) in edits {
            let from = at.index(edited.len() + 1);
            let from = (0..=from).rev().find(|from| edited.is_char_boundary(*from)).unwrap_or_default();
            let until = if keep { from } else { (from + cut).min(edited.len()) };
            let until = (until..=edited.len()).find(|until| edited.is_char_boundary(*until)).unwrap_or(from);
            edited.replace_range(from..until, put);
        }
        let mut records = vec![edited.clone()];
        for (which, value) in swaps {
            let from = ["e-1", "s-1", "r-1", "sha256:00", "09:31:00Z"][which];
            records.push(edited.replacen(from, &value, 1));
            records.push(edited.replace(from, &value));
        }
        check(&records);
        records.iter().for_each(|record| _ = check(&[edited.clone(), record.clone()]));
    }
}
