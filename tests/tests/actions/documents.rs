//! What each action writes, to whom, and for whom it is not possible: the table in `fixtures/actions/cases.json`.

use std::collections::BTreeSet;

use layerguard_core::action::{self, ACTIONS, Occasion};
use layerguard_core::cloudtrail::{Principal, PrincipalKind, Session};
use layerguard_core::plan::Target;
use layerguard_core::ports::Clock;
use layerguard_testkit::{World, drive};
use serde::Deserialize;
use serde_json::Value;

use super::scene::{Gives, account, at, cause, every_action, federated, session, user, with_tools};

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
    /// Who issued a federated user's credentials.
    issuer: Option<String>,
}

impl Given {
    fn principal(&self) -> Principal {
        let ordinary = match self.kind {
            PrincipalKind::IamUser => user(),
            PrincipalKind::FederatedUser => federated(),
            _ => session(),
        };
        let session = ordinary.session.map(|session| Session {
            issuer_arn: match self.issuer.as_deref() {
                Some("") => None,
                Some(issuer) => Some(issuer.to_owned()),
                None => session.issuer_arn,
            },
            ..session
        });
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
            session,
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
        match (action.target(cause(&case.principal.principal().event())), &case.captured, &case.impossible) {
            (Ok(target), Some(expected), None) => {
                let world = World::at(at(&case.now));
                account(&world);
                let occasion = Occasion { incident: "0011223344556677-1", target: &target, stack: "layerguard" };
                let captured = with_tools(&world, |tools| drive(action.capture(occasion, world.now(), tools))).unwrap();
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
        let mut covered: Vec<_> = cases().into_iter().map(|case| (case.action, case.captured.is_some())).collect();
        covered.extend(super::configuration::covered());
        let of = |possible: bool| covered.contains(&(action.name().to_owned(), possible));
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
        let given = every_action().into_iter().find(|(name, _)| *name == action.name());
        let (_, event) = given.unwrap_or_else(|| panic!("every_action() knows no cause for {}", action.name()));
        let target = action.target(cause(&event)).unwrap();
        let steps = action.manual(Occasion { incident: "0011223344556677-1", target: &target, stack: "layerguard" });
        assert!(steps.iter().any(|step| step.starts_with("To take it back: ")), "{}", action.name());
        assert!(steps.iter().any(|step| step.contains("111122223333")), "{}", action.name());
        let guard = Occasion { incident: "0011223344556677-1", target: &target, stack: "guard" };
        let policy = action.name().starts_with("quarantine_");
        assert_eq!(
            action.manual(guard).iter().filter(|step| step.contains("guard-quarantine")).count(),
            if policy { 2 } else { 0 }
        );
        assert!(!action.effect(&target).is_empty());
        assert_eq!(action.writes_inline(), action.permissions().iter().any(|p| p.starts_with("iam:Put")));
    }
}

#[test]
fn an_action_refuses_a_target_of_another_kind() {
    let world = World::at(at("2026-11-20T09:00:00Z"));
    account(&world);
    let target = Target::OnCall;
    for action in ACTIONS {
        let occasion = Occasion { incident: "0011223344556677-1", target: &target, stack: "layerguard" };
        assert!(with_tools(&world, |tools| drive(action.capture(occasion, world.now(), tools))).is_err());
        assert!(action.manual(occasion).is_empty());
    }
    assert!(world.calls().is_empty());
}
