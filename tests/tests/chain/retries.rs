//! What comes more than once, late, in another order or at the same time: events, answers, incidents, states of the machines.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::audit::Body;
use layerguard_core::incident::Status;
use layerguard_testkit::World;
use serde_json::json;

use crate::deeds::{approve, found, open_up, undo};
use crate::machine::{Chain, Deed, futures_lite, on_call};
use crate::world::{download, event, inventory, session, world};

fn refusals(chain: &Chain, id: &str) -> Vec<String> {
    let history = chain.history(id);
    let refused = history.entries().iter().filter_map(|entry| match &entry.body {
        Body::ApprovalRefused(refused) => Some(refused.reason.clone()),
        _ => None,
    });
    refused.collect()
}

fn questions(chain: &Chain) -> usize {
    chain.world.messages().iter().filter(|message| message.body.contains("layerguard approve")).count()
}

#[tokio::test]
async fn events_that_come_three_times_and_out_of_order_are_one_incident_and_one_measure() {
    for order in [[2, 0, 1, 1, 0, 2, 0, 2, 1], [0, 0, 0, 2, 2, 2, 1, 1, 1], [2, 1, 0, 2, 1, 0, 2, 1, 0]] {
        let chain = Chain::new(world(), &inventory("ask", ""));
        let before = chain.world.iam_snapshot();
        // Half of them come while people are asked.
        let late = order[5..].to_vec();
        let mut ids = Vec::new();
        for number in &order[..5] {
            ids.push(found(&chain, &download(*number)).await);
        }
        let id = ids[0].clone();
        assert!(ids.iter().all(|other| *other == id), "{order:?}: {ids:?}");
        let mut deeds = approve();
        deeds.push_front(Box::new(move |chain: &Chain, _: &str| {
            for number in &late {
                futures_lite(chain.triage(&download(*number))).unwrap();
            }
        }) as Deed);
        assert!(chain.respond(&id, deeds).await);
        let row = chain.row(&id);
        assert_eq!((row.status, row.evidence), (Status::Contained, 3), "{order:?}");
        assert_eq!(chain.history(&id).found().len(), 3, "{order:?}: each event is found once");
        assert_eq!((questions(&chain), chain.world.count("iam.put_role_policy")), (1, 1), "{order:?}");
        // Once more after the end: nothing new comes of it.
        assert_eq!(found(&chain, &download(1)).await, id);
        assert!(chain.respond(&id, VecDeque::new()).await);
        assert_eq!(chain.world.rows().len(), 1);
        undo(&chain, &id).await;
        assert_eq!(chain.world.iam_snapshot(), before);
        chain.assert_chains_hold("three times");
    }
}

#[tokio::test]
async fn two_incidents_on_one_role_at_once_have_a_measure_each_and_neither_takes_the_others() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let session = session("builder", name);
        ids.push(found(&chain, &event(ids.len(), "GetDownloadUrlForLayer", &session)).await);
    }
    assert_ne!(ids[0], ids[1]);
    // Turn by turn, as two executions do that run beside each other.
    let turn = async |task: &str, step: Option<u32>| {
        for id in &ids {
            let payload = match step {
                None => json!({"task": task, "incident_id": id}),
                Some(step) => json!({"task": task, "incident_id": id, "step": step}),
            };
            match step {
                None if task == "decide" => drop(chain.function(payload).await.unwrap()),
                _ => drop(chain.remediate(payload).await.unwrap()),
            }
        }
    };
    turn("decide", None).await;
    turn("apply", Some(0)).await;
    turn("decide", None).await;
    turn("report", None).await;
    turn("decide", None).await;
    for id in &ids {
        assert_eq!(chain.row(id).status, Status::Contained);
    }
    let policies = |chain: &Chain| chain.world.iam_snapshot().roles["builder"].policies.len();
    assert_eq!(policies(&chain), 2, "one of each incident");
    undo(&chain, &ids[0]).await;
    let left = chain.world.iam_snapshot();
    assert_eq!(policies(&chain), 1);
    assert!(left.roles["builder"].policies.contains_key(&format!("layerguard-{}", ids[1])), "the other one stays");
    undo(&chain, &ids[1]).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    chain.assert_chains_hold("two at once");
}

#[tokio::test]
async fn an_approval_that_comes_twice_counts_once() {
    let second = CallerIdentity { user_id: "AROAONCALLEXAMPLE:bob".to_owned(), ..on_call() };
    for by in [on_call(), second] {
        let chain = Chain::new(world(), &inventory("ask", ""));
        let id = found(&chain, &download(1)).await;
        let twice: Deed = Box::new(move |chain: &Chain, id: &str| {
            let answer = chain.answer(id, Verb::Approve, &on_call());
            chain.give(&answer);
            chain.give(&answer);
            chain.give(&chain.answer(id, Verb::Approve, &by));
        });
        assert!(chain.respond(&id, VecDeque::from([twice])).await);
        assert_eq!(chain.row(&id).status, Status::Contained);
        let history = chain.history(&id);
        let accepted = history.entries().iter().filter(|entry| matches!(entry.body, Body::ApprovalAccepted(_)));
        assert_eq!(accepted.count(), 1);
        assert_eq!(chain.world.count("iam.put_role_policy"), 1);
        chain.assert_chains_hold("twice");
    }
}

