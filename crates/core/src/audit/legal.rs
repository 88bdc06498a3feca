//! Which record may follow which: the audit trail of an incident is a small state machine, and an illegal record is an error.

use jiff::Timestamp;

use super::body::{Decision, ExpiryOutcome, OutcomeResult, Reconciliation, UndoCause};
use super::{BUNDLE_PREFIX, Body, CALL_PREFIX, History, POLICY_CHAIN, SWITCH_CHAIN, bundle_chain, is_reconcile_chain};
use crate::approval::Verb;
use crate::incident::Status;

/// What must hold before a record may be appended.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// The chain is that of a single call.
    CallChain,
    /// The chain is that of an incident.
    IncidentChain,
    /// The chain is that of an incident or of the stop switch.
    Answerable,
    /// The chain is that of its own account, region and day.
    ReconcileChain,
    /// Every event is counted once, what was recovered before still is, and it says something else than the last record of its hour.
    TrueAccount,
    /// The chain is that of the stop switch.
    SwitchChain,
    /// The chain is that of the policy.
    PolicyChain,
    /// The chain is that of this very policy, and holds nothing yet.
    OwnBundleChain,
    /// What it replaces is in force.
    InForce,
    /// The switch was thrown and has not been put back.
    Paused,
    /// An event was found.
    Found,
    /// The decision's plan is its own: incident, hash, weightiest mode, and step numbers that no earlier decision used.
    OwnPlan,
    /// It is about the plan of the latest decision.
    LatestPlan,
    /// Nobody has answered for the latest decision, and the time for it has not run out.
    OpenQuestion,
    /// The steps that run on expiry are those that the decision lists for it.
    ListedOnExpiry,
    /// It is an approval by somebody who has not approved this plan before, and says rightly whether a second person must approve too.
    OnePerson,
    /// Something may stand that this answer covers.
    SomethingStands,
    /// The step is authorised and nobody has begun it.
    AuthorisedFresh,
    /// It names the action and the target of its step.
    SameStep,
    /// The step was begun.
    Begun,
    /// The step was begun, or may be: a failure before the intent is worth a record too.
    BegunOrAuthorised,
    /// The step has no outcome yet.
    NoOutcome,
    /// A person asked to take the step back.
    UndoAuthorised,
    /// The measure is temporary and its time is over.
    LiftDue,
    /// No undo of the step is under way.
    NoOpenUndo,
    /// An undo of the step is under way, for the same cause.
    OpenUndo,
    /// The status is terminal, the length is the chain's, something happened since an earlier closing.
    TrueClosing,
    /// No step is under way, unless people took over.
    NothingUnderWay,
}

/// What a record needs, and whether it may follow a closing record.
struct Rule {
    needs: &'static [Need],
    after_closing: bool,
}

/// The whole table.
const fn rule(body: &Body) -> Rule {
    use Need::*;
    let (needs, after_closing): (&'static [Need], bool) = match body {
        // A call may be assessed again, by another policy.
        Body::Assessment(_) => (&[CallChain], false),
        // A late event is found after closing; it opens the next incident.
        Body::Finding(_) => (&[IncidentChain], true),
        Body::Decision(_) => (&[IncidentChain, Found, OwnPlan], false),
        Body::ApprovalRequested(_) => (&[IncidentChain, LatestPlan, OpenQuestion], false),
        Body::ApprovalAccepted(answer) => match answer.verb {
            Verb::Approve | Verb::Reject => (&[IncidentChain, LatestPlan, OpenQuestion, OnePerson], false),
            Verb::Undo | Verb::Lift => (&[IncidentChain, LatestPlan, SomethingStands], true),
            // A resume and a note that count are records of their own.
            Verb::Resume | Verb::Acknowledge | Verb::Assign | Verb::Publish | Verb::Rollback => {
                (&[SwitchChain, IncidentChain], false)
            }
        },
        Body::ApprovalRefused(_) => (&[Answerable], true),
        // Nothing follows from them.
        Body::Acknowledged(_) | Body::Assigned(_) => (&[IncidentChain], true),
        Body::ApprovalExpired(_) => (&[IncidentChain, LatestPlan, OpenQuestion, ListedOnExpiry], false),
        Body::Intent(_) => (&[IncidentChain, AuthorisedFresh, SameStep], false),
        Body::Outcome(outcome) => match outcome.result {
            // An invocation may outlive its execution. What it did is recorded even after closing, or nobody could take it back.
            OutcomeResult::Applied | OutcomeResult::NothingToDo => (&[IncidentChain, Begun, NoOutcome], true),
            OutcomeResult::Failed => (&[IncidentChain, BegunOrAuthorised, NoOutcome], true),
        },
        Body::UndoIntent(undo) => match undo.cause {
            UndoCause::Person => (&[IncidentChain, UndoAuthorised, NoOpenUndo], true),
            UndoCause::Lift => (&[IncidentChain, LiftDue, NoOpenUndo], true),
        },
        Body::UndoOutcome(_) => (&[IncidentChain, OpenUndo], true),
        Body::Notification(_) => (&[Answerable], true),
        Body::Escalation(_) => (&[IncidentChain], true),
        Body::Pause(_) => (&[SwitchChain], false),
        Body::Resume(_) => (&[SwitchChain, Paused], false),
        Body::Reconciliation(_) => (&[ReconcileChain, TrueAccount], false),
        Body::Bundle(_) => (&[OwnBundleChain], false),
        Body::Published(_) => (&[PolicyChain, InForce], false),
        Body::Closing(_) => (&[IncidentChain, TrueClosing, NothingUnderWay], true),
    };
    Rule { needs, after_closing }
}

