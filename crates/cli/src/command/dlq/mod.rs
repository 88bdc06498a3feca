//! `dlq list` and `dlq redrive`: the failed-events queue. What waits there was not judged yet.
//!
//! Neither shows an event as a whole, and neither loses one: a message is deleted only after the chain has judged its event, or when
//! there is nothing in it to judge.

pub mod letter;
mod list;
mod redrive;

use jiff::SignedDuration;
use layerguard_core::ports::{AuditLog, Clock, FailedEvents, PortError, Triage};

use self::letter::Letter;
use crate::failure::Failure;

pub use list::list;
pub use redrive::{Outcome, Redriven, redrive};

/// What both commands work over.
pub struct Letters<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The region.
    pub region: &'a str,
    /// The queue.
    pub queue: &'a dyn FailedEvents,
    /// The machine that judges an event.
    pub triage: &'a dyn Triage,
    /// Where it is recorded what it came to.
    pub audit: &'a dyn AuditLog,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl Letters<'_> {
    fn failed(&self) -> impl Fn(PortError) -> Failure + '_ {
        |error| {
            let remedy = format!("use a session with the managed policy `{}-operator`", self.stack);
            let failure = Failure::port(&error, self.stack, self.region);
            match &error.kind {
                layerguard_core::ports::PortErrorKind::Denied(code) if code.starts_with("AccessDenied") => {
                    failure.remedy(remedy)
                }
                _ => failure,
            }
        }
    }

    /// Lets others see these messages again. Where that fails they are seen when their time is up, so there is nothing to tell.
    async fn give_back(&self, letters: &[Letter]) {
        for letter in letters {
            let _hidden_a_while = self.queue.give_back(&letter.message).await;
        }
    }

    async fn take(&self, hidden_for: SignedDuration) -> Result<Vec<Letter>, Failure> {
        let taken = self.queue.take(hidden_for).await.map_err(self.failed())?;
        Ok(taken.into_iter().map(Letter::of).collect())
    }
}