#[tokio::test]
async fn an_approval_after_the_expiry_changes_nothing_and_is_recorded() {
    let chain = Chain::new(world(), &inventory("ask", "[approval]\ntimeout = \"10m\""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(chain.row(&id).status, Status::Expired);
    let late = chain.answer(&id, Verb::Approve, &on_call());
    chain.give(&late);
    chain.give(&late);
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!((chain.row(&id).status, chain.world.iam_snapshot()), (Status::Expired, before));
    let refused = refusals(&chain, &id);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].contains("nothing waits for an answer"), "{refused:?}");
    assert!(chain.history(&id).is_sealed());
    chain.assert_chains_hold("after the expiry");
}

#[tokio::test]
async fn an_approval_of_a_plan_that_has_changed_since_does_not_count_and_people_are_asked_anew() {
    let shown = Chain::new(world(), &inventory("ask", ""));
    let before = shown.world.iam_snapshot();
    let id = found(&shown, &download(1)).await;
    shown.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    shown.function(json!({"task": "request_approval", "incident_id": id, "task_token": "token"})).await.unwrap();
    let answer = shown.answer(&id, Verb::Approve, &on_call());
    // Before the machine looks, the owner forbids inline policies and another event comes: what is to be done is another thing.
    let forbidden = inventory("ask", "").replace("inline_deny = true", "inline_deny = false");
    let chain = Chain::new(shown.world.clone(), &forbidden);
    assert_eq!(found(&chain, &download(2)).await, id);
    chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    assert_ne!(chain.history(&id).decision().unwrap().plan_hash, answer.plan_hash, "the plan is another one");
    chain.give(&answer);
    let anew: Deed = Box::new(move |chain: &Chain, id: &str| {
        assert_eq!(chain.world.iam_snapshot(), before, "nothing ran on the old answer");
        chain.world.advance(SignedDuration::from_secs(5));
        chain.give(&chain.answer(id, Verb::Approve, &on_call()));
    });
    assert!(chain.respond(&id, VecDeque::from([anew])).await);
    let refused = refusals(&chain, &id);
    assert!(refused.len() == 1 && refused[0].contains("another plan"), "{refused:?}");
    assert_eq!(chain.row(&id).status, Status::Contained);
    assert_eq!(chain.world.count("iam.put_role_policy"), 0, "the plan that was shown first never ran");
    assert_eq!(questions(&chain), 2);
    chain.assert_chains_hold("another plan");
}

/// Statuses, account and kinds of records once a story has been told.
type End = (Status, layerguard_testkit::AccountSnapshot, Vec<String>);

async fn told(chain: &Chain, event: &serde_json::Value) -> End {
    let id = found(chain, event).await;
    assert!(chain.respond(&id, approve()).await);
    let (status, account) = (chain.row(&id).status, chain.world.snapshot(layerguard_testkit::HOME));
    undo(chain, &id).await;
    chain.assert_chains_hold("retried");
    (status, account, chain.world.chain(&id).iter().map(|record| record.kind.as_str().to_owned()).collect())
}

#[tokio::test]
async fn a_retry_at_any_state_of_the_machines_comes_to_the_same_end() {
    let session_deny = |_: &World| download(1);
    let repair = |world: &World| open_up(world, 1);
    type Tale<'t> = (&'t str, &'t str, &'t dyn Fn(&World) -> serde_json::Value);
    let stories: [Tale<'_>; 3] =
        [("ask", "a question", &session_deny), ("act", "a containment", &session_deny), ("act", "a repair", &repair)];
    for (mode, what, event) in stories {
        let inventory = inventory(mode, "");
        let clean = Chain::new(world(), &inventory);
        let found = event(&clean.world);
        let expected = told(&clean, &found).await;
        let before = world();
        event(&before);
        let states = clean.invocations();
        assert!(states > 8, "{what}: {states}");
        for state in 0..states {
            let chain = Chain::repeating(world(), &inventory, state);
            let found = event(&chain.world);
            let end = told(&chain, &found).await;
            assert_eq!(end, expected, "{what}: state {state} was retried");
            let home = layerguard_testkit::HOME;
            assert_eq!(chain.world.snapshot(home), before.snapshot(home), "{what}: state {state}: undo restores it");
            assert_eq!(questions(&chain), questions(&clean), "{what}: state {state}: nobody is asked twice");
        }
        println!("{what}: {states} states, each retried");
    }
}
