//! Records for the tests.

use jiff::Timestamp;
use layerguard_core::approval::Verb;
use layerguard_core::audit::body::{
    ApprovalAccepted, Circumstances, Decision, ExpiryOutcome, Finding, FindingEvent, Intent, Notification,
    NotificationKind, Outcome, OutcomeResult, UndoCause, UndoIntent, UndoOutcome, UndoResult,
};
use layerguard_core::audit::{AuditError, AuditRecord, Body, Draft, append, body, close};
use layerguard_core::engine::Verdict;
use layerguard_core::incident::Status;
use layerguard_core::plan::{Mode, Plan, Step, Target};
use layerguard_testkit::{World, drive};
use serde_json::json;

pub(crate) const ID: &str = "0011223344556677-1";

pub(crate) fn now() -> Timestamp {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

pub(crate) fn add(world: &World, body: &Body) -> Result<AuditRecord, AuditError> {
    drive(append(world, ID, "decide", "v1", now(), Draft::of(body).unwrap()))
}

pub(crate) fn finding() -> Body {
    let event = FindingEvent {
        dedupe_id: "d1".into(),
        event_id: "e1".into(),
        time: now(),
        call: "ecr:GetDownloadUrlForLayer".into(),
        rules: vec![],
        record_hash: "00".into(),
    };
    Body::Finding(Finding { events: vec![event], evidence: 1, principals: vec![], accounts: vec![] })
}

pub(crate) fn target() -> Target {
    Target::RoleSession {
        role_arn: "arn:aws:iam::111122223333:role/builder".into(),
        role_name: "builder".into(),
        account: "111122223333".into(),
        user_id: "AROAEXAMPLEID:intruder".into(),
    }
}

pub(crate) fn plan(numbers: &[u32], mode: Mode) -> Plan {
    let steps = numbers.iter().map(|&number| Step {
        number,
        action: "deny_session".into(),
        target: target(),
        mode,
        effect: String::new(),
        lift_after_seconds: Some(0),
        reasons: vec![],
    });
    Plan { incident: ID.into(), steps: steps.collect() }
}

pub(crate) fn decision_of(plan: Plan) -> Decision {
    Decision {
        evidence: 1,
        verdict: Verdict::Violation,
        severity: None,
        rules: vec![],
        plan_hash: plan.hash().unwrap(),
        decision: plan.weightiest(),
        on_expiry: plan.steps.iter().take(1).map(|step| step.number).collect(),
        approvers: 1,
        plan,
        reasons: vec![],
        errors: vec![],
        circumstances: Circumstances::default(),
        blast: Vec::new(),
    }
}

pub(crate) fn decision(numbers: &[u32], mode: Mode) -> Body {
    Body::Decision(Box::new(decision_of(plan(numbers, mode))))
}

pub(crate) fn answer(verb: Verb, numbers: &[u32], mode: Mode) -> Body {
    Body::ApprovalAccepted(ApprovalAccepted {
        verb,
        plan_hash: plan(numbers, mode).hash().unwrap(),
        approver_arn: "arn:aws:sts::111122223333:assumed-role/on-call/ada".into(),
        approver_user_id: "AROAEXAMPLEONCALL:ada".into(),
        comment: None,
        signature_hash: "s1".into(),
        step: None,
        awaits_second: false,
    })
}

pub(crate) fn intent(step: u32) -> Body {
    Body::Intent(Box::new(Intent { step, action: "deny_session".into(), target: target(), captured: json!(null) }))
}

pub(crate) fn outcome(step: u32, result: OutcomeResult) -> Body {
    Body::Outcome(Outcome { step, result, detail: None, failure: None })
}

pub(crate) fn undo(step: u32, cause: UndoCause) -> Body {
    Body::UndoIntent(UndoIntent { step, cause })
}

pub(crate) fn undone(step: u32, cause: UndoCause, result: UndoResult) -> Body {
    Body::UndoOutcome(UndoOutcome { step, cause, result, detail: None })
}

pub(crate) fn told(kind: NotificationKind) -> Body {
    Body::Notification(Notification { kind, message_id: "m".into(), held: None })
}

pub(crate) fn expired(outcome: ExpiryOutcome, steps: &[u32], of: &[u32]) -> Body {
    let plan_hash = plan(of, Mode::Ask).hash().unwrap();
    Body::ApprovalExpired(body::ApprovalExpired { plan_hash, outcome, steps: steps.to_vec() })
}

/// A chain of seven records, closed.
pub(crate) fn closed() -> Vec<AuditRecord> {
    let world = World::at(now());
    let applied = outcome(0, OutcomeResult::Applied);
    for body in [finding(), decision(&[0], Mode::Ask), answer(Verb::Approve, &[0], Mode::Ask), intent(0), applied] {
        add(&world, &body).unwrap();
    }
    add(&world, &told(NotificationKind::Report)).unwrap();
    drive(close(&world, ID, "decide", "v1", now(), Status::Contained)).unwrap();
    world.chain(ID)
}
