//! What is counted of a record. What happens is recorded, so what is recorded is what is counted, and only where it was written.

use crate::audit::{AuditRecord, Body, RecordKind};

use super::{Figures, Metric};

impl Figures {
    /// Counts a record that was written. Of assessments nearly all are clear, and the rest is counted by Detect; closing records are written
    /// again whenever something is taken back.
    pub fn count(&self, record: &AuditRecord) {
        if matches!(record.kind, RecordKind::Assessment | RecordKind::Closing | RecordKind::Bundle) {
            return;
        }
        let Ok(body) = Body::read(record.kind, &record.body) else { return };
        match body {
            Body::Decision(decided) => self.tell_of(Metric::Decisions, decided.decision.as_str(), 1),
            Body::ApprovalRequested(asked) if !asked.reminder => self.tell(Metric::ApprovalsRequested, 1),
            Body::ApprovalAccepted(_) => self.tell_of(Metric::Answers, "accepted", 1),
            Body::Acknowledged(_) | Body::Assigned(_) => self.tell_of(Metric::Answers, "noted", 1),
            Body::ApprovalRefused(_) => self.tell_of(Metric::Answers, "refused", 1),
            Body::ApprovalExpired(_) => self.tell(Metric::ApprovalsExpired, 1),
            Body::Outcome(outcome) => self.tell_of(Metric::StepsDone, outcome.result.as_str(), 1),
            Body::UndoOutcome(undone) => self.tell_of(Metric::StepsTakenBack, undone.result.as_str(), 1),
            Body::Escalation(_) => self.tell(Metric::Escalations, 1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::body::{
        ApprovalRequested, Closing, Escalation, Outcome, OutcomeResult, UndoCause, UndoOutcome, UndoResult,
    };
    use crate::incident::Status;
    use crate::metric::{Dimension, OTHER};

    fn counted(bodies: impl IntoIterator<Item = Body>) -> Vec<(Metric, Option<&'static str>, Vec<u64>)> {
        let figures = Figures::default();
        for body in bodies {
            figures.count(&AuditRecord {
                incident: "0123456789abcdef-1".into(),
                seq: 0,
                kind: body.kind(),
                time: jiff::Timestamp::UNIX_EPOCH,
                actor: "decide".into(),
                policy_version: "v1".into(),
                body: serde_json::to_string(&body).unwrap(),
                prev: String::new(),
                hash: String::new(),
            });
        }
        figures.take().into_iter().map(|((metric, of), values)| (metric, of, values)).collect()
    }

    #[test]
    fn what_is_recorded_is_counted() {
        let asked = |reminder| {
            let deadline = jiff::Timestamp::UNIX_EPOCH;
            Body::ApprovalRequested(ApprovalRequested { plan_hash: "h".into(), deadline, reminder })
        };
        let escalated = Body::Escalation(Escalation { step: None, reason: "r".into(), error: None });
        let closed = Body::Closing(Closing { status: Status::Contained, length: 3 });
        assert_eq!(
            counted([asked(false), asked(true), escalated, closed]),
            [(Metric::ApprovalsRequested, None, vec![1]), (Metric::Escalations, None, vec![1])],
            "a reminder asks nobody anew, and a chain may be closed many times"
        );
    }

    #[test]
    fn every_outcome_is_a_value_of_the_table() {
        let detail: Option<String> = None;
        for result in [OutcomeResult::Applied, OutcomeResult::NothingToDo, OutcomeResult::Failed] {
            let done = counted([Body::Outcome(Outcome { step: 0, result, detail: detail.clone(), failure: None })]);
            assert_eq!(done, [(Metric::StepsDone, Some(result.as_str()), vec![1])]);
        }
        for result in [UndoResult::Undone, UndoResult::NothingToDo, UndoResult::Drifted, UndoResult::Failed] {
            let undone = UndoOutcome { step: 0, cause: UndoCause::Lift, result, detail: detail.clone() };
            assert_eq!(
                counted([Body::UndoOutcome(undone)]),
                [(Metric::StepsTakenBack, Some(result.as_str()), vec![1])]
            );
        }
        assert_eq!(Dimension::Outcome.bounded("exploded"), OTHER);
    }
}
