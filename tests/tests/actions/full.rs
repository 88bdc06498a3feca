//! A role or user whose inline policies have no room left.

use std::collections::BTreeMap;

use layerguard_core::action;
use layerguard_core::audit::body::OutcomeResult;
use layerguard_core::plan::Mode;
use layerguard_testkit::{HOME, Role, User};
use serde_json::json;

use super::scene::{KEY, Scene, every_action};

/// A policy that leaves less room than any deny needs (AWS facts, section 4).
fn nearly(space: usize) -> BTreeMap<String, serde_json::Value> {
    let filling = |text: String| json!({"Version": "2012-10-17", "Id": text, "Statement": []});
    let empty = filling(String::new()).to_string().len();
    BTreeMap::from([("own".to_owned(), filling("x".repeat(space - empty - 60)))])
}

#[test]
fn where_there_is_no_room_nothing_is_left_behind_and_a_quarantine_still_works() {
    for (name, event) in every_action() {
        let action = action::by_name(name).unwrap();
        let scene = Scene::decided(name, &event, Mode::Act);
        scene.world.set_role("builder", Role { policies: nearly(10_240), ..Role::default() });
        let keys = BTreeMap::from([(KEY.to_owned(), true)]);
        scene.world.set_user("alice", User { policies: nearly(2_048), keys, ..User::default() });
        let before = scene.world.snapshot(HOME);
        if !action.writes_inline() {
            assert_eq!(scene.apply(0).as_deref(), Ok("applied"), "{name}");
            continue;
        }
        assert_eq!(scene.apply(0).as_deref(), Ok("failed"), "{name}");
        let history = scene.history();
        let outcome = history.outcome(0).unwrap();
        assert_eq!(outcome.result, OutcomeResult::Failed, "{name}");
        assert!(outcome.detail.as_ref().unwrap().contains("a limit is reached"), "{name}: {:?}", outcome.detail);
        assert_eq!(scene.world.snapshot(HOME), before, "{name}");
        assert!(scene.world.held().is_empty(), "{name}");
    }
}
