//! Resource policies: exactly what lets somebody outside in goes, and comes back; what others wrote stays.

use jiff::SignedDuration;
use layerguard_core::audit::body::{OutcomeResult, UndoResult};
use layerguard_core::cloudtrail::{Event, Principal, PrincipalKind};
use layerguard_core::plan::Mode;
use layerguard_core::ports::Clock;
use layerguard_testkit::{Repository, World, drive};
use serde_json::{Value, json};

use super::causes::{FOREIGN, allow, policy, pulled_from_identity_center, repository_policy_written};
use super::scene::{Gives, Scene, cause, session};

/// The owner's copy of a pull from outside names the account alone.
fn pulled_by_an_account() -> Event {
    let account = Some("999988887777".to_owned());
    let arn = None;
    Principal { kind: PrincipalKind::AwsAccount, arn, account, user_id: None, name: None, session: None, ..session() }
        .event()
}

fn with(world: &World, policy: Option<Value>) {
    world.edit_registry(|registry| {
        registry.repositories.insert("team/app".to_owned(), Repository { policy, ..Repository::default() });
    });
}

fn stands(world: &World) -> Option<Value> {
    world.edit_registry(|registry| registry.repositories["team/app"].policy.clone())
}

/// A scene of this event and action at a repository with this policy.
fn scene(action: &str, event: &Event, policy: Option<Value>) -> Scene {
    let scene = Scene::found(event);
    with(&scene.world, policy);
    scene.decide(&[(action, event, Mode::Act)]);
    scene
}

fn undone(scene: &Scene) -> UndoResult {
    scene.close(layerguard_core::incident::Status::Contained);
    scene.answer(layerguard_core::approval::Verb::Undo);
    scene.undo(0).unwrap();
    scene.history().undo_outcome(0).unwrap().result
}

#[test]
fn only_the_outsider_of_a_statement_goes() {
    let ours = "arn:aws:iam::111122223333:role/ci";
    let before = policy(&[
        allow("both", &json!({"AWS": [ours, FOREIGN]})),
        json!({"Sid": "no", "Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository"}),
        allow("all", &json!("*")),
    ]);
    let scene = scene("remove_repository_grant", &repository_policy_written(), Some(before.clone()));
    assert_eq!(scene.apply(0).as_deref(), Ok("applied"));
    let left = policy(&[
        allow("both", &json!({"AWS": [ours]})),
        json!({"Sid": "no", "Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository"}),
    ]);
    assert_eq!(stands(&scene.world), Some(left));
    assert_eq!(undone(&scene), UndoResult::Undone);
    assert_eq!(stands(&scene.world), Some(before));
}

#[test]
fn a_policy_of_which_nothing_is_left_is_deleted_and_comes_back() {
    let before = policy(&[allow("outsider", &json!({ "AWS": FOREIGN }))]);
    let scene = scene("remove_repository_grant", &repository_policy_written(), Some(before.clone()));
    assert_eq!(scene.apply(0).as_deref(), Ok("applied"));
    assert_eq!(stands(&scene.world), None);
    assert_eq!(undone(&scene), UndoResult::Undone);
    assert_eq!(stands(&scene.world), Some(before));
}

#[test]
fn a_policy_that_was_mended_already_is_left_alone() {
    for policy_now in [None, Some(policy(&[allow("ours", &json!({"AWS": "111122223333"}))]))] {
        let scene = scene("remove_repository_grant", &repository_policy_written(), policy_now.clone());
        assert_eq!(scene.apply(0).as_deref(), Ok("nothing_to_do"));
        assert_eq!(stands(&scene.world), policy_now);
        assert_eq!(scene.history().outcome(0).unwrap().result, OutcomeResult::NothingToDo);
    }
}

#[test]
fn what_others_write_before_the_undo_stays() {
    let outsider = allow("outsider", &json!({ "AWS": FOREIGN }));
    let (ours, new) = (allow("ours", &json!({"AWS": "111122223333"})), allow("new", &json!({"AWS": "111122223333"})));
    let scene =
        scene("remove_repository_grant", &repository_policy_written(), Some(policy(&[outsider.clone(), ours.clone()])));
    scene.apply(0).unwrap();
    with(&scene.world, Some(policy(&[ours.clone(), new.clone()])));
    assert_eq!(undone(&scene), UndoResult::Undone);
    assert_eq!(stands(&scene.world), Some(policy(&[outsider, ours, new])));
}

