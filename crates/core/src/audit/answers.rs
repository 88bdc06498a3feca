//! What people answered to the decisions of an incident: who approved, who rejected, who asked to take back, who has seen it.

use super::body::{Acknowledged, ApprovalAccepted, ApprovalExpired, Assigned, Decision, Resume};
use super::{Body, Entry, History};
use crate::approval::{CallerIdentity, Verb, same_person};

impl History {
    /// What counted as the answer to a decision: the first rejection of its plan after it, or the approval with which as many different
    /// people approved that plan as the decision asks for.
    pub(super) fn answered(&self, at: usize, decision: &Decision) -> Option<&Entry> {
        let mut approved: Vec<CallerIdentity> = Vec::new();
        self.entries().iter().skip(at).find(|entry| match &entry.body {
            Body::ApprovalAccepted(answer) if answer.plan_hash == decision.plan_hash => match answer.verb {
                Verb::Reject => true,
                Verb::Approve => {
                    let person = answer.identity();
                    if !approved.iter().any(|known| same_person(known, &person)) {
                        approved.push(person);
                    }
                    u32::try_from(approved.len()).unwrap_or(u32::MAX) >= decision.approvers
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// The answer that counted for a decision.
    pub(super) fn answer_to(&self, at: usize, decision: &Decision) -> Option<&ApprovalAccepted> {
        self.answered(at, decision).and_then(accepted)
    }

    pub(super) fn expiry_of(&self, at: usize, decision: &Decision) -> Option<&ApprovalExpired> {
        self.entries().iter().skip(at).find_map(|entry| match &entry.body {
            Body::ApprovalExpired(expiry) if expiry.plan_hash == decision.plan_hash => Some(expiry),
            _ => None,
        })
    }

    /// The rejection, or the last approval that was needed, of the latest decision's plan. A first approval of two is none.
    #[must_use]
    pub fn answer(&self) -> Option<&ApprovalAccepted> {
        self.answer_entry().and_then(accepted)
    }

    /// The record that holds it.
    #[must_use]
    pub fn answer_entry(&self) -> Option<&Entry> {
        self.decided().and_then(|(at, decision)| self.answered(at, decision))
    }

    /// The expiry of the latest decision's question.
    #[must_use]
    pub fn expiry(&self) -> Option<&ApprovalExpired> {
        self.decided().and_then(|(at, decision)| self.expiry_of(at, decision))
    }

    /// Approvals of the latest decision's plan, as long as it waits for more: the record of each, oldest first.
    #[must_use]
    pub fn approved_so_far(&self) -> Vec<&Entry> {
        let Some((at, decision)) = self.decided() else { return Vec::new() };
        if self.answered(at, decision).is_some() {
            return Vec::new();
        }
        let approves = |entry: &&Entry| {
            accepted(entry).is_some_and(|answer| answer.verb == Verb::Approve && answer.plan_hash == decision.plan_hash)
        };
        self.entries().iter().skip(at).filter(approves).collect()
    }

    /// The approval of the latest decision's plan that this very person gave before, while it waits for a second one.
    #[must_use]
    pub fn approved_by(&self, person: &CallerIdentity) -> Option<&Entry> {
        let same = |entry: &&Entry| accepted(entry).is_some_and(|answer| same_person(&answer.identity(), person));
        self.approved_so_far().into_iter().find(same)
    }

    /// After one more approval by somebody else the latest decision's plan would still wait for another one.
    #[must_use]
    pub fn would_await_second(&self) -> bool {
        let so_far = u32::try_from(self.approved_so_far().len()).unwrap_or(u32::MAX);
        self.decision().is_some_and(|decision| so_far.saturating_add(1) < decision.approvers)
    }

    /// An answer with this signature was recorded, accepted, noted or refused.
    #[must_use]
    pub fn knows_signature(&self, signature_hash: &str) -> bool {
        self.entries().iter().any(|entry| match &entry.body {
            Body::ApprovalAccepted(answer) => answer.signature_hash == signature_hash,
            Body::ApprovalRefused(answer) => answer.signature_hash == signature_hash,
            Body::Acknowledged(note) => note.signature_hash == signature_hash,
            Body::Assigned(note) => note.signature_hash == signature_hash,
            Body::Resume(Resume::Person(answer)) => answer.signature_hash == signature_hash,
            Body::Published(next) => next.answer.signature_hash == signature_hash,
            _ => false,
        })
    }

    /// Where somebody last asked to take back something of this incident.
    pub(super) fn taking_back(&self) -> Option<usize> {
        let asks =
            |body: &Body| matches!(body, Body::ApprovalAccepted(answer) if answer.verb.takes_back()).then_some(());
        self.latest(asks).map(|(at, ())| at)
    }

    /// Whether an answer is about taking this step back: an undo of all or of this step, a lift where the measure is temporary.
    #[must_use]
    pub fn covers(&self, answer: &ApprovalAccepted, number: u32) -> bool {
        match (answer.verb, answer.step) {
            (Verb::Undo, None) => true,
            (Verb::Undo, Some(step)) => step == number,
            (Verb::Lift, _) => self.step(number).is_some_and(|step| step.lift_after().is_some()),
            _ => false,
        }
    }

    /// Where somebody last asked to take this step back.
    pub(super) fn asked_back(&self, number: u32) -> Option<usize> {
        let asks = |body: &Body| match body {
            Body::ApprovalAccepted(answer) => self.covers(answer, number).then_some(()),
            _ => None,
        };
        self.latest(asks).map(|(at, ())| at)
    }

    /// The record of the last answer that asks to take this step back.
    #[must_use]
    pub fn asked_back_in(&self, number: u32) -> Option<&Entry> {
        self.asked_back(number).and_then(|at| self.entries().get(at))
    }

    /// Who acknowledged the incident last, in the record of it.
    #[must_use]
    pub fn acknowledged(&self) -> Option<(&Entry, &Acknowledged)> {
        self.entries().iter().rev().find_map(|entry| match &entry.body {
            Body::Acknowledged(note) => Some((entry, note)),
            _ => None,
        })
    }

    /// To whom the incident was assigned last, in the record of it.
    #[must_use]
    pub fn assigned(&self) -> Option<(&Entry, &Assigned)> {
        self.entries().iter().rev().find_map(|entry| match &entry.body {
            Body::Assigned(note) => Some((entry, note)),
            _ => None,
        })
    }

    /// How many acknowledgements and assignments there are.
    #[must_use]
    pub fn notes(&self) -> usize {
        let is_note = |entry: &&Entry| matches!(entry.body, Body::Acknowledged(_) | Body::Assigned(_));
        self.entries().iter().filter(is_note).count()
    }
}

const fn accepted(entry: &Entry) -> Option<&ApprovalAccepted> {
    if let Body::ApprovalAccepted(answer) = &entry.body { Some(answer) } else { None }
}
