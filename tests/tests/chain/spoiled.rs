//! Every kind of answer, spoiled in every way: it is recorded as refused, nothing follows, and the true answer still counts.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::{
    Answer, CallerIdentity, Expectation, HEADER_ANSWER, HEADER_ASSIGNEE, HEADER_COMMENT, HEADER_INCIDENT, HEADER_PLAN,
    HEADER_STEP, Statement, Verb, check, comment_hash,
};
use layerguard_core::audit::Body;
use layerguard_core::ports::ApprovalStore;

use crate::deeds::{approve, found};
use crate::machine::{ACCOUNT, Chain, Deed, futures_lite, on_call, person};
use crate::two_people::refusals;
use crate::world::{download, download_by_user, event, inventory, session, world};

type Spoil = fn(&Chain, &mut Answer);

/// Each way to spoil an answer, and what is said about it.
const SPOILED: &[(&str, Spoil)] = &[
    ("STS does not accept", |_, answer| {
        let other = comment_hash(answer.request.headers.get("authorization").map(String::as_str));
        let forged = answer.request.headers["authorization"].split("Signature=").next().unwrap().to_owned();
        answer.request.headers.insert("authorization".to_owned(), format!("{forged}Signature={other}"));
    }),
    ("not within the last 15 minutes", |chain, _| chain.world.advance(SignedDuration::from_mins(16))),
    ("was used before", |chain, answer| {
        let expected = Expectation {
            endpoint: &answer.request.endpoint,
            incident: &answer.incident,
            plan_hash: &answer.plan_hash,
            now: answer.given_at,
        };
        let hash = check(answer, expected).unwrap();
        assert!(futures_lite(chain.world.claim_signature(&hash, "another/answer")).unwrap());
    }),
    ("another comment", |_, answer| answer.comment = Some("altered".to_owned())),
    ("another comment", |_, answer| set(answer, HEADER_COMMENT, &comment_hash(Some("altered")))),
    ("another plan", |_, answer| set(answer, HEADER_PLAN, &"f".repeat(64))),
    ("another incident", |_, answer| set(answer, HEADER_INCIDENT, "ffffffffffffffff-1")),
    ("another answer", |_, answer| set(answer, HEADER_ANSWER, "resume")),
    ("another step", |_, answer| set(answer, HEADER_STEP, "9")),
    ("another assignee", |_, answer| set(answer, HEADER_ASSIGNEE, &comment_hash(Some("mallory")))),
];

/// Changes a header; one that was not there is added to those that are signed.
fn set(answer: &mut Answer, name: &str, value: &str) {
    if !answer.request.headers.contains_key(name) {
        let signed =
            answer.request.headers["authorization"].replace("SignedHeaders=", &format!("SignedHeaders={name};"));
        answer.request.headers.insert("authorization".to_owned(), signed);
    }
    answer.request.headers.insert(name.to_owned(), value.to_owned());
}

fn signed(chain: &Chain, id: &str, verb: Verb, step: Option<u32>, who: &CallerIdentity) -> Answer {
    let hash = chain.history(id).decision().unwrap().plan_hash.clone();
    let assignee = (verb == Verb::Assign).then_some("grace");
    chain.sign(&Statement { step, assignee, ..Statement::new(id, &hash, verb, Some("seen")) }, who)
}

/// How many answers counted.
fn counted(chain: &Chain, id: &str) -> usize {
    let counts = |body: &Body| matches!(body, Body::ApprovalAccepted(_) | Body::Acknowledged(_) | Body::Assigned(_));
    chain.history(id).entries().iter().filter(|entry| counts(&entry.body)).count()
}

