//! The last look before an account is changed.

use layerguard_core::audit::body::OutcomeResult;
use layerguard_core::cloudtrail::Principal;
use layerguard_core::plan::{Mode, Target};
use layerguard_testkit::HOME;

use super::scene::{Scene, session};

/// Applying fails, is recorded with these words, and changes nothing.
fn fails_with(scene: &Scene, words: &str) {
    let before = scene.world.snapshot(HOME);
    assert_eq!(scene.apply(0).as_deref(), Ok("failed"));
    let history = scene.history();
    let outcome = history.outcome(0).unwrap();
    assert_eq!(outcome.result, OutcomeResult::Failed);
    assert!(outcome.detail.as_ref().unwrap().contains(words), "{:?}", outcome.detail);
    assert!(history.intent(0).is_none());
    assert_eq!(scene.world.snapshot(HOME), before);
    assert_eq!(scene.iam_writes(), 0);
}

fn role(arn: &str, account: &str) -> Principal {
    Principal { arn: Some(arn.into()), account: Some(account.into()), name: None, ..session() }
}

#[test]
fn protected_principals_and_own_roles_are_not_touched() {
    let own = role("arn:aws:iam::111122223333:role/layerguard-remediate", "111122223333");
    fails_with(&Scene::decided("deny_session", &own, Mode::Act), "own roles");
    let protected = role("arn:aws:iam::111122223333:role/break-glass", "111122223333");
    fails_with(&Scene::decided("deny_session", &protected, Mode::Act), "protects");
}

#[test]
fn a_role_of_the_same_name_in_another_account_is_not_ours() {
    let other = role("arn:aws:iam::999988887777:role/team/builder", "999988887777");
    fails_with(&Scene::decided("deny_session", &other, Mode::Act), "`999988887777`");
    let management = role("arn:aws:iam::444455556666:role/team/builder", "444455556666");
    fails_with(&Scene::decided("deny_session", &management, Mode::Act), "management account");
}

#[test]
fn what_is_changed_is_what_was_checked() {
    let scene = Scene::found(&session());
    scene.decide(&[("deny_session", &session(), Mode::Act)]);
    let mut step = scene.history().step(0).unwrap().clone();
    step.number = 1;
    let Target::RoleSession { role_name, .. } = &mut step.target else { panic!("no role session") };
    *role_name = "break-glass".into();
    scene.decide_on(vec![step]);
    assert_eq!(scene.apply(1).as_deref(), Ok("failed"));
    assert_eq!(scene.iam_writes(), 0);
}

#[test]
fn a_mode_that_was_lowered_since_holds() {
    for (mode, step) in [(Mode::Observe, Mode::Act), (Mode::Ask, Mode::Act), (Mode::Observe, Mode::Ask)] {
        let mut scene = Scene::decided("deny_session", &session(), step);
        if step == Mode::Ask {
            scene.answer(layerguard_core::approval::Verb::Approve);
        }
        scene.guard.mode = mode;
        fails_with(&scene, mode.as_str());
    }
}

#[test]
fn without_an_inventory_nothing_is_applied_but_taking_back_works() {
    let mut scene = Scene::decided("deny_session", &session(), Mode::Act);
    scene.guard.inventory = Err("line 3: unknown key `protectd`".into());
    fails_with(&scene, "protectd");
    let mut scene = Scene::taken_back("deny_session", &session());
    scene.guard.inventory = Err("gone".into());
    assert_eq!(scene.undo(0).as_deref(), Ok("undone"));
}

#[test]
fn an_unknown_action_fails_and_is_said() {
    let scene = Scene::decided("deny_session", &session(), Mode::Act);
    let mut step = scene.history().step(0).unwrap().clone();
    (step.number, step.action) = (1, "burn_it_down".into());
    scene.decide_on(vec![step]);
    assert_eq!(scene.apply(1).as_deref(), Ok("failed"));
    assert!(scene.history().outcome(1).unwrap().detail.as_ref().unwrap().contains("burn_it_down"));
}
