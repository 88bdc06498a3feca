//! What became of each step, as the records tell it.

use std::collections::BTreeMap;

use super::{Done, StepResult};
use crate::audit::body::{NotificationKind, Outcome, OutcomeResult, UndoOutcome, UndoResult};
use crate::audit::{Body, Entry, History};

impl Done {
    /// The latest outcome of each step that has one, in the order in which they came about.
    #[must_use]
    pub fn all(history: &History) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut actions: BTreeMap<u32, &str> = BTreeMap::new();
        for entry in history.entries() {
            match &entry.body {
                Body::Decision(decision) => {
                    actions.extend(decision.plan.steps.iter().map(|step| (step.number, step.action.as_str())));
                }
                Body::Intent(intent) => drop(actions.insert(intent.step, &intent.action)),
                _ => {}
            }
            let Some(done) = Self::of(entry) else { continue };
            all.retain(|known| known.step != done.step);
            let action = actions.get(&done.step).map(|action| (*action).to_owned());
            all.push(Self { action, ..done });
        }
        all
    }

    /// The outcome that this record holds, if it holds one; which action it was, another record says.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        let (step, result, remark) = match &entry.body {
            Body::Outcome(outcome) => {
                let remark = outcome.detail.clone().filter(|_| outcome.result != OutcomeResult::Failed);
                (outcome.step, outcome.into(), remark)
            }
            Body::UndoOutcome(undo) => (undo.step, undo.into(), None),
            _ => return None,
        };
        Some(Self { step, action: None, result, at: entry.time, remark })
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

/// How many messages about the incident are recorded as sent. One that was only counted in the summary of a storm is none.
#[must_use]
pub fn told_before(history: &History) -> u32 {
    let told = history.entries().iter().filter(|entry| match &entry.body {
        Body::Notification(told) => told.kind != NotificationKind::Summarised,
        _ => false,
    });
    u32::try_from(told.count()).unwrap_or(u32::MAX)
}

impl StepResult {
    /// The word in announcements.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NothingToDo => "nothing_to_do",
            Self::Failed(_) => "failed",
            Self::Undone => "undone",
            Self::NothingToUndo => "nothing_to_undo",
            Self::Drifted(_) => "drifted",
            Self::UndoFailed(_) => "undo_failed",
        }
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
            UndoResult::Undone => Self::Undone,
            UndoResult::NothingToDo => Self::NothingToUndo,
            UndoResult::Drifted => Self::Drifted(detail),
            UndoResult::Failed => Self::UndoFailed(detail),
        }
    }
}
