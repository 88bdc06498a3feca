//! Every call of every task goes wrong in every way, once; the machine invokes again; then exactly one measure stands, or none.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{NotificationKind, OutcomeResult};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Status;
use layerguard_core::plan::Mode;
use layerguard_testkit::{AccountSnapshot, Fault, HOME, Site, Tally, Verdict, World, drive, every_fault};
use serde_json::{Value, json};

use crate::run::{Run, told};
use crate::scene::{Scene, every_action, session, without};

static APPLIED: Run = LazyLock::new(applied);
static REFUSED: Run = LazyLock::new(refused);
static UNDONE: Run = LazyLock::new(undone);
static LIFTED: Run = LazyLock::new(lifted);
static OVERLAID: Run = LazyLock::new(overlaid);
static DRIFTED: Run = LazyLock::new(drifted);
static MENDED: Run = LazyLock::new(mended);
static REPORTED: Run = LazyLock::new(reported);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&APPLIED, &REFUSED, &UNDONE, &LIFTED, &OVERLAID, &DRIFTED, &MENDED, &REPORTED]
}

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
    let scene = |world: &World| Scene { world: world.clone(), id: id.clone(), guard: guard.clone(), policy: without() };
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

fn applied() -> BTreeSet<Site> {
    let mut struck = BTreeSet::new();
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
        assert!(tally.points >= 50, "{action}: {tally}");
        struck.extend(told(&format!("apply {action}"), tally));
    }
    struck
}

fn refused() -> BTreeSet<Site> {
    let mut struck = BTreeSet::new();
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
        struck.extend(told(&format!("apply, refused, {action}"), tally));
    }
    struck
}

fn undone() -> BTreeSet<Site> {
    let mut struck = BTreeSet::new();
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
        struck.extend(told(&format!("undo {action}"), tally));
    }
    struck
}

fn lifted() -> BTreeSet<Site> {
    let mut struck = BTreeSet::new();
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
        struck.extend(told(&format!("lift {action}"), tally));
    }
    struck
}

/// A measure whose time is over stays until the later one goes that was written over it.
fn overlaid() -> BTreeSet<Site> {
    let make = || {
        let scene = Scene::decided("deny_session", &session(), Mode::Act);
        scene.apply(0).unwrap();
        scene.world.advance(SignedDuration::from_hours(2));
        scene.decide(&[("deny_session", &session(), Mode::Act)]);
        scene.apply(1).unwrap();
        scene.world.advance(SignedDuration::from_hours(11));
        scene
    };
    let both = make().world.snapshot(HOME);
    let tally = try_all(make, &json!({"task": "lift_due"}), &Fault::passing(), |scene, point| {
        assert_eq!(scene.world.snapshot(HOME), both, "{point}");
        assert_eq!(scene.world.measures().len(), 2, "{point}");
        scene.world.advance(SignedDuration::from_hours(1));
        assert_eq!(scene.lift_due(), json!({"lifted": 2, "failed": 0}), "{point}");
        assert_eq!(scene.world.snapshot(HOME), before(), "{point}");
        assert!(scene.world.measures().is_empty(), "{point}");
        let _ = scene.proves();
    });
    told("lift, overlaid", tally)
}

/// A measure that somebody else changed is left as it is when its time is over: people are told, and the chain is sealed again.
fn drifted() -> BTreeSet<Site> {
    let make = || {
        let scene = Scene::decided("deny_session", &session(), Mode::Act);
        scene.apply(0).unwrap();
        scene.close(Status::Contained);
        let changed = json!({"Version": "2012-10-17", "Statement": []});
        let mut role = scene.world.iam_snapshot().roles["builder"].clone();
        role.policies.insert(format!("layerguard-{}", scene.id), changed);
        scene.world.set_role("builder", role);
        scene.world.advance(SignedDuration::from_hours(13));
        scene
    };
    let changed = make().world.snapshot(HOME);
    let Scene { id, guard, .. } = make();
    let scene = |world: &World| Scene { world: world.clone(), id: id.clone(), guard: guard.clone(), policy: without() };
    let tally = drive(every_fault(
        || make().world,
        |world| {
            let scene = scene(&world);
            async move {
                // That it was not lifted is counted as failed, and not tried again once people know.
                let answer = scene.handle(json!({"task": "lift_due"})).await;
                if answer.is_ok() && scene.world.measures().is_empty() { Verdict::Done } else { Verdict::Retry }
            }
        },
        &Fault::passing(),
        |world, point| {
            let scene = scene(world);
            assert_eq!(scene.world.snapshot(HOME), changed, "{point}");
            assert!((1..=2).contains(&scene.world.messages().len()), "{point}");
            assert_eq!(count(&scene, |body| matches!(body, Body::Escalation(_))), 1, "{point}");
            assert!(scene.proves().sealed, "{point}");
        },
    ));
    told("lift, drifted", tally)
}

/// What somebody mended already is left alone, and nothing is kept of the step but its records.
fn mended() -> BTreeSet<Site> {
    let make = || {
        let event = crate::causes::repository_policy_written();
        let scene = Scene::decided("remove_repository_grant", &event, Mode::Act);
        scene.world.edit_registry(|registry| registry.repositories.get_mut("team/app").unwrap().policy = None);
        scene
    };
    let found = make().world.snapshot(HOME);
    let payload = json!({"task": "apply", "incident_id": make().id, "step": 0});
    let tally = try_all(make, &payload, &Fault::passing(), |scene, point| {
        assert_eq!(scene.world.snapshot(HOME), found, "{point}");
        assert_eq!(scene.history().outcome(0).unwrap().result, OutcomeResult::NothingToDo, "{point}");
        assert!(scene.world.measures().is_empty(), "{point}");
        let _ = scene.proves();
    });
    told("apply, mended", tally)
}

fn reported() -> BTreeSet<Site> {
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
    told("report", tally)
}

#[test]
fn apply_leaves_exactly_one_measure_and_undo_restores_the_account() {
    LazyLock::force(&APPLIED);
}

#[test]
fn a_refused_apply_is_recorded_and_leaves_nothing_behind() {
    LazyLock::force(&REFUSED);
}

#[test]
fn undo_restores_the_account_exactly() {
    LazyLock::force(&UNDONE);
}

#[test]
fn a_lift_restores_the_account_and_seals_the_chain_again() {
    LazyLock::force(&LIFTED);
}

#[test]
fn a_measure_under_a_later_one_waits_for_it() {
    LazyLock::force(&OVERLAID);
}

#[test]
fn a_measure_that_drifted_is_left_alone_and_told() {
    LazyLock::force(&DRIFTED);
}

#[test]
fn what_was_mended_already_is_left_alone() {
    LazyLock::force(&MENDED);
}

#[test]
fn people_are_told_at_least_once() {
    LazyLock::force(&REPORTED);
}
