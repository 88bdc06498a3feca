//! What was deployed, as `layerguard doctor` looks at it. Everything here only reads; where the thing is not there the answer is
//! `NotFound`, and where the caller may not look it is `Denied`: neither is ever taken for the other.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::PortResult;

/// The deployment of a stack, and what of the account it depends on.
#[async_trait]
pub trait Deployment: Send + Sync {
    /// All trails that record what happens in this region, those of the organisation included.
    async fn trails(&self) -> PortResult<Vec<Trail>>;
    /// A rule of the default event bus.
    async fn rule(&self, name: &str) -> PortResult<Rule>;
    /// The rules of the default event bus of another region that send events to this region's default bus.
    async fn forwarders(&self, region: &str) -> PortResult<Vec<Rule>>;
    /// A queue.
    async fn queue(&self, name: &str) -> PortResult<Queue>;
    /// A topic, by its ARN.
    async fn topic(&self, arn: &str) -> PortResult<Topic>;
    /// A table with what protects it from deletion.
    async fn table(&self, name: &str) -> PortResult<Table>;
    /// Whether a table can be put back to an earlier point in time.
    async fn recovers(&self, table: &str) -> PortResult<bool>;
    /// The attribute by which items of a table expire; `None` when nothing expires.
    async fn expires_by(&self, table: &str) -> PortResult<Option<String>>;
    /// The resource policy of a table, as JSON text; `None` when it has none.
    async fn table_policy(&self, arn: &str) -> PortResult<Option<String>>;
    /// A function.
    async fn function(&self, name: &str) -> PortResult<Function>;
    /// How often a function failed since then, as its metric says.
    async fn failures(&self, function: &str, since: Timestamp) -> PortResult<u64>;
    /// The alarms whose names begin so.
    async fn alarms(&self, prefix: &str) -> PortResult<Vec<Alarm>>;
    /// A state machine, by its ARN.
    async fn machine(&self, arn: &str) -> PortResult<Machine>;
    /// An inline policy of a role, as JSON text.
    async fn role_policy(&self, role: &str, policy: &str) -> PortResult<String>;
    /// How far AWS's clock is ahead of ours; negative where it is behind.
    async fn clock_ahead(&self) -> PortResult<SignedDuration>;
}

/// A trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Where it was made.
    pub home_region: String,
    /// Records all regions.
    pub multi_region: bool,
    /// Records IAM, STS and others that have no region.
    pub global_services: bool,
    /// Is switched on.
    pub logging: bool,
    /// Why its last delivery failed, by the code that S3 gave.
    pub delivery_error: Option<String>,
    /// Which management events it records.
    pub management: Recorded,
}

/// Which management events a trail records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Calls that only read, such as the pull of a layer.
    pub reads: bool,
    /// Calls that change something.
    pub writes: bool,
}

/// A rule of an event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub state: String,
    /// What it matches, as JSON text; `None` for a schedule.
    pub pattern: Option<String>,
    /// Where it sends what it matches.
    pub targets: Vec<Target>,
}

/// Where a rule sends what it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// ARN of what is called.
    pub arn: String,
    /// ARN of the queue that keeps what could not be delivered.
    pub dead_letters: Option<String>,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its ARN.
    pub arn: String,
    /// How many messages wait, those included that somebody looks at just now. Approximate, as SQS is.
    pub depth: u64,
    /// How long a message is kept.
    pub kept_for: SignedDuration,
    /// Who may do what with it, as JSON text.
    pub policy: Option<String>,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Subscriptions that were confirmed: who is told.
    pub confirmed: u64,
    /// Subscriptions that wait for confirmation: who is not told yet.
    pub pending: u64,
    /// The KMS key with which it is encrypted, by id, ARN or alias; `None` without one.
    pub key: Option<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE` when it can be used.
    pub status: String,
    /// Cannot be deleted.
    pub protected: bool,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// `Active` when it can be called; AWS's word.
    pub state: String,
    /// `Successful` when what was deployed last is what runs; AWS's word.
    pub last_update: String,
    /// The runtime, for example `provided.al2023`.
    pub runtime: String,
    /// The processor, for example `arm64`.
    pub architecture: String,
    /// When code or configuration changed last.
    pub modified: Option<Timestamp>,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Tells somebody when it goes off.
    pub tells: bool,
}

/// A state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `ACTIVE` when it can be started.
    pub status: String,
    /// `STANDARD` or `EXPRESS`.
    pub kind: String,
    /// What it logs: `ALL`, `ERROR`, `FATAL` or `OFF`.
    pub logs: String,
}
