//! What can be typed after `drill`.

use clap::Args as Group;
use jiff::SignedDuration;

use super::{Format, StackArgs};
use crate::typed::span;

/// `drill`.
#[derive(Debug, Group)]
pub struct DrillArgs {
    /// Follow it until the session of the drill is cut off; where the mode asks, somebody on call has to approve
    #[arg(long)]
    pub contain: bool,
    /// How long to wait for all of it: `5m`, `1h`
    #[arg(long, default_value = "5m", value_name = "SPAN", value_parser = span)]
    pub timeout: SignedDuration,
    /// `text` for people, or `json`: one object
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Format,
    /// Where the stack is.
    #[command(flatten)]
    pub stack: StackArgs,
}

/// Of `drill`.
pub(super) const DRILL_EXAMPLES: &str = "\
Examples:
  layerguard drill
  layerguard drill --contain --timeout 30m
  layerguard drill --format json | jq .hops

Deploy with Drill=enabled and attach the managed policies `<stack>-operator` and `<stack>-driller`. The drill's role pulls \
one empty layer from the drill's repository: a real violation, whose session is named `layerguard-drill-...`, so that people \
see what it is; alerts and incidents of the drill's role begin with DRILL. The image is deleted as soon as it was pulled, \
also when Ctrl-C stops the drill, which then says what is left.";

/// What the exit statuses of `drill` mean.
pub(super) const DRILL_EXITS: &str = "\
Exit status:
  0  everything arrived
  1  something did not arrive in time; it is named, and where to look
  2  the command line cannot be used as given
  3  the drill could not be made, or something could not be reached";
