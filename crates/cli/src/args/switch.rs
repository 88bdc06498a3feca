//! What can be typed after `pause` and `resume`.

use clap::Args as Group;
use jiff::SignedDuration;

use super::StackArgs;
use crate::typed::{said, seconds, span};

/// `pause`.
#[derive(Debug, Group)]
pub struct PauseArgs {
    /// How long: `30m`, `4h`; at most 24 hours
    #[arg(long = "for", default_value = "1h", value_name = "SPAN", value_parser = span)]
    pub span: SignedDuration,
    /// Why, for the record and for the people who are told
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `resume`.
#[derive(Debug, Group)]
pub struct ResumeArgs {
    /// Why, for the record and for the people who are told
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Seconds to wait until the answer is verified; 0 does not wait
    #[arg(long, default_value = "90", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `pause`.
pub(super) const PAUSE_EXAMPLES: &str = "\
Examples:
  layerguard pause --for 4h --comment \"a migration\"

Takes effect at once: until then layerguard tells what it finds and changes nothing; taking back still works. It is \
recorded, and people are told.";

/// Of `resume`.
pub(super) const RESUME_EXAMPLES: &str = "\
Examples:
  layerguard resume --comment \"the migration is done\"

Signs an STS request with your own credentials, as `approve` does: only somebody on call ends a pause before its time.";
