//! What other tools are told of an incident's life: everything, in its shape, at least once, and never in the way of containment.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::announcement::{self, Kind};
use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_core::ports::{Clock, PortErrorKind};
use layerguard_testkit::Fault;
use serde_json::{Value, json};

use crate::deeds::{approve, found, undo};
use crate::machine::{Chain, on_call};
use crate::telling::{assert_all_told, sweep};
use crate::world::{at, download, inventory, session, world};

/// Kind and status of what was announced, in order.
fn told(chain: &Chain) -> Vec<(&'static str, String)> {
    let all = chain.world.announcements();
    all.iter().map(|told| (told.kind.as_str(), told.detail["status"].as_str().unwrap().to_owned())).collect()
}

fn pairs(expected: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    expected.iter().map(|(kind, status)| (*kind, (*status).to_owned())).collect()
}

#[tokio::test]
async fn a_life_is_told_from_its_opening_to_the_undo() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, approve()).await);
    let mut expected = pairs(&[
        ("Incident Opened", "deciding"),
        ("Incident Decided", "awaiting_approval"),
        ("Approval Requested", "awaiting_approval"),
        ("Approval Answered", "containing"),
        ("Incident Contained", "contained"),
        ("Incident Closed", "contained"),
    ]);
    assert_eq!(told(&chain), expected);
    undo(&chain, &id).await;
    expected.extend(pairs(&[
        ("Approval Answered", "contained"),
        ("Measure Undone", "undone"),
        ("Incident Closed", "undone"),
    ]));
    assert_eq!(told(&chain), expected);
    assert_all_told(&chain, "the whole life");

    let all = chain.world.announcements();
    assert_eq!(all.len(), expected.len(), "each once");
    let sequences: Vec<u64> = all.iter().map(|told| told.detail["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted());
    let asked = &all[2].detail;
    assert_eq!(asked["commands"][1], format!("layerguard approve {id} --stack layerguard --region eu-central-1"));
    assert_eq!(asked["severity"], "high");
    assert_eq!(asked["principal"]["session"], "intruder");
    assert!(asked["approval"]["deadline"].is_string() && asked["exposed_until"].is_string());
    assert_eq!(all[3].detail["approval"]["approver_arn"], on_call().arn);
    assert_eq!(all[4].detail["measures"][0]["result"], "applied");
    assert!(all[4].detail["measures"][0]["lifts_at"].is_string());
    assert!(!format!("{all:?}").contains("token-"), "a task token was announced");
}

#[tokio::test]
async fn what_goes_on_after_closing_is_told_as_reopened_and_names_the_one_before() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let first = found(&chain, &download(1)).await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    chain.world.advance(SignedDuration::from_mins(20));
    let again = at(3, "GetDownloadUrlForLayer", &session("builder", "intruder"), chain.world.now());
    let second = found(&chain, &again).await;
    assert!(chain.respond(&second, approve()).await);
    let all = chain.world.announcements();
    let reopened = all.iter().find(|told| told.kind == Kind::IncidentReopened).unwrap();
    assert_eq!(reopened.detail["incident_id"], second);
    assert_eq!(reopened.detail["previous_incident_id"], first);
    let decided = all.iter().rfind(|told| told.kind == Kind::IncidentDecided).unwrap();
    assert_eq!(decided.detail["not_held"], true);
    assert_all_told(&chain, "two generations");
}

