//! What may be done with the steps of an incident, and what was.

use std::collections::BTreeSet;

use jiff::Timestamp;
use thiserror::Error;

use super::body::{ApprovalAccepted, Intent, Outcome, OutcomeResult, UndoIntent, UndoOutcome, UndoResult};
use super::{Body, Entry, History};
use crate::approval::Verb;
use crate::plan::{Mode, Step};

/// Why a step may not be carried out or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAuthorised {
    /// No decision names the step.
    #[error("no decision names this step")]
    UnknownStep,
    /// A later decision took the place of the one that names the step.
    #[error("a later decision took the place of this step's")]
    Superseded,
    /// It changes nothing in an account.
    #[error("this step only tells people")]
    NotContainment,
    /// The decision was to do nothing but tell.
    #[error("the decision was to observe")]
    Observe,
    /// It asks, and nobody approved.
    #[error("nobody has approved this step")]
    NotApproved,
    /// A person said no.
    #[error("a person rejected the plan")]
    Rejected,
    /// A person took the measures back.
    #[error("a person took the measures back")]
    TakenBack,
    /// The incident is closed.
    #[error("the incident is closed")]
    Closed,
    /// Nothing of this step may stand.
    #[error("nothing of this step stands")]
    NothingStands,
    /// Nobody asked to take it back.
    #[error("nobody asked to take this step back")]
    UndoNotAsked,
}

impl History {
    /// Whether a step may be carried out now. A step that was begun under an earlier decision may be finished.
    ///
    /// # Errors
    /// Why not.
    pub fn authorised(&self, number: u32) -> Result<&Step, NotAuthorised> {
        let (at, decision, step) = self.decision_of(number).ok_or(NotAuthorised::UnknownStep)?;
        if !step.is_containment() {
            return Err(NotAuthorised::NotContainment);
        }
        if self.closing().is_some() {
            return Err(NotAuthorised::Closed);
        }
        if self.taking_back().is_some_and(|asked| asked > at) {
            return Err(NotAuthorised::TakenBack);
        }
        if self.intent(number).is_some() {
            return Ok(step);
        }
        if self.decided().is_some_and(|(latest, _)| latest != at) {
            return Err(NotAuthorised::Superseded);
        }
        let answer = self.answer_to(at, decision).map(|answer| answer.verb);
        match (answer, step.mode) {
            (Some(Verb::Reject), _) => Err(NotAuthorised::Rejected),
            (_, Mode::Observe) => Err(NotAuthorised::Observe),
            (_, Mode::Act) | (Some(Verb::Approve), Mode::Ask) => Ok(step),
            (_, Mode::Ask) if self.expiry_of(at, decision).is_some_and(|e| e.steps.contains(&number)) => Ok(step),
            (_, Mode::Ask) => Err(NotAuthorised::NotApproved),
        }
    }

    fn intended(&self, number: u32) -> Option<(usize, &Intent)> {
        self.latest(|body| match body {
            Body::Intent(intent) if intent.step == number => Some(&**intent),
            _ => None,
        })
    }

    /// What was captured before the step was carried out.
    #[must_use]
    pub fn intent(&self, number: u32) -> Option<&Intent> {
        self.intended(number).map(|(_, intent)| intent)
    }

    /// When the step was begun.
    #[must_use]
    pub fn begun_at(&self, number: u32) -> Option<Timestamp> {
        self.intended(number).and_then(|(at, _)| self.entries().get(at)).map(|entry| entry.time)
    }

    fn came_out(&self, number: u32) -> Option<(usize, &Outcome)> {
        self.latest(|body| match body {
            Body::Outcome(outcome) if outcome.step == number => Some(outcome),
            _ => None,
        })
    }

    /// What became of the step.
    #[must_use]
    pub fn outcome(&self, number: u32) -> Option<&Outcome> {
        self.came_out(number).map(|(_, outcome)| outcome)
    }

    fn undone(&self, number: u32) -> Option<(usize, &UndoOutcome)> {
        self.latest(|body| match body {
            Body::UndoOutcome(undo) if undo.step == number => Some(undo),
            _ => None,
        })
    }

    /// What became of the latest undo of the step.
    #[must_use]
    pub fn undo_outcome(&self, number: u32) -> Option<&UndoOutcome> {
        self.undone(number).map(|(_, undo)| undo)
    }

    /// The undo of the step that was begun and has no outcome yet.
    #[must_use]
    pub fn open_undo(&self, number: u32) -> Option<&UndoIntent> {
        let (begun, undo) = self.latest(|body| match body {
            Body::UndoIntent(undo) if undo.step == number => Some(undo),
            _ => None,
        })?;
        self.undone(number).is_none_or(|(ended, _)| ended < begun).then_some(undo)
    }

