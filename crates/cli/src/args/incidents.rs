//! What can be typed after `incidents`.

use clap::{Args as Group, Subcommand};

use super::{Format, ListFormat, StackArgs};
use crate::help::{MORE, STACK_EXITS};
use crate::typed::incident;

/// `incidents ...`.
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// Open incidents, oldest first, then closed ones, latest first
    #[command(after_help = MORE, after_long_help = format!("{LIST_EXAMPLES}\n\n{STACK_EXITS}"))]
    List(ListArgs),
    /// One incident on one screen
    #[command(after_help = MORE, after_long_help = format!("{SHOW_EXAMPLES}\n\n{STACK_EXITS}"))]
    Show(ShowArgs),
}

/// `incidents list`.
#[derive(Debug, Group)]
pub struct ListArgs {
    /// Only open ones
    #[arg(long)]
    pub open: bool,
    /// At most so many closed ones
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: u32,
    /// `table` for people; `json`: one object per line
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `incidents show`.
#[derive(Debug, Group)]
pub struct ShowArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// `text` for people, or `json`
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
  layerguard incidents show 0123456789abcdef-1";

/// Of `incidents list`.
pub(super) const LIST_EXAMPLES: &str = "\
Examples:
  layerguard incidents list
  layerguard incidents list --open --format json | jq -r .id";

/// Of `incidents show`.
pub(super) const SHOW_EXAMPLES: &str = "\
Examples:
  layerguard incidents show 0123456789abcdef-1
  layerguard incidents show 0123456789abcdef-1 \\
    --format json | jq .decision.plan";
