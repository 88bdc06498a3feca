//! What a day uses.

use serde::Serialize;

use super::{MONTH, Part, Prices, PricesError};

/// What Detect asks of the tables for some events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many events.
    pub events: u32,
    /// Items that it puts into the state table: what the calls leave behind for the answers about others.
    pub traces_put: u32,
    /// Consistent queries of the state table.
    pub state_queries: u32,
    /// Consistent queries of the audit table.
    pub audit_queries: u32,
    /// Records that it inserts.
    pub records: u32,
}

/// One call of a pull that is clear, by a session that no process knows yet. `tests/tests/cost.rs` lets Detect judge it and counts, as for the
/// two below.
pub const CLEAR_PULL: Counted = Counted { events: 1, traces_put: 3, state_queries: 3, audit_queries: 0, records: 1 };

/// A node pulls an image of ten layers within two seconds, and one process judges it all: login, manifest and layers. Nearly all events are such.
pub const NODE_PULLS_IMAGE: Counted =
    Counted { events: 12, traces_put: 6, state_queries: 35, audit_queries: 0, records: 12 };

/// The same by somebody who is listed, and not as a workload: counted by role and account too.
pub const BUILD_PULLS_IMAGE: Counted =
    Counted { events: 12, traces_put: 7, state_queries: 57, audit_queries: 0, records: 12 };

/// What cannot be counted here. Each can be set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumptions {
    /// Watched events a day.
    pub events_per_day: f64,
    /// Those of them that are pulls and that a pattern may drop; `None`: all.
    pub pulls_per_day: Option<f64>,
    /// The share of pulls that the pattern lets through; 1 without a pattern.
    pub pass_rate: f64,
    /// The share of the pulls that workloads make: nodes, tasks and executions, as the inventory lists them.
    pub workload_share: f64,
    /// Processes of Detect that share the events of one pull: each writes what the pull leaves behind.
    pub processes: f64,
    /// Each clear call has its record; else they are counted.
    pub clear_each: bool,
    /// Incidents a day.
    pub incidents_per_day: f64,
    /// State transitions of one incident's execution.
    pub transitions: f64,
    /// Milliseconds for which one invocation of Detect is billed.
    pub detect_ms: f64,
    /// Megabytes of each function, as the template sets it.
    pub function_mb: f64,
    /// Milliseconds of one execution of triage, before they are rounded up to the next 100.
    pub triage_ms: f64,
    /// Kilobytes that the record of a clear call has, rounded up.
    pub record_kb: f64,
    /// Bytes that one invocation for a clear call leaves in the log: none, as the platform's own lines are kept only where something failed.
    pub log_bytes: f64,
    /// Files that the trail delivers in an hour for the account and region.
    pub trail_files_per_hour: f64,
    /// Seconds for which one run of Reconcile is billed.
    pub reconcile_seconds: f64,
    /// Alarms of the template.
    pub alarms: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            events_per_day: 1_000_000.0,
            pulls_per_day: None,
            pass_rate: 1.0,
            workload_share: 0.9,
            processes: 3.0,
            clear_each: true,
            incidents_per_day: 10.0,
            transitions: 25.0,
            detect_ms: 20.0,
            function_mb: 256.0,
            triage_ms: 100.0,
            record_kb: 1.0,
            log_bytes: 0.0,
            trail_files_per_hour: 60.0,
            reconcile_seconds: 60.0,
            alarms: 31.0,
        }
    }
}

impl Assumptions {
    /// Of what was counted, how much there is for one event.
    fn mean(&self, count: fn(&Counted) -> u32) -> f64 {
        let each = |counted: &Counted| f64::from(count(counted)) / f64::from(counted.events);
        each(&NODE_PULLS_IMAGE) * self.workload_share + each(&BUILD_PULLS_IMAGE) * (1.0 - self.workload_share)
    }
}

/// Hours, and sweeps, of a day.
const HOURS: f64 = 24.0;
const MINUTES: f64 = 1_440.0;
/// Each minute three functions are called by the sweep.
const SWEPT: f64 = 3.0;
/// Reconcile reads a file when it takes its hour, and again with the hour before and after it.
const READ_AGAIN: f64 = 2.5;
/// Reconcile lists the accounts and the files of its days.
const LISTS: f64 = 6.0;
/// Megabytes of Reconcile, as the template sets it.
const RECONCILE_MB: f64 = 512.0;
/// An execution of triage is billed for 64 MB.
const TRIAGE_GB: f64 = 64.0 / 1_024.0;
/// Figures that are told however little happens: four each minute by Decide, six each hour by Reconcile.
const FIGURES: f64 = 10.0;
/// An incident tells about a dozen others, within two hours. A metric is paid for by the hours in which it is told.
const FIGURES_OF_AN_INCIDENT: f64 = 1.0;
/// All others, with every value of what they are split by.
const MOST_FIGURES: f64 = 36.0;
/// Bytes of the line in which Decide tells its figures each minute.
const LINE: f64 = 600.0;
/// DynamoDB keeps the key of an encrypted table for five minutes for each caller: four functions, two tables.
const KEY_REQUESTS: f64 = 8.0 * 12.0 * HOURS;
/// A finding, a decision, notifications and so on, each with its entry in the index.
const RECORDS_OF_AN_INCIDENT: f64 = 8.0;

