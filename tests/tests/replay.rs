//! `layerguard replay`, from the program's arguments to its exit status.

#[allow(dead_code, reason = "what `explain` needs besides")]
#[path = "explain/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::program::{Run, event, explain, fixtures, lines, login, run_command};

fn inventory() -> String {
    fixtures().join("explain/inventory.toml").to_str().unwrap().to_owned()
}

fn replay(format: &str, more: &[&str], paths: &[&Path]) -> Run {
    let inventory = inventory();
    let mut arguments = vec!["--inventory", &inventory, "--format", format];
    arguments.extend_from_slice(more);
    arguments.extend(paths.iter().map(|path| path.to_str().unwrap()));
    run_command("replay", &arguments, b"", None)
}

fn report(more: &[&str], paths: &[&Path]) -> Value {
    let run = replay("json", more, paths);
    assert_eq!(run.code, 0, "{}", run.err);
    run.object()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut file = GzEncoder::new(Vec::new(), Compression::fast());
    file.write_all(bytes).unwrap();
    file.finish().unwrap()
}

fn log_file(records: &[Value]) -> Vec<u8> {
    json!({ "Records": records }).to_string().into_bytes()
}

/// Several sessions over three hours: two incidents of one session, a listed principal, an unlisted one from outside, other calls.
fn records() -> Vec<Value> {
    let session = |name: &str| {
        vec![
            ("/userIdentity/accessKeyId", Value::Null),
            ("/userIdentity/principalId", Value::from(format!("AROAEXAMPLEID:{name}"))),
            ("/userIdentity/arn", Value::from(format!("arn:aws:sts::111122223333:assumed-role/builder/{name}"))),
        ]
    };
    let node = [
        ("/userIdentity/accessKeyId", Value::Null),
        ("/userIdentity/principalId", Value::from("AROANODEEXAMPLE:i-0")),
        ("/userIdentity/arn", Value::from("arn:aws:sts::111122223333:assumed-role/node/i-0")),
        ("/userIdentity/sessionContext/sessionIssuer/principalId", Value::from("AROANODEEXAMPLE")),
        ("/userIdentity/sessionContext/sessionIssuer/arn", Value::from("arn:aws:iam::111122223333:role/eks/node")),
    ];
    let mut all = vec![login(1, 0, "203.0.113.9")];
    all.extend((2..12).map(|number| event(number, i64::from(number), &[])));
    all.extend((20..25).map(|number| event(number, 5_000 + i64::from(number), &session("eve"))));
    all.extend((30..60).map(|number| event(number, i64::from(number) * 60, &node)));
    all.push(event(70, 9_000, &[]));
    all.extend(
        (80..140)
            .map(|number| event(number, i64::from(number), &[("/eventName", Value::from("DescribeRepositories"))])),
    );
    all
}

/// What `explain` says, by event id.
fn by_id(run: &Run) -> BTreeMap<String, Value> {
    run.objects().into_iter().map(|object| (object["event_id"].as_str().unwrap().to_owned(), object)).collect()
}

#[test]
fn the_answers_are_those_of_explain_whatever_the_order_and_the_files() {
    let records = records();
    let mut expected = by_id(&explain(&lines(&records)));
    expected.retain(|_, answer| answer["assessment"] != "unwatched");
    assert!(expected.len() > 40);
    let folder = tempfile::tempdir().unwrap();
    // Backwards, in files that overlap in time.
    let backwards: Vec<Value> = records.into_iter().rev().collect();
    for (number, part) in backwards.chunks(17).enumerate() {
        let path = folder.path().join(format!("{number}.json.gz"));
        fs::write(path, gzip(&log_file(part))).unwrap();
    }
    for jobs in ["1", "3"] {
        let run = replay("records", &["--jobs", jobs], &[folder.path()]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_eq!(by_id(&run), expected);
    }
}

#[test]
fn the_report_counts_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.json");
    fs::write(&file, log_file(&records())).unwrap();
    let report = report(&[], &[&file]);
    assert_eq!(report["read"]["records"], 107);
    assert_eq!(report["read"]["unwatched"], 60);
    assert_eq!(report["calls"], json!({ "clear": 30, "violations": 17, "undecided": 0 }));
    assert_eq!(report["incidents"]["count"], 3);
    assert_eq!(report["incidents"]["asked"], 3);
    let gravest = &report["incidents"]["gravest"][0];
    assert_eq!((&gravest["calls"], &gravest["session"]), (&json!(11), &json!("mallory")), "{gravest}");
    assert_eq!(gravest["severity"], "critical");
    assert_eq!(report["days"][0]["date"], "2026-11-20");
    assert_eq!(report["days"][0]["incidents"], 3);
    assert_eq!(report["busiest"][0]["name"], "arn:aws:iam::111122223333:role/eks/node");
    assert_eq!(report["principals"][0]["calls"], 17);
    assert_eq!(report["networks"]["outside"].as_u64().unwrap() + report["networks"]["unknown"].as_u64().unwrap(), 47);
    let coverage = &report["coverage"];
    assert!(coverage["silent_rules"].as_array().unwrap().contains(&json!("ecr_pull_breadth")));
    assert_eq!(coverage["idle_patterns"], json!([]));
    assert_eq!(coverage["unlisted"][0]["principal"], "arn:aws:iam::111122223333:role/ci/builder");
    let proposal = coverage["proposal"].as_str().unwrap();
    assert!(proposal.contains("# \"arn:aws:iam::111122223333:role/ci/builder\""), "{proposal}");
}

