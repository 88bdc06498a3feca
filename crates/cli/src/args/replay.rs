//! What can be typed after `replay`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};

use crate::typed::account;
use crate::when::{When, when};

/// `replay`.
#[derive(Debug, Group)]
pub struct ReplayArgs {
    /// What is ours (TOML); without it nobody is listed and every network is unknown
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// A folder whose rules and playbooks are laid over the built-in ones: a file replaces the one of the same name, the others stand
    #[arg(long, value_name = "DIR")]
    pub policy: Option<PathBuf>,
    /// Report what happened at or after this: 2026-11-01, a full time, or a span before now such as 90d or 12h
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub since: Option<When>,
    /// Report what happened until then; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub until: Option<When>,
    /// Only the trails of this account; may be said several times
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub account: Vec<String>,
    /// Only this region; may be said several times
    #[arg(long, value_name = "REGION")]
    pub region: Vec<String>,
    /// Files that are read at the same time; as many as there are processors unless said
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// `table`: the report for people; `html`: the same as one page with charts; `json`: as one object; `records`: what `explain --format json` prints, in order of time
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ReplayFormat,
    /// Also assess by this folder's policy and inventory (`inventory.toml`), and report what would change
    #[arg(long, value_name = "DIR")]
    pub compare: Option<PathBuf>,
    /// Files, folders and globs; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// How `replay` reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// For people.
    Table,
    /// For people, as one page with charts.
    Html,
    /// For programs.
    Json,
    /// One object per record.
    Records,
}

pub(super) const REPLAY_EXAMPLES: &str = "\
Examples:
  layerguard replay --inventory ours.toml trail/
  layerguard replay --inventory ours.toml --since 90d \\
    --account 111122223333 trail/AWSLogs
  layerguard replay --inventory ours.toml --format json \\
    'export/*.csv.gz' | jq .incidents
  layerguard replay --inventory ours.toml \\
    --compare ./next trail/

Reads log files as CloudTrail delivers them, JSON lines, and exports of CloudTrail Lake and Athena (CSV or JSON), each also \
compressed with gzip. In CloudTrail's folder layout, folders outside of the time, the accounts and the regions that are asked for are not opened. \
Memory does not grow with the size of the logs.";

/// What the exit statuses of `replay` mean.
pub(super) const REPLAY_EXITS: &str = "\
Exit status:
  0  done, whatever was found
  2  the command line, the inventory or the policy cannot be used as given
  3  something could not be read, an empty file included; what can be read is still reported";
