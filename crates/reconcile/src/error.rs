//! What can go wrong while reconciling.

use layerguard_core::error::{Class, Classified};
use layerguard_core::reconcile::ReconcileError;

/// Why an invocation ended early. The next hour's takes again what it did not finish.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was called with something else than its schedule's task.
    #[error("the payload is not the task of the schedule, which is all that this function does")]
    Task,
    /// An hour could not be reconciled.
    #[error("the trail could not be reconciled")]
    Reconcile(#[source] ReconcileError),
}

impl Classified for Error {
    fn class(&self) -> Class {
        match self {
            Self::Task => Class::InvalidInput,
            Self::Reconcile(source) => source.class(),
        }
    }
}
