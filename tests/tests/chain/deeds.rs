//! What people and strangers do in several of the stories.

use std::collections::VecDeque;

use layerguard_core::approval::Verb;
use layerguard_core::ports::Clock;
use layerguard_testkit::{Repository, World};
use serde_json::{Value, json};

use crate::machine::{ACCOUNT, Chain, Deed, on_call};
use crate::world::{at, session};

/// On-call approves.
pub(crate) fn approve() -> VecDeque<Deed> {
    VecDeque::from([
        Box::new(|chain: &Chain, id: &str| chain.give(&chain.answer(id, Verb::Approve, &on_call()))) as Deed
    ])
}

/// One event in; the incident's id.
pub(crate) async fn found(chain: &Chain, event: &Value) -> String {
    chain.triage(event).await.unwrap().incident_id.expect("it belongs to an incident")
}

/// On-call asks for the undo, and the machine runs once more.
pub(crate) async fn undo(chain: &Chain, id: &str) {
    chain.give(&chain.answer(id, Verb::Undo, &on_call()));
    assert!(chain.respond(id, VecDeque::new()).await);
}

pub(crate) fn public() -> Value {
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
