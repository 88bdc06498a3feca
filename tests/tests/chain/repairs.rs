//! Configuration is repaired by state, and a repair that comes back again and again asks.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_testkit::World;
use serde_json::Value;

use crate::deeds::{approve, open_up, public};
use crate::machine::{Chain, on_call};
use crate::world::{inventory, world};

fn policy(world: &World) -> Option<Value> {
    world.edit_registry(|registry| registry.repositories["team/app"].policy.clone())
}

#[tokio::test]
async fn a_grant_to_everybody_is_taken_back_and_undo_brings_it_again() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let found = chain.triage(&open_up(&chain.world, 0)).await.unwrap();
    let id = found.incident_id.unwrap();
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!((policy(&chain.world), chain.row(&id).status), (None, Status::Contained));
    chain.give(&chain.answer(&id, Verb::Undo, &on_call()));
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!((policy(&chain.world), chain.row(&id).status), (Some(public()), Status::Undone));
    chain.assert_chains_hold("undone");
}

#[tokio::test]
async fn the_third_repair_of_the_same_within_a_day_asks() {
    let chain = Chain::new(world(), &inventory("act", ""));
    for round in 0..3 {
        let found = chain.triage(&open_up(&chain.world, round)).await.unwrap();
        let id = found.incident_id.unwrap();
        let deeds = if round == 2 { approve() } else { VecDeque::new() };
        chain.respond(&id, deeds).await;
        let decision = chain.history(&id).decision().unwrap().clone();
        let step = decision.plan.steps.iter().find(|step| step.action == "remove_repository_grant").unwrap();
        let asked = step.reasons.iter().any(|reason| reason.contains("again and again"));
        assert_eq!(asked, round == 2, "round {round}: {step:#?}");
        assert_eq!((policy(&chain.world), chain.row(&id).status), (None, Status::Contained), "round {round}");
        chain.world.advance(SignedDuration::from_hours(2));
    }
}
