//! Traces, approvals, measures and the breaker.

use layerguard_core::approval::{Answer, ApprovalRequest, SignedRequest, Verb};
use layerguard_core::history::{Look, Mark, Trace};
use layerguard_core::inventory::Login;
use layerguard_core::ports::{ActivityStore, ApprovalStore, MeasureStore, SchemaMark};

use crate::world::{World, at, event};

const INCIDENT: &str = "0011223344556677-1";

#[tokio::test]
async fn the_traces_of_a_track_come_by_time_and_one_that_is_kept_twice_is_one() {
    let Some(world) = World::open("the_traces_of_a_track_come_by_time").await else { return };
    let store = world.state().await;
    let trace = |id: &str, time: &str| Trace {
        track: "key#ASIAIOSFODNN7EXAMPLE".to_owned(),
        time: at(time),
        id: id.to_owned(),
        event: id.to_owned(),
        mark: Mark::Login { login: Login::of(&event(id, time)) },
    };
    let late = trace("late", "2026-11-20T09:00:00.5Z");
    let early = trace("early", "2026-11-20T08:00:00Z");
    let all = [late.clone(), early.clone(), trace("old", "2026-11-19T08:00:00Z")];
    store.remember(&all).await.unwrap();
    store.remember(&all).await.unwrap();
    let look = Look { track: early.track.clone(), from: early.time, until: late.time };
    assert_eq!(store.traces(&look).await.unwrap(), [early.clone(), late.clone()]);
    assert_eq!(store.traces(&Look::whole(early.track.clone())).await.unwrap().len(), 3);
    assert!(store.traces(&Look { track: "key#another".to_owned(), ..look.clone() }).await.unwrap().is_empty());
    store.forget(&early).await.unwrap();
    store.forget(&early).await.unwrap();
    assert_eq!(store.traces(&look).await.unwrap(), [late]);
}

fn answer(verb: Verb, given_at: &str, authorization: &str) -> Answer {
    Answer {
        incident: INCIDENT.to_owned(),
        verb,
        plan_hash: "ab".repeat(32),
        comment: Some("seen".to_owned()),
        step: None,
        assignee: None,
        replaces: None,
        package: None,
        given_at: at(given_at),
        request: SignedRequest {
            endpoint: "https://sts.eu-central-1.amazonaws.com".to_owned(),
            headers: [("authorization".to_owned(), authorization.to_owned())].into(),
        },
    }
}

#[tokio::test]
async fn a_request_is_replaced_and_answers_add_up() {
    let Some(world) = World::open("a_request_is_replaced_and_answers_add_up").await else { return };
    let store = world.state().await;
    assert_eq!(store.request(INCIDENT).await.unwrap(), None);
    let mut request = ApprovalRequest {
        incident: INCIDENT.to_owned(),
        plan_hash: "ab".repeat(32),
        asked_at: at("2026-11-20T09:00:00Z"),
        deadline: at("2026-11-20T10:00:00Z"),
        told_at: None,
        token: Some("token".to_owned()),
    };
    store.put_request(&request).await.unwrap();
    request.token = None;
    store.put_request(&request).await.unwrap();
    assert_eq!(store.request(INCIDENT).await.unwrap(), Some(request));

    let second = answer(Verb::Approve, "2026-11-20T09:20:00Z", "b");
    let first = answer(Verb::Reject, "2026-11-20T09:10:00Z", "a");
    for answer in [&second, &first, &second] {
        store.put_answer(answer).await.unwrap();
    }
    assert_eq!(store.answers(INCIDENT).await.unwrap(), [first, second]);
}

#[tokio::test]
async fn a_signature_is_claimed_by_one_only() {
    let Some(world) = World::open("a_signature_is_claimed_by_one_only").await else { return };
    let store = world.state().await;
    assert!(store.claim_signature("cd", "one").await.unwrap());
    assert!(store.claim_signature("cd", "one").await.unwrap());
    assert!(!store.claim_signature("cd", "other").await.unwrap());
}

#[tokio::test]
async fn temporary_measures_come_due() {
    let Some(world) = World::open("temporary_measures_come_due").await else { return };
    let store = world.state().await;
    store.put_measure(INCIDENT, 0, Some(at("2026-11-20T21:00:00Z"))).await.unwrap();
    store.put_measure(INCIDENT, 1, Some(at("2026-11-20T22:00:00Z"))).await.unwrap();
    store.put_measure(INCIDENT, 2, None).await.unwrap();
    assert!(store.due_measures(at("2026-11-20T20:59:59.999Z")).await.unwrap().is_empty());
    let due = store.due_measures(at("2026-11-20T21:00:00Z")).await.unwrap();
    assert_eq!(due, [(INCIDENT.to_owned(), 0)]);
    for (partition, sort) in [("answer#x", "0"), ("measure#x", "zero"), ("measure#", "0")] {
        let listed = [("listing", "measure"), ("listed_at", "2026-11-20T09:00:00.000000000Z")];
        world.put(&[&[("pk", partition), ("sk", sort)][..], &listed].concat()).await;
    }
    let due = store.due_measures(at("2026-11-20T21:00:00Z")).await.unwrap();
    assert_eq!(due, [(INCIDENT.to_owned(), 0)], "what others put into the index is passed over");
    store.remove_measure(INCIDENT, 0).await.unwrap();
    store.remove_measure(INCIDENT, 0).await.unwrap();
    let due = store.due_measures(at("2027-11-20T21:00:00Z")).await.unwrap();
    assert_eq!(due, [(INCIDENT.to_owned(), 1)]);
}

#[tokio::test]
async fn an_action_counts_once_per_scope() {
    let Some(world) = World::open("an_action_counts_once_per_scope").await else { return };
    let store = world.state().await;
    let scopes = ["all".to_owned(), "account#111122223333".to_owned()];
    store.count_action(&scopes, INCIDENT, 0, at("2026-11-20T09:00:00Z")).await.unwrap();
    store.count_action(&scopes, INCIDENT, 0, at("2026-11-20T09:00:05Z")).await.unwrap();
    store.count_action(&scopes[..1], INCIDENT, 1, at("2026-11-20T09:10:00Z")).await.unwrap();
    let since = async |scope: &str, from: &str| store.actions_since(scope, at(from)).await.unwrap();
    assert_eq!(since("all", "2026-11-20T09:00:00Z").await, 2);
    assert_eq!(since("all", "2026-11-20T09:00:06Z").await, 1);
    assert_eq!(since("account#111122223333", "2026-11-20T08:00:00Z").await, 1);
    assert_eq!(since("account#444455556666", "2026-11-20T08:00:00Z").await, 0);
}

#[tokio::test]
async fn the_mark_of_the_tables_form_is_raised_and_never_lowered() {
    let Some(world) = World::open("the_mark_of_the_tables_form_is_raised").await else { return };
    let store = world.state().await;
    assert_eq!(store.form().await.unwrap(), None);
    for (form, found) in [(1, 1), (1, 1), (3, 3), (2, 3)] {
        store.mark(form).await.unwrap();
        assert_eq!(store.form().await.unwrap(), Some(found), "after {form}");
    }
}