    /// Numbers of all steps that were begun.
    fn begun(&self) -> BTreeSet<u32> {
        let intent = |entry: &Entry| if let Body::Intent(intent) = &entry.body { Some(intent.step) } else { None };
        self.entries().iter().filter_map(intent).collect()
    }

    /// Steps that were begun and have no outcome.
    #[must_use]
    pub fn under_way(&self) -> Vec<u32> {
        self.begun().into_iter().filter(|step| self.outcome(*step).is_none() && !self.is_gone(*step)).collect()
    }

    fn is_gone(&self, number: u32) -> bool {
        self.undo_outcome(number)
            .is_some_and(|undo| matches!(undo.result, UndoResult::Undone | UndoResult::NothingToDo))
    }

    /// Steps of which something may stand, latest first, which is the order in which they are taken back. A failed step counts: the
    /// change may have been made although the answer was lost.
    #[must_use]
    pub fn standing(&self) -> Vec<u32> {
        let ours = |step: &u32| {
            let by_others = self.outcome(*step).is_some_and(|outcome| outcome.result == OutcomeResult::NothingToDo);
            !by_others && !self.is_gone(*step)
        };
        self.begun().into_iter().rev().filter(ours).collect()
    }

    /// Steps that are carried out and not taken back, in order.
    #[must_use]
    pub fn applied(&self) -> Vec<u32> {
        let applied = |step: &u32| self.outcome(*step).is_some_and(|outcome| outcome.result == OutcomeResult::Applied);
        self.begun().into_iter().filter(|step| applied(step) && !self.is_gone(*step)).collect()
    }

    /// Steps that are authorised and have no outcome, in order: what Remediate has to do.
    #[must_use]
    pub fn to_run(&self) -> Vec<u32> {
        let decided = self.decision().map(|decision| decision.plan.steps.iter().map(|step| step.number));
        let numbers: BTreeSet<u32> = decided.into_iter().flatten().chain(self.under_way()).collect();
        let open = |step: &u32| self.outcome(*step).is_none() && self.authorised(*step).is_ok();
        numbers.into_iter().filter(open).collect()
    }

    /// Whether a person's undo or lift covers the step: asked for after the step was begun, and after its outcome if it has one.
    ///
    /// # Errors
    /// Why not.
    pub fn undo_authorised(&self, number: u32) -> Result<&Step, NotAuthorised> {
        let step = self.step(number).ok_or(NotAuthorised::UnknownStep)?;
        if !self.standing().contains(&number) {
            return Err(NotAuthorised::NothingStands);
        }
        let asked = self.asked_back(number).ok_or(NotAuthorised::UndoNotAsked)?;
        let settled = self.came_out(number).map(|(at, _)| at).max(self.intended(number).map(|(at, _)| at));
        if settled.is_some_and(|settled| settled < asked) { Ok(step) } else { Err(NotAuthorised::UndoNotAsked) }
    }

    /// Steps that a person's undo or lift covers and that have no outcome of it yet, latest first: what Remediate has to take back, in this order.
    #[must_use]
    pub fn to_undo(&self) -> Vec<u32> {
        let open = |step: &u32| {
            let answered = self.undone(*step).map(|(at, _)| at) > self.asked_back(*step);
            self.undo_authorised(*step).is_ok() && !answered
        };
        self.standing().into_iter().filter(open).collect()
    }

    /// What became of the step after a person asked last to take it back.
    #[must_use]
    pub fn undo_answer(&self, number: u32) -> Option<&UndoOutcome> {
        let asked = self.asked_back(number)?;
        self.undone(number).filter(|(at, _)| *at > asked).map(|(_, undo)| undo)
    }

    /// When a measure that may stand lifts by itself: counted from its intent. `None` when only a person lifts it.
    #[must_use]
    pub fn lift_at(&self, number: u32) -> Option<Timestamp> {
        let after = self.step(number).filter(|_| self.standing().contains(&number))?.lift_after()?;
        self.begun_at(number)?.checked_add(after).ok()
    }

    /// Steps that this answer would take back: those that may stand and that it covers, latest first.
    #[must_use]
    pub fn would_take_back(&self, answer: &ApprovalAccepted) -> Vec<u32> {
        self.standing().into_iter().filter(|step| self.covers(answer, *step)).collect()
    }

    /// The later step, if one may stand, that did the same to the same target: it is taken back first.
    #[must_use]
    pub fn overlaid(&self, number: u32) -> Option<u32> {
        let own = self.step(number)?;
        let over = |later: &u32| {
            *later > number && self.step(*later).is_some_and(|s| s.action == own.action && s.target == own.target)
        };
        self.standing().into_iter().find(over)
    }
}
