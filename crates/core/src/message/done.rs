//! What became of each step, out of the records.

use super::{Done, StepResult};
use crate::audit::body::{OutcomeResult, UndoResult};
use crate::audit::{Body, Entry, History};

impl Done {
    /// The latest result of each step that has one, in the order in which they came.
    #[must_use]
    pub fn latest(history: &History) -> Vec<Self> {
        let mut results: Vec<Self> = Vec::new();
        for done in history.entries().iter().filter_map(Self::of) {
            results.retain(|known| known.step != done.step);
            results.push(done);
        }
        results
    }

    /// The result that this record holds, if it holds one.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        let (step, result) = match &entry.body {
            Body::Outcome(outcome) => {
                let why = || outcome.detail.clone().unwrap_or_default();
                let result = match outcome.result {
                    OutcomeResult::Applied => StepResult::Applied,
                    OutcomeResult::NothingToDo => StepResult::NothingToDo,
                    OutcomeResult::Failed => StepResult::Failed(why()),
                };
                (outcome.step, result)
            }
            Body::UndoOutcome(undo) => {
                let how = || undo.detail.clone().unwrap_or_default();
                let result = match undo.result {
                    UndoResult::Undone => StepResult::Undone,
                    UndoResult::NothingToDo => StepResult::NothingToUndo,
                    UndoResult::Drifted => StepResult::Drifted(how()),
                    UndoResult::Failed => StepResult::UndoFailed(how()),
                };
                (undo.step, result)
            }
            _ => return None,
        };
        Some(Self { step, result, at: entry.time })
    }

    /// It is not as it was meant to be: a person must look.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        matches!(self.result, StepResult::Failed(_) | StepResult::Drifted(_) | StepResult::UndoFailed(_))
    }

    /// What became of the step, in escaped words.
    #[must_use]
    pub fn words(&self) -> String {
        super::body::result(self)
    }
}
