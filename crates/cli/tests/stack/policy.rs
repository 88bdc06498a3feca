//! `policy publish` and `policy rollback`: what is shown is what is signed, and a policy with errors is not.

use std::collections::BTreeMap;
use std::fs;

use layerguard_cli::args::{Args, Command, PolicyCommand};
use layerguard_cli::command::policy::publish;
use layerguard_cli::exit::Exit;
use layerguard_core::approval::Verb;
use layerguard_core::audit::POLICY_CHAIN;
use layerguard_core::policy::Package;
use layerguard_core::ports::ApprovalStore;
use layerguard_testkit::drive;
use serde_json::json;
use tempfile::TempDir;

use crate::house::House;
use crate::{Ended, refused};

const INVENTORY: &str = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n\
    [[network]]\nname = \"office\"\ncidrs = [\"192.0.2.0/24\"]\n\
    [principals]\non_call = [\"arn:aws:iam::111122223333:role/oncall\"]\n";

fn folder(inventory: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inventory.toml"), inventory).unwrap();
    folder
}

async fn run(house: &House, arguments: &[&str]) -> Ended {
    let typed = ["layerguard", "policy"].iter().chain(arguments).copied().chain(["--comment", "why", "--wait", "0"]);
    let args = <Args as clap::Parser>::try_parse_from(typed).unwrap();
    house
        .with(async |stack, screen| match &args.command {
            Command::Policy(PolicyCommand::Publish(args)) => publish::publish(stack, args, screen).await,
            Command::Policy(PolicyCommand::Rollback(args)) => publish::rollback(stack, args, screen).await,
            _ => panic!("another command"),
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn what_is_signed_is_the_policys_hash_and_the_one_that_it_replaces() {
    let house = House::empty();
    let folder = folder(INVENTORY);
    let ended = run(&house, &["publish", folder.path().to_str().unwrap()]).await;
    assert_eq!(ended.0, Ok(Exit::Done), "{}", ended.1);
    let package = Package::of(&BTreeMap::new(), INVENTORY).unwrap();
    let answers = drive(house.world.answers(POLICY_CHAIN)).unwrap();
    let [answer] = answers.as_slice() else { panic!("not one answer: {answers:?}") };
    assert_eq!((answer.verb, &answer.plan_hash), (Verb::Publish, &package.version()));
    assert_eq!(answer.replaces.as_deref(), Some("built-in"));
    assert_eq!(Package::unpack(answer.package.as_deref().unwrap(), &answer.plan_hash).unwrap(), package);
    assert!(ended.1.contains(&package.version()), "{}", ended.1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_errors_or_with_cases_that_fail_is_not_published() {
    let house = House::empty();
    let unread = folder("[organisation]\n");
    let ended = run(&house, &["publish", unread.path().to_str().unwrap()]).await;
    assert!(refused(&ended).message.contains("has errors"), "{}", ended.1);
    assert!(ended.1.contains("inventory.toml:1"), "{}", ended.1);
    let failing = folder(INVENTORY);
    let cases = failing.path().join("cases/ecr_pull_breadth");
    fs::create_dir_all(&cases).unwrap();
    let case = r#"{"facts": {}, "expect": {"verdict": "clear", "rules": []}}"#;
    fs::write(cases.join("quiet-one.json"), case).unwrap();
    let ended = run(&house, &["publish", failing.path().to_str().unwrap()]).await;
    assert!(refused(&ended).message.contains("cases of the policy"), "{}", ended.1);
    assert!(ended.1.contains("expected clear, got violation"), "{}", ended.1);
    assert!(drive(house.world.answers(POLICY_CHAIN)).unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_published_policy_there_is_nothing_to_take_back() {
    let ended = run(&House::empty(), &["rollback"]).await;
    assert!(refused(&ended).message.contains("nothing was published yet"));
}

/// A layer for somebody who is not listed, at this minute.
fn download(session: &str, time: &str) -> String {
    json!({
        "eventVersion": "1.11", "eventID": format!("{session}-{time}"), "eventType": "AwsApiCall",
        "eventSource": "ecr.amazonaws.com", "eventName": "GetDownloadUrlForLayer", "eventTime": time,
        "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.10", "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": "111122223333",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/other/{session}"), "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROAEXAMPLE", "accountId": "111122223333",
                    "arn": "arn:aws:iam::111122223333:role/other", "userName": "other",
                },
                "attributes": {"creationDate": "2026-11-20T09:00:00Z"},
            },
        },
        "requestParameters": {
            "registryId": "111122223333", "repositoryName": "team/app", "layerDigest": format!("sha256:{:064}", 1),
        },
    })
    .to_string()
}

/// Two sessions on one day, three on the next: three new incidents on a day are the most.
#[tokio::test(start_paused = true)]
async fn more_new_incidents_a_day_than_are_allowed_end_a_publish() {
    let folder = folder(INVENTORY);
    let log = folder.path().join("two-days.jsonl");
    let calls = [("a", 20), ("b", 20), ("c", 21), ("d", 21), ("e", 21)];
    let lines: Vec<String> =
        calls.iter().map(|(session, day)| download(session, &format!("2026-11-{day}T09:30:00Z"))).collect();
    fs::write(&log, lines.join("\n")).unwrap();
    let with = async |most: &str| {
        let house = House::empty();
        let (folder, log) = (folder.path().to_str().unwrap(), log.to_str().unwrap());
        let ended = run(&house, &["publish", folder, "--replay", log, "--max-new-incidents-a-day", most]).await;
        (ended, drive(house.world.answers(POLICY_CHAIN)).unwrap().len())
    };
    let (ended, signed) = with("2").await;
    let message = &refused(&ended).message;
    assert!(message.starts_with("2026-11-21 would have had 3 new incidents, and at most 2 are allowed"), "{message}");
    assert_eq!(signed, 0, "nothing was signed");
    let (ended, signed) = with("3").await;
    assert_eq!((ended.0, signed), (Ok(Exit::Done), 1), "{}", ended.1);
}
