//! Where the inventory asks for two people, one approval runs nothing.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::audit::Body;
use layerguard_core::audit::body::ApprovalAccepted;
use layerguard_core::incident::Status;
use layerguard_testkit::{Fault, Verdict, World, every_fault};
use serde_json::json;

use crate::deeds::{found, undo};
use crate::machine::{ACCOUNT, Chain, Deed, futures_lite, person};
use crate::world::{download, inventory, world};

const TWO: &str = "[approval]\ntimeout = \"30m\"\nsecond_approver_for = [\"high\", \"critical\"]";

/// Somebody answers, and the clock moves on a little.
fn says(verb: Verb, who: CallerIdentity) -> Deed {
    Box::new(move |chain: &Chain, id: &str| {
        chain.give(&chain.answer(id, verb, &who));
        chain.world.advance(SignedDuration::from_secs(1));
    })
}

fn deeds(list: Vec<Deed>) -> VecDeque<Deed> {
    VecDeque::from(list)
}

pub(crate) fn accepted(chain: &Chain, id: &str) -> Vec<ApprovalAccepted> {
    let history = chain.history(id);
    let answers = history.entries().iter().filter_map(|entry| match &entry.body {
        Body::ApprovalAccepted(answer) => Some(answer.clone()),
        _ => None,
    });
    answers.collect()
}

pub(crate) fn refusals(chain: &Chain, id: &str) -> Vec<String> {
    let history = chain.history(id);
    let refused = history.entries().iter().filter_map(|entry| match &entry.body {
        Body::ApprovalRefused(refused) => Some(refused.reason.clone()),
        _ => None,
    });
    refused.collect()
}

fn told(chain: &Chain, kind: &str) -> Vec<layerguard_core::ports::Message> {
    let of_kind = ("kind".to_owned(), kind.to_owned());
    chain.world.messages().into_iter().filter(|message| message.attributes.contains(&of_kind)).collect()
}

