//! The stop switch: recorded, told, and put back only by somebody who may.

use jiff::SignedDuration;
use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::audit::body::Resume;
use layerguard_core::audit::{Body, SWITCH_CHAIN};
use layerguard_core::ports::{Clock, Lever, Pause, PortErrorKind, Switch};
use layerguard_testkit::{Fault, World};
use serde_json::json;

use crate::deeds::found;
use crate::machine::{ACCOUNT, Chain, futures_lite, on_call};
use crate::world::{at as event_at, inventory, session, world};

fn pause(world: &World, minutes: i64) -> Pause {
    let since = world.now();
    let until = since + SignedDuration::from_mins(minutes);
    let pause = Pause { until, since, by: "ada".to_owned(), reason: "a migration".to_owned() };
    futures_lite(world.throw(&pause)).unwrap();
    pause
}

async fn sweep(chain: &Chain) {
    chain.function(json!({"task": "sweep"})).await.unwrap();
}

fn kinds(chain: &Chain) -> Vec<&'static str> {
    chain.world.chain(SWITCH_CHAIN).iter().map(|record| record.kind.as_str()).collect()
}

fn thrown(chain: &Chain) -> bool {
    futures_lite(chain.world.pause()).unwrap().is_some()
}

fn resume(chain: &Chain, pause: &Pause, caller: &CallerIdentity) {
    chain.give(&chain.answer_about(SWITCH_CHAIN, pause.hash(), Verb::Resume, caller));
}

#[tokio::test]
async fn a_pause_is_recorded_and_told_when_it_begins_and_when_it_ends() {
    let chain = Chain::new(world(), &inventory("act", ""));
    sweep(&chain).await;
    assert!(kinds(&chain).is_empty());
    pause(&chain.world, 30);
    sweep(&chain).await;
    sweep(&chain).await;
    assert_eq!(kinds(&chain), ["pause", "notification"]);
    assert!(chain.world.messages()[0].body.contains("a migration"));
    chain.world.advance(SignedDuration::from_mins(31));
    sweep(&chain).await;
    sweep(&chain).await;
    assert_eq!(kinds(&chain), ["pause", "notification", "resume", "notification"]);
    assert_eq!(chain.world.messages().len(), 2);
    chain.assert_chains_hold("the pause");
}

#[tokio::test]
async fn somebody_on_call_ends_a_pause_and_nobody_else() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let set = pause(&chain.world, 240);
    sweep(&chain).await;
    let stranger = CallerIdentity {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/builder/intruder"),
        user_id: "AROABUILDEREXAMPLE:intruder".to_owned(),
        account: ACCOUNT.to_owned(),
    };
    resume(&chain, &set, &stranger);
    chain.give(&chain.answer_about(SWITCH_CHAIN, "0".repeat(64), Verb::Resume, &on_call()));
    chain.give(&chain.answer_about(SWITCH_CHAIN, set.hash(), Verb::Approve, &on_call()));
    sweep(&chain).await;
    assert!(thrown(&chain));
    assert_eq!(kinds(&chain), ["pause", "notification", "approval_refused", "approval_refused"]);

    chain.world.advance(SignedDuration::from_secs(5));
    resume(&chain, &set, &on_call());
    sweep(&chain).await;
    assert!(!thrown(&chain));
    assert_eq!(kinds(&chain)[4..], ["resume", "notification"]);
    let body = chain.history(SWITCH_CHAIN).entries()[4].body.clone();
    assert!(matches!(&body, Body::Resume(Resume::Person(answer)) if answer.approver_arn == on_call().arn), "{body:?}");
    assert!(chain.world.messages().last().unwrap().body.contains("seen"), "the comment is told");
    chain.assert_chains_hold("the resume");
}

#[tokio::test]
async fn an_answer_ends_the_pause_that_it_was_given_for_and_no_later_one() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let first = pause(&chain.world, 60);
    sweep(&chain).await;
    resume(&chain, &first, &on_call());
    sweep(&chain).await;
    assert!(!thrown(&chain));
    chain.world.advance(SignedDuration::from_secs(30));
    pause(&chain.world, 60);
    for _ in 0..3 {
        sweep(&chain).await;
    }
    assert!(thrown(&chain), "the old answer is used up and about another pause");
    chain.assert_chains_hold("two pauses");
}

