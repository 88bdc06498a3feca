//! Every call of every task goes wrong in every way, once; the machine invokes again; then exactly one measure stands, or none.

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{NotificationKind, OutcomeResult};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Status;
use layerguard_core::plan::Mode;
use layerguard_testkit::{AccountSnapshot, Fault, HOME, Tally, Verdict, World, drive, every_fault};
use serde_json::{Value, json};

use super::scene::{Scene, every_action, session};

/// As the state machine sees one invocation.
async fn invoke(scene: Scene, payload: Value) -> Verdict {
    match scene.handle(payload).await {
        Ok(answer) if answer["failed"].as_u64().is_some_and(|failed| failed > 0) => Verdict::Retry,
        Ok(_) => Verdict::Done,
        Err(error) if error.class() == Class::Retryable => Verdict::Retry,
        Err(_) => Verdict::GaveUp,
    }
}

/// Try every fault at every call of a task. Every world is made the same way, so that all have the same incident.
fn try_all(make: impl Fn() -> Scene, payload: &Value, faults: &[Fault], check: impl Fn(&Scene, &str)) -> Tally {
    let Scene { id, guard, .. } = make();
    let scene = |world: &World| Scene { world: world.clone(), id: id.clone(), guard: guard.clone() };
    drive(every_fault(
        || make().world,
        |world| invoke(scene(&world), payload.clone()),
        faults,
        |world, point| check(&scene(world), point),
    ))
}

fn count(scene: &Scene, what: impl Fn(&Body) -> bool) -> usize {
    scene.history().entries().iter().filter(|entry| what(&entry.body)).count()
}

fn before() -> AccountSnapshot {
    Scene::found(&session()).world.snapshot(HOME)
}

#[test]
fn apply_leaves_exactly_one_measure_and_undo_restores_the_account() {
    for (action, event) in every_action() {
        let make = || Scene::decided(action, &event, Mode::Act);
        let clean = make();
        assert_eq!(clean.apply(0).as_deref(), Ok("applied"));
        let measure = clean.world.snapshot(HOME);
        assert_ne!(measure, before(), "{action}");
        let payload = json!({"task": "apply", "incident_id": clean.id, "step": 0});
        let tally = try_all(make, &payload, &Fault::passing(), |scene, point| {
            assert_eq!(scene.world.snapshot(HOME), measure, "{action}: {point}");
            assert_eq!(scene.history().outcome(0).unwrap().result, OutcomeResult::Applied, "{action}: {point}");
            assert_eq!(count(scene, |body| matches!(body, Body::Intent(_))), 1, "{action}: {point}");
            assert_eq!(count(scene, |body| matches!(body, Body::Outcome(_))), 1, "{action}: {point}");
            assert_eq!(scene.world.measures(), clean.world.measures(), "{action}: {point}");
            assert_eq!(scene.world.scopes().len(), 3, "{action}: {point}");
            scene.answer(Verb::Undo);
            assert_eq!(scene.undo(0).as_deref(), Ok("undone"), "{action}: {point}");
            assert_eq!(scene.world.snapshot(HOME), before(), "{action}: {point}");
            assert!(scene.world.measures().is_empty(), "{action}: {point}");
            assert!(scene.world.held().is_empty(), "{action}: {point}");
            assert_eq!(scene.proves().records, u64::try_from(scene.history().entries().len()).unwrap());
        });
        println!("apply {action}: {tally:?}");
        assert!(tally.points >= 50, "{action}: {tally:?}");
    }
}

#[test]
fn a_refused_apply_is_recorded_and_leaves_nothing_behind() {
    for (action, event) in every_action() {
        let make = || Scene::decided(action, &event, Mode::Act);
        let payload = json!({"task": "apply", "incident_id": make().id, "step": 0});
        // Refused although it took effect: an answer that cannot be trusted either.
        let mut faults = Fault::lasting();
        faults.push(Fault::After(layerguard_core::ports::PortErrorKind::Refused("unknown".into())));
        let tally = try_all(make, &payload, &faults, |scene, point| {
            let history = scene.history();
            assert!(count(scene, |body| matches!(body, Body::Outcome(_))) <= 1, "{action}: {point}");
            if ["(iam.", "(ecr.", "(layers."].iter().any(|port| point.contains(port)) {
                let outcome = history.outcome(0).unwrap_or_else(|| panic!("{action}: no outcome: {point}"));
                assert_eq!(outcome.result, OutcomeResult::Failed, "{action}: {point}");
                assert!(outcome.detail.as_ref().is_some_and(|words| words.contains(action)), "{action}: {point}");
            }
            if !history.standing().is_empty() {
                scene.answer(Verb::Undo);
                scene.undo(0).unwrap();
            }
            assert_eq!(scene.world.snapshot(HOME), before(), "{action}: {point}");
            assert!(scene.world.held().is_empty(), "{action}: {point}");
            let _ = scene.proves();
        });
        println!("apply, refused, {action}: {tally:?}");
    }
}

#[test]
fn undo_restores_the_account_exactly() {
    for (action, event) in every_action() {
        let make = || Scene::taken_back(action, &event);
        let payload = json!({"task": "undo", "incident_id": make().id, "step": 0});
        let tally = try_all(make, &payload, &Fault::passing(), |scene, point| {
            assert_eq!(scene.world.snapshot(HOME), before(), "{action}: {point}");
            assert_eq!(count(scene, |body| matches!(body, Body::UndoIntent(_))), 1, "{action}: {point}");
            assert_eq!(count(scene, |body| matches!(body, Body::UndoOutcome(_))), 1, "{action}: {point}");
            assert!(scene.world.measures().is_empty(), "{action}: {point}");
            assert!(scene.world.held().is_empty(), "{action}: {point}");
            let answer = scene.undo(0).unwrap();
            assert!(["undone", "nothing_to_do"].contains(&answer.as_str()), "{action}: {point}");
            let _ = scene.proves();
        });
        println!("undo {action}: {tally:?}");
    }
}

#[test]
fn a_lift_restores_the_account_and_seals_the_chain_again() {
    for action in ["deny_session", "revoke_role_sessions"] {
        let make = || {
            let scene = Scene::decided(action, &session(), Mode::Act);
            scene.apply(0).unwrap();
            scene.close(Status::Contained);
            scene.world.advance(SignedDuration::from_hours(13));
            scene
        };
        let tally = try_all(make, &json!({"task": "lift_due"}), &Fault::passing(), |scene, point| {
            assert_eq!(scene.world.snapshot(HOME), before(), "{action}: {point}");
            assert!(scene.world.measures().is_empty(), "{action}: {point}");
            assert!(scene.proves().sealed, "{action}: {point}");
            assert_eq!(scene.proves().closed, Some(Status::Contained), "{action}: {point}");
            assert_eq!(count(scene, |body| matches!(body, Body::UndoOutcome(_))), 1, "{action}: {point}");
        });
        println!("lift {action}: {tally:?}");
    }
}

#[test]
fn people_are_told_at_least_once() {
    let make = || {
        let scene = Scene::decided("deny_session", &session(), Mode::Act);
        scene.apply(0).unwrap();
        scene
    };
    let payload = json!({"task": "report", "incident_id": make().id});
    let tally = try_all(make, &payload, &Fault::passing(), |scene, point| {
        assert!((1..=2).contains(&scene.world.messages().len()), "{point}");
        let told = |body: &Body| matches!(body, Body::Notification(told) if told.kind == NotificationKind::Report);
        assert!((1..=2).contains(&count(scene, told)), "{point}");
        assert!(scene.history().is_reported(), "{point}");
        let _ = scene.proves();
    });
    println!("report: {tally:?}");
}