#[test]
fn a_copy_is_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.json", "b.json"] {
        fs::write(folder.path().join(name), log_file(&records())).unwrap();
    }
    let report = report(&[], &[folder.path()]);
    assert_eq!(report["calls"]["violations"], 17);
    assert_eq!(report["read"]["copies"], 47);
    assert_eq!(report["incidents"]["count"], 3);
}

#[test]
fn only_what_is_asked_for_is_opened_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let trail = folder.path().join("AWSLogs/o-exampleorgid/111122223333/CloudTrail");
    let put = |below: &str, bytes: &[u8]| {
        let path = trail.join(below);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("log.json.gz"), bytes).unwrap();
    };
    put("eu-central-1/2026/11/20", &gzip(&log_file(&records())));
    // Whoever opens these is told so.
    put("eu-central-1/2026/10/01", b"not read");
    put("us-east-1/2026/11/20", b"not read");
    let more = ["--since", "2026-11-20T10:00:00Z", "--until", "2026-11-20", "--region", "eu-central-1"];
    let found = report(&more, &[folder.path()]);
    assert_eq!(found["read"]["files"], 1);
    assert_eq!(found["calls"], json!({ "clear": 30, "violations": 6, "undecided": 0 }));
    assert_eq!(found["read"]["left_out"], 11);
    let other = report(&["--account", "444455556666"], &[folder.path()]);
    assert_eq!(other["read"]["files"], 0);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let whole = gzip(&log_file(&records()));
    fs::write(folder.path().join("cut.json.gz"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path().join("empty.json"), b"").unwrap();
    fs::write(folder.path().join("none.json"), br#"{"Records":[]}"#).unwrap();
    fs::write(folder.path().join("broken.json"), b"{\"Records\":[{\"eventName\":\n").unwrap();
    fs::write(folder.path().join("whole.json.gz"), &whole).unwrap();
    let run = replay("json", &[], &[folder.path()]);
    assert_eq!(run.code, 3);
    let report = run.object();
    assert_eq!(report["calls"]["violations"], 17);
    for name in ["cut.json.gz", "empty.json", "broken.json"] {
        assert!(run.err.contains(name), "{name} is not named:\n{}", run.err);
    }
    assert!(!run.err.contains("none.json") && !run.err.contains("whole.json"), "{}", run.err);
    let missing = replay("json", &[], &[Path::new("/nowhere/at-all.json")]);
    assert_eq!(missing.code, 3);
    assert!(missing.err.contains("there is no such file"), "{}", missing.err);
}

#[test]
fn another_policy_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.json");
    fs::write(&file, log_file(&records())).unwrap();
    let next = folder.path().join("next");
    fs::create_dir(&next).unwrap();
    let listed = fs::read_to_string(inventory()).unwrap().replace("role/eks/node", "role/ci/builder");
    fs::write(next.join("inventory.toml"), listed).unwrap();
    let run = replay("json", &["--compare", next.to_str().unwrap()], &[&file]);
    assert_eq!(run.code, 0, "{}", run.err);
    let comparison = &run.object()["comparison"];
    // The nodes are not listed any more; the builder is, but it logged in from outside.
    assert_eq!(comparison["newly_found"], 30, "{comparison}");
    assert_eq!(comparison["no_longer_found"], 5, "{comparison}");
    assert_eq!(comparison["changes"][0]["change"], "newly_found");
    assert_eq!(comparison["changes"][0]["calls"], 30);
}

#[test]
fn the_table_is_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.json");
    fs::write(&file, log_file(&records())).unwrap();
    let run = replay("table", &[], &[&file]);
    assert_eq!(run.code, 0, "{}", run.err);
    for words in [
        "17 violations, 0 undecided, 30 clear",
        "Gravest incidents",
        "ecr_layer_download_unlisted_principal",
        "Day by day",
    ] {
        assert!(run.out.contains(words), "{words}:\n{}", run.out);
    }
}

#[test]
fn a_glob_that_matches_nothing_and_an_impossible_time_are_refused() {
    let run = run_command("replay", &["/nowhere/*.json"], b"", None);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("matches nothing"), "{}", run.err);
    let run = run_command("replay", &["--since", "yesterday", "-"], b"", None);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("7d"), "{}", run.err);
}

#[test]
fn standard_input_is_read() {
    let inventory = inventory();
    let run =
        run_command("replay", &["--inventory", &inventory, "--format", "json", "-"], &gzip(&lines(&records())), None);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.object()["calls"]["violations"], 17);
}
