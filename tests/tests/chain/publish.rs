//! Which policy is in force: put there only by somebody who may, checked again, recorded, told, and taken back.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use layerguard_core::approval::{Answer, CallerIdentity, Statement, Verb};
use layerguard_core::audit::body::NotificationKind;
use layerguard_core::audit::{Body, POLICY_CHAIN};
use layerguard_core::policy::{self, Package};
use layerguard_testkit::World;
use serde_json::json;

use crate::machine::{ACCOUNT, Chain, futures_lite, on_call};
use crate::world::{inventory, world};

/// The policy of the cases with this at the end of its inventory.
fn package(extra: &str) -> Package {
    Package::of(&BTreeMap::new(), inventory("act", extra)).unwrap()
}

/// A signed publish of this policy.
fn publish(chain: &Chain, package: &Package, replaces: &str, caller: &CallerIdentity) -> Answer {
    let version = package.version();
    let statement =
        Statement { replaces: Some(replaces), ..Statement::new(POLICY_CHAIN, &version, Verb::Publish, Some("seen")) };
    Answer { package: Some(package.pack().unwrap()), ..chain.sign(&statement, caller) }
}

fn rollback(chain: &Chain, version: &str, replaces: &str) -> Answer {
    let statement =
        Statement { replaces: Some(replaces), ..Statement::new(POLICY_CHAIN, version, Verb::Rollback, Some("seen")) };
    chain.sign(&statement, &on_call())
}

async fn sweep(chain: &Chain) {
    chain.function(json!({"task": "sweep"})).await.unwrap();
    chain.world.advance(SignedDuration::from_secs(5));
}

fn kinds(world: &World) -> Vec<&'static str> {
    world.chain(POLICY_CHAIN).iter().map(|record| record.kind.as_str()).collect()
}

