//! Which answers may follow which, and what they amount to: two people, one step, what is temporary, notes.

use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::audit::body::{
    Acknowledged, ApprovalAccepted, Assigned, Closing, Decision, OutcomeResult, UndoCause, UndoResult,
};
use layerguard_core::audit::{AuditError, Body, History, verify};
use layerguard_core::incident::Status;
use layerguard_core::plan::{Mode, Plan};
use layerguard_testkit::World;
use proptest::prelude::*;

use super::records::{ID, add, answer, decision, decision_of, finding, intent, now, outcome, plan, undo, undone};

/// A decision about two steps that this many people must approve.
fn asks(approvers: u32) -> Body {
    Body::Decision(Box::new(Decision { approvers, ..decision_of(plan(&[0, 1], Mode::Ask)) }))
}

fn by(name: &str, verb: Verb, awaits_second: bool) -> Body {
    let Body::ApprovalAccepted(answer) = answer(verb, &[0, 1], Mode::Ask) else { unreachable!() };
    Body::ApprovalAccepted(ApprovalAccepted {
        approver_arn: format!("arn:aws:sts::111122223333:assumed-role/on-call/{name}"),
        approver_user_id: format!("AROAEXAMPLEONCALL:{name}"),
        signature_hash: format!("{name}{verb:?}"),
        awaits_second,
        ..answer
    })
}

fn of_step(step: Option<u32>, verb: Verb) -> Body {
    let Body::ApprovalAccepted(answer) = answer(verb, &[0, 1], Mode::Act) else { unreachable!() };
    Body::ApprovalAccepted(ApprovalAccepted { step, ..answer })
}

/// A plan whose first step lifts by itself and whose second stays.
fn mixed() -> Plan {
    let mut plan = plan(&[0, 1], Mode::Act);
    plan.steps[1].lift_after_seconds = None;
    plan
}

fn about_mixed(verb: Verb, step: Option<u32>) -> Body {
    let Body::ApprovalAccepted(answer) = of_step(step, verb) else { unreachable!() };
    Body::ApprovalAccepted(ApprovalAccepted { plan_hash: mixed().hash().unwrap(), ..answer })
}

fn seen() -> Body {
    let by = CallerIdentity { arn: "a".into(), user_id: "u".into(), account: "111122223333".into() };
    Body::Acknowledged(Acknowledged { by, comment: None, signature_hash: "n1".into() })
}

fn assigned(to: &str) -> Body {
    let by = CallerIdentity { arn: "a".into(), user_id: "u".into(), account: "111122223333".into() };
    Body::Assigned(Assigned { to: to.into(), by, comment: None, signature_hash: "n2".into() })
}

fn world_of(bodies: &[Body]) -> World {
    let world = World::at(now());
    for body in bodies {
        add(&world, body).unwrap_or_else(|error| panic!("{body:?}: {error}"));
    }
    world
}

fn history(world: &World) -> History {
    History::of(&world.chain(ID)).unwrap()
}

#[test]
fn only_legal_answers_are_appended() {
    use Verb::{Approve, Lift, Reject, Undo};
    let two = |more: &[Body]| [vec![finding(), asks(2)], more.to_vec()].concat();
    let one = |more: &[Body]| [vec![finding(), asks(1)], more.to_vec()].concat();
    let applied = OutcomeResult::Applied;
    let done = [intent(0), outcome(0, applied), intent(1), outcome(1, applied)];
    let stands = |more: &[Body]| [vec![finding(), decision(&[0, 1], Mode::Act)], done.to_vec(), more.to_vec()].concat();
    let mixed_decision = Body::Decision(Box::new(decision_of(mixed())));
    let mixed = |more: &[Body]| [vec![finding(), mixed_decision.clone()], done.to_vec(), more.to_vec()].concat();
    let ended = two(&[by("ada", Reject, false), Body::Closing(Closing { status: Status::Rejected, length: 4 })]);
    let table: Vec<(&str, Vec<Body>, Body, bool)> = vec![
        ("three people", vec![finding()], asks(3), false),
        ("nobody", vec![finding()], asks(0), false),
        ("the first of two", two(&[]), by("ada", Approve, true), true),
        ("the first of two that takes itself for the last", two(&[]), by("ada", Approve, false), false),
        ("the only one that waits for another", one(&[]), by("ada", Approve, true), false),
        ("a rejection that waits for another", two(&[]), by("ada", Reject, true), false),
        ("the second of two", two(&[by("ada", Approve, true)]), by("grace", Approve, false), true),
        ("a second first", two(&[by("ada", Approve, true)]), by("grace", Approve, true), false),
        ("the same person", two(&[by("ada", Approve, true)]), by("ada", Approve, false), false),
        ("the same person in another spelling", two(&[by("ada", Approve, true)]), by("ADA", Approve, false), false),
        ("a rejection after one approval", two(&[by("ada", Approve, true)]), by("ada", Reject, false), true),
        ("an intent after one of two", two(&[by("ada", Approve, true)]), intent(0), false),
        ("a failure after one of two", two(&[by("ada", Approve, true)]), outcome(0, OutcomeResult::Failed), false),
        ("an intent after both", two(&[by("ada", Approve, true), by("grace", Approve, false)]), intent(0), true),
        (
            "a third approval",
            two(&[by("ada", Approve, true), by("grace", Approve, false)]),
            by("joan", Approve, false),
            false,
        ),
        ("an undo of one step", stands(&[]), of_step(Some(1), Undo), true),
        ("an undo of no step", stands(&[]), of_step(Some(7), Undo), false),
        ("taking back the step that was named", stands(&[of_step(Some(1), Undo)]), undo(1, UndoCause::Person), true),
        ("taking back another step", stands(&[of_step(Some(1), Undo)]), undo(0, UndoCause::Person), false),
        (
            "the same step again",
            stands(&[
                of_step(Some(1), Undo),
                undo(1, UndoCause::Person),
                undone(1, UndoCause::Person, UndoResult::Undone),
            ]),
            of_step(Some(1), Undo),
            false,
        ),
        ("a lift of what is temporary", mixed(&[]), about_mixed(Lift, None), true),
        ("lifting the temporary step", mixed(&[about_mixed(Lift, None)]), undo(0, UndoCause::Person), true),
        ("lifting the step that stays", mixed(&[about_mixed(Lift, None)]), undo(1, UndoCause::Person), false),
        (
            "a lift where only what stays is left",
            mixed(&[
                about_mixed(Lift, None),
                undo(0, UndoCause::Person),
                undone(0, UndoCause::Person, UndoResult::Undone),
            ]),
            about_mixed(Lift, None),
            false,
        ),
        ("an acknowledgement of what is not decided", vec![finding()], seen(), true),
        ("an acknowledgement after the end", ended.clone(), seen(), true),
        ("an assignment after the end", ended.clone(), assigned("grace"), true),
        ("an acknowledgement that counts as an answer", one(&[]), of_step(None, Verb::Acknowledge), false),
        ("a question that was only acknowledged stays open", one(&[seen()]), by("ada", Approve, false), true),
        ("an acknowledgement authorises nothing", one(&[seen(), assigned("ada")]), intent(0), false),
    ];
    for (name, there, added, legal) in table {
        let world = world_of(&there);
        match add(&world, &added) {
            Ok(_) => assert!(legal, "{name}"),
            Err(error) => assert!(!legal && matches!(error, AuditError::Illegal { .. }), "{name}: {error}"),
        }
        let _ = verify(&world.chain(ID)).unwrap();
    }
}

