//! Escalating: what the chain cannot mend goes to people, and is recorded.

use layerguard_core::audit::Body;
use layerguard_core::audit::body::{Escalation, NotificationKind};
use layerguard_core::incident::Status;
use layerguard_core::message::{self, Done};
use layerguard_core::text::escape;
use serde::Deserialize;

use crate::{Decide, DecideError, Reply};

/// How much of an error's text is kept.
const MOST_TEXT: usize = 600;
/// How often closing is tried again when events keep joining.
const MOST_TRIES: u32 = 5;

/// What a state machine caught.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// The name of the error: one of the four classes, or AWS's own.
    #[serde(rename = "Error", default)]
    pub name: String,
    /// Its cause, often the JSON of a Lambda error.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

#[derive(Deserialize)]
struct LambdaError {
    #[serde(rename = "errorMessage")]
    message: String,
}

impl Fault {
    /// A fault of our own finding.
    #[must_use]
    pub fn new(name: &str, cause: &str) -> Self {
        Self { name: name.to_owned(), cause: cause.to_owned() }
    }

    /// In words, short and escaped.
    fn words(&self) -> String {
        let cause = serde_json::from_str::<LambdaError>(&self.cause).map_or_else(|_| self.cause.clone(), |e| e.message);
        let short: String = cause.chars().take(MOST_TEXT).collect();
        escape(&format!("{}: {short}", self.name))
    }
}

impl Decide<'_> {
    /// Record the fault. Of a step: the others still run and the report tells people. Of the chain itself: people are told
    /// now, and the incident ends as escalated.
    pub(crate) async fn escalate(&self, id: &str, step: Option<u32>, fault: &Fault) -> Result<Reply, DecideError> {
        let view = self.view(id).await?;
        if step.is_none() && !view.incident.status.is_open() {
            // Closed already, and told; what may be missing is the record of it.
            if view.history.closing().is_none() {
                self.record_closing(&view, view.incident.status).await?;
            }
            return Ok(replied(id, view.incident.status));
        }
        let reason = match step {
            Some(number) => format!("step {number} could not be carried out"),
            None => "the incident could not be handled to its end".to_owned(),
        };
        let given = Escalation { step, reason: reason.clone(), error: Some(fault.words()) };
        self.append(id, self.draft(id, Body::Escalation(given))?).await?;
        if step.is_some() {
            return Ok(replied(id, view.incident.status));
        }
        let reason = format!("{reason}: {}", fault.words());
        let text = message::escalation(&self.briefing(&view), &reason, &Done::all(&view.history));
        self.tell(&view.incident, NotificationKind::Escalation, &text).await?;
        for _ in 0..MOST_TRIES {
            let view = self.view(id).await?;
            match self.settle(&view, Status::Escalated).await {
                Ok(()) => return Ok(replied(id, Status::Escalated)),
                Err(DecideError::Port { source, .. })
                    if source.kind == layerguard_core::ports::PortErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(DecideError::Restless(id.to_owned()))
    }
}

fn replied(id: &str, status: Status) -> Reply {
    Reply::Escalated { incident_id: id.to_owned(), status: status.as_str().to_owned() }
}
