//! What can be typed after `findings`.

use clap::{Args as Group, Subcommand, ValueEnum};

use super::StackArgs;
use crate::help::{MORE, STACK_EXITS};
use crate::typed::incident;
use crate::when::{When, when};

/// `findings ...`.
#[derive(Debug, Subcommand)]
pub enum FindingsCommand {
    /// Write incidents as findings of AWS Security Hub or of OCSF
    #[command(after_help = MORE, after_long_help = format!("{FINDINGS_EXAMPLES}\n\n{STACK_EXITS}"))]
    Export(FindingsArgs),
}

/// `findings export`.
#[derive(Debug, Group)]
pub struct FindingsArgs {
    /// `asff`: what `batch-import-findings` takes, at most 100 findings a line; `ocsf`: one Detection Finding a line
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: FindingFormat,
    /// Only this incident
    #[arg(long, value_name = "ID", value_parser = incident, conflicts_with_all = ["since", "until"])]
    pub incident: Option<String>,
    /// Only incidents opened since: a day, a time, or a span such as `12h`, `30d` [default: 30d]
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub since: Option<When>,
    /// Only incidents opened before; a day counts whole [default: now]
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub until: Option<When>,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// A format of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    /// The AWS Security Finding Format.
    Asff,
    /// The Open Cybersecurity Schema Framework.
    Ocsf,
}

/// Of `findings`.
pub(super) const FINDINGS_EXAMPLES: &str = "\
Examples:
  layerguard findings export --format ocsf --since 7d
  layerguard findings export --format asff \\
    --incident 0123456789abcdef-1 > findings.json
  aws securityhub batch-import-findings \\
    --cli-input-json file://findings.json";
