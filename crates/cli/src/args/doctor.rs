//! What can be typed after `doctor`.

use std::path::PathBuf;

use clap::Args as Group;

use super::{Format, StackArgs};

/// `doctor`.
#[derive(Debug, Group)]
pub struct DoctorArgs {
    /// The inventory that should be deployed (TOML); without it the deployed one is only read
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// `text` for people; `json`: one object with all checks
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `doctor`.
pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  layerguard doctor
  layerguard doctor --stack prod-guard --inventory ours.toml
  layerguard doctor --format json \\
    | jq '.checks[] | select(.status != \"ok\")'

Only reads. The managed policy `<stack>-operator` of the template allows all that it looks at.";

/// What the exit statuses of `doctor` mean.
pub(super) const DOCTOR_EXITS: &str = "\
Exit status:
  0  all is well; warnings are shown
  1  something does not work
  2  the command line, or the inventory file, cannot be used as given
  3  nothing was found broken, but something could not be looked at";
