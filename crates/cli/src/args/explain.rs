//! What can be typed after `explain`.

use std::path::PathBuf;

use clap::Args as Group;

use super::Format;

/// `explain`.
#[derive(Debug, Group)]
pub struct ExplainArgs {
    /// What is ours (TOML); without it nobody is listed and every network is unknown
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// A folder whose rules and playbooks are laid over the built-in ones: a file replaces the one of the same name, the others stand
    #[arg(long, value_name = "DIR")]
    pub policy: Option<PathBuf>,
    /// `text`: blocks for people; `json`: one object per record, in the order of the input
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Files with CloudTrail records; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// What the exit statuses of `explain` mean.
pub(super) const EXPLAIN_EXITS: &str = "\
Exit status:
  0  nothing found (an empty list of records too)
  1  violations or undecided calls were found
  2  the command line, the inventory or the policy cannot be used as given
  3  something could not be read, an empty file included; what can be read is still reported";

/// Of `explain`.
pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  layerguard explain --inventory ours.toml event.json
  zcat trail/*.json.gz | layerguard explain -
  layerguard explain --inventory ours.toml --format json \\
    trail/*.json.gz | jq -r .assessment
  aws cloudtrail lookup-events --output json \\
    | jq -c '.Events[].CloudTrailEvent | fromjson' \\
    | layerguard explain --inventory ours.toml -

Reads bare records, EventBridge events, {\"Records\": [...]}, lists and JSON lines, each also compressed with gzip. \
The records of one run share their history: registry logins and incidents are kept by event time, whatever the order.";
