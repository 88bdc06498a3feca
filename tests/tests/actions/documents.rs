//! What each action writes, to whom, and for whom it is not possible: the table in `fixtures/actions/cases.json`.

use std::collections::BTreeSet;

use layerguard_core::action::{self, ACTIONS, Occasion, Tools};
use layerguard_core::cloudtrail::{Principal, PrincipalKind};
use layerguard_core::ports::Clock;
use layerguard_testkit::{World, drive};
use serde::Deserialize;
use serde_json::Value;

use super::scene::{account, at, session, user};

#[derive(Deserialize)]
struct Case {
    name: String,
    action: String,
    now: String,
    principal: Given,
    /// What is captured, where the action is possible.
    captured: Option<Value>,
    /// Words of the reason, where it is not.
    impossible: Option<String>,
}

/// What differs from the ordinary session or user.
#[derive(Deserialize)]
struct Given {
    kind: PrincipalKind,
    arn: Option<String>,
    account: Option<String>,
    name: Option<String>,
    user_id: Option<String>,
    access_key: Option<String>,
}

impl Given {
    fn principal(&self) -> Principal {
        let ordinary = if self.kind == PrincipalKind::IamUser { user() } else { session() };
        let filled = |given: &Option<String>, ordinary: Option<String>| match given.as_deref() {
            Some("") => None,
            Some(given) => Some(given.to_owned()),
            None => ordinary,
        };
        Principal {
            kind: self.kind,
            arn: filled(&self.arn, ordinary.arn),
            account: filled(&self.account, ordinary.account),
            name: filled(&self.name, ordinary.name),
            user_id: filled(&self.user_id, ordinary.user_id),
            access_key: filled(&self.access_key, ordinary.access_key),
            session: ordinary.session,
            invoked_by: None,
        }
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../fixtures/actions/cases.json")).unwrap()
}

#[test]
fn every_case_writes_what_the_table_says() {
    for case in cases() {
        let action = action::by_name(&case.action).unwrap();
        match (action.target(&case.principal.principal()), &case.captured, &case.impossible) {
            (Ok(target), Some(expected), None) => {
                let world = World::at(at(&case.now));
                account(&world);
                let occasion = Occasion { incident: "0011223344556677-1", target: &target };
                let captured = drive(action.capture(occasion, world.now(), Tools { iam: &world })).unwrap();
                assert_eq!(&captured, expected, "{}", case.name);
                assert!(action::is_consistent(&target), "{}", case.name);
                assert!(captured.to_string().chars().all(|c| c <= '\u{ff}'), "{}: beyond Latin-1", case.name);
            }
            (Err(why), None, Some(words)) => assert!(why.0.contains(words), "{}: {why}", case.name),
            (target, ..) => panic!("{}: {target:?}", case.name),
        }
    }
}

#[test]
fn every_action_has_cases_of_both_kinds() {
    for action in ACTIONS {
        let of = |possible: bool| cases().iter().any(|c| c.action == action.name() && c.captured.is_some() == possible);
        assert!(of(true) && of(false), "{}", action.name());
    }
}

#[test]
fn every_action_is_told_apart_and_can_be_done_by_hand() {
    let names: BTreeSet<_> = ACTIONS.iter().map(|action| action.name()).collect();
    assert_eq!(names.len(), ACTIONS.len());
    for action in ACTIONS {
        assert!(!action.permissions().is_empty());
        assert!(action.permissions().iter().all(|permission| !permission.contains('*')));
        let target = [session(), user()].iter().find_map(|principal| action.target(principal).ok()).unwrap();
        let steps = action.manual(Occasion { incident: "0011223344556677-1", target: &target });
        assert!(steps.iter().any(|step| step.starts_with("To take it back: ")), "{}", action.name());
        assert!(steps.iter().any(|step| step.contains("111122223333")), "{}", action.name());
        assert!(!action.effect(&target).is_empty());
        assert_eq!(action.writes_inline(), action.permissions().iter().any(|p| p.contains(":Put")));
    }
}

#[test]
fn an_action_refuses_a_target_of_another_kind() {
    let world = World::at(at("2026-11-20T09:00:00Z"));
    account(&world);
    let target = action::by_name("deny_user").unwrap().target(&user()).unwrap();
    for action in ACTIONS.iter().filter(|action| action.name() != "deny_user") {
        let occasion = Occasion { incident: "0011223344556677-1", target: &target };
        assert!(drive(action.capture(occasion, world.now(), Tools { iam: &world })).is_err());
        assert!(action.manual(occasion).is_empty());
    }
    assert!(world.calls().is_empty());
}
