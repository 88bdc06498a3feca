//! The files that a trail delivers into its bucket, and what else reconciling with them asks for.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortResult;

/// A bucket into which a trail delivers its files.
#[async_trait]
pub trait TrailFiles: Send + Sync {
    /// The names of the folders right below this prefix, which ends with `/`, without it and without their own `/`.
    async fn folders(&self, prefix: &str) -> PortResult<BTreeSet<String>>;
    /// Some of the keys below a prefix, in their order, those that come after `after`. An empty answer is the end.
    async fn keys(&self, prefix: &str, after: &str) -> PortResult<Vec<String>>;
    /// What the file of this key holds, as it is stored. `LimitExceeded` when it holds more than `most` bytes: no more is read then.
    async fn content(&self, key: &str, most: u64) -> PortResult<Vec<u8>>;
}

/// Which calls have their record.
#[async_trait]
pub trait AssessedCalls: Send + Sync {
    /// Of these chains those that have a record, with the time of the first one. It may lag a moment behind.
    async fn assessed(&self, chains: &[String]) -> PortResult<BTreeMap<String, Timestamp>>;
}

/// How a rule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleNow {
    /// In AWS's word.
    pub state: String,
    /// Its event pattern, as JSON text.
    pub pattern: Option<String>,
}

/// The states of rules.
#[async_trait]
pub trait RuleStates: Send + Sync {
    /// How a rule of the default event bus stands; `None` when there is no such rule.
    async fn rule_state(&self, name: &str) -> PortResult<Option<RuleNow>>;
}

/// How far reconciling is with one hour of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourDone {
    /// First moment of the hour.
    pub hour: Timestamp,
    /// Files that were delivered until then were read.
    pub covered_until: Timestamp,
    /// All of them could be read, and every event in them has its record.
    pub complete: bool,
}

/// Remembers how far reconciling is. The proof is the record; this only says what is still to be done.
#[async_trait]
pub trait HourStore: Send + Sync {
    /// The hours since then, in order.
    async fn hours_done(&self, account: &str, region: &str, since: Timestamp) -> PortResult<Vec<HourDone>>;
    /// Keep what is known of an hour, over whatever was known before.
    async fn put_hour(&self, account: &str, region: &str, done: &HourDone) -> PortResult<()>;
}
