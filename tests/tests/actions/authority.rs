//! What is done follows from the records: an invented payload changes nothing.

use layerguard_core::approval::Verb;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{ApprovalExpired, ExpiryOutcome, Intent};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Status;
use layerguard_core::plan::Mode;
use layerguard_testkit::{HOME, drive};
use serde_json::{Value, json};

use super::scene::{Scene, every_action, session};

fn refused(scene: &Scene, class: Class) {
    let before = scene.world.snapshot(HOME);
    assert_eq!(scene.apply(0), Err(class));
    assert_eq!(scene.iam_writes(), 0);
    assert_eq!(scene.world.snapshot(HOME), before);
}

#[test]
fn an_invented_payload_changes_nothing() {
    let scene = Scene::found(&session());
    let odd: &[Value] = &[
        json!({"task": "apply", "incident_id": "0000000000000000-1", "step": 0}),
        json!({"task": "apply", "incident_id": scene.id, "step": 0}),
        json!({"task": "apply", "incident_id": scene.id, "step": 0, "action": "deny_session"}),
        json!({"task": "apply", "incident_id": scene.id, "step": -1}),
        json!({"task": "undo", "incident_id": scene.id, "step": 0}),
        json!({"task": "undo", "incident_id": "call#1", "step": 0}),
        json!({"task": "contain", "incident_id": scene.id}),
        json!({"incident_id": scene.id}),
        json!([]),
        json!(null),
    ];
    for payload in odd {
        let error = drive(scene.handle(payload.clone())).unwrap_err();
        assert!(matches!(error.class(), Class::Permanent | Class::InvalidInput), "{payload}: {error}");
    }
    assert_eq!(scene.iam_writes(), 0);
    assert_eq!(scene.history().entries().len(), 1);
}

#[test]
fn a_step_that_asks_waits_for_the_approval_of_its_own_plan() {
    let scene = Scene::decided("deny_session", &session(), Mode::Ask);
    refused(&scene, Class::Permanent);
    scene.answer(Verb::Approve);
    assert_eq!(scene.apply(0).as_deref(), Ok("applied"));
}

#[test]
fn an_approval_does_not_carry_over_to_a_later_plan() {
    let scene = Scene::decided("deny_session", &session(), Mode::Ask);
    scene.answer(Verb::Approve);
    scene.decide(&[("revoke_role_sessions", &session(), Mode::Ask)]);
    refused(&scene, Class::Permanent);
    assert_eq!(scene.apply(1), Err(Class::Permanent));
}

#[test]
fn observe_reject_undo_and_closing_each_forbid_a_step() {
    refused(&Scene::decided("deny_session", &session(), Mode::Observe), Class::Permanent);
    let rejected = Scene::decided("deny_session", &session(), Mode::Act);
    rejected.answer(Verb::Reject);
    refused(&rejected, Class::Permanent);
    let closed = Scene::decided("deny_session", &session(), Mode::Act);
    closed.close(Status::Observed);
    refused(&closed, Class::Permanent);
    let taken_back = Scene::decided("deny_session", &session(), Mode::Act);
    taken_back.decide(&[("deny_session", &session(), Mode::Act), ("revoke_role_sessions", &session(), Mode::Act)]);
    assert_eq!(taken_back.apply(1).as_deref(), Ok("applied"));
    taken_back.answer(Verb::Undo);
    assert_eq!(taken_back.apply(2), Err(Class::Permanent));
}

#[test]
fn when_nobody_answers_only_the_listed_steps_run() {
    let expire = |outcome, steps| {
        let scene = Scene::decided("deny_session", &session(), Mode::Ask);
        let plan_hash = scene.history().decision().unwrap().plan_hash.clone();
        scene.append(Body::ApprovalExpired(ApprovalExpired { plan_hash, outcome, steps }));
        scene
    };
    refused(&expire(ExpiryOutcome::Escalate, vec![]), Class::Permanent);
    assert_eq!(expire(ExpiryOutcome::Contain, vec![0]).apply(0).as_deref(), Ok("applied"));
}

#[test]
fn a_broken_chain_stops_everything() {
    let scene = Scene::decided("deny_session", &session(), Mode::Observe);
    let mut records = scene.world.chain(&scene.id);
    records[1].body = records[1].body.replace("\"mode\":\"observe\"", "\"mode\":\"act\"");
    scene.world.tamper(&scene.id, records);
    refused(&scene, Class::Stuck);
}

