//! The events that could not be judged, and the way back into the chain.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::PortResult;

/// The failed-events queue.
#[async_trait]
pub trait FailedEvents: Send + Sync {
    /// How many messages wait. Approximate, as SQS is.
    async fn depth(&self) -> PortResult<u64>;
    /// Take some messages, at most ten; nobody else sees them for that long. Empty when there is none that is not taken already.
    async fn take(&self, hidden_for: SignedDuration) -> PortResult<Vec<FailedEvent>>;
    /// Let others see a taken message again.
    async fn give_back(&self, event: &FailedEvent) -> PortResult<()>;
    /// Delete a taken message for good.
    async fn remove(&self, event: &FailedEvent) -> PortResult<()>;
}

/// One message of the failed-events queue.
#[derive(Clone, PartialEq, Eq)]
pub struct FailedEvent {
    /// Its id.
    pub id: String,
    /// What deletes it; good for nothing else. Never shown.
    pub handle: String,
    /// The event as it was to be delivered. Never shown as a whole.
    pub body: String,
    /// What EventBridge or triage says about it: `ERROR_CODE`, `RULE_ARN`, `EXECUTION_ARN` and others.
    pub attributes: BTreeMap<String, String>,
    /// Since when it waits.
    pub since: Option<Timestamp>,
}

/// Neither the event nor what deletes it may reach a log.
impl std::fmt::Debug for FailedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FailedEvent").field("id", &self.id).field("since", &self.since).finish_non_exhaustive()
    }
}

/// The triage machine.
#[async_trait]
pub trait Triage: Send + Sync {
    /// Let it judge this event, given as JSON text, under this name. Accepted is not judged yet; what fails comes back into the queue.
    async fn judge(&self, name: &str, event: &str) -> PortResult<()>;
}