#[tokio::test]
async fn a_second_person_must_approve_before_anything_runs() {
    let chain = Chain::new(world(), &inventory("ask", TWO));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    let untouched = before.clone();
    let look: Deed = Box::new(move |chain, id| {
        assert_eq!(chain.world.iam_snapshot(), untouched, "one of two approvals runs nothing");
        assert_eq!(chain.row(id).status, Status::AwaitingApproval);
        let history = chain.history(id);
        assert!(history.asks() && history.to_run().is_empty() && history.answer().is_none());
        let [first] = &accepted(chain, id)[..] else { panic!("one answer") };
        assert!(first.awaits_second);
        chain.world.advance(SignedDuration::from_secs(30));
    });
    let both = deeds(vec![says(Verb::Approve, person("ada")), look, says(Verb::Approve, person("grace"))]);
    assert!(chain.respond(&id, both).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    assert_ne!(chain.world.iam_snapshot(), before);
    let waits: Vec<bool> = accepted(&chain, &id).iter().map(|answer| answer.awaits_second).collect();
    assert_eq!(waits, [true, false]);
    assert_eq!(chain.history(&id).decision().unwrap().approvers, 2, "the decision says how many it takes");
    let [message] = &told(&chain, "second_approver")[..] else { panic!("told once that a second is needed") };
    assert!(message.body.contains("assumed-role/on-call/ada"), "{}", message.body);
    assert!(message.body.contains("nothing runs until a second person approves"), "{}", message.body);
    undo(&chain, &id).await;
    assert_eq!(chain.world.iam_snapshot(), before, "an undo takes one person");
    chain.assert_chains_hold("two people");
}

#[tokio::test]
async fn one_person_under_two_roles_is_one_person() {
    let extra = format!("{TWO}\n");
    let inventory = inventory("ask", &extra).replace(
        "role/on-call\"]",
        "role/on-call\", \"arn:aws:iam::111122223333:role/admin\", \"arn:aws:iam::111122223333:user/ada\"]",
    );
    let chain = Chain::new(world(), &inventory);
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    let admin = CallerIdentity {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/admin/Ada"),
        user_id: "AROAADMINEXAMPLE:Ada".to_owned(),
        account: ACCOUNT.to_owned(),
    };
    let user = CallerIdentity {
        arn: format!("arn:aws:iam::{ACCOUNT}:user/ada"),
        user_id: "AIDAADAEXAMPLE".to_owned(),
        account: ACCOUNT.to_owned(),
    };
    let again = deeds(vec![
        says(Verb::Approve, person("ada")),
        says(Verb::Approve, person("ada")),
        says(Verb::Approve, admin),
        says(Verb::Approve, user),
    ]);
    assert!(chain.respond(&id, again).await);
    assert_eq!(chain.row(&id).status, Status::Expired, "nobody else approved in time");
    assert_eq!(chain.world.iam_snapshot(), before);
    let refusals = refusals(&chain, &id);
    assert_eq!(refusals.len(), 3, "{refusals:?}");
    for reason in refusals {
        assert!(reason.contains("a second person must approve"), "{reason}");
    }
    chain.assert_chains_hold("one person");
}

#[tokio::test]
async fn one_rejection_is_enough_also_by_who_approved() {
    for rejects in ["grace", "ada"] {
        let chain = Chain::new(world(), &inventory("ask", TWO));
        let before = chain.world.iam_snapshot();
        let id = found(&chain, &download(1)).await;
        let answers = deeds(vec![says(Verb::Approve, person("ada")), says(Verb::Reject, person(rejects))]);
        assert!(chain.respond(&id, answers).await);
        assert_eq!((chain.row(&id).status, chain.world.iam_snapshot()), (Status::Rejected, before), "{rejects}");
    }
}

#[tokio::test]
async fn two_who_approve_in_the_same_moment_both_count() {
    let chain = Chain::new(world(), &inventory("ask", TWO));
    let id = found(&chain, &download(1)).await;
    let both: Deed = Box::new(|chain, id| {
        for name in ["ada", "grace"] {
            chain.give(&chain.answer(id, Verb::Approve, &person(name)));
        }
    });
    assert!(chain.respond(&id, deeds(vec![both])).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    assert_eq!(accepted(&chain, &id).len(), 2);
    assert!(told(&chain, "second_approver").is_empty(), "nobody had to be asked for");
}

#[tokio::test]
async fn where_one_is_enough_the_second_of_two_at_once_hears_who_decided() {
    for verb in [Verb::Approve, Verb::Reject] {
        let chain = Chain::new(world(), &inventory("ask", ""));
        let id = found(&chain, &download(1)).await;
        let both: Deed = Box::new(move |chain, id| {
            chain.give(&chain.answer(id, Verb::Approve, &person("ada")));
            chain.give(&chain.answer(id, verb, &person("grace")));
        });
        assert!(chain.respond(&id, deeds(vec![both])).await);
        let [one] = &accepted(&chain, &id)[..] else { panic!("one counts") };
        let [reason] = &refusals(&chain, &id)[..] else { panic!("the other is told") };
        let at = chain.history(&id).answer_entry().unwrap().time;
        assert_eq!(*reason, format!("the incident was already decided by `{}` at {at}", one.approver_arn));
        assert!(!one.awaits_second);
        let end = if one.verb == Verb::Approve { Status::Contained } else { Status::Rejected };
        assert_eq!(chain.row(&id).status, end);
    }
}

#[tokio::test]
async fn what_the_decision_asks_for_holds_whatever_the_inventory_says_later() {
    let world = world();
    let chain = Chain::new(world.clone(), &inventory("ask", TWO));
    let before = world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    let changed = Chain::new(world.clone(), &inventory("ask", ""));
    changed.give(&changed.answer(&id, Verb::Approve, &person("ada")));
    let course = changed.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    assert!(format!("{course:?}").contains("Ask"), "it goes on waiting: {course:?}");
    let step = changed.history(&id).decision().unwrap().plan.steps[0].number;
    let applied = changed.remediate(json!({"task": "apply", "incident_id": id, "step": step})).await;
    assert!(applied.is_err(), "Remediate looks at the record itself: {applied:?}");
    assert_eq!(world.iam_snapshot(), before);
    changed.give(&changed.answer(&id, Verb::Approve, &person("grace")));
    assert!(changed.respond(&id, VecDeque::new()).await);
    assert_eq!(changed.row(&id).status, Status::Contained);
}

/// Evidence that makes it graver than what one person may approve is a new plan, and what was approved before does not count for it.
#[tokio::test]
async fn graver_evidence_asks_for_two_people_anew() {
    let extra = "[approval]\nsecond_approver_for = [\"critical\"]";
    let chain = Chain::new(world(), &inventory("ask", extra));
    let id = found(&chain, &download(1)).await;
    let graver: Deed = Box::new(|chain, id| {
        assert_eq!(chain.history(id).decision().unwrap().approvers, 1);
        let mut outside = download(2);
        outside["detail"]["sourceIPAddress"] = json!("203.0.113.7");
        futures_lite(chain.triage(&outside)).unwrap();
    });
    let answers = deeds(vec![graver, says(Verb::Approve, person("ada")), says(Verb::Approve, person("grace"))]);
    assert!(chain.respond(&id, answers).await);
    assert_eq!(chain.history(&id).decision().unwrap().approvers, 2);
    assert_eq!(accepted(&chain, &id).len(), 2);
    assert_eq!(chain.row(&id).status, Status::Contained);
}

#[tokio::test]
async fn two_approvals_survive_what_may_pass() {
    let inventory = inventory("ask", TWO);
    let tally = every_fault(
        world,
        |world: World| {
            let chain = Chain::new(world, &inventory);
            async move {
                let id = chain.triage(&download(0)).await.and_then(|found| found.incident_id).expect("found");
                let both = deeds(vec![says(Verb::Approve, person("ada")), says(Verb::Approve, person("grace"))]);
                chain.respond(&id, both).await;
                Verdict::Done
            }
        },
        &Fault::passing(),
        |world, point| {
            let chain = Chain::new(world.clone(), &inventory);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            let ends = [Status::Contained, Status::Observed];
            assert!(ends.contains(&row.status), "{point}: it ended {:?}", row.status);
            let waits: Vec<bool> = accepted(&chain, &row.id).iter().map(|answer| answer.awaits_second).collect();
            let ran = !chain.history(&row.id).applied().is_empty();
            assert_eq!(ran, waits == [true, false], "{point}: {waits:?}");
            chain.assert_chains_hold(point);
        },
    )
    .await;
    println!("two people: {} calls, {} fault points tried", tally.calls, tally.points);
    assert!(tally.points > 100);
}
