//! The machine that judges one event.

use async_trait::async_trait;
use layerguard_core::ports::{PortResult, Triage};

use crate::error::failed;

/// The Express machine that judges one event.
#[derive(Debug, Clone)]
pub struct TriageMachine {
    client: aws_sdk_sfn::Client,
    arn: String,
}

impl TriageMachine {
    pub(crate) fn new(client: aws_sdk_sfn::Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }
}

#[async_trait]
impl Triage for TriageMachine {
    async fn judge(&self, name: &str, event: &str) -> PortResult<()> {
        let sent = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(event).send().await;
        sent.map(drop).map_err(failed(format!("start triage as `{name}`")))
    }
}
