//! Every call of the whole chain goes wrong once, in every way: afterwards the incident has ended in a recorded state, no measure
//! stands twice, undo restores the account, and every chain of records holds.

use std::collections::VecDeque;

use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_core::ports::Clock;
use layerguard_testkit::{AccountSnapshot, Fault, HOME, Role, Tally, Verdict, World, every_fault};
use serde_json::{Value, json};

use crate::announcements::assert_all_told;
use crate::machine::{Chain, futures_lite, on_call};
use crate::repairs::open_up;
use crate::story::approve;
use crate::world::{at, download, inventory, session, world};

/// One whole story: two events, a decision, an approval, a containment.
async fn story(chain: &Chain) -> Option<String> {
    let mut id = None;
    for number in 0..2 {
        id = chain.triage(&download(number)).await.and_then(|found| found.incident_id).or(id);
    }
    let id = id?;
    chain.respond(&id, approve()).await;
    Some(id)
}

async fn tried(mode: &'static str, faults: &[Fault], ends: &[Status]) -> Tally {
    let inventory = inventory(mode, "");
    let before = world().iam_snapshot();
    let chain = |world: &World| Chain::new(world.clone(), &inventory);
    every_fault(
        world,
        |world: World| {
            let chain = chain(&world);
            async move {
                story(&chain).await.expect("an incident is found, now or by the retry");
                Verdict::Done
            }
        },
        faults,
        |world, point| {
            let chain = chain(world);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            let history = chain.history(&row.id);
            // A switch that cannot be read is taken as thrown: people are told, and nothing is changed.
            let paused = history.decision().is_some_and(|decision| decision.circumstances.paused);
            let ended = ends.contains(&row.status) || (paused && row.status == Status::Observed);
            assert!(ended, "{point}: it ended {:?}", row.status);
            chain.assert_chains_hold(point);
            assert!(history.applied().len() <= 1, "{point}: a measure stands twice");
            if !history.standing().is_empty() {
                chain.give(&chain.answer(&row.id, Verb::Undo, &on_call()));
                futures_lite(chain.respond(&row.id, VecDeque::new()));
            }
            assert_eq!(world.iam_snapshot(), before, "{point}: undo restores the account");
            chain.assert_chains_hold(point);
            assert_all_told(&chain, point);
        },
    )
    .await
}

#[tokio::test]
async fn what_may_pass_is_survived_at_every_call() {
    for mode in ["ask", "act"] {
        let tally = tried(mode, &Fault::passing(), &[Status::Contained]).await;
        println!("{mode}: {} calls, {} fault points tried", tally.calls, tally.points);
        assert!(tally.points > 100);
    }
}

#[tokio::test]
async fn what_is_refused_for_good_ends_with_people() {
    let ends = &[Status::Contained, Status::PartlyContained, Status::Escalated, Status::Undecided];
    let tally = tried("act", &Fault::lasting(), ends).await;
    println!("{} calls, {} fault points tried", tally.calls, tally.points);
}

/// An account of the organisation that lets Remediate in.
const MEMBER: &str = "444455556666";

/// One event to its end in mode `act`, approved where it asks, with every fault that may pass: the measure stands once, and undo restores
/// the accounts whole.
async fn one_event(inventory: &str, make: impl Fn() -> World, event: impl Fn(&World) -> Value) -> Tally {
    let accounts = |world: &World| -> Vec<AccountSnapshot> { [HOME, MEMBER].map(|id| world.snapshot(id)).to_vec() };
    let clean = make();
    let found = event(&clean);
    let before = accounts(&clean);
    every_fault(
        || {
            let world = make();
            event(&world);
            world
        },
        |world: World| {
            let (chain, found) = (Chain::new(world, inventory), found.clone());
            async move {
                let id = chain.triage(&found).await.and_then(|found| found.incident_id).expect("found, now or again");
                chain.respond(&id, approve()).await;
                Verdict::Done
            }
        },
        &Fault::passing(),
        |world, point| {
            let chain = Chain::new(world.clone(), inventory);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            assert_eq!(row.status, Status::Contained, "{point}");
            assert_ne!(accounts(world), before, "{point}: nothing was done");
            chain.give(&chain.answer(&row.id, Verb::Undo, &on_call()));
            futures_lite(chain.respond(&row.id, VecDeque::new()));
            assert_eq!(accounts(world), before, "{point}: undo restores the accounts");
            assert!(world.held().is_empty(), "{point}: somebody still holds a shared measure");
            chain.assert_chains_hold(point);
            assert_all_told(&chain, point);
        },
    )
    .await
}

#[tokio::test]
async fn a_repair_survives_what_may_pass() {
    let tally = one_event(&inventory("act", ""), world, |world| open_up(world, 0)).await;
    println!("repair: {} calls, {} fault points tried", tally.calls, tally.points);
    assert!(tally.points > 100);
}

#[tokio::test]
async fn a_quarantine_survives_what_may_pass() {
    let inventory = inventory("act", "").replace("inline_deny = true", "inline_deny = false");
    let tally = one_event(&inventory, world, |_| download(0)).await;
    println!("quarantine: {} calls, {} fault points tried", tally.calls, tally.points);
    assert!(tally.points > 100);
}

#[tokio::test]
async fn a_measure_in_another_account_survives_what_may_pass() {
    let inventory = inventory("act", "").replace("accounts = [", &format!("accounts = [\"{MEMBER}\", "));
    let make = || {
        let world = world();
        world.set_role_in(MEMBER, "builder", Role::default());
        world
    };
    let event = |world: &World| {
        let mut event = at(0, "GetDownloadUrlForLayer", &elsewhere(), world.now());
        event["detail"]["recipientAccountId"] = json!(MEMBER);
        event
    };
    let tally = one_event(&inventory, make, event).await;
    println!("another account: {} calls, {} fault points tried", tally.calls, tally.points);
    assert!(tally.points > 100);
}

/// The session of a role in the other account.
fn elsewhere() -> Value {
    let text = session("builder", "intruder").to_string().replace(HOME, MEMBER);
    serde_json::from_str(&text).unwrap()
}
