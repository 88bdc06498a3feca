//! What can be typed after `policy pattern`.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};

/// `policy pattern`.
#[derive(Debug, Group)]
pub struct PatternArgs {
    /// What is ours (TOML)
    #[arg(long, value_name = "FILE")]
    pub inventory: PathBuf,
    /// A folder whose rules are laid over the built-in ones
    #[arg(long, value_name = "DIR")]
    pub policy: Option<PathBuf>,
    /// A rule that may be blind to what is dropped; may be said several times
    #[arg(long, value_name = "RULE")]
    pub blind: Vec<String>,
    /// Name of the CloudFormation stack: calls of its own roles are never dropped
    #[arg(long, env = "LAYERGUARD_STACK", default_value = "layerguard", value_name = "NAME")]
    pub stack: String,
    /// `table`: for people; `json`: everything as one object; `pattern`: the pattern alone, for the template's parameter `PullsPattern`
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: PatternFormat,
    /// Logs whose traffic decides who is dropped first: files, folders and globs, as `replay` takes them
    #[arg(value_name = "PATH")]
    pub logs: Vec<PathBuf>,
}

/// How the pattern is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PatternFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// The pattern alone.
    Pattern,
}

pub(super) const PATTERN_EXAMPLES: &str = "\
Examples:
  layerguard policy pattern --inventory ours.toml trail/
  layerguard policy pattern --inventory ours.toml \\
    --blind ecr_pull_breadth \\
    --blind new_credential_then_pull trail/AWSLogs
  layerguard policy pattern --inventory ours.toml \\
    --format pattern > pulls.json

The pattern is for the template's parameter `PullsPattern`. What it drops never reaches layerguard: no record of it is kept, and no rule \
hears of it. It drops only calls that would be clear whatever else is true about them. A call that a rule over several calls reads \
(breadth, sequences, the network of a login) passes, unless `--blind` names that rule. Compile it again when the inventory or the rules \
change.";

/// What the exit statuses of `policy pattern` mean.
pub(super) const PATTERN_EXITS: &str = "\
Exit status:
  0  done
  1  nothing could be dropped
  2  the command line, the inventory or the policy cannot be used as given
  3  some of the logs could not be read; the pattern rests on the rest";
