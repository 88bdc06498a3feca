//! Walks the index over several days and partitions, latest first, as far as somebody wants to read.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::RecordKind;
use crate::ports::{AuditIndex, Entry, PortResult, RecordPlace, SHARDS, Search};

/// How many entries are fetched at once from one partition.
const PAGE: u32 = 100;
/// The same where most of them are passed over.
const LARGE_PAGE: u32 = 4_000;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Nothing older.
    pub since: Timestamp,
    /// Only what stands before this.
    pub before: RecordPlace,
    /// Only this kind.
    pub kind: Option<RecordKind>,
    /// Only principals like this: `*` and `?` are wildcards. Entries whose copies found no room are found too.
    pub principal: Option<String>,
    /// Only this account.
    pub account: Option<String>,
    /// Only this rule.
    pub rule: Option<String>,
}

/// Entries of the index, one after the other, latest first. Nothing is read before it is asked for.
pub struct Walk<'a> {
    index: &'a dyn AuditIndex,
    wanted: Wanted,
    /// The day that is read now; `None` at the end.
    day: Option<Date>,
    partitions: Vec<Partition>,
}

/// What was read of one partition and not handed out yet, latest last.
#[derive(Default)]
struct Partition {
    entries: Vec<Entry>,
    /// From where to go on; `None` at the end.
    next: Option<RecordPlace>,
}

impl<'a> Walk<'a> {
    /// Starts at the latest end.
    #[must_use]
    pub fn new(index: &'a dyn AuditIndex, wanted: Wanted) -> Self {
        let day = (wanted.before.time >= wanted.since).then(|| day_of(wanted.before.time));
        let partitions = fresh(&wanted.before);
        Self { index, wanted, day, partitions }
    }

    /// The next entry; `None` when there is none left.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn next(&mut self) -> PortResult<Option<Entry>> {
        while let Some(day) = self.day {
            self.fill(day).await?;
            let latest = self.partitions.iter_mut().max_by(|a, b| place(a).cmp(&place(b)));
            if let Some(entry) = latest.and_then(|partition| partition.entries.pop()) {
                return Ok(Some(entry));
            }
            self.day = day.yesterday().ok().filter(|earlier| *earlier >= day_of(self.wanted.since));
            self.partitions = fresh(&self.wanted.before);
        }
        Ok(None)
    }

    /// Reads on in every partition of which nothing is at hand.
    async fn fill(&mut self, day: Date) -> PortResult<()> {
        for (shard, partition) in (0_u8..).zip(&mut self.partitions) {
            while partition.entries.is_empty() {
                let Some(before) = partition.next.take() else { break };
                let search = Search {
                    day,
                    shard,
                    since: self.wanted.since,
                    before,
                    kind: self.wanted.kind,
                    // The index compares whole texts; what has a wildcard is passed over here.
                    principal: self.wanted.principal.clone().filter(|pattern| !pattern.contains(['*', '?'])),
                    account: self.wanted.account.clone(),
                    rule: self.wanted.rule.clone(),
                    limit: if self.wanted.principal.is_some() { LARGE_PAGE } else { PAGE },
                };
                let mut page = self.index.page(&search).await?;
                if let Some(pattern) = &self.wanted.principal {
                    page.entries.retain(|entry| entry.about.partial || entry.about.has_principal(pattern));
                }
                partition.entries = page.entries;
                partition.entries.reverse();
                partition.next = page.next;
            }
        }
        Ok(())
    }
}

fn fresh(before: &RecordPlace) -> Vec<Partition> {
    (0..SHARDS).map(|_| Partition { entries: Vec::new(), next: Some(before.clone()) }).collect()
}

fn place(partition: &Partition) -> Option<&RecordPlace> {
    partition.entries.last().map(|entry| &entry.place)
}

fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}