/// Whether a record with this content, written at this time, may follow what is there.
///
/// # Errors
/// What is missing or in the way, in words.
pub(super) fn check(history: &History, incident: &str, now: Timestamp, body: &Body) -> Result<(), &'static str> {
    let rule = rule(body);
    if history.closing().is_some() && !rule.after_closing {
        return Err("the incident is closed");
    }
    rule.needs.iter().try_for_each(|need| need.check(history, incident, now, body))
}

impl Need {
    fn check(self, history: &History, incident: &str, now: Timestamp, body: &Body) -> Result<(), &'static str> {
        let step = step_of(body);
        let (holds, otherwise) = match self {
            Self::CallChain => (incident.starts_with(CALL_PREFIX), "an assessment belongs into the chain of its call"),
            Self::IncidentChain => (
                !holds_one_kind(incident) && incident != SWITCH_CHAIN && incident != POLICY_CHAIN,
                "the chain of a call holds its assessments and nothing else, those of the switch and of the policy only what became of them",
            ),
            Self::Answerable => {
                (!holds_one_kind(incident), "the chain of a call or of a bundle holds that and nothing else")
            }
            Self::ReconcileChain => {
                let own = matches!(body, Body::Reconciliation(account) if account.chain() == incident);
                (own, "it belongs into the chain of its account, region and day")
            }
            Self::TrueAccount => (
                matches!(body, Body::Reconciliation(account) if true_account(history, account)),
                "its counts do not add up, it loses what was recovered, or it says nothing new",
            ),
            Self::SwitchChain => (incident == SWITCH_CHAIN, "it belongs into the chain of the stop switch"),
            Self::PolicyChain => (incident == POLICY_CHAIN, "it belongs into the chain of the policy"),
            Self::OwnBundleChain => (
                matches!(body, Body::Bundle(bundle) if incident == bundle_chain(&bundle.version))
                    && history.entries().is_empty(),
                "a bundle belongs into the chain of its version, once",
            ),
            Self::InForce => (
                matches!(body, Body::Published(next) if history.in_force() == next.replaces),
                "what it replaces is not in force",
            ),
            Self::Paused => (history.pause().is_some(), "there is no pause that could end"),
            Self::Found => (history.evidence() > 0, "nothing was found yet"),
            Self::OwnPlan => {
                let own = matches!(body, Body::Decision(decision) if own_plan(history, incident, decision));
                (own, "the plan is of another incident, uses step numbers again, or does not match its own hash")
            }
            Self::LatestPlan => (
                plan_hash(body).is_some_and(|hash| history.decision().is_some_and(|latest| latest.plan_hash == hash)),
                "it is not about the plan of the latest decision",
            ),
            Self::OpenQuestion => (history.question_is_open(), "the latest decision is answered, or its time is over"),
            Self::ListedOnExpiry => {
                (listed_on_expiry(history, body), "these steps are not the ones that may run when the time is over")
            }
            Self::OnePerson => (
                one_person(history, body),
                "the same person approved before, or it does not say rightly whether a second person must approve",
            ),
            Self::SomethingStands => (
                matches!(body, Body::ApprovalAccepted(answer) if !history.would_take_back(answer).is_empty()),
                "nothing stands that could be taken back",
            ),
            Self::AuthorisedFresh => (
                step.is_some_and(|step| history.authorised(step).is_ok() && history.intent(step).is_none())
                    && step.is_some_and(|step| history.outcome(step).is_none()),
                "the step is not authorised, or was begun before",
            ),
            Self::SameStep => (same_step(history, body), "it names another action or target than its step"),
            Self::Begun => (step.is_some_and(|step| history.intent(step).is_some()), "the step was not begun"),
            Self::BegunOrAuthorised => (
                step.is_some_and(|step| history.intent(step).is_some() || history.authorised(step).is_ok()),
                "the step was not begun and is not authorised",
            ),
            Self::NoOutcome => {
                (step.is_some_and(|step| history.outcome(step).is_none()), "the step has its outcome already")
            }
            Self::UndoAuthorised => {
                (step.is_some_and(|step| history.undo_authorised(step).is_ok()), "nobody asked to take the step back")
            }
            Self::LiftDue => (
                step.and_then(|step| history.lift_at(step)).is_some_and(|due| due <= now),
                "the measure does not stand, is not temporary, or its time is not over",
            ),
            Self::NoOpenUndo => {
                (step.is_some_and(|step| history.open_undo(step).is_none()), "the step is being taken back already")
            }
            Self::OpenUndo => (same_undo(history, body), "no such undo of the step is under way"),
            Self::TrueClosing => (true_closing(history, body), "the status is not terminal or the length is wrong"),
            Self::NothingUnderWay => (nothing_under_way(history, body), "a step is still under way"),
        };
        if holds { Ok(()) } else { Err(otherwise) }
    }
}

