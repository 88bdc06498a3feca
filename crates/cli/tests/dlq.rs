//! `dlq` over a queue in memory.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test: a panic is the report")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Mutex;

use async_trait::async_trait;
use layerguard_cli::args::{Args, Command, DlqCommand};
use layerguard_cli::command::dlq::{self, Letters};
use layerguard_cli::exit::Exit;
use layerguard_cli::failure::Failure;
use layerguard_cli::render::Screen;
use layerguard_core::audit::{self, Body, Draft, body};
use layerguard_core::cloudtrail;
use layerguard_core::engine::{Assessment, Verdict};
use layerguard_core::ports::{Clock, PortErrorKind, PortResult, Triage};
use layerguard_testkit::{Fault, World};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The chain: records what it judges, and puts back what it cannot.
struct Chain {
    world: World,
    broken: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl Triage for Chain {
    async fn judge(&self, name: &str, event: &str) -> PortResult<()> {
        self.world.judge(name, event).await?;
        let read = cloudtrail::parse_lambda_payload(&serde_json::from_str::<Value>(event).unwrap()).unwrap();
        if self.broken.lock().unwrap().contains(&read.event_id) {
            self.world.fail_event(event, &[("EXECUTION_ARN", "arn"), ("ERROR_CODE", "Stuck")]);
            return Ok(());
        }
        if read.call.is_none() {
            return Ok(());
        }
        let chain = audit::call_chain(&read.dedupe_id);
        let assessment = Assessment {
            verdict: Verdict::Clear,
            rules: Vec::new(),
            reasons: Vec::new(),
            errors: Vec::new(),
            policy_version: "1".into(),
        };
        let body =
            Body::Assessment(Box::new(body::Assessment { event: read, facts: None, assessment, original: None }));
        let draft = Draft::of(&body).unwrap();
        audit::append(&self.world, &chain, "detect", "1", self.world.now(), draft).await.unwrap();
        Ok(())
    }
}

fn chain() -> Chain {
    Chain { world: World::at("2026-11-20T09:31:00Z".parse().unwrap()), broken: Mutex::default() }
}

fn event(number: u32, name: &str) -> String {
    let detail = json!({
        "eventVersion": "1.11", "eventID": format!("22222222-2222-4222-8222-{number:012}"), "eventName": name,
        "eventSource": "ecr.amazonaws.com", "eventTime": "2026-11-20T09:30:00Z", "awsRegion": "eu-central-1",
        "userIdentity": {"type": "AWSAccount", "accountId": "111122223333"}, "recipientAccountId": "111122223333",
        "requestParameters": {"repositoryName": "team/app", "layerDigest": format!("sha256:{}", "0".repeat(64))},
    });
    json!({"source": "aws.ecr", "detail-type": "AWS API Call via CloudTrail", "detail": detail}).to_string()
}

async fn run(chain: &Chain, arguments: &[&str]) -> (Result<Exit, Failure>, String) {
    let args = <Args as clap::Parser>::try_parse_from(["layerguard", "dlq"].iter().chain(arguments)).unwrap();
    let printed = Printed::default();
    let mut screen = Screen::onto(Box::new(printed.clone()), Box::new(printed.clone()), None);
    let world = &chain.world;
    let letters = Letters {
        stack: "layerguard",
        region: "eu-central-1",
        queue: world,
        triage: chain,
        audit: world,
        clock: world,
    };
    let ended = match &args.command {
        Command::Dlq(DlqCommand::List(args)) => dlq::list(&letters, args, &mut screen).await,
        Command::Dlq(DlqCommand::Redrive(args)) => dlq::redrive(&letters, args, &mut screen).await,
        other => panic!("{other:?}"),
    };
    screen.flush().unwrap();
    let text = String::from_utf8(printed.0.borrow().clone()).unwrap();
    (ended, text)
}

const PULL: &str = "GetDownloadUrlForLayer";

#[tokio::test(start_paused = true)]
async fn listing_shows_why_and_takes_nothing_away() {
    let chain = chain();
    for number in 0..13 {
        chain.world.fail_event(
            &event(number, PULL),
            &[
                ("RULE_ARN", "arn:aws:events:eu-central-1:111122223333:rule/layerguard-calls"),
                ("ERROR_CODE", "NO_PERMISSIONS"),
                ("ERROR_MESSAGE", "no\u{1b}[31m"),
                ("RETRY_ATTEMPTS", "185"),
            ],
        );
    }
    chain.world.fail_event("{\"password\": \"hunter2\"", &[]);
    let (ended, printed) = run(&chain, &["list"]).await;
    assert_eq!(ended, Ok(Exit::Done), "{printed}");
    for said in [
        "ecr:GetDownloadUrlForLayer",
        "rule layerguard-calls",
        "NO_PERMISSIONS",
        "185",
        "22222222-2222-4222-8222-000000000012",
        "no JSON",
    ] {
        assert!(printed.contains(said), "`{said}` is not in\n{printed}");
    }
    assert!(
        !printed.contains("hunter2") && !printed.contains("\u{1b}[31m") && !printed.contains("sha256"),
        "{printed}"
    );
    assert_eq!(chain.world.failed_letters().len(), 14);
    assert!(chain.world.failed_letters().iter().all(|(_, taken)| !taken));
    let (_, some) = run(&chain, &["list", "--limit", "2", "--format", "json"]).await;
    assert_eq!(some.lines().filter(|line| line.starts_with('{')).count(), 2, "{some}");
    assert!(some.contains("about 14 wait"), "{some}");
    assert!(chain.world.failed_letters().iter().all(|(_, taken)| !taken));
    assert!(chain.world.judged().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_is_said_to_be_empty() {
    for words in [["list"].as_slice(), &["redrive"], &["redrive", "--dry-run"]] {
        let (ended, printed) = run(&chain(), words).await;
        assert_eq!(ended, Ok(Exit::Done));
        assert!(printed.contains("no failed event waits"), "{printed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_judged_goes_and_what_is_not_stays() {
    let chain = chain();
    for number in 0..12 {
        chain.world.fail_event(&event(number, PULL), &[]);
    }
    chain.world.fail_event(&event(0, PULL), &[]);
    chain.world.fail_event(&event(20, "DescribeImages"), &[]);
    chain.world.fail_event("{\"task\":\"sweep\"}", &[]);
    let unreadable = chain.world.fail_event("nonsense", &[]);
    let stuck = chain.world.fail_event(&event(7777, PULL), &[]);
    chain.broken.lock().unwrap().insert("22222222-2222-4222-8222-000000007777".into());
    let (ended, printed) = run(&chain, &["redrive", "--wait", "5", "--format", "json"]).await;
    assert_eq!(ended, Ok(Exit::No), "{printed}");
    let outcome = |word: &str| printed.matches(&format!("\"outcome\":\"{word}\"")).count();
    assert_eq!(
        (outcome("judged"), outcome("duplicate"), outcome("unwatched"), outcome("obsolete")),
        (12, 1, 1, 1),
        "{printed}"
    );
    assert_eq!((outcome("unreadable"), outcome("not_judged")), (1, 1), "{printed}");
    // What failed again is there twice now, its old message and the chain's; both can be seen, and it was sent once.
    let left = chain.world.failed_letters();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(
        left.iter().all(|(_, taken)| !taken)
            && left.iter().any(|(id, _)| *id == unreadable)
            && left.iter().any(|(id, _)| *id == stuck)
    );
    assert_eq!(chain.world.judged().len(), 14);

    // Once the chain is whole again, both go.
    chain.broken.lock().unwrap().clear();
    let (ended, printed) = run(&chain, &["redrive"]).await;
    assert_eq!(ended, Ok(Exit::No), "the unreadable one stays: {printed}");
    assert!(printed.contains("2 done with") && printed.contains("1 stay"), "{printed}");
    assert_eq!(chain.world.failed_letters(), [(unreadable, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_and_a_limit_leave_the_rest() {
    let chain = chain();
    for number in 0..12 {
        chain.world.fail_event(&event(number, PULL), &[]);
    }
    let (ended, printed) = run(&chain, &["redrive", "--dry-run"]).await;
    assert_eq!(ended, Ok(Exit::Done), "{printed}");
    assert!(printed.contains("12 would be run through the chain"), "{printed}");
    assert_eq!((chain.world.judged().len(), chain.world.failed_letters().len()), (0, 12));
    let (ended, _) = run(&chain, &["redrive", "--limit", "3"]).await;
    assert_eq!(ended, Ok(Exit::Done));
    assert_eq!((chain.world.judged().len(), chain.world.failed_letters().len()), (3, 9));
    assert!(chain.world.failed_letters().iter().all(|(_, taken)| !taken));
}

#[tokio::test(start_paused = true)]
async fn whatever_call_fails_no_event_is_lost() {
    for operation in
        ["failed_events.depth", "failed_events.take", "triage.judge", "audit.records", "failed_events.remove"]
    {
        for fault in [
            Fault::Before(PortErrorKind::Denied("AccessDenied".into())),
            Fault::After(PortErrorKind::Unavailable("lost".into())),
        ] {
            let chain = chain();
            for number in 0..3 {
                chain.world.fail_event(&event(number, PULL), &[]);
            }
            // The chain itself reads a chain before it adds to it.
            let passes = if operation == "audit.records" { 3 } else { 0 };
            chain.world.trap_operation(operation, passes, 1, fault.clone());
            let (ended, _) = run(&chain, &["redrive"]).await;
            let failure = ended.unwrap_err();
            assert!(failure.exit == Exit::Unreachable && failure.remedy.is_some(), "{failure:?}");
            let left: BTreeSet<String> = chain.world.failed_letters().into_iter().map(|(id, _)| id).collect();
            let judged = chain.world.judged().len();
            assert!(left.len() == 3 || judged == 3, "{operation} {fault:?}: {left:?} left, {judged} judged");
            chain.world.heal();
            // Messages that a lost answer hid are seen again when their time is up.
            chain.world.advance(jiff::SignedDuration::from_mins(16));
            let (ended, printed) = run(&chain, &["redrive"]).await;
            assert_eq!(ended, Ok(Exit::Done), "{operation} {fault:?}: {printed}");
            assert!(chain.world.failed_letters().is_empty(), "{operation} {fault:?}");
        }
    }
}
