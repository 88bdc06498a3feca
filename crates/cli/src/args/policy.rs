//! What can be typed after `policy`.

use clap::Subcommand;

use super::pattern::{PATTERN_EXAMPLES, PATTERN_EXITS, PatternArgs};
use crate::help::MORE;

/// `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Compile the inventory into an event pattern that drops what would surely be clear
    #[command(after_help = MORE, after_long_help = format!("{PATTERN_EXAMPLES}\n\n{PATTERN_EXITS}"))]
    Pattern(PatternArgs),
}
