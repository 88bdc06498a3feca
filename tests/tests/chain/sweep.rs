//! What the sweeper does when somebody else takes the names of executions.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::incident::Status;
use layerguard_core::ports::ExecutionStatus;
use layerguard_decide::{Reply, Swept};
use serde_json::json;

use crate::deeds::found;
use crate::machine::Chain;
use crate::world::{download, inventory, world};

/// What one sweep did.
async fn sweep(chain: &Chain) -> Swept {
    match chain.function(json!({"task": "sweep"})).await.unwrap() {
        Reply::Swept(swept) => swept,
        other => panic!("{other:?}"),
    }
}

/// Let executions of these names run for something else.
fn squat<'a>(chain: &Chain, names: impl IntoIterator<Item = &'a String>) {
    for name in names {
        chain.world.set_execution(name, "fedcba9876543210-1", ExecutionStatus::Running);
    }
}

/// Every name that an incident's executions can bear.
fn names(id: &str) -> Vec<String> {
    std::iter::once(id.to_owned()).chain((1..8).map(|number| format!("{id}-r{number}"))).collect()
}

#[tokio::test]
async fn an_incident_whose_names_are_taken_is_started_under_the_next_one() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    let names = names(&id);
    squat(&chain, &names[..2]);
    assert_eq!(sweep(&chain).await, Swept::default(), "triage is given its time first");
    chain.world.advance(SignedDuration::from_mins(5));
    assert_eq!(sweep(&chain).await, Swept { started: 1, ..Swept::default() });
    let ours: Vec<_> = chain.world.executions().into_iter().filter(|(_, of, _)| *of == id).collect();
    assert_eq!(ours, [(names[2].clone(), id.clone(), ExecutionStatus::Running)]);
    assert_eq!(sweep(&chain).await, Swept::default(), "it runs");
    assert!(chain.respond(&id, VecDeque::new()).await);
    assert_eq!((chain.row(&id).status, chain.row(&id).restarts), (Status::Contained, 0));
}

#[tokio::test]
async fn taken_names_do_not_count_as_executions_that_died() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    let names = names(&id);
    chain.world.advance(SignedDuration::from_mins(5));
    squat(&chain, [&names[0], &names[2], &names[3], &names[5]]);
    assert_eq!(sweep(&chain).await.started, 1);
    for (dead, restarts) in [(1, 1), (4, 2)] {
        chain.world.set_execution(&names[dead], &id, ExecutionStatus::Died);
        assert_eq!(sweep(&chain).await.restarted, 1);
        assert_eq!(chain.row(&id).restarts, restarts);
    }
    chain.world.set_execution(&names[6], &id, ExecutionStatus::Died);
    assert_eq!(sweep(&chain).await.escalated, 1);
    assert_eq!(chain.row(&id).status, Status::Escalated);
    assert!(chain.world.messages()[0].body.contains("ExecutionDied"), "{}", chain.world.messages()[0].body);
}

#[tokio::test]
async fn an_incident_without_any_free_name_goes_to_people() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    squat(&chain, &names(&id));
    chain.world.advance(SignedDuration::from_mins(5));
    assert_eq!(sweep(&chain).await, Swept { escalated: 1, ..Swept::default() });
    assert_eq!(chain.row(&id).status, Status::Escalated);
    let messages = chain.world.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].body.contains("every name of its executions is taken"), "{}", messages[0].body);
}

#[tokio::test]
async fn a_name_that_is_taken_at_the_last_moment_is_looked_at_again() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    let names = names(&id);
    chain.world.set_execution(&id, &id, ExecutionStatus::Absent);
    chain.world.advance(SignedDuration::from_mins(5));
    chain.world.lose_next_start();
    assert_eq!(sweep(&chain).await, Swept::default(), "nothing was started, so nothing counts");
    assert_eq!(sweep(&chain).await.started, 1);
    chain.world.set_execution(&names[1], &id, ExecutionStatus::Died);
    chain.world.lose_next_start();
    assert_eq!(sweep(&chain).await, Swept::default(), "nor does a restart that lost its name");
    assert_eq!(sweep(&chain).await.started, 1);
    let ours: Vec<_> = chain.world.executions().into_iter().filter(|(_, of, _)| *of == id).collect();
    assert_eq!(ours.last().unwrap(), &(names[3].clone(), id.clone(), ExecutionStatus::Running));
    assert_eq!(chain.row(&id).restarts, 1);
}
