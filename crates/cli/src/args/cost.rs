//! What can be typed after `cost`.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};
use layerguard_core::cost::Assumptions;

use super::ListFormat;

/// `cost`. Each assumption that a figure rests on can be set.
#[derive(Debug, Group)]
pub struct CostArgs {
    /// Watched events a day: `layerguard replay` counts them in your logs
    #[arg(long, value_name = "N", value_parser = amount)]
    pub events_per_day: f64,
    /// Share of the pulls that the pattern of the rules lets through: 1 without a pattern, 0.05 for 5 %
    #[arg(long, default_value = "1", value_name = "P", value_parser = share)]
    pub pass_rate: f64,
    /// Those of the events that are pulls, and that a pattern may drop; all unless said
    #[arg(long, value_name = "N", value_parser = amount)]
    pub pulls_per_day: Option<f64>,
    /// Share of the pulls that nodes, tasks and executions make, as `workloads` lists them
    #[arg(long, default_value = "0.9", value_name = "P", value_parser = share)]
    pub workload_share: f64,
    /// Processes of Detect that share the events of one pull
    #[arg(long, default_value = "3", value_name = "N", value_parser = amount)]
    pub processes: f64,
    /// `each`: a record for each clear call; `count`: none
    #[arg(long, value_enum, default_value = "each", hide_possible_values = true)]
    pub clear: Clear,
    /// Incidents a day
    #[arg(long, default_value = "10", value_name = "N", value_parser = amount)]
    pub incidents_per_day: f64,
    /// State transitions of one incident
    #[arg(long, default_value = "25", value_name = "N", value_parser = amount)]
    pub transitions: f64,
    /// Milliseconds for which one invocation of Detect is billed
    #[arg(long, default_value = "20", value_name = "MS", value_parser = amount)]
    pub detect_ms: f64,
    /// Milliseconds of one execution of triage, which AWS rounds up to the next 100
    #[arg(long, default_value = "100", value_name = "MS", value_parser = amount)]
    pub triage_ms: f64,
    /// Bytes that one invocation leaves in the log
    #[arg(long, default_value = "400", value_name = "BYTES", value_parser = amount)]
    pub log_bytes: f64,
    /// Files that the trail delivers in an hour for the account and region
    #[arg(long, default_value = "60", value_name = "N", value_parser = amount)]
    pub trail_files_per_hour: f64,
    /// Seconds for which one run of Reconcile is billed
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = amount)]
    pub reconcile_seconds: f64,
    /// Another table of prices, of the form of the built-in one
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// `table` for people; `json`: one object with the parts, the assumptions and the prices
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
}

/// How clear calls are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clear {
    /// A record for each.
    Each,
    /// None.
    Count,
}

impl CostArgs {
    /// What the bill rests on.
    #[must_use]
    pub fn assumed(&self) -> Assumptions {
        Assumptions {
            events_per_day: self.events_per_day,
            pulls_per_day: self.pulls_per_day,
            pass_rate: self.pass_rate,
            workload_share: self.workload_share,
            processes: self.processes,
            clear_each: self.clear == Clear::Each,
            incidents_per_day: self.incidents_per_day,
            transitions: self.transitions,
            detect_ms: self.detect_ms,
            triage_ms: self.triage_ms,
            log_bytes: self.log_bytes,
            trail_files_per_hour: self.trail_files_per_hour,
            reconcile_seconds: self.reconcile_seconds,
            ..Assumptions::default()
        }
    }
}

fn amount(text: &str) -> Result<f64, String> {
    let number = text.replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite());
    number
        .filter(|number| (0.0..=1e15).contains(number))
        .ok_or_else(|| "say a number, 0 or more, such as 10_000_000".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "say a share from 0 to 1, such as 0.05 for 5 %".to_owned())
}

pub(super) const COST_EXAMPLES: &str = "\
Examples:
  layerguard cost --events-per-day 10_000_000
  layerguard cost --events-per-day 10_000_000 \\
    --pass-rate 0.05
  layerguard cost --events-per-day 1_000_000 \\
    --pulls-per-day 600_000 --pass-rate 0.05 --clear count
  layerguard cost --events-per-day 1_000_000 \\
    --format json | jq .month

Counts what Detect asks of the tables for one pull as a test of the sources counts it. The rest is assumed, and printed: set what you \
have measured. On demand, without the free tier, without tax. AWS's own figures for your account decide.";

/// What the exit statuses of `cost` mean.
pub(super) const COST_EXITS: &str = "\
Exit status:
  0  done
  2  the command line or the table of prices cannot be used as given";
