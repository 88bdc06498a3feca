//! The detail of an announcement: `infra/announcement.schema.json` in types.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{SCHEMA_VERSION, Subject};
use crate::audit::{Body, Entry, History};
use crate::cloudtrail::PrincipalKind;
use crate::engine::Verdict;
use crate::incident::{Incident, Status};
use crate::message::{Command, Done, Summary, severity_of};
use crate::plan::Mode;
use crate::text::{escape, escape_chat_to};

/// Rules, steps and measures that are named.
const NAMED: usize = 32;
/// A title or a reason. It may end up in a ticket or a chat, so it is made harmless there.
const SENTENCE: usize = 600;

/// Field names are the contract. What is `None` or empty is left out only where the schema says that it may be absent.
#[derive(Serialize)]
struct Detail<'a> {
    schema_version: u32,
    id: String,
    incident_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_incident_id: Option<String>,
    sequence: u64,
    time: Timestamp,
    stack: &'a str,
    status: &'static str,
    severity: &'static str,
    verdict: Verdict,
    not_held: bool,
    title: String,
    family: String,
    rules: Vec<String>,
    account: String,
    region: String,
    principal: Who,
    evidence: u64,
    exposed_until: Option<Timestamp>,
    commands: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decided<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Approval<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    measures: Vec<Measure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Who {
    kind: PrincipalKind,
    arn: Option<String>,
    session: Option<String>,
}

#[derive(Serialize)]
struct Decided<'a> {
    mode: Mode,
    plan_hash: &'a str,
    steps: Vec<Planned<'a>>,
}

#[derive(Serialize)]
struct Planned<'a> {
    step: u32,
    action: &'a str,
    mode: Mode,
}

#[derive(Serialize)]
struct Approval<'a> {
    plan_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approver_arn: Option<String>,
}

#[derive(Serialize)]
struct Measure<'a> {
    step: u32,
    action: &'a str,
    result: &'static str,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifts_at: Option<Timestamp>,
}

/// The detail of the announcement of this record, the last of `then`.
pub(super) fn of(subject: &Subject<'_>, then: &History, entry: &Entry, status: Status) -> Value {
    let incident = subject.incident;
    let summary = Summary::of(incident, subject.events);
    let decision = then.decision();
    // As of the decision that the record stands under; before the first one, as the row has it.
    let as_of = Incident {
        severity: decision.map_or(incident.severity, |decision| decision.severity),
        verdict: decision.map_or(incident.verdict, |decision| decision.verdict),
        ..incident.clone()
    };
    let rules = decision.map_or(&incident.rules, |decision| &decision.rules);
    let detail = Detail {
        schema_version: SCHEMA_VERSION,
        id: format!("{}/{}", incident.id, entry.seq),
        incident_id: &incident.id,
        previous_incident_id: (incident.generation > 1).then(|| incident.key.incident_id(incident.generation - 1)),
        sequence: entry.seq,
        time: entry.time,
        stack: subject.stack,
        status: status.as_str(),
        severity: severity_of(&as_of),
        verdict: as_of.verdict,
        not_held: decision.is_some_and(|decision| decision.circumstances.not_held),
        title: escape_chat_to(&summary.title(), SENTENCE),
        family: escape(&incident.key.family),
        rules: rules.iter().take(NAMED).map(|rule| escape(rule)).collect(),
        account: escape(&incident.key.account),
        region: escape(&incident.key.region),
        principal: who(incident),
        evidence: incident.evidence,
        exposed_until: summary.exposed_until,
        commands: commands(subject, entry),
        runbook_url: subject.runbook_url,
        decision: decided(entry),
        approval: approval(entry),
        measures: measures(then, entry),
        reason: reason(entry),
    };
    serde_json::to_value(detail).unwrap_or_default()
}

fn who(incident: &Incident) -> Who {
    let principal = &incident.principal;
    let session = principal.session.as_ref().and_then(|session| session.name.as_deref());
    Who { kind: principal.kind, arn: principal.arn.as_deref().map(escape), session: session.map(escape) }
}

/// What a person may want to type now.
fn commands(subject: &Subject<'_>, entry: &Entry) -> Vec<String> {
    let command = Command { stack: subject.stack, region: subject.region };
    let id = subject.incident.id.as_str();
    let mut commands = vec![command.show(id)];
    match &entry.body {
        Body::ApprovalRequested(_) => commands.extend([command.approve(id), command.reject(id)]),
        Body::Closing(_) => commands.push(command.verify(id)),
        _ => {}
    }
    commands
}

fn decided(entry: &Entry) -> Option<Decided<'_>> {
    let Body::Decision(decision) = &entry.body else { return None };
    let steps = decision.plan.steps.iter().filter(|step| step.is_containment()).take(NAMED);
    Some(Decided {
        mode: decision.decision,
        plan_hash: &decision.plan_hash,
        steps: steps.map(|step| Planned { step: step.number, action: &step.action, mode: step.mode }).collect(),
    })
}

fn approval(entry: &Entry) -> Option<Approval<'_>> {
    let of = |plan_hash| Approval { plan_hash, deadline: None, answer: None, approver_arn: None };
    Some(match &entry.body {
        Body::ApprovalRequested(asked) => Approval { deadline: Some(asked.deadline), ..of(&asked.plan_hash) },
        Body::ApprovalAccepted(answer) => Approval {
            answer: Some(answer.verb.as_str()),
            approver_arn: Some(escape(&answer.approver_arn)),
            ..of(&answer.plan_hash)
        },
        Body::ApprovalExpired(expired) => of(&expired.plan_hash),
        _ => return None,
    })
}

/// What became of the measure that the record is about, or of all of them so far.
fn measures<'a>(then: &'a History, entry: &Entry) -> Vec<Measure<'a>> {
    let only = match &entry.body {
        Body::UndoOutcome(undone) => Some(undone.step),
        Body::Outcome(_) | Body::Escalation(_) | Body::Closing(_) => None,
        _ => return Vec::new(),
    };
    let all = Done::all(then).into_iter().filter(|done| only.is_none_or(|step| step == done.step)).take(NAMED);
    all.filter_map(|done| {
        let step = then.step(done.step)?;
        Some(Measure {
            step: done.step,
            action: &step.action,
            result: done.result.as_str(),
            time: done.at,
            lifts_at: then.lift_at(done.step),
        })
    })
    .collect()
}

/// Why, where the record says so.
fn reason(entry: &Entry) -> Option<String> {
    let text = match &entry.body {
        Body::Escalation(given) => {
            given.error.as_ref().map_or_else(|| given.reason.clone(), |error| format!("{}: {error}", given.reason))
        }
        Body::Outcome(outcome) => outcome.detail.clone()?,
        Body::UndoOutcome(undone) => undone.detail.clone()?,
        _ => return None,
    };
    Some(escape_chat_to(&text, SENTENCE))
}