#[tokio::test]
async fn a_spoiled_answer_to_a_question_counts_for_nothing_and_the_wait_goes_on() {
    for (said, spoil) in SPOILED {
        for verb in [Verb::Approve, Verb::Reject, Verb::Acknowledge, Verb::Assign] {
            let chain = Chain::new(world(), &inventory("ask", ""));
            let id = found(&chain, &download(1)).await;
            let spoil = *spoil;
            let spoiled: Deed = Box::new(move |chain, id| {
                let mut answer = signed(chain, id, verb, None, &on_call());
                spoil(chain, &mut answer);
                chain.give(&answer);
                chain.world.advance(SignedDuration::from_secs(1));
            });
            let look: Deed = Box::new(move |chain, id| {
                assert_eq!(counted(chain, id), 0, "{verb:?}");
                assert!(chain.history(id).asks(), "{verb:?}: the wait goes on");
                chain.give(&chain.answer(id, Verb::Approve, &on_call()));
            });
            assert!(chain.respond(&id, VecDeque::from([spoiled, look])).await);
            let reasons = refusals(&chain, &id);
            assert!(reasons.len() == 1 && reasons[0].contains(said), "{verb:?}, `{said}`: {reasons:?}");
            assert_eq!(counted(&chain, &id), 1, "{verb:?}, `{said}`: the true answer counts");
            chain.assert_chains_hold(said);
        }
    }
}

#[tokio::test]
async fn a_spoiled_answer_to_a_closed_incident_counts_for_nothing() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download_by_user(1)).await;
    assert!(chain.respond(&id, approve()).await);
    let standing = chain.world.iam_snapshot();
    let step = chain.history(&id).standing().first().copied();
    for (said, spoil) in SPOILED {
        for (verb, step) in [
            (Verb::Undo, None),
            (Verb::Undo, step),
            (Verb::Lift, None),
            (Verb::Acknowledge, None),
            (Verb::Assign, None),
        ] {
            let before = (counted(&chain, &id), refusals(&chain, &id).len());
            let mut answer = signed(&chain, &id, verb, step, &on_call());
            spoil(&chain, &mut answer);
            chain.give(&answer);
            chain.world.advance(SignedDuration::from_secs(1));
            assert!(chain.respond(&id, VecDeque::new()).await);
            let reasons = refusals(&chain, &id);
            assert_eq!((counted(&chain, &id), reasons.len()), (before.0, before.1 + 1), "{verb:?} {step:?}: {said}");
            assert!(reasons.last().unwrap().contains(said), "{verb:?} {step:?}, `{said}`: {reasons:?}");
            assert_eq!(chain.world.iam_snapshot(), standing, "{verb:?} {step:?}: {said}");
        }
    }
    chain.assert_chains_hold("spoiled");
}

/// The person behind an Identity Center session is the same in another role's session, and in another spelling.
#[tokio::test]
async fn the_person_behind_an_identity_center_session_may_give_no_answer() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    chain.world.set_role("AWSReservedSSO_Build_0123456789abcdef", layerguard_testkit::Role::default());
    let accused = session("AWSReservedSSO_Build_0123456789abcdef", "ada@example.com");
    let id = found(&chain, &event(1, "GetDownloadUrlForLayer", &accused)).await;
    assert!(chain.respond(&id, VecDeque::new()).await, "Identity Center is told about, or asked");
    for name in ["ada@example.com", "Ada@Example.com"] {
        for verb in [Verb::Acknowledge, Verb::Assign] {
            chain.give(&signed(&chain, &id, verb, None, &person(name)));
            chain.world.advance(SignedDuration::from_secs(1));
        }
    }
    assert!(chain.respond(&id, VecDeque::new()).await);
    let reasons = refusals(&chain, &id);
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.contains("the person behind the accused session")), "{reasons:?}");
    assert_eq!(counted(&chain, &id), 0);
    let colleague = CallerIdentity {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/on-call/grace@example.com"),
        user_id: "AROAONCALLEXAMPLE:grace@example.com".to_owned(),
        account: ACCOUNT.to_owned(),
    };
    chain.give(&signed(&chain, &id, Verb::Acknowledge, None, &colleague));
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(counted(&chain, &id), 1, "a colleague of the same role may");
}
