//! What the records amount to.

use layerguard_core::approval::Verb;
use layerguard_core::audit::History;
use layerguard_core::audit::body::{NotificationKind, OutcomeResult, UndoCause, UndoResult};
use layerguard_core::plan::Mode;
use layerguard_core::ports::AuditLog;
use layerguard_testkit::{World, drive};

use super::records::{ID, add, answer, decision, finding, intent, now, outcome, told, undo, undone};

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
