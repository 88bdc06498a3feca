//! What a check came to.

use layerguard_core::ports::{PortError, PortErrorKind};
use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Works, and somebody should know.
    Warning,
    /// Could not be looked at: neither good nor bad.
    Unchecked,
    /// Does not work.
    Failed,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unchecked => "unchecked",
            Self::Failed => "failed",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check, for example `trail`.
    pub check: &'static str,
    /// How it ended.
    pub status: Status,
    /// What was found, in words.
    pub found: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it; `None` where nothing is to be done.
    pub remedy: Option<String>,
    /// The IAM permissions that looking at it needs.
    pub needs: &'static [&'static str],
}

/// A check: what it is called, why it matters, and which permissions it needs.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The IAM permissions that looking needs.
    pub needs: &'static [&'static str],
}

impl Check {
    /// It is as it should be.
    #[must_use]
    pub fn ok(self, found: impl Into<String>) -> Finding {
        self.finding(Status::Ok, found.into(), None)
    }

    /// It works, and somebody should know.
    #[must_use]
    pub fn warning(self, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        self.finding(Status::Warning, found.into(), Some(remedy.into()))
    }

    /// It does not work.
    #[must_use]
    pub fn failed(self, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        self.finding(Status::Failed, found.into(), Some(remedy.into()))
    }

    /// Nobody can say from here.
    #[must_use]
    pub fn unchecked(self, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        self.finding(Status::Unchecked, found.into(), Some(remedy.into()))
    }

    /// It could not be read: what is not there has failed, what may not be looked at is undecided. `what` names the thing, `stack` the
    /// stack that should have made it.
    #[must_use]
    pub fn unread(self, what: &str, error: &PortError, stack: &str) -> Finding {
        match &error.kind {
            PortErrorKind::NotFound => self.failed(
                format!("{what} does not exist"),
                format!("deploy the template again: `sam deploy --stack-name {stack}`; or is it another --stack or --region?"),
            ),
            PortErrorKind::Denied(code) => self.unchecked(
                format!("{what} may not be looked at ({code})"),
                format!("allow {}, for example by the managed policy `{stack}-operator`", self.needs.join(", ")),
            ),
            kind => self.unchecked(format!("{what} could not be read: {kind}"), "try again"),
        }
    }

    fn finding(self, status: Status, found: String, remedy: Option<String>) -> Finding {
        Finding { check: self.name, status, found, why: self.why, remedy, needs: self.needs }
    }
}