#[test]
fn an_intent_that_would_grant_something_is_not_carried_out() {
    for effect in ["Allow", "deny", ""] {
        let scene = Scene::decided("deny_session", &session(), Mode::Act);
        let step = scene.history().step(0).unwrap().clone();
        let document =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Resource": "*"}]});
        let captured = json!({"policy": "layerguard-x", "document": document, "prior": null});
        scene.append(Body::Intent(Box::new(Intent { step: 0, action: step.action, target: step.target, captured })));
        assert_eq!(scene.apply(0).as_deref(), Ok("failed"));
        assert_eq!(scene.iam_writes(), 0);
    }
}

#[test]
fn undo_needs_a_person_each_time() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    scene.apply(0).unwrap();
    assert_eq!(scene.undo(0), Err(Class::Permanent));
    assert_eq!(scene.iam_writes(), 1);
    scene.answer(Verb::Undo);
    assert_eq!(scene.undo(0).as_deref(), Ok("undone"));
    assert_eq!(scene.undo(0).as_deref(), Ok("undone"));
    assert_eq!(scene.iam_writes(), 2);
}

#[test]
fn somebody_elses_change_is_left_alone_and_said() {
    let scene = Scene::taken_back("deny_session", &session());
    let mut role = scene.world.snapshot(HOME).iam.roles["builder"].clone();
    let changed = json!({"Version": "2012-10-17", "Statement": []});
    *role.policies.get_mut(&format!("layerguard-{}", scene.id)).unwrap() = changed;
    scene.world.set_role("builder", role);
    let before = scene.world.snapshot(HOME);
    assert_eq!(scene.undo(0).as_deref(), Ok("drifted"));
    assert_eq!(scene.world.snapshot(HOME), before);
    assert_eq!(scene.history().standing(), [0]);
    // Asked again, it looks again: somebody has removed it by hand meanwhile.
    scene.world.set_role("builder", layerguard_testkit::Role::default());
    scene.answer(Verb::Undo);
    assert_eq!(scene.undo(0).as_deref(), Ok("nothing_to_do"));
    assert!(scene.history().standing().is_empty());
}

#[test]
fn a_setting_is_set_to_nothing_but_what_the_inventory_expects_now() {
    let every = every_action();
    let cases = [
        (
            "restore_tag_mutability",
            json!({"value": "MUTABLE", "exclusions": []}),
            json!({"value": "IMMUTABLE", "exclusions": []}),
        ),
        (
            "restore_tag_mutability",
            json!({"value": "IMMUTABLE_WITH_EXCLUSION", "exclusions": ["*"]}),
            json!({"value": "MUTABLE", "exclusions": []}),
        ),
        ("restore_scanning", json!(false), json!(true)),
    ];
    for (name, wanted, prior) in cases {
        let (_, event) = every.iter().find(|(action, _)| *action == name).unwrap();
        let scene = Scene::decided(name, event, Mode::Act);
        let before = scene.world.snapshot(HOME);
        let step = scene.history().step(0).unwrap().clone();
        let captured = json!({"prior": prior, "wanted": wanted});
        scene.append(Body::Intent(Box::new(Intent { step: 0, action: step.action, target: step.target, captured })));
        assert_eq!(scene.apply(0).as_deref(), Ok("failed"), "{name}");
        let detail = scene.history().outcome(0).unwrap().detail.clone().unwrap();
        assert!(detail.contains("is not what `[expected]` of the inventory says now"), "{detail}");
        assert_eq!(scene.world.snapshot(HOME), before, "{name}: nothing was written");
    }
}

#[test]
fn an_expectation_that_was_taken_away_since_is_not_carried_out() {
    for name in ["restore_tag_mutability", "restore_scanning"] {
        let (_, event) = every_action().into_iter().find(|(action, _)| *action == name).unwrap();
        let mut scene = Scene::decided(name, &event, Mode::Act);
        let before = scene.world.snapshot(HOME);
        // Captured while it was expected; the process died before it changed anything.
        let killed = layerguard_testkit::Fault::KillBefore;
        let write = if name == "restore_scanning" { "ecr.set_scan_on_push" } else { "ecr.set_tag_mutability" };
        scene.world.trap_operation(write, 0, 1, killed);
        assert!(scene.apply(0).is_err(), "{name}");
        assert!(scene.world.revive(), "{name}");
        scene.guard.inventory.as_mut().unwrap().expected = layerguard_core::inventory::Expected::default();
        assert_eq!(scene.apply(0).as_deref(), Ok("failed"), "{name}");
        assert_eq!(scene.world.snapshot(HOME), before, "{name}");
    }
}
