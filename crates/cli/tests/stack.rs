//! The commands that talk to a stack, over a stack in memory.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test: a panic is the report")]

#[path = "stack/answers.rs"]
mod answers;
#[path = "stack/bundle.rs"]
mod bundle;
#[path = "stack/events.rs"]
mod events;
#[path = "stack/findings.rs"]
mod findings;
#[path = "stack/heads.rs"]
mod heads;
#[path = "stack/house.rs"]
#[expect(dead_code, reason = "what readers need")]
mod house;
#[path = "stack/originals.rs"]
mod originals;
#[path = "stack/policy.rs"]
mod policy;
#[path = "stack/query.rs"]
mod query;

use jiff::SignedDuration;
use layerguard_cli::args::{Args, Command, IncidentsCommand};
use layerguard_cli::command::{answer, audit, incidents, switch};
use layerguard_cli::exit::Exit;
use layerguard_cli::failure::Failure;
use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{ApprovalRefused, UndoResult};
use layerguard_core::audit::{Body, SWITCH_CHAIN, body};
use layerguard_core::incident::Status;
use layerguard_core::ports::{ApprovalStore, AuditLog, Clock, PortErrorKind, Switch};
use layerguard_testkit::Fault;

use crate::house::{ALICE, House, TOKEN};

type Ended = (Result<Exit, Failure>, String);

async fn answer(house: &House, verb: Verb, wait: u64) -> Ended {
    let comment = (verb == Verb::Reject).then_some("planned");
    house
        .with(async |stack, screen| {
            answer::run(stack, &answer::Wish::new(&house.id, verb, comment, wait), screen).await
        })
        .await
}

async fn verify(house: &House, id: Option<&str>) -> Ended {
    house.with(async |stack, screen| audit::verify(stack, id, screen).await).await
}

async fn incidents(house: &House, arguments: &[&str]) -> Ended {
    let args = <Args as clap::Parser>::try_parse_from(["layerguard", "incidents"].iter().chain(arguments)).unwrap();
    house
        .with(async |stack, screen| match &args.command {
            Command::Incidents(IncidentsCommand::List(args)) => incidents::list(stack, args, screen).await,
            Command::Incidents(IncidentsCommand::Show(args)) => incidents::show(stack, args, screen).await,
            other => panic!("{other:?}"),
        })
        .await
}

