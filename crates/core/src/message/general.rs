//! What people are told that is about no single incident: the stop switch, and storms. Both ends of a pause are one thread, and so are the
//! summaries of storms.

use serde_json::json;

use super::line::{Line, body};
use super::words::{moment, subject};
use super::{ATTRIBUTE, Command};
use crate::approval::Verb;
use crate::audit::body::{Published, Resume};
use crate::ports::{Message, Pause};
use crate::storm::Summary;
use crate::text::{escape_chat, escape_chat_to, escape_to};

/// How much of what the one who paused wrote is shown.
const SENTENCE: usize = 600;

/// How many changes are told; all are recorded.
const MOST_CHANGES: usize = 30;

/// A pause begins.
#[must_use]
pub fn paused(command: Command<'_>, pause: &Pause) -> Message {
    let until = moment(pause.ends_at());
    let mut lines =
        vec![own(format!("layerguard is paused until {until}: it tells what it finds and changes nothing."))];
    if pause.is_too_long() {
        let claimed = moment(pause.until);
        lines.push(own(format!(
            "The switch says {claimed}, which `layerguard pause` never sets: a pause ends 24 hours after its start, so somebody wrote it otherwise."
        )));
    }
    lines.extend([
        told(format!("By:  {}", escape_to(&pause.by, SENTENCE))),
        told(format!("Why: {}", escape_to(&pause.reason, SENTENCE))),
        own(String::new()),
        own("If nobody of you did this, somebody wants layerguard not to act: resume, and look for who it was:"
            .to_owned()),
        own(format!("  {}", command.resume())),
    ]);
    let title = format!("paused until {until}");
    message(command, Form { kind: "pause", thread: "pause", severity: "high", title, lines, next: command.resume() })
}

/// A pause is over.
#[must_use]
pub fn resumed(command: Command<'_>, cause: &Resume) -> Message {
    let (severity, why) = match cause {
        Resume::Expired => ("low", "its time ran out".to_owned()),
        Resume::Removed => ("high", "somebody took it away without an answer that counts".to_owned()),
        Resume::Person(answer) => {
            let comment = escape_to(answer.comment.as_deref().unwrap_or("no reason was given"), SENTENCE);
            ("low", format!("`{}` resumed: {comment}", escape_to(&answer.approver_arn, SENTENCE)))
        }
    };
    let lines = vec![
        told(format!("The pause of layerguard is over: {why}.")),
        own(String::new()),
        own("What was found meanwhile was told and not contained; look at it:".to_owned()),
        own(format!("  {}", command.list())),
    ];
    let title = "the pause is over".to_owned();
    message(command, Form { kind: "resume", thread: "pause", severity, title, lines, next: command.list() })
}

/// Another policy is in force.
#[must_use]
pub fn published(command: Command<'_>, next: &Published) -> Message {
    let comment = next.answer.comment.as_deref().unwrap_or("no reason was given");
    let mut lines = vec![
        own("Another policy is in force. Every function goes by it within a minute.".to_owned()),
        told(format!("By:      {}", escape_to(&next.answer.approver_arn, SENTENCE))),
        told(format!("Why:     {}", escape_to(comment, SENTENCE))),
        told(format!("Version: {}", escape_to(&next.version, SENTENCE))),
        told(format!("Before:  {}", escape_to(&next.replaces, SENTENCE))),
        own(String::new()),
    ];
    lines.extend(
        next.changes.iter().take(MOST_CHANGES).map(|change| told(format!("- {}", escape_to(change, SENTENCE)))),
    );
    if next.changes.len() > MOST_CHANGES {
        lines.push(own(format!("and {} more changes", next.changes.len().saturating_sub(MOST_CHANGES))));
    }
    lines.extend([
        own(String::new()),
        own("If this was not meant, somebody on call takes it back:".to_owned()),
        own(format!("  {}", command.rollback())),
    ]);
    let title = match next.answer.verb {
        Verb::Rollback => "the policy was rolled back".to_owned(),
        _ => "a policy was published".to_owned(),
    };
    message(
        command,
        Form { kind: "published", thread: "policy", severity: "medium", title, lines, next: command.rollback() },
    )
}

/// Many incidents at once.
#[must_use]
pub fn storm(command: Command<'_>, summary: &Summary) -> Message {
    let since = moment(summary.since);
    let waiting = match summary.waiting {
        0 => "None waits for an answer.".to_owned(),
        1 => "1 waits for an answer, and its deadline runs.".to_owned(),
        many => format!("{many} wait for an answer, and their deadlines run."),
    };
    let lines = vec![
        own(format!(
            "{} incidents since {since}; {} of them were not told by themselves.",
            summary.incidents, summary.held
        )),
        own(waiting),
        own(String::new()),
        own("Somebody may want you to overlook one of them. All are recorded:".to_owned()),
        own(format!("  {}", command.list())),
    ];
    let title = format!("{} incidents at once, {} wait for an answer", summary.incidents, summary.waiting);
    message(command, Form { kind: "storm", thread: "storm", severity: "high", title, lines, next: command.list() })
}

/// What differs between the kinds.
struct Form {
    kind: &'static str,
    /// What updates share.
    thread: &'static str,
    severity: &'static str,
    /// Our own words.
    title: String,
    /// Without the command at their end, the description.
    lines: Vec<Line>,
    next: String,
}

fn own(text: String) -> Line {
    Line::Own(text)
}

fn told(text: String) -> Line {
    Line::Told(text)
}

fn message(command: Command<'_>, form: Form) -> Message {
    let Form { kind, thread, severity, title, lines, next } = form;
    let thread = format!("{thread}-{}", escape_chat(command.stack));
    let description = lines.iter().map(|line| match line {
        Line::Told(text) | Line::Own(text) => escape_chat_to(text, SENTENCE + 100),
    });
    let description: Vec<String> = description.take(lines.len().saturating_sub(1)).collect();
    let chat = json!({
        "version": "1.0",
        "source": "custom",
        "id": thread,
        "content": {
            "textType": "client-markdown",
            "title": format!("{}: {}", severity.to_uppercase(), escape_chat(&title)),
            "description": description.join("\n"),
            "nextSteps": [format!("`{next}`")],
            "keywords": ["layerguard", severity, kind],
        },
        "metadata": {
            "threadId": thread,
            "summary": escape_chat(&title),
            "eventType": kind,
            "relatedResources": [],
            "additionalContext": { "stack": escape_chat(command.stack) },
        },
    });
    Message {
        subject: subject(&format!("[layerguard] {kind} {severity}: {title} ({})", command.stack)),
        body: body(&lines),
        chat: chat.to_string(),
        attributes: [("severity", severity), ("kind", kind)]
            .map(|(name, value)| (name.to_owned(), escape_to(value, ATTRIBUTE)))
            .into(),
    }
}
