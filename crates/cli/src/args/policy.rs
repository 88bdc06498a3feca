//! What can be typed after `policy`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

use super::pattern::{PATTERN_EXAMPLES, PATTERN_EXITS, PatternArgs};
use super::{ListFormat, StackArgs};
use crate::help::{MORE, STACK_EXITS};
use crate::typed::{said, seconds};

/// `policy ...`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Make a policy folder to start from
    #[command(after_help = MORE, after_long_help = format!("{INIT_EXAMPLES}\n\n{STACK_EXITS}"))]
    Init(InitArgs),
    /// Say what is wrong with a policy, and what is probably not meant
    #[command(after_help = MORE, after_long_help = format!("{CHECK_EXAMPLES}\n\n{CHECK_EXITS}"))]
    Check(CheckArgs),
    /// Run the cases of a policy folder against its rules
    #[command(after_help = MORE, after_long_help = format!("{TEST_EXAMPLES}\n\n{TEST_EXITS}"))]
    Test(TestArgs),
    /// Show a policy: its version, its rules, or one rule's whole text
    #[command(after_help = MORE, after_long_help = format!("{SHOW_EXAMPLES}\n\n{STACK_EXITS}"))]
    Show(ShowPolicyArgs),
    /// Say in words what changes from one policy to another
    #[command(after_help = MORE, after_long_help = format!("{DIFF_EXAMPLES}\n\n{STACK_EXITS}"))]
    Diff(DiffArgs),
    /// Put a policy in force, without deploying anything
    #[command(after_help = MORE, after_long_help = format!("{PUBLISH_EXAMPLES}\n\n{STACK_EXITS}"))]
    Publish(PublishArgs),
    /// Put a policy in force that was before
    #[command(after_help = MORE, after_long_help = format!("{ROLLBACK_EXAMPLES}\n\n{STACK_EXITS}"))]
    Rollback(RollbackArgs),
    /// Compile the inventory into an event pattern that drops what would surely be clear
    #[command(after_help = MORE, after_long_help = format!("{PATTERN_EXAMPLES}\n\n{PATTERN_EXITS}"))]
    Pattern(PatternArgs),
}

/// `policy check`.
#[derive(Debug, Group)]
pub struct CheckArgs {
    /// A policy folder: `inventory.toml`, and what is laid over the built-in policy; the current folder unless said
    #[arg(value_name = "DIR", conflicts_with_all = ["inventory", "policy"])]
    pub folder: Option<PathBuf>,
    /// The inventory, where it does not stand in the policy folder
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// A folder whose rules and playbooks are laid over the built-in ones
    #[arg(long, value_name = "DIR")]
    pub policy: Option<PathBuf>,
    /// Warnings too make the exit status 1
    #[arg(long)]
    pub strict: bool,
    /// `table` for people; `json`: one object per problem
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
}

/// Of `policy` and `policy check`.
pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  layerguard policy check
  layerguard policy check ./policy --strict
  layerguard policy check --inventory ours.toml
  layerguard policy check ./policy --format json \\
    | jq -r 'select(.severity == \"error\") | .problem'

A policy folder holds `inventory.toml` and, where something differs from the built-in policy, `rules/<rule id>.cedar`, \
`response.cedar`, `approval.cedar`, `baseline.cedar` or `playbooks.toml`. Everything is found at once: policies that do not fit their schema, \
keys that are not known, playbooks and actions that do not exist, patterns that say nothing new or match nobody, exceptions that have ended or \
soon do, networks that overlap, and that nobody is on call.";

/// What the exit statuses of `policy check` mean.
pub(super) const CHECK_EXITS: &str = "\
Exit status:
  0  nothing is wrong; warnings are shown
  1  there are errors, or warnings with --strict
  2  the command line cannot be used as given
  3  something could not be read";

