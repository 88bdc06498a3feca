//! Answers that must not count: each is recorded, and the wait goes on.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::{Answer, CallerIdentity, HEADER_PLAN, Verb};
use layerguard_core::audit::Body;
use layerguard_core::incident::Status;

use crate::deeds::approve;
use crate::machine::{ACCOUNT, Chain, Deed, on_call};
use crate::world::{download, inventory, world};

/// Runs the story with one bad answer before the good one; answers with the reason for which the bad one was refused.
async fn refused(bad: impl Fn(&Chain, &str) -> Answer + Send + Sync + 'static) -> String {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = chain.triage(&download(1)).await.unwrap().incident_id.unwrap();
    let mut deeds = approve();
    deeds.push_front(Box::new(move |chain: &Chain, id: &str| chain.give(&bad(chain, id))) as Deed);
    assert!(chain.respond(&id, deeds).await);
    assert_eq!(chain.row(&id).status, Status::Contained, "the wait went on, and the good answer counted");
    chain.assert_chains_hold("after a refused answer");
    let history = chain.history(&id);
    let reasons: Vec<&String> = history
        .entries()
        .iter()
        .filter_map(|entry| if let Body::ApprovalRefused(refused) = &entry.body { Some(&refused.reason) } else { None })
        .collect();
    assert_eq!(reasons.len(), 1, "recorded once: {reasons:?}");
    reasons[0].clone()
}

fn caller(user_id: &str, role: &str) -> CallerIdentity {
    let session = user_id.split(':').nth(1).unwrap();
    CallerIdentity {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"),
        user_id: user_id.to_owned(),
        account: ACCOUNT.to_owned(),
    }
}

#[tokio::test]
async fn the_accused_may_not_approve() {
    let reason = refused(|c, id| c.answer(id, Verb::Approve, &caller("AROABUILDEREXAMPLE:intruder", "builder"))).await;
    assert!(reason.contains("on-call") || reason.contains("accused") || reason.contains("itself"), "{reason}");
}

#[tokio::test]
async fn another_session_of_the_accused_role_may_not_approve() {
    refused(|c, id| c.answer(id, Verb::Approve, &caller("AROABUILDEREXAMPLE:other", "builder"))).await;
}

#[tokio::test]
async fn who_is_not_on_call_may_not_approve() {
    refused(|c, id| c.answer(id, Verb::Approve, &caller("AROASTRANGEREXAMPLE:eve", "stranger"))).await;
}

#[tokio::test]
async fn the_accused_user_may_not_approve_through_a_role() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = chain.triage(&crate::world::download_by_user(1)).await.unwrap().incident_id.unwrap();
    let deed: Deed = Box::new(|chain, id| {
        let through = CallerIdentity { user_id: "AROAONCALLEXAMPLE:Sam".to_owned(), ..on_call() };
        chain.give(&chain.answer(id, Verb::Approve, &through));
    });
    assert!(chain.respond(&id, VecDeque::from([deed])).await);
    assert_eq!(chain.row(&id).status, Status::Expired, "nobody else answered");
}

#[tokio::test]
async fn answers_of_any_size_and_number_keep_nothing_from_going_on() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = chain.triage(&download(1)).await.unwrap().incident_id.unwrap();
    let flood: Deed = Box::new(|chain, id| {
        for number in 0..200 {
            let mut junk = chain.answer(id, Verb::Approve, &on_call());
            junk.plan_hash = "f".repeat(400_000);
            junk.request.headers.insert("authorization".to_owned(), format!("junk {number}"));
            chain.give(&junk);
        }
    });
    let mut deeds = approve();
    deeds.push_front(flood);
    assert!(chain.respond(&id, deeds).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    let history = chain.history(&id);
    let refused = history.entries().iter().filter(|entry| matches!(entry.body, Body::ApprovalRefused(_))).count();
    assert_eq!(refused, 50, "no more than that is recorded");
    assert!(chain.world.chain(&id).iter().all(|record| record.body.len() < 20_000));
}

