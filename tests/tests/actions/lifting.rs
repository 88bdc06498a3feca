//! Temporary measures go when their time is over.

use jiff::SignedDuration;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{UndoCause, UndoResult};
use layerguard_core::plan::Mode;
use layerguard_core::ports::PortErrorKind;
use layerguard_testkit::{Fault, HOME, Role};
use serde_json::json;

use super::scene::{Scene, session, user};

#[test]
fn a_session_deny_lifts_after_twelve_hours_and_not_before() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    let before = scene.world.snapshot(HOME);
    scene.apply(0).unwrap();
    scene.world.advance(SignedDuration::from_hours(12) - SignedDuration::from_secs(1));
    assert_eq!(scene.lift_due(), json!({"lifted": 0, "failed": 0}));
    scene.world.advance(SignedDuration::from_secs(1));
    assert_eq!(scene.lift_due(), json!({"lifted": 1, "failed": 0}));
    assert_eq!(scene.world.snapshot(HOME), before);
    assert_eq!(scene.history().undo_outcome(0).unwrap().cause, UndoCause::Lift);
    assert_eq!(scene.lift_due(), json!({"lifted": 0, "failed": 0}));
}

#[test]
fn keys_and_users_wait_for_a_person() {
    for action in ["disable_access_key", "deny_user"] {
        let scene = Scene::decided(action, &user(), Mode::Act);
        scene.apply(0).unwrap();
        let measure = scene.world.snapshot(HOME);
        scene.world.advance(SignedDuration::from_hours(10_000));
        assert_eq!(scene.lift_due(), json!({"lifted": 0, "failed": 0}));
        assert_eq!(scene.world.snapshot(HOME), measure);
    }
}

#[test]
fn a_measure_that_was_written_over_goes_with_the_later_one() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    let before = scene.world.snapshot(HOME);
    scene.apply(0).unwrap();
    scene.world.advance(SignedDuration::from_hours(2));
    scene.decide(&[("deny_session", &session(), Mode::Act)]);
    scene.apply(1).unwrap();
    let both = scene.world.snapshot(HOME);
    scene.world.advance(SignedDuration::from_hours(11));
    assert_eq!(scene.lift_due(), json!({"lifted": 0, "failed": 0}));
    assert_eq!(scene.world.snapshot(HOME), both);
    scene.world.advance(SignedDuration::from_hours(1));
    assert_eq!(scene.lift_due(), json!({"lifted": 2, "failed": 0}));
    assert_eq!(scene.world.snapshot(HOME), before);
    assert!(scene.world.measures().is_empty());
}

#[test]
fn what_drifted_is_left_alone_and_people_are_told_once() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    scene.apply(0).unwrap();
    let mut role: Role = scene.world.snapshot(HOME).iam.roles["builder"].clone();
    role.policies.insert(format!("layerguard-{}", scene.id), json!({"Statement": []}));
    scene.world.set_role("builder", role);
    let changed = scene.world.snapshot(HOME);
    scene.world.advance(SignedDuration::from_hours(13));
    assert_eq!(scene.lift_due(), json!({"lifted": 0, "failed": 1}));
    assert_eq!(scene.lift_due(), json!({"lifted": 0, "failed": 0}));
    assert_eq!(scene.world.snapshot(HOME), changed);
    assert_eq!(scene.history().undo_outcome(0).unwrap().result, UndoResult::Drifted);
    assert_eq!(scene.world.messages().len(), 1);
    assert!(scene.world.messages()[0].body.contains("was changed by somebody else"));
    assert!(scene.history().entries().iter().any(|entry| matches!(entry.body, Body::Escalation(_))));
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    scene.apply(0).unwrap();
    scene.decide(&[("revoke_role_sessions", &session(), Mode::Act)]);
    scene.apply(1).unwrap();
    scene.world.advance(SignedDuration::from_hours(13));
    let throttled = Fault::Before(PortErrorKind::Unavailable("throttled".into()));
    scene.world.trap_operation("iam.delete_role_policy", 0, 1, throttled);
    assert_eq!(scene.lift_due(), json!({"lifted": 1, "failed": 1}));
    assert_eq!(scene.lift_due(), json!({"lifted": 1, "failed": 0}));
    assert!(scene.world.measures().is_empty());
    assert!(scene.history().standing().is_empty());
}

#[test]
fn a_role_that_is_gone_needs_no_lifting() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    scene.apply(0).unwrap();
    scene.world.remove_role("builder");
    scene.world.advance(SignedDuration::from_hours(13));
    assert_eq!(scene.lift_due(), json!({"lifted": 1, "failed": 0}));
    assert_eq!(scene.history().undo_outcome(0).unwrap().result, UndoResult::NothingToDo);
}
