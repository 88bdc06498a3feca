//! What can be typed after `exception`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

use super::StackArgs;
use crate::help::{MORE, STACK_EXITS};
use crate::typed::{days, incident, said};

/// `exception ...`.
#[derive(Debug, Subcommand)]
pub enum ExceptionCommand {
    /// Turn a false positive into exceptions, ready for the inventory
    #[command(after_help = MORE, after_long_help = format!("{PROPOSE_EXAMPLES}\n\n{STACK_EXITS}"))]
    Propose(ProposeArgs),
}

/// `exception propose`.
#[derive(Debug, Group)]
pub struct ProposeArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Days until it ends, 1 to 365
    #[arg(long, default_value = "30", value_name = "N", value_parser = days, allow_negative_numbers = true)]
    pub days: u16,
    /// Who answers for it; else whoever uses these credentials
    #[arg(long, value_name = "NAME", value_parser = said)]
    pub owner: Option<String>,
    /// Why it is no violation
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub reason: Option<String>,
    /// Your inventory: what is proposed is checked as a part of it
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `exception propose`, and of `exception`.
pub(super) const PROPOSE_EXAMPLES: &str = "\
Examples:
  layerguard exception propose 0123456789abcdef-1
  layerguard exception propose 0123456789abcdef-1 \\
    --days 14 --owner platform@example.com \\
    --reason \"a mirror\" >> inventory.toml

Changes nothing: the exceptions go to standard output and count once the inventory with them is deployed.";
