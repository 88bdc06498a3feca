//! Configuration is repaired by state, and a repair that comes back again and again asks.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_core::ports::Clock;
use layerguard_testkit::{Repository, World};
use serde_json::{Value, json};

use crate::machine::{ACCOUNT, Chain, on_call};
use crate::story::approve;
use crate::world::{at, inventory, session, world};

fn public() -> Value {
    let statement = json!({"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// Somebody lets everybody pull; the event tells of it.
pub(crate) fn open_up(world: &World, number: usize) -> Value {
    world.edit_registry(|registry| {
        let opened = Repository { policy: Some(public()), ..Repository::default() };
        registry.repositories.insert("team/app".to_owned(), opened);
    });
    let mut event = at(number, "SetRepositoryPolicy", &session("terraform", "apply"), world.now());
    event["detail"]["requestParameters"] =
        json!({"registryId": ACCOUNT, "repositoryName": "team/app", "policyText": public().to_string()});
    event
}

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
