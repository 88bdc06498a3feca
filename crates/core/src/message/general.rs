//! What people are told that is about no single incident: the stop switch, and storms.

use serde_json::json;

use super::words::{moment, subject};
use crate::audit::body::Resume;
use crate::ports::{Message, Pause};
use crate::storm::Summary;
use crate::text::{escape_chat, escape_to};

/// How much of what the one who paused wrote is shown.
const SENTENCE: usize = 600;

/// A pause begins.
#[must_use]
pub fn paused(stack: &str, pause: &Pause) -> Message {
    let until = moment(pause.ends_at());
    let mut lines = vec![format!("layerguard is paused until {until}: it tells what it finds and changes nothing.")];
    if pause.is_too_long() {
        let claimed = moment(pause.until);
        lines.push(format!(
            "The switch says {claimed}, which `layerguard pause` never sets: a pause ends 24 hours after its start, so somebody wrote it otherwise."
        ));
    }
    lines.extend([
        format!("By:  {}", escape_to(&pause.by, SENTENCE)),
        format!("Why: {}", escape_to(&pause.reason, SENTENCE)),
        String::new(),
        "If nobody of you did this, somebody wants layerguard not to act: resume, and look for who it was:".to_owned(),
        format!("  layerguard resume --stack {} --comment \"why\"", escape_to(stack, SENTENCE)),
    ]);
    message("pause", "high", &format!("paused until {until}"), stack, &lines)
}

/// A pause is over.
#[must_use]
pub fn resumed(stack: &str, cause: &Resume) -> Message {
    let (severity, why) = match cause {
        Resume::Expired => ("low", "its time ran out".to_owned()),
        Resume::Removed => ("high", "somebody took it away without an answer that counts".to_owned()),
        Resume::Person(answer) => {
            let comment = escape_to(answer.comment.as_deref().unwrap_or("no reason was given"), SENTENCE);
            ("low", format!("`{}` resumed: {comment}", escape_to(&answer.approver_arn, SENTENCE)))
        }
    };
    let lines = vec![
        format!("The pause of layerguard is over: {why}."),
        String::new(),
        "What was found meanwhile was told and not contained; look at it:".to_owned(),
        format!("  layerguard incidents list --stack {}", escape_to(stack, SENTENCE)),
    ];
    message("resume", severity, "the pause is over", stack, &lines)
}

/// Many incidents at once.
#[must_use]
pub fn storm(stack: &str, summary: &Summary) -> Message {
    let (since, stack_name) = (moment(summary.since), escape_to(stack, SENTENCE));
    let waiting = match summary.waiting {
        0 => "None waits for an answer.".to_owned(),
        1 => "1 waits for an answer, and its deadline runs.".to_owned(),
        many => format!("{many} wait for an answer, and their deadlines run."),
    };
    let lines = vec![
        format!("{} incidents since {since}; {} of them were not told by themselves.", summary.incidents, summary.held),
        waiting,
        String::new(),
        "Somebody may want you to overlook one of them. All are recorded:".to_owned(),
        format!("  layerguard incidents list --stack {stack_name}"),
    ];
    let title = format!("{} incidents at once, {} wait for an answer", summary.incidents, summary.waiting);
    message("storm", "high", &title, stack, &lines)
}

fn message(kind: &str, severity: &str, title: &str, stack: &str, lines: &[String]) -> Message {
    let chat = json!({
        "version": "1.0",
        "source": "custom",
        "id": kind,
        "content": {
            "textType": "client-markdown",
            "title": format!("layerguard: {}", escape_chat(title)),
            "description": lines.iter().map(|line| escape_chat(line)).collect::<Vec<_>>().join("\n"),
            "keywords": ["layerguard", severity, kind],
        },
        "metadata": {
            "threadId": kind,
            "summary": escape_chat(title),
            "eventType": kind,
            "relatedResources": [],
            "additionalContext": { "stack": escape_chat(stack) },
        },
    });
    Message {
        subject: subject(&format!("[layerguard] {title} ({stack})")),
        body: format!("{}\n", lines.join("\n")),
        chat: chat.to_string(),
        attributes: vec![("severity".to_owned(), severity.to_owned()), ("kind".to_owned(), kind.to_owned())],
    }
}
