//! The index over the record: where records of incidents are found by day.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::PortResult;
use crate::audit::{About, RecordKind};

/// Over how many partitions of the index one day is spread. A partition takes 1,000 writes a second; an index that is throttled holds
/// up the writing of records themselves.
pub const SHARDS: u8 = 4;

/// The partition of a chain: the same for all its records.
#[must_use]
pub fn shard(chain: &str) -> u8 {
    chain.bytes().fold(0_u8, u8::wrapping_add) % SHARDS
}

/// Where a record stands in the order of the index: by time, then by chain and number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPlace {
    /// When it was written.
    pub time: Timestamp,
    /// Its chain.
    pub incident: String,
    /// Its number.
    pub seq: u64,
}

/// A record as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub place: RecordPlace,
    /// What it records.
    pub kind: RecordKind,
    /// The copy of what it is about, as far as it found room.
    pub about: About,
}

/// What is looked for in one partition of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The day, in UTC.
    pub day: Date,
    /// Which partition of it.
    pub shard: u8,
    /// Nothing older.
    pub since: Timestamp,
    /// Only what stands before this.
    pub before: RecordPlace,
    /// Only this kind.
    pub kind: Option<RecordKind>,
    /// Only this principal, exactly; entries whose copies found no room are found too.
    pub principal: Option<String>,
    /// Only this account; entries whose copies found no room are found too.
    pub account: Option<String>,
    /// Only this rule; likewise.
    pub rule: Option<String>,
    /// How many entries are wanted at most.
    pub limit: u32,
}

/// A page of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// Latest first.
    pub entries: Vec<Entry>,
    /// From where to go on; `None` at the end of the partition. A page without entries may go on.
    pub next: Option<RecordPlace>,
}

/// Finds records of incidents and of the stop switch by day. What it has are copies; the records themselves are in the chains. It may lag
/// a moment behind.
#[async_trait]
pub trait AuditIndex: Send + Sync {
    /// The next page, latest first.
    async fn page(&self, search: &Search) -> PortResult<RecordPage>;

    /// The names of all chains that have a record in the index: whatever the state table says, these were recorded.
    async fn chains(&self) -> PortResult<BTreeSet<String>>;
}
