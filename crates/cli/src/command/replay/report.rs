//! The report of a replay, as `--format json` prints it and the table shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layerguard_core::engine::Severity;
use serde::Serialize;

use super::compare::{Change, Changed, Comparison};
use super::coverage::Coverage;
use super::incidents::Summed;
use super::intake::Read;
use super::side::Side;
use super::tally::{Day, Named};
use crate::command::explain::Weight;

/// Names of each kind that the report holds.
const MOST: usize = 100;

/// The report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Hash of rules, playbooks and inventory.
    pub(crate) policy_version: String,
    /// The first and the last call that was assessed.
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) read: Files,
    pub(crate) calls: Calls,
    pub(crate) days: Vec<OneDay>,
    pub(crate) rules: Vec<OneRule>,
    /// Violations and undecided calls.
    pub(crate) principals: Vec<Named>,
    pub(crate) repositories: Vec<Named>,
    pub(crate) accounts: Vec<Named>,
    /// Clear calls.
    pub(crate) busiest: Vec<Named>,
    pub(crate) incidents: IncidentsOf,
    pub(crate) networks: BTreeMap<&'static str, u64>,
    pub(crate) unknown_networks: Vec<Named>,
    pub(crate) undecided_because: Vec<Named>,
    pub(crate) coverage: Coverage,
    /// With `--compare`.
    pub(crate) comparison: Option<Compared>,
}

/// What was read.
#[derive(Debug, Serialize)]
pub(crate) struct Files {
    pub(crate) files: u64,
    pub(crate) records: u64,
    pub(crate) unreadable: u64,
    pub(crate) unwatched: u64,
    /// Further copies of calls that were counted already.
    pub(crate) copies: u64,
    /// Calls outside of the time that was asked for.
    pub(crate) left_out: u64,
}

/// How the calls came out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Calls {
    pub(crate) clear: u64,
    pub(crate) violations: u64,
    pub(crate) undecided: u64,
}

/// A day in UTC.
#[derive(Debug, Serialize)]
pub(crate) struct OneDay {
    pub(crate) date: String,
    #[serde(flatten)]
    pub(crate) day: Day,
}

/// A rule that fired.
#[derive(Debug, Serialize)]
pub(crate) struct OneRule {
    pub(crate) id: String,
    pub(crate) severity: Severity,
    pub(crate) calls: u64,
    pub(crate) incidents: u64,
    /// Calls that an exception covers.
    pub(crate) excepted: u64,
}

/// The incidents.
#[derive(Debug, Serialize)]
pub(crate) struct IncidentsOf {
    pub(crate) count: u64,
    pub(crate) observed: u64,
    pub(crate) asked: u64,
    pub(crate) acted: u64,
    /// Incidents a day: on average over the days, and at most.
    pub(crate) a_day: f64,
    pub(crate) most_a_day: u64,
    /// The gravest, gravest first.
    pub(crate) gravest: Vec<Summed>,
    /// How often each action would have been planned among those, by mode.
    pub(crate) actions: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// What another policy would change.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) policy_version: String,
    pub(crate) newly_found: u64,
    pub(crate) no_longer_found: u64,
    pub(crate) other_finding: u64,
    pub(crate) other_decision: u64,
    /// Incidents by the other policy.
    pub(crate) incidents: u64,
    pub(crate) changes: Vec<Changed>,
}

impl Report {
    pub(super) fn of(read: Read, copies: u64, left_out: u64, side: &Side, other: Option<(&Side, &Comparison)>) -> Self {
        let tally = &side.tally;
        let mut calls = Calls::default();
        for day in tally.days.values() {
            calls.clear += day.clear;
            calls.violations += day.violations;
            calls.undecided += day.undecided;
        }
        Self {
            policy_version: side.assessor.policy_version().to_owned(),
            first: tally.first,
            last: tally.last,
            read: Files {
                files: read.files,
                records: read.records,
                unreadable: read.unreadable,
                unwatched: read.unwatched,
                copies,
                left_out,
            },
            calls,
            days: tally.days.iter().map(|(date, day)| OneDay { date: date.to_string(), day: *day }).collect(),
            rules: rules(side),
            principals: first(tally.principals.weightiest()),
            repositories: first(tally.repositories.weightiest()),
            accounts: first(tally.accounts.weightiest()),
            busiest: first(tally.busiest.weightiest()),
            incidents: incidents(side),
            networks: tally.networks.clone(),
            unknown_networks: first(tally.unknown.weightiest()),
            undecided_because: first(tally.errors.weightiest()),
            coverage: Coverage::of(side),
            comparison: other.map(|(other, comparison)| Compared {
                policy_version: other.assessor.policy_version().to_owned(),
                newly_found: comparison.count(Change::NewlyFound),
                no_longer_found: comparison.count(Change::NoLongerFound),
                other_finding: comparison.count(Change::OtherFinding),
                other_decision: comparison.count(Change::OtherDecision),
                incidents: other.incidents.count,
                changes: comparison.changes(),
            }),
        }
    }
}

fn first(mut names: Vec<Named>) -> Vec<Named> {
    names.truncate(MOST);
    names
}

fn rules(side: &Side) -> Vec<OneRule> {
    let excepted =
        |id: &str| side.tally.excepted.iter().find(|(name, _)| *name == id).map_or(0, |(_, count)| count.calls);
    let mut rules: Vec<OneRule> = side
        .tally
        .rules
        .iter()
        .map(|(id, (severity, count))| OneRule {
            id: id.clone(),
            severity: *severity,
            calls: count.calls,
            incidents: count.incidents,
            excepted: excepted(id),
        })
        .collect();
    rules.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.calls.cmp(&a.calls)).then_with(|| a.id.cmp(&b.id)));
    rules
}

fn incidents(side: &Side) -> IncidentsOf {
    let days = &side.tally.days;
    let sum = |of: fn(&Day) -> u64| days.values().map(of).sum::<u64>();
    let mut actions: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
    for (action, mode) in side.incidents.gravest.iter().flat_map(|incident| &incident.steps) {
        *actions.entry(action.clone()).or_default().entry(mode.as_str()).or_default() += 1;
    }
    let (asked, acted) = (sum(|day| day.asked), sum(|day| day.acted));
    let span = match (days.keys().next(), days.keys().next_back()) {
        (Some(first), Some(last)) => first.until(*last).map_or(1, |span| span.get_days() + 1),
        _ => 1,
    };
    IncidentsOf {
        count: side.incidents.count,
        observed: side.incidents.count.saturating_sub(asked + acted),
        asked,
        acted,
        a_day: (side.incidents.count as f64 / f64::from(span.max(1)) * 100.0).round() / 100.0,
        most_a_day: days.values().map(|day| day.incidents).max().unwrap_or_default(),
        gravest: side.incidents.gravest.clone(),
        actions,
    }
}

impl Report {
    /// Whether something was done or asked in the mode of the inventory.
    pub(crate) fn weightiest(&self) -> Weight {
        match (self.incidents.acted, self.incidents.asked, self.incidents.count) {
            (0, 0, 0) => Weight::None,
            (0, 0, _) => Weight::Observe,
            (0, _, _) => Weight::Ask,
            _ => Weight::Act,
        }
    }
}
