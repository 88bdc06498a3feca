//! Messages to people: one that asks, one that reports, one that hands over. Each can be acted on at three in the morning:
//! who did what where, why it counts, what was or is to be done, what stays exposed, and the exact command to answer with.
//!
//! Everything that a stranger may have chosen is escaped ([`crate::text`]); nothing here is a link, and nothing approves by
//! being fetched.

mod body;
mod chat;
mod done;
mod general;
mod question;
mod summary;
mod words;

use jiff::Timestamp;

use crate::incident::{Incident, IncidentEvent};
use crate::inventory::OnExpiry;
use crate::plan::Plan;
use crate::ports::Message;

pub use general::{paused, resumed, storm};
pub use question::{Call, question};
pub use summary::{Source, Summary};
pub use words::{age, duration, moment, severity_word};

/// What every message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Briefing<'a> {
    /// The stack that the commands of the message address.
    pub stack: &'a str,
    /// The incident.
    pub incident: &'a Incident,
    /// The events that joined it.
    pub events: &'a [IncidentEvent],
    /// The plan of its latest decision; `None` before the first.
    pub plan: Option<&'a Plan>,
    /// Why its latest decision is as it is, in words.
    pub reasons: &'a [String],
    /// The runbook of the weightiest rule's playbook: what a person does, one thing per line.
    pub runbook: Option<&'a str>,
}

/// What is asked, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The one absolute deadline.
    pub deadline: Timestamp,
    /// What happens when nobody answers.
    pub on_expiry: OnExpiry,
    /// It was asked before.
    pub reminder: bool,
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The step's number.
    pub step: u32,
    /// What became of it.
    pub result: StepResult,
    /// When.
    pub at: Timestamp,
}

/// What became of a step, in the words of the audit records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// The measure stands.
    Applied,
    /// It stood already by somebody else's hand.
    NothingToDo,
    /// It could not be done, and why.
    Failed(String),
    /// It was taken back.
    Undone,
    /// There was nothing of ours left to take back.
    NothingToUndo,
    /// It was not taken back, because somebody changed it in between; how.
    Drifted(String),
    /// Taking it back failed, and why.
    UndoFailed(String),
}

/// Asks a person to approve or reject the plan. Subject, plain text and chat form as described at [`Message`].
#[must_use]
pub fn approval_request(briefing: &Briefing<'_>, ask: &Ask) -> Message {
    question(briefing, ask, if ask.reminder { Call::Reminder } else { Call::Request }, &[])
}

/// Tells what was decided and done, one line for each step.
#[must_use]
pub fn report(briefing: &Briefing<'_>, outcomes: &[Done]) -> Message {
    let summary = Summary::of(briefing.incident, briefing.events);
    let lead = words::status(briefing.incident.status);
    let mut body = body::opening(briefing, &summary);
    body.extend(body::done(briefing.plan, outcomes));
    body.extend(body::exposure(&summary));
    let next = body::report_commands(briefing, outcomes);
    body.extend(body::commands("Next", &next));
    body.extend(body::runbook(briefing.runbook));
    body.extend(body::closing(briefing));
    assemble(briefing, &summary, Form { kind: "report", lead, body, next })
}

/// Hands the incident to people: `reason` says why layerguard cannot go on, `outcomes` what it did before.
#[must_use]
pub fn escalation(briefing: &Briefing<'_>, reason: &str, outcomes: &[Done]) -> Message {
    let summary = Summary::of(briefing.incident, briefing.events);
    let mut body = body::opening(briefing, &summary);
    body.extend(body::handed_over(reason));
    if outcomes.is_empty() {
        body.extend(body::plan(briefing.plan, "The plan, as far as there is one; nothing of it was done"));
    } else {
        body.extend(body::done(briefing.plan, outcomes));
    }
    body.extend(body::exposure(&summary));
    let next = body::report_commands(briefing, outcomes);
    body.extend(body::commands("Next", &next));
    body.extend(body::runbook(briefing.runbook));
    body.extend(body::closing(briefing));
    assemble(briefing, &summary, Form { kind: "escalation", lead: "needs a person", body, next })
}

/// What differs between the kinds of message.
struct Form {
    kind: &'static str,
    lead: &'static str,
    body: Vec<String>,
    next: Vec<String>,
}

fn assemble(briefing: &Briefing<'_>, summary: &Summary, form: Form) -> Message {
    let incident = briefing.incident;
    let severity = words::severity(incident);
    let failed = if incident.not_held { words::NOT_HELD } else { "" };
    Message {
        subject: words::subject(&format!("[layerguard] {severity} {failed}{}: {}", form.lead, summary.headline())),
        chat: chat::text(briefing, summary, &form),
        attributes: vec![
            ("incident_id".to_owned(), incident.id.clone()),
            ("severity".to_owned(), severity.to_owned()),
            ("kind".to_owned(), form.kind.to_owned()),
        ],
        body: form.body.join("\n"),
    }
}