#[test]
fn a_narrowed_statement_that_somebody_changed_is_drift() {
    let both = allow("both", &json!({"AWS": ["111122223333", FOREIGN]}));
    let scene = scene("remove_repository_grant", &repository_policy_written(), Some(policy(&[both])));
    scene.apply(0).unwrap();
    let changed = policy(&[allow("both", &json!({"AWS": ["arn:aws:iam::111122223333:role/other"]}))]);
    with(&scene.world, Some(changed.clone()));
    assert_eq!(undone(&scene), UndoResult::Drifted);
    assert_eq!(stands(&scene.world), Some(changed));
}

#[test]
fn a_session_is_denied_at_the_repository_and_its_policy_comes_back() {
    let granted = policy(&[allow("ours", &json!({"AWS": "111122223333"}))]);
    for before in [None, Some(granted)] {
        let scene = scene("deny_in_repository_policy", &pulled_from_identity_center(), before.clone());
        assert_eq!(scene.apply(0).as_deref(), Ok("applied"));
        let now = stands(&scene.world).unwrap();
        let deny = now["Statement"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(deny["Effect"], "Deny");
        let session = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada";
        assert_eq!(deny["Principal"], json!({ "AWS": session }));
        assert!(deny["Sid"].as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric()));
        assert_eq!(undone(&scene), UndoResult::Undone);
        assert_eq!(stands(&scene.world), before);
    }
}

#[test]
fn a_deny_that_somebody_changed_is_drift_and_one_that_is_gone_is_nothing() {
    let make = || {
        let scene = scene("deny_in_repository_policy", &pulled_from_identity_center(), None);
        scene.apply(0).unwrap();
        scene
    };
    let changed = make();
    let mut policy_now = stands(&changed.world).unwrap();
    policy_now["Statement"][0]["Action"] = json!("ecr:GetDownloadUrlForLayer");
    with(&changed.world, Some(policy_now.clone()));
    assert_eq!(undone(&changed), UndoResult::Drifted);
    assert_eq!(stands(&changed.world), Some(policy_now));
    let gone = make();
    with(&gone.world, None);
    assert_eq!(undone(&gone), UndoResult::NothingToDo);
}

#[test]
fn whom_the_repository_denies_and_for_how_long() {
    let action = layerguard_core::action::by_name("deny_in_repository_policy").unwrap();
    let of = |event: &Event| action.target(cause(event));
    let session_of_ours = of(&session().event()).unwrap_err();
    assert!(session_of_ours.is_of_another_kind(), "{session_of_ours}");
    let identity_center = of(&pulled_from_identity_center()).unwrap();
    assert_eq!(action.reach(&identity_center), layerguard_core::action::Reach::Narrow);
    assert!(action.lift_after(&identity_center).is_some());
    let account = of(&pulled_by_an_account()).unwrap();
    assert!(account.label().contains(FOREIGN), "{}", account.label());
    assert_eq!(action.reach(&account), layerguard_core::action::Reach::Wide);
    assert_eq!(action.lift_after(&account), None);
    let unknown = Principal { kind: PrincipalKind::AwsService, account: Some("999988887777".into()), ..session() };
    assert!(of(&unknown.event()).is_err());
}

#[test]
fn a_grant_that_stays_because_the_list_of_accounts_is_stale_is_said_with_the_outcome() {
    let unlisted = allow("unlisted", &json!({ "AWS": FOREIGN }));
    let before = policy(&[allow("all", &json!("*")), unlisted.clone()]);
    for stale in [true, false] {
        let mut scene = scene("remove_repository_grant", &repository_policy_written(), Some(before.clone()));
        if stale {
            let refreshed = scene.world.now() - SignedDuration::from_hours(24 * 30);
            scene.guard.inventory.as_mut().unwrap().organization.accounts_refreshed = Some(refreshed);
        }
        assert_eq!(scene.apply(0).as_deref(), Ok("applied"));
        let detail = scene.history().outcome(0).unwrap().detail.clone();
        drive(scene.handle(json!({"task": "report", "incident_id": scene.id}))).unwrap();
        let told = scene.world.messages()[0].body.clone();
        if stale {
            assert_eq!(
                stands(&scene.world),
                Some(policy(std::slice::from_ref(&unlisted))),
                "nobody can tell whose it is"
            );
            let detail = detail.expect("the outcome says so");
            assert!(detail.contains(FOREIGN) && detail.contains("too old to tell whose it is"), "{detail}");
            assert!(told.contains("still grants something to") && told.contains(FOREIGN), "{told}");
        } else {
            assert_eq!((stands(&scene.world), detail), (None, None));
            assert!(!told.contains("still grants"), "{told}");
        }
    }
}
