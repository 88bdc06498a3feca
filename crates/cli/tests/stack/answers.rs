//! Answers beside the plain approval: two people, one step, what is temporary, notes.

use layerguard_cli::command::answer::{self, Wish};
use layerguard_cli::exit::Exit;
use layerguard_core::approval::{CallerIdentity, HEADER_ASSIGNEE, HEADER_STEP, Verb, comment_hash};
use layerguard_core::audit::body::{Acknowledged, ApprovalAccepted, Assigned, UndoResult};
use layerguard_core::audit::{Body, History};
use layerguard_core::incident::Status;

use crate::house::{ALICE, House};
use crate::{Ended, refused};

async fn wish(house: &House, verb: Verb, change: impl FnOnce(Wish<'_>) -> Wish<'_>) -> Ended {
    let wish = change(Wish::new(&house.id, verb, None, 60));
    house.with(async |stack, screen| answer::run(stack, &wish, screen).await).await
}

fn accepted(house: &House, who: &str, awaits_second: bool, signature_hash: &str) -> Body {
    Body::ApprovalAccepted(ApprovalAccepted {
        verb: Verb::Approve,
        plan_hash: house.plan_hash.clone(),
        approver_arn: format!("arn:aws:sts::111122223333:assumed-role/on-call/{who}"),
        approver_user_id: format!("AROAEXAMPLEONCALL:{who}"),
        comment: None,
        signature_hash: signature_hash.to_owned(),
        step: None,
        awaits_second,
    })
}

#[tokio::test(start_paused = true)]
async fn the_first_of_two_hears_that_a_second_is_needed_and_until_when() {
    let house = House::awaiting_two().await;
    let stack = async {
        let answer = house.answer().await;
        house.record(accepted(&house, "alice", true, &answer.fingerprint())).await;
    };
    let ((result, printed), ()) = tokio::join!(wish(&house, Verb::Approve, |wish| wish), stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    let said = "accepted; a second approver is needed before 2026-11-20 10:33:00 UTC; nothing runs until then";
    assert!(printed.contains(said), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn the_second_of_two_sees_the_first_and_is_followed_to_the_end() {
    let house = House::awaiting_two().await;
    house.record(accepted(&house, "grace", true, "an earlier answer")).await;
    let stack = async {
        let answer = house.answer().await;
        house.record(accepted(&house, "alice", false, &answer.fingerprint())).await;
        house.contain().await;
    };
    let ((result, printed), ()) = tokio::join!(wish(&house, Verb::Approve, |wish| wish), stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    assert!(
        printed.contains("approved by arn:aws:sts::111122223333:assumed-role/on-call/grace; a second"),
        "{printed}"
    );
    assert!(printed.contains("closed: contained"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn a_colleague_who_is_the_first_of_two_in_the_same_moment_decides_nothing() {
    let house = House::awaiting_two().await;
    let stack = async {
        let answer = house.answer().await;
        house.record(accepted(&house, "grace", true, "a colleague's")).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        house.record(accepted(&house, "alice", false, &answer.fingerprint())).await;
        house.contain().await;
    };
    let ((result, printed), ()) = tokio::join!(wish(&house, Verb::Approve, |wish| wish), stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn a_lift_shows_and_signs_what_is_temporary() {
    let house = House::contained().await;
    let stack = async {
        let answer = house.answer().await;
        house.accept(Verb::Lift, &answer.fingerprint()).await;
        house.take_back(UndoResult::Undone, Status::Undone).await;
    };
    let ((result, printed), ()) = tokio::join!(wish(&house, Verb::Lift, |wish| wish), stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    assert!(printed.contains("You take back before its time:") && printed.contains("deny_session"), "{printed}");
    assert!(printed.contains("lift asked for by") && printed.contains("closed: undone"), "{printed}");
    let answer = house.answer().await;
    assert_eq!(answer.verb, Verb::Lift);
    let mark: String = answer.fingerprint().chars().take(8).collect();
    assert_eq!(house.world.executions()[0].0, format!("{}-lift-{mark}", house.id));
    let again = wish(&house, Verb::Lift, |wish| wish).await;
    assert!(refused(&again).message.contains("nothing to take back"), "{}", again.1);
}

#[tokio::test(start_paused = true)]
async fn one_step_is_signed_and_a_step_that_does_not_stand_is_not() {
    let house = House::contained().await;
    let other = wish(&house, Verb::Undo, |wish| Wish { step: Some(3), ..wish }).await;
    assert!(refused(&other).message.contains("nothing of step 3 stands"), "{}", other.1);
    assert_eq!(house.world.count("approvals.put_answer"), 0);
    let stored = wish(&house, Verb::Undo, |wish| Wish { step: Some(0), wait: 0, ..wish }).await;
    assert_eq!(stored.0, Ok(Exit::Done), "{}", stored.1);
    let answer = house.answer().await;
    assert_eq!((answer.step, answer.request.headers[HEADER_STEP].as_str()), (Some(0), "0"));
}

#[tokio::test(start_paused = true)]
async fn notes_are_taken_of_open_and_of_closed_incidents() {
    let by = CallerIdentity {
        arn: ALICE.to_owned(),
        user_id: "AROAEXAMPLEONCALL:alice".to_owned(),
        account: "111122223333".to_owned(),
    };
    for (house, open) in [(House::awaiting().await, true), (House::contained().await, false)] {
        let stack = async {
            let answer = house.answer().await;
            let signature_hash = answer.fingerprint();
            house.record(Body::Acknowledged(Acknowledged { by: by.clone(), comment: None, signature_hash })).await;
        };
        let ((result, printed), ()) = tokio::join!(wish(&house, Verb::Acknowledge, |wish| wish), stack);
        assert_eq!(result, Ok(Exit::Done), "{printed}");
        assert!(printed.contains(&format!("recorded: acknowledged by {ALICE}")), "{printed}");
        assert_eq!(house.world.woken().len(), usize::from(open), "a wait is woken");
        assert_eq!(house.world.executions().len(), usize::from(!open), "or the machine is started");
    }
    let house = House::awaiting().await;
    let stack = async {
        let answer = house.answer().await;
        assert_eq!(answer.request.headers[HEADER_ASSIGNEE], comment_hash(Some("build team")));
        let (to, signature_hash) = (answer.assignee.clone().unwrap(), answer.fingerprint());
        house.record(Body::Assigned(Assigned { to, by: by.clone(), comment: None, signature_hash })).await;
    };
    let assign = wish(&house, Verb::Assign, |wish| Wish { assignee: Some("build team"), ..wish });
    let ((result, printed), ()) = tokio::join!(assign, stack);
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    assert!(printed.contains(&format!("recorded: assigned to build team by {ALICE}")), "{printed}");
    let history = History::of(&house.world.chain(&house.id)).unwrap();
    assert!(history.asks(), "the question is as open as before");
}
