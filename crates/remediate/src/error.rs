//! What can go wrong in Remediate.

use layerguard_core::action::ActionError;
use layerguard_core::audit::{AuditError, Break, NotAuthorised};
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::PortError;
use thiserror::Error;

/// Why a task was not done. What is the fault of a step alone is no error: it is recorded as the step's outcome.
#[derive(Debug, Error)]
pub enum RemediateError {
    /// The payload is not a task.
    #[error("could not read the task; known are `apply`, `undo`, `report` and `lift_due`")]
    Task(#[source] serde_json::Error),
    /// The answer cannot be written, which no answer of ours does.
    #[error("could not write the answer")]
    Answer(#[source] serde_json::Error),
    /// There are no records of such an incident.
    #[error("there is no incident `{0}`")]
    UnknownIncident(String),
    /// The records do not allow it. Nothing was touched.
    #[error("step {step} of incident `{incident}` is not to be done")]
    NotAuthorised {
        /// The incident.
        incident: String,
        /// The step.
        step: u32,
        /// Why not.
        #[source]
        source: NotAuthorised,
    },
    /// The chain of records is broken: nothing in it can be relied on.
    #[error(
        "the audit records of `{incident}` are broken at {count} place(s); see `layerguard audit verify {incident}`"
    )]
    Broken {
        /// The incident.
        incident: String,
        /// How many breaks there are.
        count: usize,
        /// The first of them.
        #[source]
        first: Break,
    },
    /// Records could not be read or written.
    #[error("could not keep the records of what is done")]
    Audit(#[from] AuditError),
    /// The state table or the topic did not answer.
    #[error("could not do task `{task}`")]
    Port {
        /// The task.
        task: &'static str,
        /// Why.
        #[source]
        source: PortError,
    },
    /// The step may succeed when it is tried again.
    #[error("step {step} of incident `{incident}` was interrupted")]
    Interrupted {
        /// The incident.
        incident: String,
        /// The step.
        step: u32,
        /// Why.
        #[source]
        source: ActionError,
    },
    /// The account of the step, or the stop switch, did not answer.
    #[error("step {step} of incident `{incident}` could not begin")]
    Unreachable {
        /// The incident.
        incident: String,
        /// The step.
        step: u32,
        /// Why.
        #[source]
        source: PortError,
    },
    /// The change was made and is not seen to stand; another look may see it.
    #[error("step {step} of incident `{incident}` was carried out and is not seen to stand yet")]
    NotSeen {
        /// The incident.
        incident: String,
        /// The step.
        step: u32,
    },
    /// Other invocations changed the records each time that this one looked.
    #[error("step {step} of incident `{incident}` did not come to an end")]
    Unending {
        /// The incident.
        incident: String,
        /// The step.
        step: u32,
    },
}

impl Classified for RemediateError {
    fn class(&self) -> Class {
        match self {
            Self::Task(_) | Self::UnknownIncident(_) => Class::InvalidInput,
            Self::Answer(_) | Self::NotAuthorised { .. } => Class::Permanent,
            Self::Broken { .. } => Class::Stuck,
            Self::Audit(source) => source.class(),
            Self::Port { source, .. } | Self::Unreachable { source, .. } => source.class(),
            Self::Interrupted { source, .. } => source.class(),
            Self::NotSeen { .. } | Self::Unending { .. } => Class::Retryable,
        }
    }
}

/// An error with its causes, in one line for a record.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