#[tokio::test]
async fn a_pause_that_was_over_before_anybody_looked_is_recorded_once() {
    let chain = Chain::new(world(), &inventory("act", ""));
    pause(&chain.world, 1);
    chain.world.advance(SignedDuration::from_mins(2));
    for _ in 0..3 {
        sweep(&chain).await;
    }
    assert_eq!(kinds(&chain), ["pause", "notification", "resume", "notification"]);
}

#[tokio::test]
async fn a_switch_that_is_put_back_without_an_answer_is_told() {
    let chain = Chain::new(world(), &inventory("act", ""));
    pause(&chain.world, 60);
    sweep(&chain).await;
    chain.world.set_pause(None);
    sweep(&chain).await;
    assert_eq!(kinds(&chain)[2..], ["resume", "notification"]);
    assert!(chain.world.messages().last().unwrap().body.contains("without an answer that counts"));
}

/// A pause as nobody sets it with the command line: written to the row by whoever can.
fn written(world: &World, starts_in: SignedDuration, lasts: SignedDuration) {
    let since = world.now() + starts_in;
    let pause = Pause { until: since + lasts, since, by: "mallory".to_owned(), reason: "maintenance".to_owned() };
    world.set_pause(Some(pause));
}

/// Whether layerguard acts on an event of now: this session's role gets a deny.
async fn acts(chain: &Chain, number: usize) -> bool {
    let denies = chain.world.count("iam.put_role_policy");
    let session = session("builder", &format!("s{number}"));
    let id = found(chain, &event_at(number, "GetDownloadUrlForLayer", &session, chain.world.now())).await;
    chain.respond(&id, std::collections::VecDeque::new()).await;
    chain.world.count("iam.put_role_policy") > denies
}

#[tokio::test]
async fn a_pause_that_claims_more_than_a_day_ends_after_a_day() {
    let chain = Chain::new(world(), &inventory("act", ""));
    written(&chain.world, SignedDuration::ZERO, SignedDuration::from_hours(24 * 365));
    sweep(&chain).await;
    assert_eq!(kinds(&chain), ["pause", "notification"]);
    let told = chain.world.messages()[0].body.clone();
    assert!(told.contains("2026-11-21") && told.contains("which `layerguard pause` never sets"), "{told}");
    assert!(!acts(&chain, 1).await, "it holds");
    chain.world.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert!(!acts(&chain, 2).await, "it holds to its end");
    chain.world.advance(SignedDuration::from_secs(1));
    assert!(acts(&chain, 3).await, "a day is over");
    sweep(&chain).await;
    sweep(&chain).await;
    assert_eq!(kinds(&chain), ["pause", "notification", "resume", "notification"]);
    chain.assert_chains_hold("a year's pause");
}

#[tokio::test]
async fn a_pause_whose_start_is_yet_to_come_holds_a_day_from_then_and_not_before() {
    let chain = Chain::new(world(), &inventory("act", ""));
    written(&chain.world, SignedDuration::from_hours(48), SignedDuration::from_hours(24 * 365));
    sweep(&chain).await;
    assert!(acts(&chain, 1).await, "it has not begun");
    assert!(chain.world.messages().iter().any(|m| m.subject.contains("paused until")), "people know of it already");
    chain.world.advance(SignedDuration::from_hours(49));
    sweep(&chain).await;
    assert!(!acts(&chain, 2).await, "it holds");
    chain.world.advance(SignedDuration::from_hours(24));
    assert!(acts(&chain, 3).await, "a day is over");
    sweep(&chain).await;
    assert_eq!(kinds(&chain).last(), Some(&"notification"));
    assert_eq!(kinds(&chain).iter().filter(|kind| **kind == "resume").count(), 2);
    chain.assert_chains_hold("a pause ahead");
}

#[tokio::test]
async fn a_pause_whose_start_cannot_be_read_holds_and_is_told_with_every_incident() {
    let world = world();
    let unreadable = Fault::Before(PortErrorKind::Unreadable("attribute `since`".to_owned()));
    world.trap_operation("switch.pause", 0, usize::MAX, unreadable);
    let chain = Chain::new(world, &inventory("act", ""));
    assert!(!acts(&chain, 1).await, "it is taken as thrown");
    let told = chain.world.messages().iter().any(|m| m.body.contains("the stop switch cannot be read"));
    assert!(told, "{:?}", chain.world.messages());
    chain.world.heal();
    assert!(acts(&chain, 2).await, "it can be read again, and says nothing");
}