/// `policy publish`.
#[derive(Debug, Group)]
pub struct PublishArgs {
    /// A policy folder with `inventory.toml`
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Why, for the record and for the people who are told
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Replay these logs first, by the policy in force and by this one
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub replay: Vec<PathBuf>,
    /// Publish only if no day of these logs has more new incidents than so many
    #[arg(long, value_name = "N", requires = "replay")]
    pub max_new_incidents_a_day: Option<u64>,
    /// Seconds to wait until it is in force; 0 does not wait
    #[arg(long, default_value = "120", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `policy rollback`.
#[derive(Debug, Group)]
pub struct RollbackArgs {
    /// A version that was in force, or how it begins, or `built-in`; the one before unless said
    #[arg(id = "to", value_name = "VERSION")]
    pub version: Option<String>,
    /// Why, for the record and for the people who are told
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub comment: String,
    /// Seconds to wait until it is in force; 0 does not wait
    #[arg(long, default_value = "120", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub wait: u64,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `policy publish`.
const PUBLISH_EXAMPLES: &str = "\
Examples:
  layerguard policy publish ./policy --comment \"mirror\"
  layerguard policy publish ./policy --stack prod-guard \\
    --comment \"the build farm moved\"
  layerguard policy publish ./policy --comment \"mirror\" \\
    --replay trail/ --max-new-incidents-a-day 3

Checks the policy, shows what changes, and signs an STS request with your own credentials, as `approve` does: only somebody on call may \
publish. The stack checks the policy again; it is recorded under its own hash, people are told, and every function goes by it within a minute. \
Refused where somebody else published meanwhile.";

/// Of `policy rollback`.
const ROLLBACK_EXAMPLES: &str = "\
Examples:
  layerguard policy rollback --comment \"too many asked\"
  layerguard policy rollback 3f2a90c1 --comment \"as before\"
  layerguard policy rollback built-in --comment \"start anew\"

`built-in` is the built-in policy with the inventory that the stack was deployed with.";

/// `policy test`.
#[derive(Debug, Group)]
pub struct TestArgs {
    /// A policy folder with `inventory.toml` and `cases`; the current folder unless said
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// `table` for people; `json`: one object
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub format: ListFormat,
}

/// `policy show`.
#[derive(Debug, Group)]
pub struct ShowPolicyArgs {
    /// Only this rule: its whole text, with what it sees, misses and what looks alike
    #[arg(value_name = "RULE_ID")]
    pub rule: Option<String>,
    /// The policy that a stack goes by, as it is recorded
    #[arg(long, conflicts_with = "policy")]
    pub published: bool,
    /// The policy of a folder; the built-in one unless said
    #[arg(long, value_name = "DIR")]
    pub policy: Option<PathBuf>,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// `policy diff`.
#[derive(Debug, Group)]
pub struct DiffArgs {
    /// A policy folder, `published`, `built-in`, or a version
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The same
    #[arg(value_name = "NEW")]
    pub new: String,
    /// Also say what changes in the answers on these logs
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub logs: Vec<PathBuf>,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `policy test`.
const TEST_EXAMPLES: &str = "\
Examples:
  layerguard policy test
  layerguard policy test ./policy
  layerguard policy test --format json | jq .never_fire

A case is a file `cases/<rule id>/fires-*.json` or `quiet-*.json` of the policy folder:
  {\"records\": [{...}], \"expect\": {\"verdict\": \"clear\",
   \"rules\": [], \"reasons_contain\": [\"is listed\"]}}

`records` are CloudTrail records in order of time: the last one is judged, the others are its history. Instead of them, `facts` may say what differs \
from a layer of your registry that a role of yours in no list downloads from an unknown network. `verdict` is clear, violation, undecided or \
unwatched; `rules` are all that fire, weightiest first; `severity`, `decision` (none, observe, ask, act; of records) and `reasons_contain` \
(parts of reasons) may be left out.";

/// What the exit statuses of `policy test` mean.
const TEST_EXITS: &str = "\
Exit status:
  0  every case comes out as it says; rules without cases are named
  1  some case does not
  2  the policy cannot be used as given
  3  something could not be read";

/// Of `policy show`.
const SHOW_EXAMPLES: &str = "\
Examples:
  layerguard policy show
  layerguard policy show ecr_pull_breadth
  layerguard policy show --published
  layerguard policy show --policy ./policy my_rule";

/// Of `policy diff`.
const DIFF_EXAMPLES: &str = "\
Examples:
  layerguard policy diff published ./policy
  layerguard policy diff built-in ./policy
  layerguard policy diff 3f2a90c1 published
  layerguard policy diff published ./policy --logs trail/

A stack is asked only where `published` or a version is named. `built-in` has the inventory of the other side, so that only rules, responses and \
playbooks are compared.";

/// `policy init`.
#[derive(Debug, Group)]
pub struct InitArgs {
    /// The folder; the current one unless said
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Logs in which whoever pulled is looked for, as `replay` reads them
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub from_logs: Vec<PathBuf>,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `policy init`.
const INIT_EXAMPLES: &str = "\
Examples:
  layerguard policy init ./policy
  layerguard policy init ./policy --from-logs trail/

Writes `inventory.toml` with its keys explained, a README and one case. What is there already stays as it is. The account is that of your \
credentials, where there are any; the organisation and its other accounts you fill in yourself.";
