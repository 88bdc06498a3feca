//! The cases of `configuration.json`: what each repair settles before it is decided, and what it finds.

use layerguard_core::action::{self, Cause, Occasion};
use layerguard_core::cloudtrail::Event;
use layerguard_core::inventory::Expected;
use layerguard_core::ports::Clock;
use layerguard_testkit::{World, drive};
use serde::Deserialize;
use serde_json::{Value, json};

use super::causes::{RECORD, pulled_from_identity_center, weakened};
use super::scene::{INVENTORY, at, with_tools};

/// One case of `configuration.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    action: String,
    event: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(rename = "requestParameters")]
    request: Value,
    #[serde(rename = "responseElements", default)]
    response: Value,
    /// By a session of Identity Center.
    #[serde(default)]
    identity_center: bool,
    /// The registry has no policy any more.
    #[serde(default)]
    empty_registry: bool,
    /// The inventory has its `[expected]`.
    #[serde(default = "yes")]
    expected: bool,
    /// What is captured, where the action is possible.
    #[serde(default)]
    captured: Option<Value>,
    /// Words of the reason, where it is not.
    #[serde(default)]
    impossible: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Case {
    fn event(&self) -> Event {
        let mut record: Value = serde_json::from_str(RECORD).unwrap();
        record["eventName"] = json!(self.event);
        record["eventSource"] = json!(self.source.as_deref().unwrap_or("ecr.amazonaws.com"));
        record["requestParameters"] = self.request.clone();
        record["responseElements"] = self.response.clone();
        let event = layerguard_core::cloudtrail::parse(&record).unwrap();
        if self.identity_center { Event { principal: pulled_from_identity_center().principal, ..event } } else { event }
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../fixtures/actions/configuration.json")).unwrap()
}

/// Which actions have cases: name, and whether it is possible.
pub(crate) fn covered() -> Vec<(String, bool)> {
    cases().into_iter().map(|case| (case.action, case.captured.is_some())).collect()
}

#[test]
fn every_configuration_case_settles_what_the_table_says() {
    for case in cases() {
        let action = action::by_name(&case.action).unwrap();
        let (event, mut inventory) = (case.event(), INVENTORY.clone());
        if !case.expected {
            inventory.expected = Expected::default();
        }
        let target = action.target(Cause { event: &event, inventory: &inventory });
        match (target, &case.captured, &case.impossible) {
            (Ok(target), Some(expected), None) => {
                let world = World::at(at("2026-11-20T09:31:30Z"));
                weakened(&world);
                if case.empty_registry {
                    world.edit_registry(|registry| registry.policy = None);
                }
                let occasion = Occasion { incident: "0011223344556677-1", target: &target, stack: "layerguard" };
                let captured = with_tools(&world, |tools| drive(action.capture(occasion, world.now(), tools))).unwrap();
                assert_eq!(&captured, expected, "{}: {captured}", case.name);
                assert!(action::is_consistent(&target), "{}", case.name);
            }
            (Err(why), None, Some(words)) => assert!(why.0.contains(words), "{}: {why}", case.name),
            (target, ..) => panic!("{}: {target:?}", case.name),
        }
    }
}
