//! What a replay counts. Every count is bounded, whatever an attacker writes into the logs: what comes on top is counted as others.

use std::collections::{BTreeMap, HashMap};

use foldhash::quality::RandomState;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use layerguard_core::brief::Brief;
use layerguard_core::engine::{Severity, Verdict};
use layerguard_core::facts::Network;
use serde::Serialize;

use crate::command::explain::{Explained, Line};

/// Distinct names that are counted one by one.
const MOST_NAMES: usize = 20_000;
/// What further names are counted as.
const OTHERS: &str = "(others)";

/// Names with counts.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, Count, RandomState>);

/// How often a name came up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Count {
    /// Calls.
    pub(crate) calls: u64,
    /// Incidents.
    pub(crate) incidents: u64,
}

/// A name with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Named {
    /// The name.
    pub(crate) name: String,
    /// Its counts.
    #[serde(flatten)]
    pub(crate) count: Count,
}

impl Names {
    fn count(&mut self, name: &str, add: impl Fn(&mut Count)) {
        if let Some(count) = self.0.get_mut(name) {
            return add(count);
        }
        let name = if self.0.len() < MOST_NAMES { name } else { OTHERS };
        add(self.0.entry(name.to_owned()).or_default());
    }

    pub(super) fn call(&mut self, name: &str) {
        self.count(name, |count| count.calls += 1);
    }

    pub(super) fn incident(&mut self, name: &str) {
        self.count(name, |count| count.incidents += 1);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Count)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// The weightiest first; equal ones by name.
    pub(super) fn weightiest(&self) -> Vec<Named> {
        let mut all: Vec<Named> = self.iter().map(|(name, count)| Named { name: name.to_owned(), count }).collect();
        let weight = |named: &Named| (named.count.calls, named.count.incidents);
        all.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.name.cmp(&b.name)));
        all
    }
}

/// One day, in UTC.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Day {
    /// Calls that were authorised.
    pub(crate) clear: u64,
    /// Calls that were not.
    pub(crate) violations: u64,
    /// Calls that could not be decided.
    pub(crate) undecided: u64,
    /// Incidents that opened.
    pub(crate) incidents: u64,
    /// Of those, where a person would have been asked.
    pub(crate) asked: u64,
    /// Of those, where something would have been done without one.
    pub(crate) acted: u64,
}

/// A principal that pulled without being listed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Unlisted {
    /// Its pulls.
    pub(crate) pulls: u64,
    /// Its sessions' networks, as words.
    pub(crate) networks: BTreeMap<&'static str, u64>,
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The time of the first call that was assessed.
    pub(crate) first: Option<Timestamp>,
    /// And of the last.
    pub(crate) last: Option<Timestamp>,
    /// By day, in UTC.
    pub(crate) days: BTreeMap<Date, Day>,
    /// Calls that each rule fired on, and incidents.
    pub(crate) rules: BTreeMap<String, (Severity, Count)>,
    /// Calls that an exception covers, by rule.
    pub(crate) excepted: Names,
    /// Violations and undecided calls by principal.
    pub(crate) principals: Names,
    /// The same by repository.
    pub(crate) repositories: Names,
    /// The same by account.
    pub(crate) accounts: Names,
    /// Clear calls by principal.
    pub(crate) busiest: Names,
    /// Everybody who was seen, for the coverage of the inventory.
    pub(crate) seen: Names,
    /// Who pulled without being listed.
    pub(crate) unlisted: HashMap<String, Unlisted>,
    /// Calls by network.
    pub(crate) networks: BTreeMap<&'static str, u64>,
    /// Why a network is unknown.
    pub(crate) unknown: Names,
    /// Why calls could not be decided.
    pub(crate) errors: Names,
}

impl Tally {
    /// Counts one call.
    pub(super) fn add(&mut self, line: &Line) {
        let record = &line.record;
        if record.assessment == Verdict::Unwatched {
            return;
        }
        let who = who(record);
        self.begin(record.assessment, line.time, &who);
        let why = record.reasons.iter().find(|reason| reason.starts_with("network unknown"));
        self.network(record.network, why.map(String::as_str));
        for rule in &record.rules {
            if rule.exception.as_ref().is_some_and(|exception| exception.in_force) {
                self.excepted.call(&rule.id);
                continue;
            }
            let (severity, count) = self.rules.entry(rule.id.clone()).or_insert((rule.severity, Count::default()));
            *severity = (*severity).max(rule.severity);
            count.calls += 1;
        }
        if record.assessment == Verdict::Clear {
            self.busiest.call(&who);
            return;
        }
        record.errors.iter().for_each(|error| self.errors.call(error));
        self.principals.call(&who);
        self.repositories.call(&what(record));
        self.accounts.call(record.principal.account.as_deref().unwrap_or("unknown"));
        if record.rules.iter().any(|rule| rule.id.ends_with("_unlisted_principal"))
            && (self.unlisted.len() < MOST_NAMES || self.unlisted.contains_key(&who))
        {
            let unlisted = self.unlisted.entry(who).or_default();
            unlisted.pulls += 1;
            *unlisted.networks.entry(record.network.as_str()).or_default() += 1;
        }
    }

    /// Counts one call that is clear and that no rule fired on.
    pub(super) fn add_clear(&mut self, brief: &Brief, time: Timestamp, who: &str) {
        self.begin(Verdict::Clear, time, who);
        self.network(brief.network, brief.network_unknown.as_deref());
        self.busiest.call(who);
    }

    /// What is counted of every call.
    fn begin(&mut self, verdict: Verdict, time: Timestamp, who: &str) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        let day = self.day(time);
        match verdict {
            Verdict::Clear => day.clear += 1,
            Verdict::Violation => day.violations += 1,
            Verdict::Undecided => day.undecided += 1,
            Verdict::Unwatched => {}
        }
        self.seen.call(who);
    }

    /// The day of a moment, in UTC.
    pub(super) fn day(&mut self, time: Timestamp) -> &mut Day {
        self.days.entry(time.to_zoned(TimeZone::UTC).date()).or_default()
    }

    fn network(&mut self, network: Network, why_unknown: Option<&str>) {
        *self.networks.entry(network.as_str()).or_default() += 1;
        if network == Network::Unknown {
            self.unknown.call(why_unknown.unwrap_or("no reason is given"));
        }
    }
}

/// What a principal is counted as: its ARN, or what is known.
pub(super) fn who(record: &Explained) -> String {
    named(record.principal.arn.as_deref(), record.principal.account.as_deref())
}

/// What a principal of this ARN and account is counted as.
pub(super) fn named(arn: Option<&str>, account: Option<&str>) -> String {
    match (arn, account) {
        (Some(arn), _) => arn.to_owned(),
        (None, Some(account)) => format!("account {account}"),
        (None, None) => "not recorded".to_owned(),
    }
}

/// What a call is counted under.
pub(super) fn what(record: &Explained) -> String {
    let resource = &record.resource;
    resource.arn.clone().or_else(|| resource.repository.clone()).unwrap_or_else(|| match &resource.registry {
        Some(registry) => format!("registry {registry}"),
        None => record.call.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_nothing_is_lost() {
        let mut names = Names::default();
        for number in 0..(MOST_NAMES + 10) {
            names.call(&format!("session-{number}"));
        }
        names.call("session-0");
        let all = names.weightiest();
        assert_eq!(all.iter().map(|named| named.count.calls).sum::<u64>(), MOST_NAMES as u64 + 11);
        assert_eq!((all[0].name.as_str(), all[0].count.calls), (OTHERS, 10));
        assert_eq!(all[1].name, "session-0");
    }
}
