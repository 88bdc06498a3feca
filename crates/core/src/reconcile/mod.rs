//! Reconciling: what a trail delivered into its bucket against what was assessed. Delivery to EventBridge is best effort (AWS facts,
//! section 2), so what was not received is found here, and run through the same chain.
//!
//! [`Desk::survey`] reads the files of some hours and asks which events have their record. [`Desk::begin`] records what is missing before
//! anything is run, [`Desk::run`] starts triage with it, [`Desk::look`] asks again, and [`Desk::finish`] records what it came to. Whoever
//! dies in between loses nothing: what was recorded as missing and has its record later counts as recovered.

mod account;
mod digest;
mod due;
mod hour;
pub mod layout;
mod read;
pub mod rules;
mod standing;
mod survey;

use thiserror::Error;

pub use digest::Digest;
pub use due::{Due, LOOKED_BACK, SETTLED_AFTER, due};
pub use hour::Hour;
pub use layout::{Delivery, Place};
pub use read::{Heard, Listener, Missed, Reading};
pub use standing::{Change, Standing, standings};
pub use survey::{Looked, Seen, Survey, Wanted};

use crate::assess::Assessor;
use crate::audit::AuditError;
use crate::error::{Class, Classified};
use crate::ports::{AssessedCalls, AuditLog, Clock, PortError, RuleStates, TrailFiles, Triage};

/// What reconciling works over.
pub struct Desk<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// Who writes the records: `reconcile` or `cli`.
    pub actor: &'a str,
    /// The policy; `None` where it cannot be read: then every watched call is judged, as Detect does it.
    pub policy: Option<&'a Assessor>,
    /// The trail's files.
    pub files: &'a dyn TrailFiles,
    /// Which calls have their record.
    pub calls: &'a dyn AssessedCalls,
    /// Where it is recorded.
    pub log: &'a dyn AuditLog,
    /// What judges an event.
    pub triage: &'a dyn Triage,
    /// The states of the stack's rules.
    pub rules: &'a dyn RuleStates,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// Why reconciling ended early.
#[derive(Debug, Error)]
pub enum ReconcileError {
    /// The trail's files could not be listed.
    #[error("the trail's files could not be listed")]
    Files(#[source] PortError),
    /// The trail's bucket holds nothing of the account.
    #[error(
        "`{root}` holds nothing of account {account}: is it the bucket and the prefix of a trail that records this account?"
    )]
    NothingThere {
        /// Where it was looked.
        root: String,
        /// The account.
        account: String,
    },
    /// It could not be told which events have their record.
    #[error("it could not be told which events were assessed")]
    Calls(#[source] PortError),
    /// The states of the rules could not be told.
    #[error("the states of the rules could not be told")]
    Rules(#[source] PortError),
    /// A missing event could not be run.
    #[error("a missing event could not be run")]
    Triage(#[source] PortError),
    /// What it came to could not be recorded.
    #[error("what the hour came to could not be recorded")]
    Audit(#[source] AuditError),
    /// How far it is could not be read or kept.
    #[error("it could not be told or kept which hours are done")]
    Hours(#[source] PortError),
}

impl ReconcileError {
    /// What the outside answered, where it did.
    #[must_use]
    pub const fn port(&self) -> Option<&PortError> {
        match self {
            Self::Files(error) | Self::Calls(error) | Self::Rules(error) | Self::Triage(error) | Self::Hours(error) => {
                Some(error)
            }
            Self::Audit(AuditError::Port { source, .. }) => Some(source),
            Self::NothingThere { .. } | Self::Audit(_) => None,
        }
    }
}

impl Classified for ReconcileError {
    fn class(&self) -> Class {
        match self {
            Self::Audit(error) => error.class(),
            Self::NothingThere { .. } => Class::InvalidInput,
            Self::Files(error) | Self::Calls(error) | Self::Rules(error) | Self::Triage(error) | Self::Hours(error) => {
                error.class()
            }
        }
    }
}
