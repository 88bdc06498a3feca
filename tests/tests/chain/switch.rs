//! The stop switch: recorded, told, and put back only by somebody who may.

use jiff::SignedDuration;
use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::audit::body::Resume;
use layerguard_core::audit::{Body, SWITCH_CHAIN};
use layerguard_core::ports::{Clock, Lever, Pause, Switch};
use layerguard_testkit::{Fault, World};
use serde_json::json;

use crate::machine::{ACCOUNT, Chain, futures_lite, on_call};
use crate::world::{inventory, world};

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

#[tokio::test]
async fn a_crash_at_any_moment_loses_no_record_and_no_message() {
    for calls in 0..40 {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let chain = Chain::new(world(), &inventory("act", ""));
            let set = pause(&chain.world, 60);
            sweep(&chain).await;
            resume(&chain, &set, &on_call());
            chain.world.trap(calls, fault.clone());
            for _ in 0..3 {
                sweep(&chain).await;
                let _ = chain.world.revive();
            }
            chain.world.heal();
            sweep(&chain).await;
            let point = format!("{fault:?} at call {calls}");
            assert!(!thrown(&chain), "{point}");
            let resumed = kinds(&chain).iter().filter(|kind| **kind == "resume").count();
            assert_eq!(resumed, 1, "{point}: {:?}", kinds(&chain));
            assert!(chain.world.messages().iter().any(|m| m.subject.contains("the pause is over")), "{point}");
            chain.assert_chains_hold(&point);
        }
    }
}