/// Why the last answer does not count.
fn refused(chain: &Chain) -> String {
    match &chain.history(POLICY_CHAIN).entries().last().unwrap().body {
        Body::ApprovalRefused(refused) => refused.reason.clone(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_policy_is_recorded_put_in_force_and_told_and_taken_back() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let (first, second) = (package("[breaker]\noverall = 7"), package("[breaker]\noverall = 8"));
    chain.give(&publish(&chain, &first, "built-in", &on_call()));
    sweep(&chain).await;
    assert_eq!(chain.world.version_in_force(), Some(first.version()));
    assert_eq!(kinds(&chain.world), ["published", "notification"]);
    assert_eq!(policy::recorded(&chain.world, &first.version()).await.unwrap(), first);

    chain.give(&publish(&chain, &second, &first.version(), &on_call()));
    sweep(&chain).await;
    assert_eq!(chain.world.version_in_force(), Some(second.version()));
    let told = chain.world.messages().last().unwrap().body.clone();
    for words in [on_call().arn.as_str(), "`[breaker]` changed", &second.version(), &first.version(), "seen"] {
        assert!(told.contains(words), "{words}: {told}");
    }

    chain.give(&rollback(&chain, &first.version(), &second.version()));
    sweep(&chain).await;
    assert_eq!(chain.world.version_in_force(), Some(first.version()));
    chain.give(&rollback(&chain, "built-in", &first.version()));
    sweep(&chain).await;
    assert_eq!(chain.world.version_in_force().as_deref(), Some("built-in"));
    assert_eq!(kinds(&chain.world), ["published", "notification"].repeat(4));
    let told = chain.history(POLICY_CHAIN);
    let told = told
        .entries()
        .iter()
        .filter(|entry| matches!(&entry.body, Body::Notification(told) if told.kind == NotificationKind::Published));
    assert_eq!(told.count(), 4);
    chain.assert_chains_hold("the policy");
}

#[tokio::test]
async fn who_is_not_on_call_and_what_was_altered_or_used_does_not_count() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let next = package("[breaker]\noverall = 7");
    let stranger = CallerIdentity {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/builder/intruder"),
        user_id: "AROABUILDEREXAMPLE:intruder".to_owned(),
        account: ACCOUNT.to_owned(),
    };
    chain.give(&publish(&chain, &next, "built-in", &stranger));
    sweep(&chain).await;
    assert!(refused(&chain).contains("only somebody on call may publish"), "{}", refused(&chain));

    // Another policy under the same signature.
    let other = package("[breaker]\noverall = 8").pack().unwrap();
    chain.give(&Answer { package: Some(other), ..publish(&chain, &next, "built-in", &on_call()) });
    sweep(&chain).await;
    assert!(refused(&chain).contains("its content has the version"), "{}", refused(&chain));
    // What it replaces is signed too.
    chain.give(&Answer { replaces: Some("other".to_owned()), ..publish(&chain, &next, "built-in", &on_call()) });
    sweep(&chain).await;
    assert!(refused(&chain).contains("signed for another policy"), "{}", refused(&chain));
    // A rollback that brings a policy, and an approval that names one.
    let good = publish(&chain, &next, "built-in", &on_call());
    chain.give(&Answer { verb: Verb::Rollback, ..good.clone() });
    sweep(&chain).await;
    assert!(refused(&chain).contains("a publish, and nothing else"), "{}", refused(&chain));

    chain.world.advance(SignedDuration::from_mins(20));
    chain.give(&good);
    sweep(&chain).await;
    assert!(refused(&chain).contains("not within the last 15 minutes"), "{}", refused(&chain));
    assert_eq!(chain.world.version_in_force(), None);
    assert_eq!(kinds(&chain.world), ["approval_refused"; 5]);
}

#[tokio::test]
async fn a_policy_that_replaces_another_than_the_one_in_force_is_refused() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let (first, second) = (package("[breaker]\noverall = 7"), package("[breaker]\noverall = 8"));
    chain.give(&publish(&chain, &first, "built-in", &on_call()));
    chain.world.advance(SignedDuration::from_secs(1));
    chain.give(&publish(&chain, &second, "built-in", &on_call()));
    sweep(&chain).await;
    assert!(refused(&chain).contains("it replaces policy `built-in`"), "{}", refused(&chain));
    assert_eq!(chain.world.version_in_force(), Some(first.version()));
    chain.give(&rollback(&chain, &second.version(), &first.version()));
    sweep(&chain).await;
    assert!(refused(&chain).contains("was never in force"), "{}", refused(&chain));
}

#[tokio::test]
async fn a_policy_that_cannot_be_in_force_is_refused_with_its_place() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let mut broken = package("");
    broken.files.insert("rules/ecr_pull_breadth.cedar".to_owned(), "forbid (".to_owned());
    let mut less = package("");
    less.files.remove("rules/ecr_pull_breadth.cedar");
    let unread = Package { inventory: "[organisation]".to_owned(), ..package("") };
    let nobody = Package { inventory: inventory("observe", "").replace("on_call", "protected"), ..package("") };
    for (policy, words) in [
        (broken, "rules/ecr_pull_breadth.cedar"),
        (less, "are missing: rules/ecr_pull_breadth.cedar"),
        (unread, "inventory.toml:1"),
        (nobody, "nobody on call"),
    ] {
        chain.give(&publish(&chain, &policy, "built-in", &on_call()));
        sweep(&chain).await;
        assert!(refused(&chain).contains(words), "{}", refused(&chain));
    }
    assert_eq!(chain.world.version_in_force(), None);
    assert!(chain.world.messages().is_empty());
}

#[tokio::test]
async fn what_is_recorded_as_published_is_in_force_whatever_the_pointer_says() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let next = package("[breaker]\noverall = 7");
    chain.give(&publish(&chain, &next, "built-in", &on_call()));
    sweep(&chain).await;
    chain.world.set_in_force(None);
    futures_lite(sweep(&chain));
    assert_eq!(chain.world.version_in_force(), Some(next.version()));
}
