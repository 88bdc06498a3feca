//! What can be typed after `dlq`.

use clap::{Args as Group, Subcommand};

use super::{ListFormat, StackArgs};
use crate::help::{MORE, STACK_EXITS};
use crate::typed::seconds;

/// `dlq ...`.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// What waits in the failed-events queue, and why
    #[command(after_help = MORE, after_long_help = format!("{LIST_EXAMPLES}\n\n{STACK_EXITS}"))]
    List(DlqListArgs),
    /// Run what waits through the chain again; what fails again stays
    #[command(after_help = MORE, after_long_help = format!("{REDRIVE_EXAMPLES}\n\n{REDRIVE_EXITS}"))]
    Redrive(DlqRedriveArgs),
}

/// `dlq list`.
#[derive(Debug, Group)]
pub struct DlqListArgs {
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// `table` for people; `json`: one object per line
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `dlq redrive`.
#[derive(Debug, Group)]
pub struct DlqRedriveArgs {
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// At most so many; without it all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Seconds to wait until an event is judged; what takes longer stays in the queue
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// `table` for people; `json`: one object per line
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `dlq`.
pub(super) const DLQ_EXAMPLES: &str = "\
Examples:
  layerguard dlq list
  layerguard dlq redrive --dry-run
  layerguard dlq redrive";

/// Of `dlq list`.
pub(super) const LIST_EXAMPLES: &str = "\
Examples:
  layerguard dlq list
  layerguard dlq list --limit 1000 --format json \\
    | jq -r .reason

Consumes nothing: a message is out of others' sight for a moment. Needs the managed policy `<stack>-operator`.";

/// Of `dlq redrive`.
pub(super) const REDRIVE_EXAMPLES: &str = "\
Examples:
  layerguard dlq redrive --dry-run
  layerguard dlq redrive --limit 100 --wait 60

An event is known by its id: judging it twice changes nothing. A message is deleted only after the call's record is there.";

/// What the exit statuses of `dlq redrive` mean.
const REDRIVE_EXITS: &str = "\
Exit status:
  0  nothing waits any more that was tried
  1  messages stay: unreadable, or not judged again
  2  the command line cannot be used as given
  3  something could not be read or reached";
