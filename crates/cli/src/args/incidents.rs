//! What can be typed after `incidents`.

use clap::{Args as Group, Subcommand};
use jiff::Timestamp;

use super::{Format, ListFormat, StackArgs};
use crate::help::{MORE, STACK_EXITS};
use crate::typed::{Cursor, account, cursor, incident, interval};
use crate::when::{When, when};

/// `incidents ...`.
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// Open incidents, oldest first, then closed ones, latest first
    #[command(after_help = MORE, after_long_help = format!("{LIST_EXAMPLES}\n\n{STACK_EXITS}"))]
    List(ListArgs),
    /// One incident on one screen
    #[command(after_help = MORE, after_long_help = format!("{SHOW_EXAMPLES}\n\n{STACK_EXITS}"))]
    Show(ShowArgs),
    /// A line for each new incident and each change, until Ctrl-C
    #[command(after_help = MORE, after_long_help = format!("{WATCH_EXAMPLES}\n\n{STACK_EXITS}"))]
    Watch(WatchArgs),
}

/// `incidents list`.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// Only open ones
    #[arg(long)]
    pub open: bool,
    /// Only those opened since: a span such as `24h` or `7d`, a date, or a time such as `2026-11-20T09:30:00Z`
    #[arg(long, value_name = "WHEN", value_parser = when, help_heading = "Filters")]
    pub since: Option<When>,
    /// Only of this principal: part of its name, session or ARN, or a pattern with `*` and `?` over the whole ARN
    #[arg(long, value_name = "WHO", help_heading = "Filters")]
    pub principal: Option<String>,
    /// Only where this rule fired: its id, or a pattern with `*` and `?`
    #[arg(long, value_name = "RULE", help_heading = "Filters")]
    pub rule: Option<String>,
    /// Only where this account is that of the trail or of the principal
    #[arg(long, value_name = "ACCOUNT", value_parser = account, help_heading = "Filters")]
    pub account: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Go on where an earlier list ended, as it said
    #[arg(long, value_name = "PLACE", value_parser = cursor)]
    pub after: Option<Cursor>,
    /// `table` for people; `json`: one object per line
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

impl ListArgs {
    /// From when on, at this moment.
    #[must_use]
    pub fn since_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.since.map(|since| since.from(now))
    }
}

/// `incidents show`.
#[derive(Debug, Group)]
pub struct ShowArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Leave out what is read beside the record: images, the role, what happened around it
    #[arg(long)]
    pub no_lookups: bool,
    /// `text` for people, or `json`: everything, nothing cut short
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `incidents watch`.
#[derive(Debug, Group)]
pub struct WatchArgs {
    /// Seconds between two looks, 1 to 3600
    #[arg(long, default_value = "5", value_name = "SECONDS", value_parser = interval, allow_negative_numbers = true)]
    pub interval: u64,
    /// `text` for people; `json`: one object per line
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `incidents`.
pub(super) const INCIDENTS_EXAMPLES: &str = "\
Examples:
  layerguard incidents list --open
  layerguard incidents show 0123456789abcdef-1
  layerguard incidents watch";

/// Of `incidents list`.
pub(super) const LIST_EXAMPLES: &str = "\
Examples:
  layerguard incidents list
  layerguard incidents list --since 7d --principal builder
  layerguard incidents list --since 2026-11-01 \\
    --principal 'arn:aws:iam::*:role/ci/*'
  layerguard incidents list --open --format json | jq -r .id";

/// Of `incidents show`.
pub(super) const SHOW_EXAMPLES: &str = "\
Examples:
  layerguard incidents show 0123456789abcdef-1
  layerguard incidents show 0123456789abcdef-1 --no-lookups
  layerguard incidents show 0123456789abcdef-1 \\
    --format json | jq .decision.plan";

/// Of `incidents watch`.
pub(super) const WATCH_EXAMPLES: &str = "\
Examples:
  layerguard incidents watch
  layerguard incidents watch --interval 30 >> incidents.log
  layerguard incidents watch --format json | jq -r .incident";
