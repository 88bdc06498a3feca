//! What can go wrong while detecting.

use layerguard_core::audit::AuditError;
use layerguard_core::cloudtrail::RecordError;
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::PortError;
use thiserror::Error;

/// Why an event could not be handled. Whatever it is, triage keeps the event.
#[derive(Debug, Error)]
pub enum DetectError {
    /// The payload is no CloudTrail record.
    #[error("the event could not be read")]
    Record(#[source] RecordError),
    /// The activity of the session could not be read or remembered.
    #[error("the recent activity of the session could not be looked up")]
    Activity(#[source] PortError),
    /// The assessment could not be recorded.
    #[error("the assessment could not be recorded")]
    Audit(#[source] AuditError),
    /// The incident could not be opened or joined.
    #[error("the event could not be added to its incident")]
    Incident(#[source] PortError),
}

impl Classified for DetectError {
    fn class(&self) -> Class {
        match self {
            Self::Record(_) => Class::InvalidInput,
            Self::Activity(source) | Self::Incident(source) => source.class(),
            Self::Audit(source) => source.class(),
        }
    }
}
