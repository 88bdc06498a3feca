//! How many records came out how, and what that means for the exit status.

use layerguard_core::engine::Verdict;

use crate::exit::Exit;

/// How many records came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Authorised.
    pub clear: u64,
    /// Not authorised.
    pub violations: u64,
    /// Not decided.
    pub undecided: u64,
    /// No rule is about them.
    pub unwatched: u64,
    /// Could not be read.
    pub unreadable: u64,
    /// Incidents that violations and undecided calls make up.
    pub incidents: usize,
}

impl Count {
    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Clear => self.clear += 1,
            Verdict::Violation => self.violations += 1,
            Verdict::Undecided => self.undecided += 1,
            Verdict::Unwatched => self.unwatched += 1,
        }
    }

    pub(super) const fn exit(&self) -> Exit {
        if self.unreadable > 0 {
            Exit::Unreachable
        } else if self.violations > 0 || self.undecided > 0 {
            Exit::No
        } else {
            Exit::Done
        }
    }
}
