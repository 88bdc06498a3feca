//! Acknowledging and assigning: recorded, told, and nothing follows from it.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::{NO_PLAN, Statement, Verb};
use layerguard_core::audit::Body;
use layerguard_core::incident::Status;

use crate::deeds::{approve, found, undo};
use crate::machine::{Chain, Deed, on_call, person};
use crate::two_people::refusals;
use crate::world::{download, inventory, world};

/// Says it now, about whatever plan there is.
fn note(chain: &Chain, id: &str, verb: Verb, assignee: Option<&str>, who: &str) {
    let hash = chain.history(id).decision().map_or(NO_PLAN.to_owned(), |decision| decision.plan_hash.clone());
    let statement = Statement { assignee, ..Statement::new(id, &hash, verb, Some("seen")) };
    chain.give(&chain.sign(&statement, &person(who)));
    chain.world.advance(SignedDuration::from_secs(1));
}

fn notes(chain: &Chain, id: &str) -> Vec<String> {
    let history = chain.history(id);
    let words = history.entries().iter().filter_map(|entry| match &entry.body {
        Body::Acknowledged(note) => Some(format!("seen by {}", note.by.user_id)),
        Body::Assigned(note) => Some(format!("{} by {}", note.to, note.by.user_id)),
        _ => None,
    });
    words.collect()
}

#[tokio::test]
async fn notes_end_no_wait_and_the_next_reminder_tells_them() {
    let chain = Chain::new(world(), &inventory("ask", "[approval]\ntimeout = \"1h\"\nreminder = \"5m\""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    let untouched = before.clone();
    let seen: Deed = Box::new(|chain, id| {
        note(chain, id, Verb::Acknowledge, None, "ada");
        note(chain, id, Verb::Assign, Some("build\u{1b}[2J team"), "ada");
        note(chain, id, Verb::Assign, Some("grace"), "grace");
        note(chain, id, Verb::Acknowledge, None, "ada");
    });
    let look: Deed = Box::new(move |chain, id| {
        assert_eq!(chain.row(id).status, Status::AwaitingApproval);
        assert_eq!(chain.world.iam_snapshot(), untouched);
        chain.world.advance(SignedDuration::from_mins(5));
    });
    let mut deeds = VecDeque::from([seen, look, Box::new(|_: &Chain, _: &str| {}) as Deed]);
    deeds.extend(approve());
    assert!(chain.respond(&id, deeds).await);
    assert_eq!(chain.row(&id).status, Status::Contained, "the wait went on, and the approval counted");
    let by = "AROAONCALLEXAMPLE";
    let expected = [
        format!("seen by {by}:ada"),
        format!("build\u{1b}[2J team by {by}:ada"),
        format!("grace by {by}:grace"),
        format!("seen by {by}:ada"),
    ];
    assert_eq!(notes(&chain, &id), expected);
    let reminder =
        chain.world.messages().into_iter().find(|message| message.subject.contains("still to answer")).unwrap();
    assert!(
        reminder.body.contains("Acknowledged by") && reminder.body.contains("Assigned to grace"),
        "{}",
        reminder.body
    );
    assert!(!reminder.body.contains('\u{1b}'), "{}", reminder.body);
    undo(&chain, &id).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    chain.assert_chains_hold("notes");
}

#[tokio::test]
async fn a_closed_incident_can_be_acknowledged_and_assigned_and_stays_as_it_is() {
    let chain = Chain::new(world(), &inventory("observe", ""));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    let (row, told) = (chain.row(&id), chain.world.messages().len());
    note(&chain, &id, Verb::Acknowledge, None, "ada");
    note(&chain, &id, Verb::Assign, Some("the build team"), "ada");
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!(notes(&chain, &id).len(), 2);
    assert_eq!(chain.row(&id).status, row.status);
    assert_eq!(chain.world.messages().len(), told, "nobody is told anew");
    assert!(chain.history(&id).is_sealed(), "the chain names its length again");
    chain.assert_chains_hold("notes after the end");
}

#[tokio::test]
async fn who_may_not_approve_may_not_take_notes_either() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    let accused = layerguard_core::approval::CallerIdentity {
        arn: "arn:aws:sts::111122223333:assumed-role/builder/intruder".to_owned(),
        user_id: "AROABUILDEREXAMPLE:intruder".to_owned(),
        account: "111122223333".to_owned(),
    };
    let tries: Deed = Box::new(move |chain, id| {
        let hash = chain.history(id).decision().unwrap().plan_hash.clone();
        for (verb, assignee) in [(Verb::Acknowledge, None), (Verb::Assign, Some("nobody"))] {
            let statement = Statement { assignee, ..Statement::new(id, &hash, verb, None) };
            chain.give(&chain.sign(&statement, &accused));
        }
    });
    let mut deeds = approve();
    deeds.push_front(tries);
    assert!(chain.respond(&id, deeds).await);
    assert!(notes(&chain, &id).is_empty());
    let said = refusals(&chain, &id);
    assert!(said.len() == 2 && said.iter().all(|reason| reason.contains("the accused may not")), "{said:?}");
}

#[tokio::test]
async fn only_so_many_notes_are_kept_and_everything_goes_on() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    let flood: Deed = Box::new(|chain, id| {
        for _ in 0..60 {
            note(chain, id, Verb::Acknowledge, None, "ada");
        }
    });
    let mut deeds = approve();
    deeds.push_front(flood);
    assert!(chain.respond(&id, deeds).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    assert_eq!(notes(&chain, &id).len(), 50);
    assert!(refusals(&chain, &id).iter().all(|reason| reason.contains("no more are")));
    assert!(chain.answer(&id, Verb::Undo, &on_call()).step.is_none());
}
