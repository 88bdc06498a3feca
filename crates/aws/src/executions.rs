//! The respond machine.

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus as SfnStatus;
use layerguard_core::ports::{ExecutionStatus, Executions, PortError, PortErrorKind, PortResult};

use serde_json::{Value, json};

use crate::error::{failed, unreadable};

/// The Standard machine that handles incidents.
#[derive(Debug, Clone)]
pub struct RespondMachine {
    client: Client,
    arn: String,
}

impl RespondMachine {
    pub(crate) fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }
}

#[async_trait]
impl Executions for RespondMachine {
    async fn start(&self, name: &str, incident: &str) -> PortResult<bool> {
        // The same name with the same input while running is success, so the input holds nothing that varies (AWS facts, section 9).
        let input = json!({"incident_id": incident}).to_string();
        let sent = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input).send().await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => {
                Ok(false)
            }
            Err(error) => Err(failed(format!("start execution `{name}`"))(error)),
        }
    }

    async fn status(&self, name: &str, incident: &str) -> PortResult<ExecutionStatus> {
        let operation = format!("read execution `{name}`");
        let arn = execution_arn(&self.arn, name).ok_or_else(|| PortError {
            operation: operation.clone(),
            kind: PortErrorKind::Refused("the ARN of the respond machine is none of a state machine".to_owned()),
        })?;
        let sent = self.client.describe_execution().execution_arn(arn).send().await;
        match sent {
            Ok(answer) if !is_about(answer.input(), incident) => Ok(ExecutionStatus::Foreign),
            Ok(answer) => match answer.status() {
                SfnStatus::Running | SfnStatus::PendingRedrive => Ok(ExecutionStatus::Running),
                SfnStatus::Succeeded => Ok(ExecutionStatus::Succeeded),
                SfnStatus::Failed | SfnStatus::TimedOut | SfnStatus::Aborted => Ok(ExecutionStatus::Died),
                _ => Err(unreadable(operation, "an unknown status")),
            },
            Err(error) if error.as_service_error().is_some_and(DescribeExecutionError::is_execution_does_not_exist) => {
                Ok(ExecutionStatus::Absent)
            }
            Err(error) => Err(failed(operation)(error)),
        }
    }

    async fn wake(&self, token: &str) -> PortResult<()> {
        let sent = self.client.send_task_success().task_token(token).output("{}").send().await;
        match sent {
            Ok(_) => Ok(()),
            // The wait is over already, one way or the other: Decide reads the answers anyhow.
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    matches!(
                        error,
                        SendTaskSuccessError::TaskTimedOut(_)
                            | SendTaskSuccessError::TaskDoesNotExist(_)
                            | SendTaskSuccessError::InvalidToken(_)
                    )
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(failed("wake the waiting approval")(error)),
        }
    }
}

/// Whether an execution with this input handles this incident. The machine reads nothing else of its input.
fn is_about(input: Option<&str>, incident: &str) -> bool {
    let input = input.and_then(|text| serde_json::from_str::<Value>(text).ok());
    input.as_ref().and_then(|input| input.get("incident_id")).and_then(Value::as_str) == Some(incident)
}

/// The ARN of an execution, from the machine's or that of an alias of it: an execution is one of the machine, whatever started it.
fn execution_arn(machine: &str, name: &str) -> Option<String> {
    let (before, machine) = machine.split_once(":stateMachine:")?;
    let machine = machine.split(':').next()?;
    Some(format!("{before}:execution:{machine}:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_about_the_incident_of_its_input() {
        let id = "0011223344556677-1";
        assert!(is_about(Some(r#"{"incident_id":"0011223344556677-1"}"#), id));
        for other in [
            None,
            Some(""),
            Some("{}"),
            Some("0011223344556677-1"),
            Some(r#""0011223344556677-1""#),
            Some(r#"{"incident_id":"0011223344556677-2"}"#),
            Some(r#"{"incident_id":"0011223344556677-1 "}"#),
            Some(r#"{"incident_id":["0011223344556677-1"]}"#),
            Some(r#"{"incident":{"incident_id":"0011223344556677-1"}}"#),
        ] {
            assert!(!is_about(other, id), "{other:?}");
        }
    }

    #[test]
    fn an_execution_is_named_after_its_machine() {
        let machine = "arn:aws:states:eu-central-1:111122223333:stateMachine:layerguard-respond";
        assert_eq!(
            execution_arn(machine, "0011223344556677-1").unwrap(),
            "arn:aws:states:eu-central-1:111122223333:execution:layerguard-respond:0011223344556677-1"
        );
        assert_eq!(execution_arn(&format!("{machine}:live"), "x"), execution_arn(machine, "x"));
        assert_eq!(execution_arn("layerguard-respond", "x"), None);
    }
}
