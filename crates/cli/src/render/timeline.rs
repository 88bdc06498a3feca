//! What each audit record says, in one escaped line.

use layerguard_core::approval::Verb;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::{
    ExpiryOutcome, NotificationKind, OutcomeResult, Reconciliation, Resume, UndoCause, UndoResult,
};
use layerguard_core::message::moment;
use layerguard_core::text::{escape, escape_to};

/// The line.
#[must_use]
pub fn words(body: &Body) -> String {
    match body {
        Body::Assessment(_) => "event assessed".to_owned(),
        Body::Finding(finding) => {
            let calls: std::collections::BTreeSet<&str> =
                finding.events.iter().map(|event| event.call.as_str()).collect();
            let calls: Vec<String> = calls.into_iter().take(3).map(escape).collect();
            format!(
                "found {}, {} in all: {}",
                counted(finding.events.len(), "event"),
                finding.evidence,
                calls.join(", ")
            )
        }
        Body::Decision(decision) => {
            let steps = decision.plan.steps.iter().filter(|step| step.is_containment());
            let steps: Vec<String> =
                steps.map(|step| format!("{} ({})", escape(&step.action), step.mode.as_str())).collect();
            let steps = if steps.is_empty() { "tell people".to_owned() } else { steps.join(", ") };
            format!("decided: {steps}")
        }
        Body::ApprovalRequested(asked) => {
            format!(
                "{} until {}",
                if asked.reminder { "reminded people" } else { "asked people" },
                moment(asked.deadline)
            )
        }
        Body::ApprovalAccepted(answer) => {
            let said = said(answer.comment.as_deref());
            let of_step = answer.step.map(|step| format!(" for step {step}")).unwrap_or_default();
            let more = if answer.awaits_second { "; a second person must approve" } else { "" };
            format!("{}{of_step} by {}{more}{said}", past(answer.verb), escape(&answer.approver_arn))
        }
        Body::ApprovalRefused(answer) => {
            let by = answer.approver.as_ref().map(|by| format!(" of {}", escape(&by.arn))).unwrap_or_default();
            format!("refused to {}{by}: {}", answer.verb.as_str(), escape_to(&answer.reason, 300))
        }
        Body::ApprovalExpired(expired) => match expired.outcome {
            ExpiryOutcome::Escalate => "not decided in time; nothing was done".to_owned(),
            ExpiryOutcome::Contain => "not decided in time; the narrow steps run".to_owned(),
        },
        Body::Acknowledged(note) => {
            format!("acknowledged by {}{}", escape(&note.by.arn), said(note.comment.as_deref()))
        }
        Body::Assigned(note) => {
            let (to, by) = (escape_to(&note.to, 200), escape(&note.by.arn));
            format!("assigned to {to} by {by}{}", said(note.comment.as_deref()))
        }
        Body::Intent(intent) => {
            format!(
                "step {}: about to apply {} to {}",
                intent.step,
                escape(&intent.action),
                escape(&intent.target.label())
            )
        }
        Body::Outcome(outcome) => step(
            outcome.step,
            match outcome.result {
                OutcomeResult::Applied => "done",
                OutcomeResult::NothingToDo => "nothing to do, it stood already",
                OutcomeResult::Failed => "FAILED",
            },
            outcome.detail.as_deref(),
        ),
        Body::UndoIntent(undo) => match undo.cause {
            UndoCause::Person => format!("step {}: about to take it back", undo.step),
            UndoCause::Lift => format!("step {}: about to lift it, its time is over", undo.step),
        },
        Body::UndoOutcome(undo) => step(
            undo.step,
            match undo.result {
                UndoResult::Undone => "taken back",
                UndoResult::NothingToDo => "nothing of it was left",
                UndoResult::Drifted => "NOT taken back, changed in between",
                UndoResult::Failed => "could NOT be taken back",
            },
            undo.detail.as_deref(),
        ),
        Body::Notification(told) => match told.kind {
            NotificationKind::ApprovalRequest => "told people: to answer",
            NotificationKind::Reminder => "told people: still to answer",
            NotificationKind::SecondApprover => "told people: a second person must answer",
            NotificationKind::LastCall => "told people: last call before the deadline",
            NotificationKind::Report => "told people: report",
            NotificationKind::Escalation => "told people: a person must look",
            NotificationKind::Summarised => "told people in the summary of many incidents",
            NotificationKind::Pause => "told people: paused",
            NotificationKind::Resume => "told people: the pause is over",
            NotificationKind::Published => "told people: another policy is in force",
        }
        .to_owned(),
        Body::Escalation(escalation) => {
            let error = escalation.error.as_deref().map(|error| format!(" ({})", escape(error))).unwrap_or_default();
            format!("handed to people: {}{error}", escape_to(&escalation.reason, 300))
        }
        Body::Pause(set) => {
            let (by, why) = (escape_to(&set.pause.by, 100), escape_to(&set.pause.reason, 300));
            format!("paused until {} by {by}: {why}", moment(set.pause.ends_at()))
        }
        Body::Reconciliation(account) => reconciled(account),
        Body::Resume(Resume::Expired) => "the pause ran out".to_owned(),
        Body::Resume(Resume::Removed) => "the pause was taken away without an answer that counts".to_owned(),
        Body::Resume(Resume::Person(answer)) => format!("resumed by {}", escape(&answer.approver_arn)),
        Body::Bundle(bundle) => format!("the policy {}", escape_to(&bundle.version, 64)),
        Body::Published(next) => {
            let (verb, who) = (past(next.answer.verb), escape(&next.answer.approver_arn));
            format!("policy {} {verb} by {who}{}", escape_to(&next.version, 64), said(next.answer.comment.as_deref()))
        }
        Body::Closing(closing) => {
            format!("closed as {} with {} records", closing.status.as_str().replace('_', " "), closing.length)
        }
    }
}

/// What an hour of the trail came to.
fn reconciled(account: &Reconciliation) -> String {
    let hour: String = account.hour.to_string().chars().take(16).collect();
    let mut text = format!(
        "hour {} of {} {}: {} events, {} assessed",
        hour.replace('T', " "),
        escape(&account.account),
        escape(&account.region),
        account.seen,
        account.assessed
    );
    let parts = [
        (account.recovered, "recovered"),
        (account.failed, "WITHOUT RECORD"),
        (account.waiting, "NOT RUN YET"),
        (account.unreadable, "files UNREADABLE"),
    ];
    for (count, what) in parts.iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {count} {what}"));
    }
    format!("{text}; rules {}", super::reconcile::rules(account))
}

fn said(comment: Option<&str>) -> String {
    comment.map(|said| format!(": {}", escape(said))).unwrap_or_default()
}

fn step(number: u32, result: &str, detail: Option<&str>) -> String {
    let detail = detail.filter(|detail| !detail.is_empty());
    let detail = detail.map(|detail| format!(": {}", escape_to(detail, 300))).unwrap_or_default();
    format!("step {number}: {result}{detail}")
}

fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// What a person did.
pub const fn past(verb: Verb) -> &'static str {
    match verb {
        Verb::Approve => "approved",
        Verb::Reject => "rejected",
        Verb::Undo => "undo asked for",
        Verb::Lift => "lift asked for",
        Verb::Resume => "resumed",
        Verb::Acknowledge => "acknowledged",
        Verb::Assign => "assigned",
        Verb::Publish => "published",
        Verb::Rollback => "rolled back to",
    }
}
