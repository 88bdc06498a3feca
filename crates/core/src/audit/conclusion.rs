//! What an incident has come to, by its records.

use super::body::{ExpiryOutcome, Failure, Outcome, OutcomeResult, UndoCause};
use super::{Body, History};
use crate::approval::Verb;
use crate::engine::Verdict;
use crate::incident::Status;

impl History {
    /// The status that the incident has, or would have if it were closed now: what is done and answered, not what waits.
    #[must_use]
    pub fn conclusion(&self) -> Status {
        let Some(decision) = self.decision() else { return Status::Escalated };
        if decision.verdict != Verdict::Violation {
            return Status::Undecided;
        }
        if self.taken_back() {
            return if self.standing().is_empty() { Status::Undone } else { Status::PartlyContained };
        }
        let bodies = || self.entries().iter().map(|entry| &entry.body);
        let outcome = |wanted: fn(OutcomeResult) -> bool| {
            bodies().any(|body| matches!(body, Body::Outcome(outcome) if wanted(outcome.result)))
        };
        let applied = outcome(|result| result != OutcomeResult::Failed);
        let failed = bodies().any(|body| matches!(body, Body::Outcome(outcome) if self.counts_as_failed(outcome)))
            || bodies().any(|body| matches!(body, Body::Escalation(given) if given.step.is_some()));
        let rejected = self.answer().is_some_and(|answer| answer.verb == Verb::Reject);
        // Nobody answered for the rest of the plan.
        let left_undone = self.expiry().is_some_and(|expired| expired.outcome == ExpiryOutcome::Escalate);
        match (applied, failed) {
            (true, true) => Status::PartlyContained,
            (false, true) => Status::Escalated,
            _ if rejected => Status::Rejected,
            (true, false) if left_undone => Status::PartlyContained,
            (true, false) => Status::Contained,
            _ if self.expiry().is_some() => Status::Expired,
            (false, false) => Status::Observed,
        }
    }

    /// The step failed, and nothing was planned in its place: an inline policy that found no room is replaced by a later decision, if
    /// anything else is possible.
    fn counts_as_failed(&self, outcome: &Outcome) -> bool {
        let replaced = self.decision().is_some_and(|decision| {
            let mut steps = decision.plan.steps.iter().filter(|step| step.is_containment()).map(|step| step.number);
            decision.circumstances.inline_full && steps.next().is_some_and(|first| outcome.step < first)
        });
        outcome.result == OutcomeResult::Failed && !(outcome.failure == Some(Failure::LimitExceeded) && replaced)
    }

    /// A person took measures back, and nothing was applied since.
    fn taken_back(&self) -> bool {
        let last = self.entries().iter().rev().find_map(|entry| match &entry.body {
            Body::UndoOutcome(undone) if undone.cause == UndoCause::Person => Some(true),
            Body::Outcome(_) => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }
}