/// The chains of calls, of bundles and of reconciling hold one kind of record each.
fn holds_one_kind(incident: &str) -> bool {
    incident.starts_with(CALL_PREFIX) || incident.starts_with(BUNDLE_PREFIX) || is_reconcile_chain(incident)
}

fn true_account(history: &History, account: &Reconciliation) -> bool {
    let before = history.reconciled(account.hour);
    account.adds_up() && before.is_none_or(|before| before != account && before.recovered <= account.recovered)
}

const fn step_of(body: &Body) -> Option<u32> {
    match body {
        Body::Intent(intent) => Some(intent.step),
        Body::Outcome(outcome) => Some(outcome.step),
        Body::UndoIntent(undo) => Some(undo.step),
        Body::UndoOutcome(undo) => Some(undo.step),
        _ => None,
    }
}

fn plan_hash(body: &Body) -> Option<&str> {
    match body {
        Body::ApprovalRequested(request) => Some(&request.plan_hash),
        Body::ApprovalAccepted(answer) => Some(&answer.plan_hash),
        Body::ApprovalExpired(expiry) => Some(&expiry.plan_hash),
        _ => None,
    }
}

fn own_plan(history: &History, incident: &str, decision: &Decision) -> bool {
    let plan = &decision.plan;
    let mut next = history.next_step();
    let fresh = plan.steps.iter().all(|step| {
        let fresh = step.number >= next;
        next = step.number.saturating_add(1);
        fresh
    });
    fresh
        && (1..=2).contains(&decision.approvers)
        && plan.incident == incident
        && plan.hash().is_ok_and(|hash| hash == decision.plan_hash)
        && plan.weightiest() == decision.decision
}

fn one_person(history: &History, body: &Body) -> bool {
    let Body::ApprovalAccepted(answer) = body else { return false };
    match answer.verb {
        Verb::Approve => {
            history.approved_by(&answer.identity()).is_none() && answer.awaits_second == history.would_await_second()
        }
        _ => !answer.awaits_second,
    }
}

fn listed_on_expiry(history: &History, body: &Body) -> bool {
    let (Body::ApprovalExpired(expiry), Some(decision)) = (body, history.decision()) else { return false };
    match expiry.outcome {
        ExpiryOutcome::Escalate => expiry.steps.is_empty(),
        ExpiryOutcome::Contain => expiry.steps.iter().all(|step| decision.on_expiry.contains(step)),
    }
}

fn same_step(history: &History, body: &Body) -> bool {
    let Body::Intent(intent) = body else { return false };
    history.step(intent.step).is_some_and(|step| step.action == intent.action && step.target == intent.target)
}

fn same_undo(history: &History, body: &Body) -> bool {
    let Body::UndoOutcome(outcome) = body else { return false };
    history.open_undo(outcome.step).is_some_and(|undo| undo.cause == outcome.cause)
}

fn true_closing(history: &History, body: &Body) -> bool {
    let Body::Closing(closing) = body else { return false };
    let length = u64::try_from(history.entries().len()).unwrap_or(u64::MAX).saturating_add(1);
    let news = !matches!(history.entries().last().map(|entry| &entry.body), Some(Body::Closing(_)));
    !closing.status.is_open() && closing.length == length && news
}

fn nothing_under_way(history: &History, body: &Body) -> bool {
    let Body::Closing(closing) = body else { return false };
    let handed_over = matches!(closing.status, Status::Escalated | Status::PartlyContained);
    handed_over || history.under_way().is_empty()
}
