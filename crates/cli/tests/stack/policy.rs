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
