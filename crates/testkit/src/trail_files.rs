//! The files of a trail, which calls have their record, and which hours are done.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::ports::{
    AssessedCalls, HourDone, HourStore, PortErrorKind, PortResult, RuleNow, RuleStates, TrailFiles,
};

use crate::World;

/// So many keys are on one page: small, so that tests turn pages.
const PAGE: usize = 3;

#[derive(Clone, Default)]
pub(crate) struct Bucket {
    files: BTreeMap<String, Vec<u8>>,
    /// Rules by name.
    rules: BTreeMap<String, RuleNow>,
    /// By account, region and hour.
    hours: BTreeMap<(String, String, Timestamp), HourDone>,
}

#[async_trait]
impl TrailFiles for World {
    async fn folders(&self, prefix: &str) -> PortResult<BTreeSet<String>> {
        self.call("trail_files.folders", prefix, |state| {
            let below = state.bucket.files.keys().filter_map(|key| key.strip_prefix(prefix));
            Ok(below.filter_map(|rest| rest.split_once('/')).map(|(folder, _)| folder.to_owned()).collect())
        })
    }

    async fn keys(&self, prefix: &str, after: &str) -> PortResult<Vec<String>> {
        self.call("trail_files.keys", prefix, |state| {
            let keys = state.bucket.files.keys().filter(|key| key.starts_with(prefix) && key.as_str() > after);
            Ok(keys.take(PAGE).cloned().collect())
        })
    }

    async fn content(&self, key: &str, most: u64) -> PortResult<Vec<u8>> {
        self.call("trail_files.content", key, |state| {
            let content = state.bucket.files.get(key).cloned().ok_or(PortErrorKind::NotFound)?;
            if u64::try_from(content.len()).unwrap_or(u64::MAX) > most {
                return Err(PortErrorKind::LimitExceeded(format!("more than {most} bytes")));
            }
            Ok(content)
        })
    }
}

#[async_trait]
impl AssessedCalls for World {
    async fn assessed(&self, chains: &[String]) -> PortResult<BTreeMap<String, Timestamp>> {
        let about = format!("{} chains", chains.len());
        self.call("assessed_calls.assessed", &about, |state| {
            let first = |chain: &String| Some((chain.clone(), state.audit.of(chain).first()?.time));
            Ok(chains.iter().filter_map(first).collect())
        })
    }
}

#[async_trait]
impl RuleStates for World {
    async fn rule_state(&self, name: &str) -> PortResult<Option<RuleNow>> {
        self.call("rule_states.rule_state", name, |state| Ok(state.bucket.rules.get(name).cloned()))
    }
}

#[async_trait]
impl HourStore for World {
    async fn hours_done(&self, account: &str, region: &str, since: Timestamp) -> PortResult<Vec<HourDone>> {
        self.call("hour_store.hours_done", account, |state| {
            let from = (account.to_owned(), region.to_owned(), since);
            let to = (account.to_owned(), region.to_owned(), Timestamp::MAX);
            Ok(state.bucket.hours.range(from..=to).map(|(_, done)| done.clone()).collect())
        })
    }

    async fn put_hour(&self, account: &str, region: &str, done: &HourDone) -> PortResult<()> {
        self.call("hour_store.put_hour", account, |state| {
            state.bucket.hours.insert((account.to_owned(), region.to_owned(), done.hour), done.clone());
            Ok(())
        })
    }
}

impl World {
    /// Let a trail deliver this file, over one of the same key.
    pub fn deliver(&self, key: &str, content: Vec<u8>) {
        self.state().bucket.files.insert(key.to_owned(), content);
    }

    /// Let a rule be in this state.
    pub fn set_rule_state(&self, name: &str, rule: &str) {
        self.set_rule(name, RuleNow { state: rule.to_owned(), pattern: None });
    }

    /// Let a rule stand like this.
    pub fn set_rule(&self, name: &str, rule: RuleNow) {
        self.state().bucket.rules.insert(name.to_owned(), rule);
    }

    /// Which hours are done, read without a call being counted.
    #[must_use]
    pub fn done_hours(&self) -> Vec<HourDone> {
        self.state().bucket.hours.values().cloned().collect()
    }
}
