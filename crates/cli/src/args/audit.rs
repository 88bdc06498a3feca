//! What can be typed after `audit`.

use clap::{ArgGroup, Args as Group, Subcommand};

use super::StackArgs;
use crate::help::{MORE, STACK_EXITS};
use crate::typed::incident;

/// `audit ...`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Recompute the hash chains and name the record that does not fit
    #[command(after_help = MORE, after_long_help = format!("{VERIFY_EXAMPLES}\n\n{STACK_EXITS}"))]
    Verify(VerifyArgs),
}

/// `audit verify`.
#[derive(Debug, Group)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "all"]))]
pub struct VerifyArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: Option<String>,
    /// Every incident of the stack
    #[arg(long)]
    pub all: bool,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `audit verify`.
pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  layerguard audit verify 0123456789abcdef-1
  layerguard audit verify --all --stack prod-guard";
