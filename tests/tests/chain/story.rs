//! What users rely on, as stories.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_core::ports::{Clock, ExecutionStatus};
use serde_json::json;

use crate::deeds::{approve, found, undo};
use crate::machine::{Chain, Deed, on_call};
use crate::world::{at, download, download_by_user, event, inventory, session, world};

#[tokio::test]
async fn a_session_is_cut_off_after_approval_and_undo_restores() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    assert_eq!(chain.row(&id).status, Status::Pending);
    assert!(chain.respond(&id, approve()).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    assert_ne!(chain.world.iam_snapshot(), before);
    undo(&chain, &id).await;
    assert_eq!(chain.row(&id).status, Status::Undone);
    assert_eq!(chain.world.iam_snapshot(), before);
    chain.assert_chains_hold("the story");
}

#[tokio::test]
async fn a_user_loses_its_key_and_gets_it_back() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download_by_user(1)).await;
    assert!(chain.respond(&id, approve()).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    let applied = chain.history(&id).applied().len();
    assert_eq!(applied, 2, "the key and the deny");
    undo(&chain, &id).await;
    assert_eq!(chain.world.iam_snapshot(), before);
}

#[tokio::test]
async fn thirty_layers_of_one_pull_are_one_incident_one_question_and_one_containment() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let pull = session("builder", "intruder");
    let id = found(&chain, &event(100, "BatchGetImage", &pull)).await;
    for number in 0..30 {
        assert_eq!(found(&chain, &download(number)).await, id);
        assert_eq!(found(&chain, &download(number)).await, id, "a duplicate");
    }
    assert_eq!(chain.row(&id).evidence, 31);
    assert_eq!(chain.world.executions().len(), 1);
    assert!(chain.respond(&id, approve()).await);
    assert_eq!(chain.world.count("iam.put_role_policy"), 1);
    let questions = chain.world.messages().iter().filter(|m| m.body.contains("layerguard approve")).count();
    assert_eq!(questions, 1);
}

#[tokio::test]
async fn a_flood_under_one_name_fills_its_incident_and_ends() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(0)).await;
    for number in 1..1100 {
        assert_eq!(found(&chain, &download(number)).await, id);
    }
    assert_eq!(chain.row(&id).evidence, 1000);
    assert_eq!(
        chain.world.chains().iter().filter(|chain| chain.starts_with("call#")).count(),
        1100,
        "each is recorded"
    );
    assert!(chain.respond(&id, approve()).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
}

#[tokio::test]
async fn layers_that_arrive_while_people_are_asked_do_not_ask_again() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &event(100, "BatchGetImage", &session("builder", "intruder"))).await;
    let late: Deed = Box::new(|chain, _| {
        for number in 0..5 {
            crate::machine::futures_lite(chain.triage(&download(number))).unwrap();
        }
    });
    let mut deeds = approve();
    deeds.push_front(late);
    assert!(chain.respond(&id, deeds).await);
    let row = chain.row(&id);
    assert_eq!((row.status, row.evidence), (Status::Contained, 6));
    let questions = chain.world.messages().iter().filter(|m| m.body.contains("layerguard approve")).count();
    assert_eq!(questions, 1);
}

#[tokio::test]
async fn an_event_after_the_decision_is_decided_before_the_incident_closes() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    let first = chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    assert!(format!("{first:?}").contains("Contain"), "{first:?}");
    assert_eq!(found(&chain, &download(2)).await, id);
    assert!(chain.respond(&id, VecDeque::new()).await);
    let row = chain.row(&id);
    assert_eq!((row.evidence, row.status), (2, Status::Contained));
    assert_eq!(chain.history(&id).found().len(), 2, "both events are in the findings");
}