#[tokio::test]
async fn an_answer_that_comes_after_the_end_is_refused_and_undo_still_works() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let before = chain.world.iam_snapshot();
    let id = chain.triage(&download(1)).await.unwrap().incident_id.unwrap();
    assert!(chain.respond(&id, approve()).await);
    chain.world.advance(SignedDuration::from_secs(5));
    chain.give(&chain.answer(&id, Verb::Reject, &on_call()));
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert!(chain.history(&id).is_sealed(), "the end of the chain is named again");
    crate::deeds::undo(&chain, &id).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    assert!(format!("{:?}", chain.history(&id).entries()).contains("nothing waits for an answer"));
}

#[tokio::test]
async fn a_forged_signature_does_not_count() {
    let reason = refused(|chain, id| {
        let mut answer = chain.answer(id, Verb::Approve, &on_call());
        let forged = answer.request.headers["authorization"].replace("Signature=", "Signature=f");
        let forged = forged[..forged.len() - 1].to_owned();
        answer.request.headers.insert("authorization".to_owned(), forged);
        answer
    })
    .await;
    assert!(reason.contains("STS"), "{reason}");
}

#[tokio::test]
async fn an_answer_to_another_plan_does_not_count() {
    let reason = refused(|chain, id| {
        let mut answer = chain.answer(id, Verb::Approve, &on_call());
        answer.request.headers.insert(HEADER_PLAN.to_owned(), "ff".repeat(32));
        answer
    })
    .await;
    assert!(reason.contains("another plan"), "{reason}");
}

#[tokio::test]
async fn a_stale_answer_does_not_count() {
    let reason = refused(|chain, id| {
        let answer = chain.answer(id, Verb::Approve, &on_call());
        chain.world.advance(SignedDuration::from_mins(16));
        answer
    })
    .await;
    assert!(reason.contains("15 minutes"), "{reason}");
}

#[tokio::test]
async fn an_answer_that_was_used_for_another_incident_does_not_count() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = chain.triage(&download(1)).await.unwrap().incident_id.unwrap();
    let replay: Deed = Box::new(|chain, id| {
        let answer = chain.answer(id, Verb::Approve, &on_call());
        // Somebody claimed the very signature first.
        let expected = layerguard_core::approval::Expectation {
            endpoint: &answer.request.endpoint,
            incident: id,
            plan_hash: &answer.plan_hash,
            now: answer.given_at,
        };
        let hash = layerguard_core::approval::check(&answer, expected).unwrap();
        use layerguard_core::ports::ApprovalStore;
        assert!(crate::machine::futures_lite(chain.world.claim_signature(&hash, "another/approve")).unwrap());
        chain.give(&answer);
        chain.world.advance(SignedDuration::from_secs(2));
    });
    let mut deeds = approve();
    deeds.push_front(replay);
    assert!(chain.respond(&id, deeds).await);
    let said = format!("{:?}", chain.history(&id).entries());
    assert!(said.contains("used before"), "{said}");
}

#[tokio::test]
async fn a_rejection_ends_the_incident_and_a_second_answer_hears_who_decided() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let before = chain.world.iam_snapshot();
    let id = chain.triage(&download(1)).await.unwrap().incident_id.unwrap();
    let both: Deed = Box::new(|chain, id| {
        chain.give(&chain.answer(id, Verb::Reject, &on_call()));
        chain.world.advance(SignedDuration::from_secs(1));
        chain.give(&chain.answer(id, Verb::Approve, &on_call()));
    });
    assert!(chain.respond(&id, VecDeque::from([both])).await);
    assert_eq!(chain.row(&id).status, Status::Rejected);
    assert_eq!(chain.world.iam_snapshot(), before);
    let said = format!("{:?}", chain.history(&id).entries());
    assert!(said.contains("already decided by"), "{said}");
}