#[tokio::test]
async fn a_measure_that_lifts_by_itself_is_told_by_the_next_sweep() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    chain.world.advance(SignedDuration::from_hours(13));
    chain.remediate(json!({"task": "lift_due"})).await.unwrap();
    assert_eq!(chain.world.due().join(" "), id);
    assert_all_told(&chain, "lifted");
    let last = chain.world.announcements().pop().unwrap();
    assert_eq!((last.kind, last.detail["status"].as_str()), (Kind::MeasureLifted, Some("contained")));
    assert_eq!(last.detail["measures"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_bus_that_takes_nothing_stops_nothing_and_loses_nothing() {
    for kind in [PortErrorKind::Denied("AccessDenied".to_owned()), PortErrorKind::Unavailable("500".to_owned())] {
        let chain = Chain::new(world(), &inventory("ask", ""));
        let id = found(&chain, &download(1)).await;
        chain.world.trap_operation("bus.announce", 0, usize::MAX, Fault::Before(kind));
        assert!(chain.respond(&id, approve()).await);
        assert_eq!(chain.row(&id).status, Status::Contained);
        assert_eq!(sweep(&chain).await, 1, "it says that it could not");
        assert_eq!(chain.world.announcements().len(), 0);
        chain.world.heal();
        assert_all_told(&chain, "healed");
        assert_eq!(chain.world.announcements().len(), 6, "each once");
    }
}

#[tokio::test]
async fn an_outbox_that_answers_nobody_stops_nothing() {
    for operation in ["outbox.announced", "outbox.keep_announced", "outbox.due_announcements"] {
        let chain = Chain::new(world(), &inventory("act", ""));
        let id = found(&chain, &download(1)).await;
        let denied = Fault::Before(PortErrorKind::Denied("AccessDenied".to_owned()));
        chain.world.trap_operation(operation, 0, usize::MAX, denied);
        assert!(chain.respond(&id, VecDeque::new()).await);
        assert_eq!(chain.row(&id).status, Status::Contained, "{operation}");
        chain.world.advance(SignedDuration::from_hours(13));
        let lifted = chain.remediate(json!({"task": "lift_due"})).await.unwrap();
        assert_eq!(lifted["lifted"], 1, "{operation}");
    }
}

#[tokio::test]
async fn every_kind_that_the_documentation_names_exists_and_no_other() {
    let readme = include_str!("../../../infra/README.md");
    for kind in Kind::ALL {
        assert!(readme.contains(&format!("| `{}` |", kind.as_str())), "{} is not documented", kind.as_str());
    }
}

#[tokio::test]
async fn what_nobody_answers_or_a_person_rejects_is_told_so() {
    let short = inventory("ask", "[approval]\ntimeout = \"10m\"\nreminder = \"3m\"");
    let chain = Chain::new(world(), &short);
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    let kinds: Vec<&str> = told(&chain).into_iter().map(|(kind, _)| kind).collect();
    let expected = ["Incident Opened", "Incident Decided", "Approval Requested", "Approval Expired", "Incident Closed"];
    assert_eq!(kinds, expected, "reminders are for people");
    assert_all_told(&chain, "expired");

    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    let reject = VecDeque::from([Box::new(|chain: &Chain, id: &str| {
        chain.give(&chain.answer(id, Verb::Reject, &on_call()));
    }) as crate::machine::Deed]);
    assert!(chain.respond(&id, reject).await);
    let answered = told(&chain).into_iter().find(|(kind, _)| *kind == "Approval Answered").unwrap();
    assert_eq!(answered.1, "rejected");
    assert_all_told(&chain, "rejected");
}

#[tokio::test]
async fn what_a_stranger_wrote_is_harmless_in_a_ticket() {
    let hostile = "x\u{202e}\u{1b}[2J\n@channel [ok](https://evil.example) <!here>";
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &at(1, "GetDownloadUrlForLayer", &session("builder", hostile), chain.world.now())).await;
    chain.respond(&id, VecDeque::new()).await;
    assert_all_told(&chain, "hostile");
    for told in chain.world.announcements() {
        let title = told.detail["title"].as_str().unwrap();
        assert!(!title.contains(['\n', '\u{1b}', '\u{202e}', '@', '<', '[']) && !title.contains("://"), "{title}");
        let session = told.detail["principal"]["session"].as_str().unwrap();
        assert!(!session.contains(['\n', '\u{1b}', '\u{202e}']), "{session}");
    }
}

/// The examples of the documentation, which a gate holds to the schema: one whole life, as it is announced here.
#[tokio::test]
async fn the_examples_are_what_is_announced() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, approve()).await);
    undo(&chain, &id).await;
    let all = chain.world.announcements();
    let shown: Vec<Value> = all
        .iter()
        .map(|told| json!({"source": announcement::SOURCE, "detail-type": told.kind.as_str(), "detail": told.detail}))
        .collect();
    let text = format!("{}\n", serde_json::to_string_pretty(&shown).unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/announcement.examples.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "infra/announcement.examples.json is not what is announced; INSTA_UPDATE=always writes it anew"
    );
}
