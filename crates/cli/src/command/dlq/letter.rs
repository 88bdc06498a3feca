//! One message of the queue: what is in it, and why it is there.

use jiff::Timestamp;
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::ports::FailedEvent;
use layerguard_core::text::escape_to;
use serde::Serialize;
use serde_json::Value;

/// The longest text of a message that is shown, in characters.
const LONGEST: usize = 200;

/// A message with what could be read of it.
#[derive(Debug)]
pub struct Letter {
    /// The message.
    pub message: FailedEvent,
    /// What is in it.
    pub content: Content,
}

/// What is in a message.
#[derive(Debug)]
pub enum Content {
    /// A CloudTrail event.
    Event(Box<Event>),
    /// What the schedule sends each minute. The next minute did its work.
    Task,
    /// Neither; why, in words. Never the text itself.
    Unreadable(String),
}

/// A message as it is shown. Texts that a stranger may have chosen are escaped and cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The message's id.
    pub message_id: String,
    /// `event`, `task` or `unreadable`.
    pub content: &'static str,
    /// CloudTrail's id of the event.
    pub event_id: Option<String>,
    /// The call, for example `ecr:GetDownloadUrlForLayer`.
    pub call: Option<String>,
    /// When the call was made.
    pub event_time: Option<Timestamp>,
    /// Since when the message waits.
    pub since: Option<Timestamp>,
    /// Who gave up: `triage`, or the rule that could not deliver.
    pub from: Option<String>,
    /// Why it is in the queue.
    pub reason: Option<String>,
    /// How often delivery was tried again.
    pub attempts: Option<u32>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

impl Letter {
    /// Reads a message.
    #[must_use]
    pub fn of(message: FailedEvent) -> Self {
        let content = content(&message.body);
        Self { message, content }
    }

    /// What duplicates of the event share; `None` where there is no event.
    #[must_use]
    pub fn dedupe_id(&self) -> Option<&str> {
        match &self.content {
            Content::Event(event) => Some(&event.dedupe_id),
            Content::Task | Content::Unreadable(_) => None,
        }
    }

    /// The message as it is shown.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let attribute = |name: &str| self.message.attributes.get(name).map(|text| escape_to(text, LONGEST));
        let event = if let Content::Event(event) = &self.content { Some(event) } else { None };
        let reason = match (attribute("ERROR_CODE"), attribute("ERROR_MESSAGE")) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.or(message),
        };
        Shown {
            message_id: escape_to(&self.message.id, LONGEST),
            content: match &self.content {
                Content::Event(_) => "event",
                Content::Task => "task",
                Content::Unreadable(_) => "unreadable",
            },
            event_id: event.map(|event| escape_to(&event.event_id, LONGEST)),
            call: event.map(|event| escape_to(&event.call_name(), LONGEST)),
            event_time: event.map(|event| event.time),
            since: self.message.since,
            from: self.from(),
            reason,
            attempts: attribute("RETRY_ATTEMPTS").and_then(|text| text.parse().ok()),
            problem: if let Content::Unreadable(why) = &self.content { Some(why.clone()) } else { None },
        }
    }

    /// Who put it there, as triage or EventBridge says in its attributes (AWS facts, section 2).
    fn from(&self) -> Option<String> {
        let attributes = &self.message.attributes;
        if attributes.contains_key("EXECUTION_ARN") {
            return Some("triage".to_owned());
        }
        let rule = attributes.get("RULE_ARN")?;
        let name = rule.rsplit_once('/').map_or(rule.as_str(), |(_, name)| name);
        Some(format!("rule {}", escape_to(name, LONGEST)))
    }
}

fn content(body: &str) -> Content {
    let value: Value = match serde_json::from_str(body) {
        Ok(value) => value,
        Err(error) => {
            return Content::Unreadable(format!("no JSON (line {}, column {})", error.line(), error.column()));
        }
    };
    let is_task = value.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("task"));
    if is_task {
        return Content::Task;
    }
    match cloudtrail::parse_lambda_payload(&value) {
        Ok(event) => Content::Event(Box::new(event)),
        Err(error) => Content::Unreadable(escape_to(&error.to_string(), LONGEST)),
    }
}
