//! Which record may follow which.

use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{
    ApprovalRequested, Closing, Decision, Escalation, ExpiryOutcome, NotificationKind, OutcomeResult, UndoCause,
    UndoResult,
};
use layerguard_core::audit::{AuditError, Body, verify};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Status;
use layerguard_core::plan::{Mode, Plan};
use layerguard_testkit::World;

use super::records::{
    ID, add, answer, decision, decision_of, expired, finding, intent, now, outcome, plan, told, undo, undone,
};

/// What is there, what is added, and whether it may.
#[test]
fn only_legal_records_are_appended() {
    use Mode::{Act, Ask, Observe};
    use OutcomeResult::{Applied, Failed, NothingToDo};
    use UndoCause::{Lift, Person};
    let open = |mode| vec![finding(), decision(&[0, 1], mode)];
    let with = |mode, more: &[Body]| [open(mode), more.to_vec()].concat();
    let closing = |status, length| Body::Closing(Closing { status, length });
    let ended = with(Act, &[intent(0), outcome(0, Applied), closing(Status::Contained, 5)]);
    let after = |more: &[Body]| [ended.clone(), more.to_vec()].concat();
    let approve = || answer(Verb::Approve, &[0, 1], Ask);
    let undo_asked = || answer(Verb::Undo, &[0, 1], Act);
    let asked = ApprovalRequested { plan_hash: plan(&[0, 1], Ask).hash().unwrap(), deadline: now(), reminder: false };
    let wrong_hash = Body::Decision(Box::new(Decision { plan_hash: "0".into(), ..decision_of(plan(&[0], Act)) }));
    let other = Plan { incident: "0000000000000000-1".into(), ..plan(&[0], Act) };
    let escalated = Body::Escalation(Escalation { step: None, reason: "x".into(), error: None });
    let table: Vec<(&str, Vec<Body>, Body, bool)> = vec![
        ("a decision needs a finding", vec![], decision(&[0], Act), false),
        ("an escalation needs nothing", vec![], escalated.clone(), true),
        ("a plan must match its hash", vec![finding()], wrong_hash, false),
        ("a plan is of its own incident", vec![finding()], Body::Decision(Box::new(decision_of(other))), false),
        ("step numbers count on", open(Act), decision(&[2], Act), true),
        ("step numbers are not used again", open(Act), decision(&[1], Act), false),
        ("step numbers differ", vec![finding()], decision(&[1, 1], Act), false),
        ("a question is about the latest plan", open(Act), Body::ApprovalRequested(asked.clone()), false),
        ("a question", open(Ask), Body::ApprovalRequested(asked), true),
        ("an approval of another plan", open(Ask), answer(Verb::Approve, &[0], Ask), false),
        ("an approval without a question sent", open(Ask), approve(), true),
        ("a second approval", with(Ask, &[approve()]), approve(), false),
        ("an approval after expiry", with(Ask, &[expired(ExpiryOutcome::Escalate, &[], &[0, 1])]), approve(), false),
        ("expiry runs listed steps", open(Ask), expired(ExpiryOutcome::Contain, &[0], &[0, 1]), true),
        ("expiry runs no others", open(Ask), expired(ExpiryOutcome::Contain, &[1], &[0, 1]), false),
        ("escalation runs none", open(Ask), expired(ExpiryOutcome::Escalate, &[0], &[0, 1]), false),
        ("an intent needs a decision", vec![finding()], intent(0), false),
        ("an intent needs approval", open(Ask), intent(0), false),
        ("an intent that was observed", open(Observe), intent(0), false),
        ("an intent that acts", open(Act), intent(0), true),
        ("an intent that was approved", with(Ask, &[approve()]), intent(1), true),
        ("an intent that was rejected", with(Ask, &[answer(Verb::Reject, &[0, 1], Ask)]), intent(0), false),
        ("a second intent", with(Act, &[intent(0)]), intent(0), false),
        ("an outcome needs its intent", open(Act), outcome(0, Applied), false),
        ("nothing to do needs its intent", open(Act), outcome(0, NothingToDo), false),
        ("failing before the intent", open(Act), outcome(0, Failed), true),
        ("failing without authority", open(Ask), outcome(0, Failed), false),
        ("an outcome", with(Act, &[intent(0)]), outcome(0, Applied), true),
        ("a second outcome", with(Act, &[intent(0), outcome(0, Applied)]), outcome(0, Failed), false),
        ("an intent after its failure", with(Act, &[outcome(0, Failed)]), intent(0), false),
        ("undo needs a person", with(Act, &[intent(0), outcome(0, Applied)]), undo(0, Person), false),
        ("undo of nothing", open(Act), undo_asked(), false),
        ("undo of what others did", with(Act, &[intent(0), outcome(0, NothingToDo)]), undo_asked(), false),
        ("undo of a failed step", with(Act, &[intent(0), outcome(0, Failed)]), undo_asked(), true),
        (
            "undo asked before the outcome",
            with(Act, &[intent(0), undo_asked(), outcome(0, Applied)]),
            undo(0, Person),
            false,
        ),
        ("undo of a step under way", with(Act, &[intent(0), undo_asked()]), undo(0, Person), true),
        ("undo of another step", with(Act, &[intent(0), undo_asked()]), undo(1, Person), false),
        ("no new step after undo", with(Act, &[intent(0), undo_asked()]), intent(1), false),
        (
            "an undo's outcome needs it",
            with(Act, &[intent(0), undo_asked()]),
            undone(0, Person, UndoResult::Undone),
            false,
        ),
        (
            "an undo's outcome has its cause",
            with(Act, &[intent(0), undo(0, Lift)]),
            undone(0, Person, UndoResult::Undone),
            false,
        ),
        ("one undo at a time", with(Act, &[intent(0), undo(0, Lift)]), undo(0, Lift), false),
        (
            "no undo of what is gone",
            with(Act, &[intent(0), undo(0, Lift), undone(0, Lift, UndoResult::Undone)]),
            undo(0, Lift),
            false,
        ),
        (
            "another try after drift",
            with(Act, &[intent(0), undo(0, Lift), undone(0, Lift, UndoResult::Drifted)]),
            undo(0, Lift),
            true,
        ),
        ("closing with a wrong length", with(Act, &[]), closing(Status::Observed, 4), false),
        ("closing as open", with(Act, &[]), closing(Status::Deciding, 3), false),
        ("closing while a step is under way", with(Act, &[intent(0)]), closing(Status::Contained, 4), false),
        ("handing over while a step is under way", with(Act, &[intent(0)]), closing(Status::Escalated, 4), true),
        ("closing twice", ended.clone(), closing(Status::Contained, 6), false),
        (
            "closing again after undo",
            after(&[undo_asked(), undo(0, Person), undone(0, Person, UndoResult::Undone)]),
            closing(Status::Undone, 9),
            true,
        ),
        ("no decision after closing", ended.clone(), decision(&[2], Act), false),
        ("no intent after closing", ended.clone(), intent(1), false),
        ("no approval after closing", ended.clone(), answer(Verb::Approve, &[0, 1], Act), false),
        ("undo after closing", ended.clone(), undo_asked(), true),
        ("a lift after closing", ended.clone(), undo(0, Lift), true),
        ("a late finding after closing", ended.clone(), finding(), true),
        ("a message after closing", ended.clone(), told(NotificationKind::Report), true),
        ("an escalation after closing", ended.clone(), escalated, true),
    ];
    for (name, there, added, legal) in table {
        let world = World::at(now());
        for body in there {
            add(&world, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let result = add(&world, &added);
        match &result {
            Ok(_) => assert!(legal, "{name}"),
            Err(error) => {
                assert!(!legal && matches!(error, AuditError::Illegal { .. }), "{name}: {error}");
                assert_eq!(error.class(), Class::Stuck);
            }
        }
        let _ = verify(&world.chain(ID)).unwrap();
    }
}
