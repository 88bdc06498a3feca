//! When people are asked, asked again, and asked for the last time.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::NotificationKind;
use layerguard_core::incident::Status;

use crate::deeds::found;
use crate::machine::{Chain, Deed, person};
use crate::world::{download, inventory, world};

fn kinds(chain: &Chain) -> Vec<String> {
    let kind = |message: &layerguard_core::ports::Message| {
        message.attributes.iter().find(|(name, _)| name == "kind").map(|(_, kind)| kind.clone()).unwrap()
    };
    chain.world.messages().iter().map(kind).collect()
}

#[tokio::test]
async fn a_last_call_comes_once_a_while_before_the_deadline() {
    let extra = "[approval]\ntimeout = \"20m\"\nreminder = \"6m\"\nescalate_before = \"5m\"";
    let chain = Chain::new(world(), &inventory("ask", extra));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(chain.row(&id).status, Status::Expired);
    let kinds = kinds(&chain);
    assert_eq!(kinds.iter().filter(|kind| *kind == "last_call").count(), 1, "{kinds:?}");
    let at = |wanted: &str| kinds.iter().position(|kind| kind == wanted).unwrap();
    assert!(at("approval_request") < at("reminder") && at("reminder") < at("last_call"), "{kinds:?}");

    let history = chain.history(&id);
    let told = |kind| {
        let is = |body: &Body| matches!(body, Body::Notification(told) if told.kind == kind);
        history.entries().iter().find(|entry| is(&entry.body)).unwrap().time
    };
    let (asked, last) = (told(NotificationKind::ApprovalRequest), told(NotificationKind::LastCall));
    let left = (asked + SignedDuration::from_mins(20)).duration_since(last);
    assert!(left > SignedDuration::from_mins(4) && left <= SignedDuration::from_mins(5), "{left:?} before the end");

    let message = &chain.world.messages()[at("last_call")];
    assert!(message.subject.contains("LAST CALL"), "{}", message.subject);
    assert!(message.body.contains("layerguard approve") && message.body.contains("nearly over"), "{}", message.body);
    assert!(message.chat.contains("\"eventType\":\"last_call\""), "{}", message.chat);
    chain.assert_chains_hold("a last call");
}

#[tokio::test]
async fn who_answers_in_time_is_not_called_again() {
    let extra = "[approval]\ntimeout = \"20m\"\nreminder = \"6m\"\nescalate_before = \"5m\"";
    let chain = Chain::new(world(), &inventory("ask", extra));
    let id = found(&chain, &download(1)).await;
    let answer: Deed = Box::new(|chain, id| chain.give(&chain.answer(id, Verb::Reject, &person("ada"))));
    assert!(chain.respond(&id, VecDeque::from([answer])).await);
    assert_eq!(kinds(&chain), ["approval_request", "report"]);
}

/// A call whose message did not go out is made again.
#[tokio::test]
async fn a_last_call_that_was_not_sent_is_sent() {
    use layerguard_testkit::{Fault, Verdict, World, every_fault};
    let inventory = inventory("ask", "[approval]\ntimeout = \"90s\"\nreminder = \"80s\"\nescalate_before = \"30s\"");
    let tally = every_fault(
        world,
        |world: World| {
            let chain = Chain::new(world, &inventory);
            async move {
                let id = chain.triage(&download(0)).await.and_then(|found| found.incident_id).expect("found");
                chain.respond(&id, VecDeque::new()).await;
                Verdict::Done
            }
        },
        &Fault::passing(),
        |world, point| {
            let chain = Chain::new(world.clone(), &inventory);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            let ended = [Status::Expired, Status::Observed].contains(&row.status);
            assert!(ended, "{point}: it ended {:?}", row.status);
            let kinds = kinds(&chain);
            if row.status == Status::Expired {
                assert!(kinds.iter().any(|kind| kind == "last_call"), "{point}: {kinds:?}");
            }
            chain.assert_chains_hold(point);
        },
    )
    .await;
    assert!(tally.points > 100);
}
