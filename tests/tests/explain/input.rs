//! What comes in: envelopes, compression, broken input, broken policy; and what the text form shows of it.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::program::{event, explain, layer, lines, run};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn all_envelopes_and_several_compressed_members_are_read() {
    let log = json!({"Records": [event(1, 1, &[]), event(2, 2, &[])]});
    let bus = json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecr", "detail": event(3, 3, &[])});
    let mut members = gzip(log.to_string().as_bytes());
    members.extend(gzip(format!("\n{bus}\n").as_bytes()));
    members.extend(gzip(&lines(&[event(4, 4, &[])])));
    let run = explain(&members);
    assert_eq!((run.objects().len(), run.code), (4, 1), "{}", run.err);
}

#[test]
fn a_compressed_input_that_is_cut_short_is_named_and_what_came_before_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.json.gz");
    let mut bytes = gzip(&lines(&[event(1, 1, &[])]));
    let second = gzip(&lines(&[event(2, 2, &[])]));
    bytes.extend_from_slice(&second[..second.len() / 2]);
    fs::write(&path, bytes).unwrap();
    let run = run(&["--format", "json", path.to_str().unwrap()], b"");
    assert_eq!((run.code, run.objects().len()), (3, 1), "{}", run.err);
    assert!(run.err.contains("cut.json.gz"), "{}", run.err);
}

#[test]
fn what_is_not_json_is_named_with_its_place_and_the_rest_is_reported() {
    let mut input = lines(&[event(1, 1, &[])]);
    input.extend_from_slice(b"{\"eventName\": nonsense\n");
    input.extend(lines(&[event(2, 2, &[])]));
    let run = explain(&input);
    assert_eq!((run.code, run.objects().len()), (3, 2), "{}", run.err);
    assert!(run.err.contains("standard input") && run.err.contains("line 2"), "{}", run.err);
}

#[test]
fn a_watched_record_that_cannot_be_typed_is_named_and_not_called_clear() {
    let run = explain(&lines(&[layer(&[("/eventTime", json!("yesterday"))]), event(1, 1, &[])]));
    assert_eq!((run.code, run.objects().len()), (3, 1));
    assert!(run.err.contains("record 1") && run.err.contains("yesterday"), "{}", run.err);
}

#[test]
fn nothing_to_read_is_no_answer_and_an_empty_list_is_one() {
    assert_eq!(explain(b"").code, 3);
    let empty = explain(b"{\"Records\": []}");
    assert_eq!((empty.code, empty.out.as_str()), (0, ""), "{}", empty.err);
    let missing = run(&["--format", "json", "no-such-file.json"], b"");
    assert!(missing.code == 3 && missing.err.contains("no-such-file.json"), "{}", missing.err);
}

#[test]
fn a_slip_in_the_inventory_is_named_with_line_and_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.toml");
    fs::write(&path, "[organization]\nid = \"o-exampleorgid\"\nacounts = [\"111122223333\"]\n").unwrap();
    let run = run(&["--inventory", path.to_str().unwrap(), "-"], &lines(&[layer(&[])]));
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    for said in ["acounts", "line 3", "`organization.accounts`", "remedy:"] {
        assert!(run.err.contains(said), "`{said}` is not in {}", run.err);
    }
}

#[test]
fn a_rule_that_does_not_hold_is_named_and_nothing_is_assessed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/broken.cedar"), "forbid (principal, action, resource) when { context.cal };")
        .unwrap();
    let run = run(&["--policy", folder.path().to_str().unwrap(), "-"], &lines(&[layer(&[])]));
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("rules/broken.cedar"), "{}", run.err);
}

#[test]
fn without_an_inventory_the_reader_is_told_once_and_nobody_is_listed() {
    let run = run(&["--format", "json", "-"], &lines(&[event(1, 1, &[]), event(2, 2, &[])]));
    assert_eq!((run.code, run.err.matches("note:").count()), (1, 1), "{}", run.err);
    assert!(run.objects().iter().all(|object| object["assessment"] == "violation" && object["decision"] == "observe"));
}

#[test]
fn text_shows_a_block_for_each_watched_record_and_counts_the_rest() {
    let hostile = json!("AROAEXAMPLEID:x\u{1b}[2J\u{202e}");
    let arn = json!("arn:aws:sts::111122223333:assumed-role/builder/x\u{1b}[2J\u{202e}");
    let records = [
        layer(&[("/userIdentity/principalId", hostile), ("/userIdentity/arn", arn)]),
        layer(&[("/eventName", json!("DescribeImages"))]),
    ];
    let run = run(&["-"], &lines(&records));
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out.starts_with("VIOLATION")
            && run.out.ends_with("1 violation, 0 undecided, 0 clear, 1 unwatched; 1 incident\n"),
        "{}",
        run.out
    );
    assert!(!run.out.contains(['\u{1b}', '\u{202e}']) && run.out.contains("\\u{202e}"), "{}", run.out);
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    assert_eq!(run(&[], b"").code, 2);
    assert_eq!(run(&["--format", "xml", "-"], b"").code, 2);
}

#[test]
fn a_missing_file_and_the_output_of_lookup_events_come_with_what_to_do() {
    let missing = run(&["no-such-file.json"], b"");
    assert!(missing.err.contains("no-such-file.json: there is no such file"), "{}", missing.err);
    let found = json!({"Events": [{"EventId": "1", "CloudTrailEvent": event(1, 1, &[]).to_string()}]});
    let run = explain(found.to_string().as_bytes());
    assert_eq!(run.code, 3);
    assert!(run.err.contains("jq -c '.Events[].CloudTrailEvent | fromjson'"), "{}", run.err);
    assert!(!explain(b"{\"Events\": []}").err.contains("jq"));
}

#[test]
fn a_policy_folder_that_holds_no_rule_where_one_was_meant_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let empty = run(&["--policy", path, "-"], b"");
    assert!(empty.code == 2 && empty.err.contains("holds no policy file"), "{}", empty.err);
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/README.md"), "about these rules").unwrap();
    fs::write(folder.path().join("rules/mine.ceder"), "forbid (principal, action, resource);").unwrap();
    let misspelt = run(&["--policy", path, "-"], b"");
    assert!(misspelt.code == 2 && misspelt.err.contains("rules/mine.ceder"), "{}", misspelt.err);
    assert!(!misspelt.err.contains("README.md"), "{}", misspelt.err);
}
