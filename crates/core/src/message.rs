//! Messages to people: one that asks, one that reports, one that hands over. Each can be acted on at three in the morning:
//! who did what where, why it counts, what was or is to be done, what stays exposed, and the exact command to answer with.
//!
//! The first message of an incident tells everything; later ones are updates in the same thread, which say what is new and still stand
//! alone with id, severity and title. Everything that a stranger may have chosen is made harmless ([`crate::text`]); the only link is that
//! of the runbook, which the owner of the policy wrote, and nothing approves by being fetched.
//!
//! A subject is `[layerguard] <incident> <severity> <number> <what>: <who>`. Mail clients sort by subject, so the messages of an incident
//! stand together in their order, and those that group by the words that subjects share group them; SNS lets nobody set the headers that
//! would make a thread. The number is the one after the messages that are recorded as sent: one that is sent twice has the same number.

mod body;
mod chat;
mod command;
mod done;
mod general;
mod line;
mod question;
mod summary;
mod words;

use jiff::Timestamp;

use crate::incident::{Incident, IncidentEvent};
use crate::inventory::OnExpiry;
use crate::plan::Plan;
use crate::ports::Message;
use crate::text::{escape_mail_to, escape_to};
use line::{Line, own, told};

pub use command::Command;
pub use done::told_before;
pub use general::{paused, published, resumed, storm};
pub use question::{Call, question};
pub use summary::{Source, Summary};
pub use words::{age, duration, moment, severity as severity_of, severity_word};

/// What every message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Briefing<'a> {
    /// The stack that the commands of the message address.
    pub stack: &'a str,
    /// The region of the stack.
    pub region: &'a str,
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
    /// Where that playbook's runbook can be read at length.
    pub runbook_url: Option<&'a str>,
    /// How many messages about this incident were sent before; 0: this is the first, and tells everything.
    pub told: u32,
}

impl Briefing<'_> {
    const fn is_update(&self) -> bool {
        self.told > 0
    }

    const fn command(&self) -> Command<'_> {
        Command { stack: self.stack, region: self.region }
    }
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
    /// What was done, as the record of its intent or of a decision names it; `None` where none does.
    pub action: Option<String>,
    /// What became of it.
    pub result: StepResult,
    /// When.
    pub at: Timestamp,
    /// What stays although the step succeeded.
    pub remark: Option<String>,
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
    let mut body = told(body::opening(briefing, &summary, false));
    body.extend(told(body::done(briefing, outcomes)));
    body.extend(told(body::exposure(&summary)));
    let next = body::report_commands(briefing, outcomes);
    body.extend(own(body::commands("Next", &next)));
    assemble(briefing, &summary, Form { kind: "report", lead, body, news: chat::done(briefing.plan, outcomes), next })
}

/// Hands the incident to people: `reason` says why layerguard cannot go on, `outcomes` what it did before.
#[must_use]
pub fn escalation(briefing: &Briefing<'_>, reason: &str, outcomes: &[Done]) -> Message {
    let summary = Summary::of(briefing.incident, briefing.events);
    let mut body = told(body::opening(briefing, &summary, false));
    body.extend(told(body::handed_over(reason)));
    let mut news = vec![chat::handed_over(reason)];
    if outcomes.is_empty() {
        body.extend(told(body::plan(briefing, "The plan, as far as there is one; nothing of it was done")));
        news.extend(chat::plan(briefing.plan));
    } else {
        body.extend(told(body::done(briefing, outcomes)));
        news.extend(chat::done(briefing.plan, outcomes));
    }
    body.extend(told(body::exposure(&summary)));
    let next = body::report_commands(briefing, outcomes);
    body.extend(own(body::commands("Next", &next)));
    assemble(briefing, &summary, Form { kind: "escalation", lead: "needs a person", body, news, next })
}

/// What differs between the kinds of message.
struct Form {
    kind: &'static str,
    lead: &'static str,
    /// The plain text without runbook and closing line.
    body: Vec<Line>,
    /// The same in the chat, without what every message has.
    news: Vec<String>,
    next: Vec<String>,
}

fn assemble(briefing: &Briefing<'_>, summary: &Summary, form: Form) -> Message {
    let chat = chat::text(briefing, summary, &form);
    let mut lines = form.body;
    lines.extend(own(body::runbook(briefing)));
    lines.extend(told(body::closing(briefing)));
    Message {
        subject: subject(briefing, summary, form.lead),
        body: line::body(&lines),
        chat,
        attributes: attributes(briefing, summary, form.kind),
    }
}

fn subject(briefing: &Briefing<'_>, summary: &Summary, lead: &str) -> String {
    let incident = briefing.incident;
    let failed = if incident.not_held { "NOT HELD, " } else { "" };
    let stem = format!("[layerguard] {} {}", incident.id, words::severity(incident));
    let number = briefing.told.saturating_add(1);
    let headline = escape_mail_to(&summary.headline(), words::SUBJECT_LIMIT);
    words::subject(&format!("{stem} {number:02} {failed}{lead}: {headline}"))
}

/// What subscriptions filter by; SNS passes at most ten on to a queue that gets messages raw.
fn attributes(briefing: &Briefing<'_>, summary: &Summary, kind: &str) -> Vec<(String, String)> {
    let incident = briefing.incident;
    let rule = summary.rules.first().map_or("none", |rule| rule.id.as_str());
    [
        ("incident_id", incident.id.as_str()),
        ("severity", words::severity(incident)),
        ("kind", kind),
        ("status", incident.status.as_str()),
        ("account", &incident.key.account),
        ("region", &incident.key.region),
        ("family", &incident.key.family),
        ("rule", rule),
    ]
    .map(|(name, value)| (name.to_owned(), escape_to(value, ATTRIBUTE)))
    .into()
}

/// The longest value of an attribute.
const ATTRIBUTE: usize = 80;
