//! The audit table: inserts only.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use layerguard_core::audit::{About, AuditRecord};
use layerguard_core::ports::{
    AuditIndex, AuditLog, Entry, PortErrorKind, PortResult, RecordPage, RecordPlace, Search, shard,
};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Table {
    records: BTreeMap<(String, u64), AuditRecord>,
    index: BTreeMap<RecordPlace, Entry>,
}

#[async_trait]
impl AuditLog for World {
    async fn records(&self, incident: &str) -> PortResult<Vec<AuditRecord>> {
        self.call("audit.records", incident, |state| Ok(state.audit.of(incident)))
    }

    async fn insert(&self, record: &AuditRecord, about: Option<&About>) -> PortResult<()> {
        self.call("audit.insert", &record.incident, |state| {
            let key = (record.incident.clone(), record.seq);
            if state.audit.records.contains_key(&key) {
                return Err(PortErrorKind::Conflict);
            }
            state.audit.records.insert(key, record.clone());
            if let Some(about) = about {
                state.audit.add_entry(record, about.short());
            }
            Ok(())
        })
    }
}

#[async_trait]
impl AuditIndex for World {
    async fn page(&self, search: &Search) -> PortResult<RecordPage> {
        self.call("audit.page", &search.day.to_string(), |state| Ok(state.audit.page(search)))
    }

    async fn chains(&self) -> PortResult<BTreeSet<String>> {
        self.call("audit.chains", "all", |state| {
            Ok(state.audit.index.keys().map(|place| place.incident.clone()).collect())
        })
    }
}

impl Table {
    fn add_entry(&mut self, record: &AuditRecord, about: About) {
        let place = RecordPlace { time: record.time, incident: record.incident.clone(), seq: record.seq };
        self.index.insert(place.clone(), Entry { place, kind: record.kind, about });
    }

    /// As the table does it: a page is cut by what was looked at, and the filter sees what is left.
    fn page(&self, search: &Search) -> RecordPage {
        let day = |entry: &&Entry| entry.place.time.to_zoned(jiff::tz::TimeZone::UTC).date() == search.day;
        let in_partition = |entry: &&Entry| day(entry) && shard(&entry.place.incident) == search.shard;
        let found = self.index.range(..search.before.clone()).rev().map(|(_, entry)| entry);
        let mut looked: Vec<&Entry> = found
            .take_while(|entry| entry.place.time >= search.since)
            .filter(in_partition)
            .take(usize::try_from(search.limit).unwrap_or(usize::MAX).saturating_add(1))
            .collect();
        let more = looked.len() > usize::try_from(search.limit).unwrap_or(usize::MAX);
        if more {
            looked.pop();
        }
        let next = more.then(|| looked.last().map(|entry| entry.place.clone())).flatten();
        let matches = |entry: &&Entry| {
            let about = &entry.about;
            search.kind.is_none_or(|kind| entry.kind == kind)
                && search
                    .principal
                    .as_ref()
                    .is_none_or(|principal| about.partial || about.principals.contains(principal))
                && search.account.as_ref().is_none_or(|account| about.partial || about.accounts.contains(account))
                && search.rule.as_ref().is_none_or(|rule| about.partial || about.rules.contains(rule))
        };
        RecordPage { entries: looked.into_iter().filter(matches).cloned().collect(), next }
    }

    pub(crate) fn of(&self, incident: &str) -> Vec<AuditRecord> {
        let from = (incident.to_owned(), 0);
        let to = (incident.to_owned(), u64::MAX);
        self.records.range(from..=to).map(|(_, record)| record.clone()).collect()
    }
}

impl World {
    /// The records of one chain, read without a call being counted.
    #[must_use]
    pub fn chain(&self, incident: &str) -> Vec<AuditRecord> {
        self.state().audit.of(incident)
    }

    /// The names of all chains.
    #[must_use]
    pub fn chains(&self) -> Vec<String> {
        let mut chains: Vec<String> = self.state().audit.records.keys().map(|(incident, _)| incident.clone()).collect();
        chains.dedup();
        chains
    }

    /// Replace what is stored, as somebody who can write the table directly would.
    pub fn tamper(&self, incident: &str, records: Vec<AuditRecord>) {
        let mut state = self.state();
        state.audit.records.retain(|(of, _), _| of != incident);
        state.audit.records.extend(records.into_iter().map(|record| ((incident.to_owned(), record.seq), record)));
    }
}
