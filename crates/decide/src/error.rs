//! What can go wrong while deciding.

use layerguard_core::audit::AuditError;
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::{PortError, PortErrorKind};
use thiserror::Error;

/// Why Decide could not do what it was asked.
#[derive(Debug, Error)]
pub enum DecideError {
    /// No row of this id: whoever started the execution invented it, or the table was restored to an older state.
    #[error("incident `{0}` does not exist: nothing was decided")]
    UnknownIncident(String),
    /// A port failed.
    #[error("deciding on incident `{incident}` failed")]
    Port {
        /// The incident.
        incident: String,
        /// Why.
        #[source]
        source: PortError,
    },
    /// The audit chain could not be extended.
    #[error("a record of incident `{incident}` could not be written")]
    Audit {
        /// The incident.
        incident: String,
        /// Why.
        #[source]
        source: AuditError,
    },
    /// A record or plan could not be written as JSON.
    #[error("a record of incident `{incident}` could not be put into words")]
    Body {
        /// The incident.
        incident: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Events kept joining while it was being decided.
    #[error("incident `{0}` changed faster than it could be decided")]
    Restless(String),
    /// The hub was entered again and again without getting anywhere.
    #[error("incident `{0}` was decided {1} times without coming to an end")]
    Endless(String, u32),
    /// The payload is no task of this function.
    #[error("the payload is not a task of this function")]
    Task(#[source] serde_json::Error),
    /// No policy could be loaded.
    #[error("there is no policy to decide by: {0}")]
    Policy(String),
}

impl Classified for DecideError {
    fn class(&self) -> Class {
        match self {
            Self::UnknownIncident(_) | Self::Task(_) => Class::InvalidInput,
            Self::Port { source, .. } => source.class(),
            Self::Audit { source, .. } => source.class(),
            Self::Restless(_) => Class::Retryable,
            Self::Body { .. } | Self::Endless(..) => Class::Stuck,
            Self::Policy(_) => Class::Permanent,
        }
    }
}

impl DecideError {
    /// Another invocation, or an event that joined, was faster: a new look may find nothing left to do.
    pub(crate) fn is_race(&self) -> bool {
        match self {
            Self::Port { source, .. } => source.kind == PortErrorKind::Conflict,
            Self::Audit { source, .. } => matches!(source, AuditError::Illegal { .. } | AuditError::Busy { .. }),
            _ => false,
        }
    }
}