#[test]
fn one_of_two_is_visible_and_answers_nothing() {
    let world = world_of(&[finding(), asks(2), by("ada", Verb::Approve, true)]);
    let at = history(&world);
    assert!(at.asks() && at.answer().is_none() && at.to_run().is_empty());
    assert_eq!(at.approved_so_far().len(), 1);
    let grace = CallerIdentity { arn: "x".into(), user_id: "AROAOTHER:Grace".into(), account: "y".into() };
    let ada = CallerIdentity { user_id: "AROAOTHER:Ada".into(), ..grace.clone() };
    assert!(at.approved_by(&ada).is_some() && at.approved_by(&grace).is_none() && !at.would_await_second());
    add(&world, &by("grace", Verb::Approve, false)).unwrap();
    let at = history(&world);
    assert_eq!((at.answer().unwrap().approver_user_id.as_str(), at.to_run()), ("AROAEXAMPLEONCALL:grace", vec![0, 1]));
    assert!(at.approved_so_far().is_empty(), "nothing waits any more");
}

#[test]
fn a_decision_of_an_earlier_version_asks_for_one_person() {
    let world = world_of(&[finding(), asks(1)]);
    let [_, record] = &world.chain(ID)[..] else { panic!("two records") };
    assert!(!record.body.contains("approvers"), "{}", record.body);
    assert_eq!(history(&world).decision().unwrap().approvers, 1);
}

#[test]
fn notes_are_the_last_of_their_kind_and_no_news() {
    let world = world_of(&[finding(), asks(1), seen(), assigned("ada"), assigned("grace")]);
    let at = history(&world);
    assert_eq!(at.assigned().unwrap().1.to, "grace");
    assert!(at.acknowledged().is_some() && at.knows_signature("n1") && at.notes() == 3);
    assert_eq!(at.conclusion(), History::of(&world.chain(ID)[..2]).unwrap().conclusion());
}

#[derive(Debug, Clone, Copy)]
enum Said {
    Approves(usize),
    Rejects(usize),
    Notes,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => (0..4_usize).prop_map(Said::Approves),
        1 => (0..4_usize).prop_map(Said::Rejects),
        1 => Just(Said::Notes),
    ]
}

proptest! {
    /// However people answer: a plan that two must approve runs exactly when two different people approved it and nobody rejected it
    /// before, and what the records refuse changes nothing.
    #[test]
    fn two_different_people_and_nothing_less(all in prop::collection::vec(said(), 0..12), approvers in 1_u32..=2) {
        const PEOPLE: [&str; 4] = ["ada", "ADA", "grace", "joan"];
        let world = world_of(&[finding(), asks(approvers)]);
        let mut approved: Vec<String> = Vec::new();
        let mut end: Option<bool> = None;
        for one in all {
            let waits = history(&world).would_await_second();
            let (body, counts) = match one {
                Said::Approves(who) => {
                    let person = PEOPLE[who].to_lowercase();
                    let fresh = end.is_none() && !approved.contains(&person);
                    if fresh {
                        approved.push(person);
                        end = (approved.len() as u32 >= approvers).then_some(true);
                    }
                    (by(PEOPLE[who], Verb::Approve, waits), fresh)
                }
                Said::Rejects(who) => {
                    let open = end.is_none();
                    end = end.or(Some(false));
                    (by(PEOPLE[who], Verb::Reject, false), open)
                }
                Said::Notes => (seen(), true),
            };
            prop_assert_eq!(add(&world, &body).is_ok(), counts, "{:?}", one);
            let at = history(&world);
            prop_assert_eq!(at.answer().map(|answer| answer.verb == Verb::Approve), end);
            prop_assert_eq!(!at.to_run().is_empty(), end == Some(true));
            prop_assert_eq!(at.authorised(0).is_ok(), end == Some(true));
        }
        prop_assert!(verify(&world.chain(ID)).is_ok());
    }
}