fn refused(ended: &Ended) -> &Failure {
    ended.0.as_ref().unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_signed_stored_and_followed_until_the_session_is_cut_off() {
    let house = House::awaiting().await;
    let stack = async {
        let answer = house.answer().await;
        assert_eq!((answer.verb, &answer.plan_hash), (Verb::Approve, &house.plan_hash));
        house.accept(Verb::Approve, &answer.fingerprint()).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        house.contain().await;
    };
    let ((result, printed), ()) = tokio::join!(answer(&house, Verb::Approve, 60), stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    assert_eq!(house.world.woken(), [TOKEN]);
    for said in ["You approve:", "deny_session", "lifts by itself after 12 h", ALICE, "closed: contained"] {
        assert!(printed.contains(said), "`{said}` is not in\n{printed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_approval_says_why_and_fails() {
    let house = House::awaiting().await;
    let stack = async {
        let answer = house.answer().await;
        let refused = ApprovalRefused {
            verb: Verb::Approve,
            plan_hash: house.plan_hash.clone(),
            approver: None,
            signature_hash: answer.fingerprint(),
            reason: "the accused may not approve".to_owned(),
        };
        house.record(Body::ApprovalRefused(refused)).await;
    };
    let (ended, ()) = tokio::join!(answer(&house, Verb::Approve, 60), stack);
    assert_eq!(refused(&ended).exit, Exit::No);
    assert!(ended.1.contains("the accused may not approve"), "{}", ended.1);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_was_faster_is_named() {
    let house = House::awaiting().await;
    let stack = async {
        house.answer().await;
        house.accept(Verb::Reject, "somebody else's").await;
    };
    let (ended, ()) = tokio::join!(answer(&house, Verb::Approve, 60), stack);
    let at = "2026-11-20 09:33:00 UTC";
    assert_eq!(refused(&ended).message, format!("already decided: rejected by {ALICE} at {at}"));
    let again = answer(&house, Verb::Approve, 60).await;
    assert_eq!(refused(&again).message, format!("already decided: rejected by {ALICE} at {at}"));
    assert_eq!(house.world.count("approvals.put_answer"), 1, "the second answer was not even stored");
}

#[tokio::test(start_paused = true)]
async fn silence_is_said_and_is_not_success() {
    let house = House::awaiting().await;
    let ended = answer(&house, Verb::Reject, 5).await;
    assert_eq!(refused(&ended).exit, Exit::Unreachable);
    assert!(ended.1.contains("within 5 seconds") && ended.1.contains("comment: planned"), "{}", ended.1);
    let stored = answer(&House::awaiting().await, Verb::Approve, 0).await;
    assert_eq!(stored.0, Ok(Exit::Done), "{}", stored.1);
}

#[tokio::test(start_paused = true)]
async fn an_undo_is_started_under_a_name_of_its_own_and_followed() {
    let house = House::contained().await;
    let stack = async {
        let answer = house.answer().await;
        house.accept(Verb::Undo, &answer.fingerprint()).await;
        house.take_back(UndoResult::Undone, Status::Undone).await;
    };
    let ((result, printed), ()) = tokio::join!(answer(&house, Verb::Undo, 60), stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    assert!(printed.contains("taken back at") && printed.contains("closed: undone"), "{printed}");
    let mark: String = house.answer().await.fingerprint().chars().take(8).collect();
    assert_eq!(house.world.executions()[0].0, format!("{}-undo-{mark}", house.id));
    let again = answer(&house, Verb::Undo, 60).await;
    assert!(refused(&again).message.contains("nothing to take back"), "{}", again.1);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_met_a_foreign_change_fails_loudly() {
    let house = House::contained().await;
    let stack = async {
        let answer = house.answer().await;
        house.accept(Verb::Undo, &answer.fingerprint()).await;
        house.take_back(UndoResult::Drifted, Status::PartlyContained).await;
    };
    let ((result, printed), ()) = tokio::join!(answer(&house, Verb::Undo, 60), stack);
    assert_eq!(result, Ok(Exit::No), "{printed}");
    assert!(printed.contains("changed in between") && printed.contains("the policy was changed"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_answered_is_not_signed() {
    let open = House::awaiting().await;
    let undo = answer(&open, Verb::Undo, 5).await;
    assert!(refused(&undo).message.contains("still awaiting approval"), "{}", undo.1);
    let late = House::awaiting().await;
    late.world.advance(jiff::SignedDuration::from_hours(2));
    let ended = answer(&late, Verb::Approve, 5).await;
    assert!(refused(&ended).message.contains("the time to answer ended"), "{}", ended.1);
    for house in [open, late] {
        assert_eq!(house.world.count("approvals.put_answer"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn one_screen_tells_everything() {
    let house = House::awaiting().await;
    let (result, printed) = incidents(&house, &["show", &house.id]).await;
    assert_eq!(result, Ok(Exit::Done));
    insta::assert_snapshot!("awaiting", printed);
    let house = House::contained().await;
    insta::assert_snapshot!("contained", incidents(&house, &["show", &house.id]).await.1);
}

#[tokio::test(start_paused = true)]
async fn the_same_as_json() {
    let house = House::contained().await;
    let (_, printed) = incidents(&house, &["show", &house.id, "--format", "json"]).await;
    let shown: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&shown["layers"], &shown["incident"]["status"]), (&3.into(), &"contained".into()));
    assert_eq!(shown["exposed_until"], "2026-11-20T10:31:02Z");
    assert_eq!(shown["timeline"][3]["kind"], "approval_accepted");
    let (_, printed) = incidents(&house, &["list", "--format", "json"]).await;
    let listed: serde_json::Value = serde_json::from_str(printed.trim()).unwrap();
    assert_eq!(listed["id"], house.id);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_a_table() {
    let house = House::awaiting().await;
    insta::assert_snapshot!("list", incidents(&house, &["list"]).await.1);
    let empty = incidents(&House::empty(), &["list"]).await;
    assert_eq!((empty.0, empty.1.as_str()), (Ok(Exit::Done), "no incidents in stack layerguard\n"));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_incident_is_one_line_and_a_remedy() {
    let house = House::empty();
    let ended = [
        incidents(&house, &["show", "ffffffffffffffff-1"]).await,
        verify(&house, Some("ffffffffffffffff-1")).await,
        house
            .with(async |stack, screen| {
                answer::run(stack, &answer::Wish::new("ffffffffffffffff-1", Verb::Approve, None, 5), screen).await
            })
            .await,
    ];
    for ended in ended {
        let failure = refused(&ended);
        assert_eq!(
            (failure.exit, failure.message.as_str()),
            (Exit::No, "there is no incident `ffffffffffffffff-1` in stack `layerguard`")
        );
        assert!(failure.remedy.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_cannot_be_reached_is_one_line_and_a_remedy() {
    let faults = [
        (PortErrorKind::Unavailable("no connection".to_owned()), "endpoint"),
        (PortErrorKind::NotFound, "deployed"),
        (PortErrorKind::Denied("AccessDeniedException".to_owned()), "on-call"),
    ];
    for (kind, said) in faults {
        let house = House::awaiting().await;
        house.world.trap_operation("incidents.page", 0, 1, Fault::Before(kind));
        let ended = incidents(&house, &["list"]).await;
        assert_eq!(refused(&ended).exit, Exit::Unreachable);
        assert!(refused(&ended).remedy.as_ref().unwrap().contains(said), "{}", ended.1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_chain_verifies() {
    let house = House::contained().await;
    let ended = verify(&house, Some(&house.id)).await;
    assert_eq!(ended.0, Ok(Exit::Done), "{}", ended.1);
    assert!(ended.1.contains("7 records, 3 assessments, 0 original events, closed and whole"), "{}", ended.1);
    let all = verify(&house, None).await;
    assert!(all.0 == Ok(Exit::Done) && all.1.contains("1 incident: all verified"), "{}", all.1);
    let none = verify(&House::empty(), None).await;
    assert_eq!((none.0, none.1.as_str()), (Ok(Exit::Done), "nothing to verify in stack layerguard\n"));
}

#[tokio::test(start_paused = true)]
async fn what_was_altered_or_dropped_is_located() {
    let sound = House::contained().await.world.chain(&House::contained().await.id);
    let mut altered = sound.clone();
    altered[3].body = altered[3].body.replace("alice", "mallory");
    let mut gap = sound.clone();
    gap.remove(2);
    let mut end = sound.clone();
    end.truncate(5);
    for (records, said) in [
        (altered, "record 3"),
        (gap, "record 3"),
        (end, "the last records are missing"),
        (Vec::new(), "none of its records"),
    ] {
        let house = House::contained().await;
        house.world.tamper(&house.id, records);
        let ended = verify(&house, Some(&house.id)).await;
        assert_eq!(ended.0, Ok(Exit::No), "{}", ended.1);
        assert!(ended.1.contains("NOT VERIFIED") && ended.1.contains(said), "`{said}` is not in {}", ended.1);
    }
}

/// The state table can be changed: a chain is verified by its records, whatever became of its row.
#[tokio::test(start_paused = true)]
async fn a_chain_whose_row_was_taken_away_is_found_verified_and_told() {
    let house = House::contained().await;
    house.world.forget_incident(&house.id);
    for ended in [verify(&house, None).await, verify(&house, Some(&house.id)).await] {
        assert_eq!(ended.0, Ok(Exit::No), "{}", ended.1);
        assert!(
            ended.1.contains(&house.id) && ended.1.contains("its row is missing from the state table"),
            "{}",
            ended.1
        );
    }
    let mut records = house.world.chain(&house.id);
    records[3].body = records[3].body.replace("alice", "mallory");
    house.world.tamper(&house.id, records);
    let altered = verify(&house, None).await;
    assert!(altered.0 == Ok(Exit::No) && altered.1.contains("record 3: its content was altered"), "{}", altered.1);
    let unknown = verify(&house, Some("ffffffffffffffff-1")).await;
    assert!(refused(&unknown).exit == Exit::No && refused(&unknown).message.contains("ffffffffffffffff-1"));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_or_swapped_assessment_is_located() {
    let house = House::contained().await;
    let other = house.world.records("call#event-2").await.unwrap();
    house.world.tamper("call#event-1", Vec::new());
    let dropped = verify(&house, Some(&house.id)).await;
    assert!(dropped.1.contains("event event-1: is missing"), "{}", dropped.1);
    house.world.tamper("call#event-1", other);
    let swapped = verify(&house, Some(&house.id)).await;
    assert!(swapped.0 == Ok(Exit::No) && swapped.1.contains("event event-1"), "{}", swapped.1);
}

#[tokio::test(start_paused = true)]
async fn a_pause_takes_effect_at_once_and_a_resume_waits_for_the_stack() {
    let house = House::empty();
    let nothing = house.with(async |stack, screen| switch::resume(stack, "done", 10, screen).await).await;
    assert!(refused(&nothing).message.contains("no pause"));

    let span = SignedDuration::from_hours(4);
    let (ended, printed) =
        house.with(async |stack, screen| switch::pause(stack, span, "a migration\u{1b}[2J", screen).await).await;
    assert!(ended.is_ok() && printed.contains("changes nothing until"), "{printed}");
    let pause = house.world.pause().await.unwrap().unwrap();
    assert_eq!((pause.until, pause.by.as_str()), (house.world.now() + span, ALICE));

    let stack = async {
        let answers = loop {
            let answers = house.world.answers(SWITCH_CHAIN).await.unwrap();
            if !answers.is_empty() {
                break answers;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        };
        assert_eq!((answers[0].verb, &answers[0].plan_hash), (Verb::Resume, &pause.hash()));
        let hash = pause.hash();
        house
            .record_on(SWITCH_CHAIN, "decide", Body::Pause(body::Pause { pause: pause.clone(), hash: hash.clone() }))
            .await;
        let accepted = body::ApprovalAccepted {
            verb: Verb::Resume,
            plan_hash: hash,
            approver_arn: ALICE.to_owned(),
            approver_user_id: "AROAEXAMPLEONCALL:alice".to_owned(),
            comment: None,
            signature_hash: answers[0].fingerprint(),
            step: None,
            awaits_second: false,
        };
        house.record_on(SWITCH_CHAIN, "decide", Body::Resume(body::Resume::Person(accepted))).await;
    };
    let resume = house.with(async |stack, screen| switch::resume(stack, "done", 60, screen).await);
    let ((ended, printed), ()) = tokio::join!(resume, stack);
    assert!(ended.is_ok(), "{printed}");
    assert!(printed.contains("resumed") && !printed.contains('\u{1b}'), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_nobody_verifies_says_so() {
    let house = House::empty();
    let span = SignedDuration::from_hours(1);
    house.with(async |stack, screen| switch::pause(stack, span, "a release", screen).await).await.0.unwrap();
    let silence = house.with(async |stack, screen| switch::resume(stack, "done", 10, screen).await).await;
    assert!(refused(&silence).message.contains("did not verify"));
    assert!(house.world.pause().await.unwrap().is_some(), "the command itself puts nothing back");
}
