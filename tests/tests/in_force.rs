//! The policy in force as a function sees it: looked at twice a minute, loaded when it changed, kept when the next one cannot be loaded.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::SignedDuration;
use layerguard_core::audit::body::Bundle;
use layerguard_core::audit::{self, Body, Draft, bundle_chain};
use layerguard_core::facts::Own;
use layerguard_core::policy::{Looked, Package, PolicySource};
use layerguard_core::ports::{Clock, InForce, PortErrorKind};
use layerguard_testkit::{Fault, World, drive};

const INVENTORY: &str = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";

fn source(world: &World, inventory: Result<&str, &str>) -> PolicySource<'static> {
    // A test's world lives as long as the test.
    let world: &'static World = Box::leak(Box::new(world.clone()));
    PolicySource {
        pointer: world,
        audit: world,
        clock: world,
        actor: "detect",
        build: "0.1.0 (59807616e1fa)".to_owned(),
        own: Own::default(),
        inventory: inventory.map(str::to_owned).map_err(str::to_owned),
        state: Mutex::default(),
    }
}

fn world() -> World {
    World::at("2026-11-20T09:00:30Z".parse().unwrap())
}

/// Records a policy and puts it in force.
fn publish(world: &World, extra: &str) -> String {
    let package = Package::of(&BTreeMap::new(), format!("{INVENTORY}{extra}")).unwrap();
    let version = package.version();
    record(world, &version, package.pack().unwrap());
    put(world, &version);
    version
}

fn record(world: &World, version: &str, package: String) {
    let draft = Draft::of(&Body::Bundle(Bundle { version: version.to_owned(), package })).unwrap();
    drive(audit::append(world, &bundle_chain(version), "decide", "v", world.now(), draft)).unwrap();
}

fn put(world: &World, version: &str) {
    world.set_in_force(Some(InForce { version: version.to_owned(), since: world.now(), by: "ada".to_owned() }));
}

fn look(source: &PolicySource<'_>) -> Looked {
    drive(source.current())
}

fn version(looked: &Looked) -> Result<String, String> {
    looked.policy.as_ref().as_ref().map(|assessor| assessor.policy_version().to_owned()).map_err(Clone::clone)
}

#[test]
fn without_a_published_policy_the_deployed_one_counts() {
    let world = world();
    let source = source(&world, Ok(INVENTORY));
    let looked = look(&source);
    assert!(looked.policy.is_ok() && looked.problem.is_none() && !looked.behind);
    assert_eq!(world.said_loaded("detect").unwrap().running.as_deref(), Some("built-in"));
}

#[test]
fn a_published_policy_is_seen_within_half_a_minute_and_looked_at_no_oftener() {
    let world = world();
    let source = source(&world, Ok(INVENTORY));
    let deployed = version(&look(&source)).unwrap();
    let next = publish(&world, "[breaker]\noverall = 7\n");
    let calls = world.calls().len();
    assert_eq!(version(&look(&source)).unwrap(), deployed);
    assert_eq!(world.calls().len(), calls, "nothing is asked for half a minute");
    world.advance(SignedDuration::from_secs(30));
    let looked = look(&source);
    assert_eq!((version(&looked).unwrap(), looked.loaded.clone()), (next.clone(), Some(next.clone())));
    world.advance(SignedDuration::from_secs(30));
    let before = world.calls().len();
    assert_eq!(look(&source).loaded, None);
    assert_eq!(world.calls().len(), before + 1, "the pointer alone is read");
    // Taken back by hand: the deployed one again.
    world.set_in_force(None);
    world.advance(SignedDuration::from_secs(30));
    assert_eq!(version(&look(&source)).unwrap(), deployed);
}

#[test]
fn a_policy_that_cannot_be_loaded_leaves_the_one_that_runs_and_is_said() {
    let world = world();
    let first = publish(&world, "");
    let source = source(&world, Ok(INVENTORY));
    assert_eq!(version(&look(&source)).unwrap(), first);
    // Not recorded, and recorded under another name than its own.
    record(&world, "forged", Package::of(&BTreeMap::new(), INVENTORY).unwrap().pack().unwrap());
    for next in ["gone", "forged"] {
        put(&world, next);
        world.advance(SignedDuration::from_secs(30));
        let looked = look(&source);
        assert_eq!(version(&looked).unwrap(), first);
        assert!(looked.behind && looked.problem.unwrap().contains(next));
        let said = world.said_loaded("detect").unwrap();
        assert_eq!((said.wanted.as_str(), said.running.as_deref()), (next, Some(first.as_str())));
        assert!(said.problem.is_some());
    }
}

#[test]
fn a_function_that_starts_without_it_has_no_policy_and_never_the_built_in_one() {
    let world = world();
    put(&world, "gone");
    let source = source(&world, Ok(INVENTORY));
    let looked = look(&source);
    assert!(looked.behind && looked.policy.is_err() && looked.problem.unwrap().contains("gone"));
    assert_eq!(world.said_loaded("detect").unwrap().running, None);
    let calls = world.calls().len();
    assert!(look(&source).policy.is_err());
    assert_eq!(world.calls().len(), calls, "a policy that cannot be loaded is not tried with every event");
    let next = publish(&world, "");
    world.advance(SignedDuration::from_secs(30));
    assert_eq!(version(&look(&source)).unwrap(), next);
}

#[test]
fn a_pointer_that_cannot_be_read_changes_nothing_and_is_tried_again() {
    let world = world();
    let first = publish(&world, "");
    let source = source(&world, Ok(INVENTORY));
    let unavailable = || Fault::Before(PortErrorKind::Unavailable("ThrottlingException".to_owned()));
    world.trap_operation("policies.in_force", 0, usize::MAX, unavailable());
    let looked = look(&source);
    assert!(looked.policy.is_err() && looked.problem.is_some(), "nothing is known yet: undecided");
    assert!(looked.behind, "without any policy people are told");
    world.heal();
    assert_eq!(version(&look(&source)).unwrap(), first, "the next invocation looks again");
    world.advance(SignedDuration::from_secs(30));
    world.trap_operation("policies.in_force", 0, usize::MAX, unavailable());
    let looked = look(&source);
    assert_eq!(version(&looked).unwrap(), first);
    assert!(looked.problem.is_some() && !looked.behind, "a look that failed says nothing about what is in force");
}
