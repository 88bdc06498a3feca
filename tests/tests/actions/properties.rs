//! Whatever stood there before: applying twice is applying once, undoing twice is undoing once, and undo gives back what stood there.

use std::collections::BTreeMap;

use layerguard_core::action::{self, Occasion, Undone};
use layerguard_core::cloudtrail::Event;
use layerguard_core::ports::Clock;
use layerguard_testkit::{AccountSnapshot, HOME, Role, User, World, drive};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::scene::{KEY, at, cause, every_action, with_tools};

const INCIDENT: &str = "0011223344556677-1";

fn document() -> impl Strategy<Value = Value> {
    let statement = ("Allow|Deny", "[a-z]{2,6}:[A-Za-z*]{1,8}", "[ -~]{0,12}");
    proptest::collection::vec(statement, 0..3).prop_map(|statements| {
        let statements: Vec<Value> = statements
            .into_iter()
            .map(|(effect, action, resource)| json!({"Effect": effect, "Action": action, "Resource": resource}))
            .collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    })
}

/// Policies under our own names and under others.
fn policies() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let names =
        prop_oneof![Just(format!("layerguard-{INCIDENT}")), Just(format!("layerguard-{INCIDENT}-role")), "[a-z]{1,8}",];
    proptest::collection::btree_map(names, document(), 0..4)
}

fn world(policies: &BTreeMap<String, Value>, key: Option<bool>) -> World {
    let world = World::at(at("2026-11-20T09:00:00.25Z"));
    world.set_role("builder", Role { policies: policies.clone(), ..Role::default() });
    let keys = key.map(|active| (KEY.to_owned(), active)).into_iter().collect();
    world.set_user("alice", User { policies: policies.clone(), keys, ..User::default() });
    super::causes::weakened(&world);
    world
}

/// Capture, apply `applies` times, undo `undoes` times; the account after each of the two.
fn run(
    action: &str,
    event: &Event,
    world: &World,
    applies: usize,
    undoes: usize,
) -> (AccountSnapshot, AccountSnapshot) {
    let action = action::by_name(action).unwrap();
    let target = action.target(cause(event)).unwrap();
    let occasion = Occasion { incident: INCIDENT, target: &target, stack: "layerguard" };
    with_tools(world, |tools| {
        let captured = drive(action.capture(occasion, world.now(), tools)).unwrap();
        for _ in 0..applies {
            drive(action.apply(occasion, &captured, tools)).unwrap();
            assert!(drive(action.holds(occasion, &captured, tools)).unwrap());
        }
        let applied = world.snapshot(HOME);
        for _ in 0..undoes {
            let undone = drive(action.undo(occasion, &captured, tools)).unwrap();
            assert!(!matches!(undone, Undone::Drifted(_)), "{undone:?}");
        }
        (applied, world.snapshot(HOME))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_gives_back_whatever_stood_there(policies in policies(), key in proptest::option::of(any::<bool>())) {
        for (action, event) in every_action() {
            let before = world(&policies, key).snapshot(HOME);
            let once = run(action, &event, &world(&policies, key), 1, 1);
            let twice = run(action, &event, &world(&policies, key), 2, 2);
            prop_assert_eq!(&once, &twice);
            prop_assert_eq!(&once.1, &before);
        }
    }

    #[test]
    fn undo_of_what_was_not_applied_changes_nothing(policies in policies(), key in proptest::option::of(any::<bool>())) {
        for (action, event) in every_action() {
            let before = world(&policies, key).snapshot(HOME);
            let (_, after) = run(action, &event, &world(&policies, key), 0, 1);
            prop_assert_eq!(after, before);
        }
    }
}