#[tokio::test]
async fn an_event_after_closing_opens_the_next_generation_and_knows_of_the_first() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let first = found(&chain, &download(1)).await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    let second = found(&chain, &download(2)).await;
    assert_eq!(second, first.replace("-1", "-2"));
    assert!(chain.respond(&second, VecDeque::new()).await);
    assert_eq!(chain.row(&second).status, Status::Observed, "the deny of the first generation covers it");

    chain.world.advance(SignedDuration::from_mins(20));
    let now = chain.world.now();
    let third = found(&chain, &at(3, "GetDownloadUrlForLayer", &session("builder", "intruder"), now)).await;
    assert!(chain.respond(&third, approve()).await);
    let history = chain.history(&third);
    let actions: Vec<&str> = history.decision().unwrap().plan.steps.iter().map(|step| step.action.as_str()).collect();
    assert!(actions.contains(&"revoke_role_sessions"), "it did not hold, so the role's older sessions go: {actions:?}");
}

#[tokio::test]
async fn observing_changes_nothing_and_tells_once() {
    let chain = Chain::new(world(), &inventory("observe", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(chain.row(&id).status, Status::Observed);
    assert_eq!(chain.world.iam_snapshot(), before);
    assert_eq!(chain.world.messages().len(), 1);
}

#[tokio::test]
async fn nobody_answers_so_it_expires_and_people_hear_of_it() {
    let chain = Chain::new(world(), &inventory("ask", "[approval]\ntimeout = \"10m\"\nreminder = \"3m\""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(chain.row(&id).status, Status::Expired);
    assert_eq!(chain.world.iam_snapshot(), before);
    let subjects: Vec<String> = chain.world.messages().into_iter().map(|message| message.subject).collect();
    assert!(subjects.len() >= 4, "the question, reminders and the end: {subjects:?}");
}

#[tokio::test]
async fn expiry_contains_where_the_inventory_says_so() {
    let extra = "[approval]\ntimeout = \"10m\"\n[approval.on_expiry]\nhigh = \"contain\"";
    let chain = Chain::new(world(), &inventory("ask", extra));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
}

#[tokio::test]
async fn an_incident_that_nobody_took_up_is_started_by_the_sweeper() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    let mut forgotten = chain.row(&id);
    forgotten.opened_at = chain.world.now() - SignedDuration::from_mins(5);
    chain.world.set_incident(forgotten);
    chain.world.set_execution(&id, &id, ExecutionStatus::Absent);
    let swept = chain.function(json!({"task": "sweep"})).await.unwrap();
    assert!(format!("{swept:?}").contains("started: 1"), "{swept:?}");
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
}

#[tokio::test]
async fn an_execution_that_dies_again_and_again_ends_with_people() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    chain.world.advance(SignedDuration::from_mins(5));
    for name in [id.clone(), format!("{id}-r1"), format!("{id}-r2")] {
        chain.world.set_execution(&name, &id, ExecutionStatus::Died);
        chain.function(json!({"task": "sweep"})).await.unwrap();
        chain.world.set_execution(&name, &id, ExecutionStatus::Died);
    }
    assert_eq!(chain.row(&id).status, Status::Escalated);
    assert_eq!(chain.world.messages().len(), 1);
}

#[tokio::test]
async fn one_broken_inventory_is_one_incident_for_people() {
    let chain = Chain::new(world(), "[organisation]\nid = \"o-exampleorgid\"");
    let ids: Vec<String> = vec![found(&chain, &download(1)).await, found(&chain, &download_by_user(2)).await];
    assert_eq!(ids[0], ids[1]);
    assert!(!chain.respond(&ids[0], VecDeque::new()).await, "no policy to decide by: escalated");
    assert_eq!(chain.row(&ids[0]).status, Status::Escalated);
}

#[tokio::test]
async fn a_storm_of_sessions_that_is_decided_at_once_cannot_overrun_the_breaker() {
    let chain = Chain::new(world(), &inventory("act", "[breaker]\nper_role = 2"));
    let mut ids = Vec::new();
    for number in 0..5 {
        let session = session("builder", &format!("s{number}"));
        let id = found(&chain, &event(number, "GetDownloadUrlForLayer", &session)).await;
        chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
        ids.push(id);
    }
    for id in &ids {
        chain.respond(id, VecDeque::new()).await;
    }
    assert_eq!(chain.world.count("iam.put_role_policy"), 2);
    let ends: Vec<Status> = ids.iter().map(|id| chain.row(id).status).collect();
    assert_eq!(ends.iter().filter(|status| **status == Status::Escalated).count(), 3, "{ends:?}");
}

#[tokio::test]
async fn more_of_the_same_within_the_hour_is_recorded_and_not_told_again() {
    for extra in ["observe", "ask"] {
        let chain = Chain::new(world(), &inventory(extra, ""));
        let first = found(&chain, &download(1)).await;
        let reject: Deed = Box::new(|chain, id| chain.give(&chain.answer(id, Verb::Reject, &on_call())));
        assert!(chain.respond(&first, VecDeque::from([reject])).await);
        let told = chain.world.messages().len();
        let again = chain.triage(&download(2)).await.unwrap();
        assert_eq!((again.incident_id.as_deref(), again.start), (Some(first.as_str()), false));
        assert_eq!(chain.world.messages().len(), told);
        let later = "2026-11-20T10:30:00Z".parse().unwrap();
        let later = at(3, "GetDownloadUrlForLayer", &session("builder", "intruder"), later);
        assert_ne!(found(&chain, &later).await, first, "another hour is another incident");
    }
}

#[tokio::test]
async fn graver_evidence_is_told_although_nothing_is_asked() {
    let chain = Chain::new(world(), &inventory("observe", ""));
    let pull = session("builder", "intruder");
    let first = found(&chain, &event(100, "BatchGetImage", &pull)).await;
    chain.function(json!({"task": "decide", "incident_id": first})).await.unwrap();
    assert_eq!(found(&chain, &download(1)).await, first, "it joins while the incident is open");
    assert!(chain.respond(&first, VecDeque::new()).await);
    let messages = chain.world.messages();
    assert!(messages.iter().any(|message| message.subject.contains("high")), "{messages:?}");

    let quiet = Chain::new(world(), &inventory("observe", ""));
    let first = found(&quiet, &event(100, "BatchGetImage", &pull)).await;
    assert!(quiet.respond(&first, VecDeque::new()).await);
    let second = found(&quiet, &download(1)).await;
    assert_ne!(second, first, "a closed incident does not swallow what is graver than all it has seen");
}

#[tokio::test]
async fn an_invented_incident_changes_nothing_and_is_refused() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    assert!(chain.function(json!({"task": "decide", "incident_id": "0123456789abcdef-1"})).await.is_err());
    for task in ["apply", "undo"] {
        let payload = json!({"task": task, "incident_id": "0123456789abcdef-1", "step": 0});
        assert!(chain.remediate(payload).await.is_err());
    }
    let id = found(&chain, &download(1)).await;
    let early = json!({"task": "apply", "incident_id": id, "step": 0});
    assert!(chain.remediate(early).await.is_err(), "nothing was decided yet");
    assert_eq!(chain.world.iam_snapshot(), before);
}

#[tokio::test]
async fn what_may_pull_and_what_was_refused_opens_nothing() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let listed = chain.triage(&event(1, "GetDownloadUrlForLayer", &session("puller", "job"))).await.unwrap();
    assert_eq!(listed.incident_id, None);
    let record = &chain.world.chain(&chain.world.chains()[0])[0];
    assert!(record.body.len() <= 1500, "the record of a clear call stays small: {}", record.body);
    let mut denied = download(2);
    denied["detail"]["errorCode"] = json!("AccessDenied");
    assert_eq!(chain.triage(&denied).await.unwrap().incident_id, None);
    assert!(chain.triage(&json!({"detail-type": "Scheduled Event", "detail": {}})).await.is_none());
}
