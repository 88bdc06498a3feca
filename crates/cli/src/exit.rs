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
