//! The respond machine and the alert topic.

use std::time::Duration;

use layerguard_core::ports::{ExecutionStatus, Executions, Message, Notifier, PortErrorKind};

use crate::world::World;

const DEFINITION: &str = r#"{"StartAt":"Done","States":{"Done":{"Type":"Choice","Choices":[
    {"Variable":"$.incident_id","StringEquals":"0011223344556677-1","Next":"Well"}],"Default":"Badly"},
    "Well":{"Type":"Succeed"},"Badly":{"Type":"Fail"}}}"#;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

async fn machine(world: &World) -> String {
    let role = world.name("machine");
    let iam = aws_sdk_iam::Client::new(&world.sdk);
    let role =
        iam.create_role().role_name(&role).assume_role_policy_document(TRUST).send().await.unwrap().role.unwrap();
    let sfn = aws_sdk_sfn::Client::new(&world.sdk);
    let create = sfn.create_state_machine().name(world.name("respond")).definition(DEFINITION).role_arn(role.arn());
    create.send().await.unwrap().state_machine_arn
}

async fn ended(machine: &dyn Executions, name: &str) -> ExecutionStatus {
    for _ in 0..100 {
        let status = machine.status(name, name).await.unwrap();
        if status != ExecutionStatus::Running {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ExecutionStatus::Running
}

#[tokio::test]
async fn an_execution_is_started_once_and_its_end_is_seen() {
    let Some(world) = World::open("an_execution_is_started_once_and_its_end_is_seen").await else { return };
    let machine = world.aws.respond_machine(&machine(&world).await);
    let status = machine.status("0011223344556677-1", "0011223344556677-1").await.unwrap();
    assert_eq!(status, ExecutionStatus::Absent);
    assert!(machine.start("0011223344556677-1", "0011223344556677-1").await.unwrap());
    assert_eq!(ended(&machine, "0011223344556677-1").await, ExecutionStatus::Succeeded);
    assert!(!machine.start("0011223344556677-1", "0011223344556677-1").await.unwrap());
    assert!(machine.start("0011223344556677-2", "0011223344556677-2").await.unwrap());
    assert_eq!(ended(&machine, "0011223344556677-2").await, ExecutionStatus::Died);
    machine.wake("a token that nobody waits for").await.unwrap();
}

#[tokio::test]
async fn a_name_that_somebody_took_for_something_else_is_foreign() {
    let Some(world) = World::open("a_name_that_somebody_took_for_something_else_is_foreign").await else { return };
    let machine = world.aws.respond_machine(&machine(&world).await);
    let (id, other) = ("0011223344556677-1", "0011223344556677-9");
    assert!(machine.start(id, other).await.unwrap());
    assert_eq!(machine.status(id, id).await.unwrap(), ExecutionStatus::Foreign);
    assert_ne!(machine.status(id, other).await.unwrap(), ExecutionStatus::Foreign);
    assert!(!machine.start(id, id).await.unwrap());
}

#[tokio::test]
async fn a_message_is_published_with_its_attributes() {
    let Some(world) = World::open("a_message_is_published_with_its_attributes").await else { return };
    let sns = aws_sdk_sns::Client::new(&world.sdk);
    let topic = sns.create_topic().name(world.name("alerts")).send().await.unwrap().topic_arn.unwrap();
    let message = Message {
        subject: "a layer left".to_owned(),
        body: "somebody must look".to_owned(),
        chat: r#"{"version":"1.0"}"#.to_owned(),
        attributes: vec![("severity".to_owned(), "high".to_owned()), ("incident".to_owned(), String::new())],
    };
    assert!(!world.aws.alert_topic(&topic).publish(&message).await.unwrap().is_empty());
    let error = world.aws.alert_topic(&format!("{topic}-gone")).publish(&message).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NotFound);
}
