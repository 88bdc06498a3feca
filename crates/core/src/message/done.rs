//! What became of each step, as the records tell it.

use super::{Done, StepResult};
use crate::audit::body::{Outcome, OutcomeResult, UndoOutcome, UndoResult};
use crate::audit::{Body, History};

impl Done {
    /// The latest outcome of each step that has one, in the order in which they came about.
    #[must_use]
    pub fn all(history: &History) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for entry in history.entries() {
            let (step, result) = match &entry.body {
                Body::Outcome(outcome) => (outcome.step, outcome.into()),
                Body::UndoOutcome(undo) => (undo.step, undo.into()),
                _ => continue,
            };
            all.retain(|done| done.step != step);
            all.push(Self { step, result, at: entry.time });
        }
        all
    }
}

impl From<&Outcome> for StepResult {
    fn from(outcome: &Outcome) -> Self {
        match outcome.result {
            OutcomeResult::Applied => Self::Applied,
            OutcomeResult::NothingToDo => Self::NothingToDo,
            OutcomeResult::Failed => Self::Failed(outcome.detail.clone().unwrap_or_default()),
        }
    }
}

impl From<&UndoOutcome> for StepResult {
    fn from(undo: &UndoOutcome) -> Self {
        let detail = undo.detail.clone().unwrap_or_default();
        match undo.result {
            // An undo that found nothing of ours has the same end: nothing of ours stands.
            UndoResult::Undone | UndoResult::NothingToDo => Self::Undone,
            UndoResult::Drifted => Self::Drifted(detail),
            UndoResult::Failed => Self::Failed(detail),
        }
    }
}
