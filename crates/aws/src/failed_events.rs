//! The failed-events queue.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{FailedEvent, FailedEvents, PortResult};

use crate::error::{failed, unreadable};

/// The most that SQS hands out at once.
const AT_ONCE: i32 = 10;

/// How long to wait for a message, in seconds: only a receive that waits asks all servers of a queue.
const WAIT: i32 = 1;

/// The queue of what could not be delivered or judged.
#[derive(Debug, Clone)]
pub struct FailedEventsQueue {
    client: Client,
    url: String,
}

impl FailedEventsQueue {
    /// Finds the queue of this name.
    pub(crate) async fn find(client: Client, name: &str) -> PortResult<Self> {
        let sent = client.get_queue_url().queue_name(name).send().await;
        let answer = sent.map_err(failed(format!("find queue `{name}`")))?;
        let url = answer.queue_url().ok_or_else(|| unreadable(format!("find queue `{name}`"), "no address"))?;
        Ok(Self { url: url.to_owned(), client })
    }
}

#[async_trait]
impl FailedEvents for FailedEventsQueue {
    async fn depth(&self) -> PortResult<u64> {
        let operation = "count the failed events";
        let sent = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .send()
            .await;
        let answer = sent.map_err(failed(operation))?;
        let count = answer.attributes().and_then(|all| all.get(&QueueAttributeName::ApproximateNumberOfMessages));
        count.and_then(|text| text.parse().ok()).ok_or_else(|| unreadable(operation, "no count"))
    }

    async fn take(&self, hidden_for: SignedDuration) -> PortResult<Vec<FailedEvent>> {
        let sent = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(AT_ONCE)
            .wait_time_seconds(WAIT)
            .visibility_timeout(i32::try_from(hidden_for.as_secs()).unwrap_or(i32::MAX))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await;
        let answer = sent.map_err(failed("read the failed-events queue"))?;
        Ok(answer.messages().iter().map(event).collect())
    }

    async fn give_back(&self, event: &FailedEvent) -> PortResult<()> {
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&event.handle);
        let sent = change.visibility_timeout(0).send().await;
        sent.map(drop).map_err(failed(format!("give message `{}` back", event.id)))
    }

    async fn remove(&self, event: &FailedEvent) -> PortResult<()> {
        let sent = self.client.delete_message().queue_url(&self.url).receipt_handle(&event.handle).send().await;
        sent.map(drop).map_err(failed(format!("delete message `{}`", event.id)))
    }
}

fn event(message: &Message) -> FailedEvent {
    let system = |name: MessageSystemAttributeName| message.attributes().and_then(|all| all.get(&name));
    let sent = system(MessageSystemAttributeName::SentTimestamp).and_then(|text| text.parse::<i64>().ok());
    let attributes: BTreeMap<String, String> = message
        .message_attributes()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned())))
        .collect();
    FailedEvent {
        id: message.message_id().unwrap_or_default().to_owned(),
        handle: message.receipt_handle().unwrap_or_default().to_owned(),
        body: message.body().unwrap_or_default().to_owned(),
        attributes,
        since: sent.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
    }
}
