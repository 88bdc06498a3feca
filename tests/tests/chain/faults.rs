//! Every call of the whole chain goes wrong once, in every way: afterwards the incident has ended in a recorded state, no measure
//! stands twice, undo restores the account, and every chain of records holds.

use std::collections::VecDeque;

use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_testkit::{Fault, Tally, Verdict, World, every_fault};

use crate::machine::{Chain, futures_lite, on_call};
use crate::story::approve;
use crate::world::{download, inventory, world};

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
