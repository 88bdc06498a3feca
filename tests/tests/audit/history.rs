//! What the records amount to.

use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{
    self, Failure, NotificationKind, Outcome, OutcomeResult, Resume, UndoCause, UndoResult,
};
use layerguard_core::audit::{Body, Draft, History, SWITCH_CHAIN, append};
use layerguard_core::incident::Status;
use layerguard_core::plan::Mode;
use layerguard_core::ports::{AuditLog, Pause};
use layerguard_testkit::{World, drive};

use super::records::{ID, add, answer, decision, decision_of, finding, intent, now, outcome, plan, told, undo, undone};

#[test]
fn history_says_what_is_next() {
    let world = World::at(now());
    let history = || History::of(&drive(world.records(ID)).unwrap()).unwrap();
    add(&world, &finding()).unwrap();
    assert!(history().decision().is_none() && history().to_run().is_empty());
    assert_eq!(history().found().into_iter().collect::<Vec<_>>(), ["d1"]);
    add(&world, &decision(&[0, 1], Mode::Ask)).unwrap();
    assert!(history().asks() && history().to_run().is_empty());
    add(&world, &answer(Verb::Approve, &[0, 1], Mode::Ask)).unwrap();
    assert!(!history().asks() && history().knows_signature("s1") && !history().knows_signature("s2"));
    assert_eq!(history().to_run(), [0, 1]);
    add(&world, &intent(0)).unwrap();
    assert_eq!((history().to_run(), history().under_way()), (vec![0, 1], vec![0]));
    add(&world, &outcome(0, OutcomeResult::Applied)).unwrap();
    add(&world, &intent(1)).unwrap();
    add(&world, &outcome(1, OutcomeResult::Applied)).unwrap();
    assert_eq!((history().to_run(), history().applied(), history().standing()), (vec![], vec![0, 1], vec![1, 0]));
    assert_eq!((history().overlaid(0), history().overlaid(1)), (Some(1), None));
    assert!(!history().is_reported());
    add(&world, &told(NotificationKind::Report)).unwrap();
    assert!(history().is_reported());
    add(&world, &answer(Verb::Undo, &[0, 1], Mode::Ask)).unwrap();
    assert_eq!(history().to_undo(), [1, 0]);
    add(&world, &undo(1, UndoCause::Person)).unwrap();
    add(&world, &undone(1, UndoCause::Person, UndoResult::Failed)).unwrap();
    assert_eq!((history().to_undo(), history().standing()), (vec![0], vec![1, 0]));
    assert_eq!(history().next_step(), 2);
}

#[test]
fn a_measure_that_found_no_room_counts_as_failed_unless_another_one_took_its_place() {
    let world = World::at(now());
    add(&world, &finding()).unwrap();
    add(&world, &decision(&[0], Mode::Act)).unwrap();
    add(&world, &intent(0)).unwrap();
    let failed = Outcome {
        step: 0,
        result: OutcomeResult::Failed,
        detail: Some("no room".into()),
        failure: Some(Failure::LimitExceeded),
    };
    add(&world, &Body::Outcome(failed)).unwrap();
    let history = || History::of(&drive(world.records(ID)).unwrap()).unwrap();
    assert_eq!(history().conclusion(), Status::Escalated);
    let mut anew = decision_of(plan(&[1], Mode::Act));
    anew.circumstances.inline_full = true;
    add(&world, &Body::Decision(Box::new(anew))).unwrap();
    add(&world, &intent(1)).unwrap();
    add(&world, &outcome(1, OutcomeResult::Applied)).unwrap();
    assert_eq!(history().conclusion(), Status::Contained);
}

#[test]
fn the_chain_of_the_switch_holds_what_became_of_it_and_nothing_else() {
    let world = World::at(now());
    let put = |chain: &str, body: &Body| {
        drive(append(&world, chain, "decide", "v1", now(), Draft::of(body).unwrap())).is_ok()
    };
    let pause = Pause { until: now(), since: now(), by: "ada".into(), reason: "a release".into() };
    let paused = Body::Pause(body::Pause { hash: pause.hash(), pause });
    let resumed = Body::Resume(Resume::Expired);
    assert!(!put(ID, &paused) && !put(ID, &resumed), "an incident is no switch");
    assert!(!put(SWITCH_CHAIN, &resumed), "nothing to end");
    assert!(put(SWITCH_CHAIN, &paused) && put(SWITCH_CHAIN, &told(NotificationKind::Pause)));
    for stranger in [finding(), decision(&[0], Mode::Act), intent(0), outcome(0, OutcomeResult::Applied)] {
        assert!(!put(SWITCH_CHAIN, &stranger), "{stranger:?}");
    }
    assert!(put(SWITCH_CHAIN, &resumed) && !put(SWITCH_CHAIN, &resumed), "a pause ends once");
}