/// What one day costs, part by part.
pub(super) fn parts(prices: &Prices, assumed: &Assumptions) -> Result<Vec<Part>, PricesError> {
    let pulls = assumed.pulls_per_day.unwrap_or(assumed.events_per_day).min(assumed.events_per_day);
    let passed = assumed.events_per_day - pulls + pulls * assumed.pass_rate;
    let each = Each { passed, assumed };
    let mut parts = Vec::new();
    for (line, (part, price, units)) in each.lines().into_iter().chain(standing(assumed)) {
        let day = units * prices.of(price)?;
        let (per_event, clear_records) = (line != Kind::Standing, line == Kind::ClearRecord);
        parts.push(Part { part, price, units, day, month: day * MONTH, per_event, clear_records });
    }
    Ok(parts)
}

/// How a line grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    PerEvent,
    ClearRecord,
    Standing,
}

type Line = (Kind, (&'static str, &'static str, f64));

/// The events that pass the pattern. Nearly all are clear; what incidents add is counted by incidents.
struct Each<'a> {
    passed: f64,
    assumed: &'a Assumptions,
}

impl Each<'_> {
    fn lines(&self) -> Vec<Line> {
        let (passed, assumed) = (self.passed, self.assumed);
        let gb = assumed.function_mb / 1_024.0;
        let steps = (assumed.triage_ms / 100.0).ceil() * 0.1;
        let of = |count: fn(&Counted) -> u32| passed * assumed.mean(count);
        let traces = of(|counted| counted.traces_put) * assumed.processes;
        let most = passed * f64::from(CLEAR_PULL.traces_put);
        let records = if assumed.clear_each { of(|counted| counted.records) * assumed.record_kb.ceil() } else { 0.0 };
        let event = |part, price, units| (Kind::PerEvent, (part, price, units));
        vec![
            event("EventBridge: events that the rules hear", "eventbridge_events", passed),
            event("triage: executions", "express_executions", passed),
            event("triage: duration", "express_duration", passed * steps * TRIAGE_GB),
            event("Detect: requests", "lambda_requests", passed),
            event("Detect: duration", "lambda_duration", passed * assumed.detect_ms / 1_000.0 * gb),
            event("Detect: what the call leaves behind, written", "dynamodb_writes", traces.min(most)),
            event(
                "Detect: what earlier calls left behind, read",
                "dynamodb_reads",
                of(|counted| counted.state_queries),
            ),
            event("Detect: the call's own record, read", "dynamodb_reads", of(|counted| counted.audit_queries)),
            (Kind::ClearRecord, ("Detect: records of clear calls", "dynamodb_writes", records)),
            event("logs of Detect", "logs", passed * assumed.log_bytes),
            event("Reconcile: which calls have their record", "dynamodb_reads", passed * 0.5),
        ]
    }
}

/// What is there however many events come.
fn standing(assumed: &Assumptions) -> Vec<Line> {
    let incidents = assumed.incidents_per_day;
    let gb = assumed.function_mb / 1_024.0;
    let swept = MINUTES * SWEPT;
    let reads = assumed.trail_files_per_hour * HOURS * READ_AGAIN;
    let reconciled = HOURS * assumed.reconcile_seconds * RECONCILE_MB / 1_024.0;
    let lines = vec![
        ("respond: transitions of incidents", "standard_transitions", incidents * assumed.transitions),
        ("records of incidents, with their index", "dynamodb_writes", incidents * RECORDS_OF_AN_INCIDENT * 2.0),
        ("sweep: requests", "lambda_requests", swept),
        ("sweep: duration", "lambda_duration", swept * assumed.detect_ms / 1_000.0 * gb),
        ("sweep: listings, read", "dynamodb_reads", swept * 2.0),
        ("Reconcile: duration", "lambda_duration", reconciled),
        ("Reconcile: the trail's files, read", "s3_gets", reads),
        ("Reconcile: the trail's files, listed", "s3_lists", HOURS * LISTS),
        ("KMS: keys of the tables", "kms_requests", KEY_REQUESTS),
        ("KMS: the trail's files, where they are encrypted", "kms_requests", reads),
        ("alarms", "alarms", assumed.alarms),
        ("figures of layerguard itself", "metrics", FIGURES + (incidents * FIGURES_OF_AN_INCIDENT).min(MOST_FIGURES)),
        ("logs of the sweep", "logs", MINUTES * LINE),
        ("the dashboard", "dashboards", 1.0),
    ];
    lines.into_iter().map(|line| (Kind::Standing, line)).collect()
}
