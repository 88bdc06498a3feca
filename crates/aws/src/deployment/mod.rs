//! The deployment of a stack, as `layerguard doctor` looks at it. Only reads.

mod functions;
mod rules;
mod tables;
mod trails;

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{
    Alarm, Deployment, Function, Iam, Machine, PortError, PortErrorKind, PortResult, Queue, Rule, Table, Topic, Trail,
};

use crate::error::{failed, unreadable};
use crate::{AccountIam, Sts};

/// One account and region, read with the credentials in use.
#[derive(Debug, Clone)]
pub struct DeployedStack {
    sdk: SdkConfig,
    sts: Sts,
}

impl DeployedStack {
    pub(crate) fn new(sdk: SdkConfig, sts: Sts) -> Self {
        Self { sdk, sts }
    }

    /// EventBridge, here or in another region.
    fn events(&self, region: Option<&str>) -> aws_sdk_eventbridge::Client {
        match region {
            None => aws_sdk_eventbridge::Client::new(&self.sdk),
            Some(region) => {
                let there = self.sdk.clone().into_builder().region(Region::new(region.to_owned())).build();
                aws_sdk_eventbridge::Client::new(&there)
            }
        }
    }
}

#[async_trait]
impl Deployment for DeployedStack {
    async fn trails(&self) -> PortResult<Vec<Trail>> {
        trails::all(&aws_sdk_cloudtrail::Client::new(&self.sdk)).await
    }

    async fn rule(&self, name: &str) -> PortResult<Rule> {
        rules::one(&self.events(None), name).await
    }

    async fn forwarders(&self, region: &str) -> PortResult<Vec<Rule>> {
        let home = self.sdk.region().map(ToString::to_string).unwrap_or_default();
        rules::forwarding_to(&self.events(Some(region)), &home).await
    }

    async fn queue(&self, name: &str) -> PortResult<Queue> {
        let client = aws_sdk_sqs::Client::new(&self.sdk);
        let operation = format!("read queue `{name}`");
        let found = client.get_queue_url().queue_name(name).send().await.map_err(failed(operation.as_str()))?;
        let answer = client
            .get_queue_attributes()
            .queue_url(found.queue_url().unwrap_or_default())
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .map_err(failed(operation.as_str()))?;
        let text = |name: QueueAttributeName| answer.attributes().and_then(|all| all.get(&name)).map(String::as_str);
        let number = |name: QueueAttributeName| {
            let found = text(name).map(str::parse::<u64>);
            found.and_then(Result::ok).ok_or_else(|| unreadable(operation.as_str(), "an attribute is no number"))
        };
        let seen = number(QueueAttributeName::ApproximateNumberOfMessages)?;
        let taken = number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?;
        let kept = number(QueueAttributeName::MessageRetentionPeriod)?;
        Ok(Queue {
            arn: text(QueueAttributeName::QueueArn).unwrap_or_default().to_owned(),
            depth: seen.saturating_add(taken),
            kept_for: SignedDuration::from_secs(i64::try_from(kept).unwrap_or(i64::MAX)),
            policy: text(QueueAttributeName::Policy).filter(|policy| !policy.is_empty()).map(str::to_owned),
        })
    }

    async fn topic(&self, arn: &str) -> PortResult<Topic> {
        let operation = "read the alert topic";
        let client = aws_sdk_sns::Client::new(&self.sdk);
        let answer = client.get_topic_attributes().topic_arn(arn).send().await.map_err(failed(operation))?;
        let text = |name: &str| answer.attributes().and_then(|all| all.get(name)).map(String::as_str);
        let number = |name: &str| {
            text(name).and_then(|text| text.parse().ok()).ok_or_else(|| unreadable(operation, "a count is missing"))
        };
        Ok(Topic {
            confirmed: number("SubscriptionsConfirmed")?,
            pending: number("SubscriptionsPending")?,
            key: text("KmsMasterKeyId").filter(|key| !key.is_empty()).map(str::to_owned),
        })
    }

    async fn table(&self, name: &str) -> PortResult<Table> {
        tables::one(&aws_sdk_dynamodb::Client::new(&self.sdk), name).await
    }

    async fn recovers(&self, table: &str) -> PortResult<bool> {
        tables::recovers(&aws_sdk_dynamodb::Client::new(&self.sdk), table).await
    }

    async fn expires_by(&self, table: &str) -> PortResult<Option<String>> {
        tables::expires_by(&aws_sdk_dynamodb::Client::new(&self.sdk), table).await
    }

    async fn table_policy(&self, arn: &str) -> PortResult<Option<String>> {
        tables::policy(&aws_sdk_dynamodb::Client::new(&self.sdk), arn).await
    }

    async fn function(&self, name: &str) -> PortResult<Function> {
        functions::one(&aws_sdk_lambda::Client::new(&self.sdk), name).await
    }

    async fn failures(&self, function: &str, since: Timestamp) -> PortResult<u64> {
        functions::failures(&aws_sdk_cloudwatch::Client::new(&self.sdk), function, since).await
    }

    async fn alarms(&self, prefix: &str) -> PortResult<Vec<Alarm>> {
        functions::alarms(&aws_sdk_cloudwatch::Client::new(&self.sdk), prefix).await
    }

    async fn machine(&self, arn: &str) -> PortResult<Machine> {
        let client = aws_sdk_sfn::Client::new(&self.sdk);
        let sent = client.describe_state_machine().state_machine_arn(arn).send().await;
        let answer = sent.map_err(failed("read a state machine"))?;
        let level = answer.logging_configuration().and_then(|logging| logging.level());
        Ok(Machine {
            status: answer.status().map_or("ACTIVE", |status| status.as_str()).to_owned(),
            kind: answer.r#type().as_str().to_owned(),
            logs: level.map_or("OFF", |level| level.as_str()).to_owned(),
        })
    }

    async fn role_policy(&self, role: &str, policy: &str) -> PortResult<String> {
        let iam = AccountIam::new(aws_sdk_iam::Client::new(&self.sdk));
        iam.role_policy(role, policy).await?.ok_or_else(|| PortError {
            operation: format!("read policy `{policy}` of role `{role}`"),
            kind: PortErrorKind::NotFound,
        })
    }

    async fn clock_ahead(&self) -> PortResult<SignedDuration> {
        self.sts.clock_ahead().await
    }
}
