//! What can be typed after `approve`, `reject` and `undo`.

use clap::Args as Group;

use super::StackArgs;
use crate::typed::{incident, said, seconds};

/// `approve` and `undo`.
#[derive(Debug, Group)]
pub struct AnswerArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Seconds to wait until the answer is verified; 0 does not wait
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `reject`.
#[derive(Debug, Group)]
pub struct RejectArgs {
    /// The incident
    #[arg(value_parser = incident)]
    pub id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Seconds to wait until the answer is verified; 0 does not wait
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `approve`.
pub(super) const APPROVE_EXAMPLES: &str = "\
Examples:
  layerguard approve 0123456789abcdef-1
  layerguard approve 0123456789abcdef-1 --wait 120 \\
    --stack prod-guard --profile on-call

Signs an STS request with your own credentials; the stack sends it to STS, believes what STS says of you, and asks its \
approval policy. Nothing in this command changes an account.";

/// Of `reject`.
pub(super) const REJECT_EXAMPLES: &str = "\
Examples:
  layerguard reject 0123456789abcdef-1 --comment \"planned\"";

/// Of `undo`.
pub(super) const UNDO_EXAMPLES: &str = "\
Examples:
  layerguard undo 0123456789abcdef-1
  layerguard undo 0123456789abcdef-1 --wait 120 \\
    --comment \"false positive\"

Takes back exactly what layerguard changed. Where somebody else changed it in between, nothing is touched and you are told.";
