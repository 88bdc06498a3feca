//! Exit statuses: the one place that says what each means.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done; `explain` found nothing.
    Done = 0,
    /// `explain` found violations or undecided calls; elsewhere: refused, not verified, or there is no such incident.
    No = 1,
    /// The command line, the inventory or the policy cannot be used as given.
    Usage = 2,
    /// Something could not be read or reached. What could be was reported.
    Unreachable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Part of every command's help.
pub const STACK_HELP: &str = "\
Exit status:
  0  done
  1  no: refused, not verified, already decided, or there is no such incident
  2  the command line cannot be used as given
  3  something could not be read or reached, or no answer came in time";

/// Part of the help of `explain`.
pub const EXPLAIN_HELP: &str = "\
Exit status:
  0  nothing found (an empty list of records too)
  1  violations or undecided calls were found
  2  the command line, the inventory or the policy cannot be used as given
  3  something could not be read, an empty file included; what can be read is still reported";
