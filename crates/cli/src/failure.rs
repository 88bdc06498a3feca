//! Failures as a person reads them: what could not be done, why, and what to do about it.

use std::error::Error;
use std::io;

use layerguard_core::ports::{PortError, PortErrorKind};

use crate::exit::Exit;

/// Why a command ended early.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit status.
    pub exit: Exit,
    /// What could not be done; several lines where there are several problems.
    pub message: String,
    /// The chain of causes, each once.
    pub causes: Vec<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Nobody is reading any more: say nothing.
    pub silent: bool,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), remedy: None, silent: false }
    }

    /// The answer is no.
    #[must_use]
    pub fn no(message: impl Into<String>) -> Self {
        Self::new(Exit::No, message)
    }

    /// What was given cannot be used.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something could not be read or reached.
    #[must_use]
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, message)
    }

    /// Adds an error and its causes. A cause that only repeats what was said is left out.
    #[must_use]
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            let said = self.causes.last().unwrap_or(&self.message);
            if !said.contains(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// There is no such incident.
    #[must_use]
    pub fn unknown_incident(id: &str, stack: &str) -> Self {
        let (id, stack) = (layerguard_core::text::escape(id), layerguard_core::text::escape(stack));
        Self::no(format!("there is no incident `{id}` in stack `{stack}`")).remedy(format!(
            "`layerguard incidents list --stack {stack}` shows the ids; is it the right stack, account and region?"
        ))
    }

    /// A port of this stack failed.
    #[must_use]
    pub fn port(error: &PortError, stack: &str) -> Self {
        let stack = layerguard_core::text::escape(stack);
        let remedy = match &error.kind {
            PortErrorKind::NotFound => {
                format!("is stack `{stack}` deployed here? check --stack, --profile and --region")
            }
            PortErrorKind::Denied(why) if why.contains("credentials") || why.contains("profile") => {
                "for example `aws sso login`, then --profile NAME".to_owned()
            }
            PortErrorKind::Denied(_) => {
                format!("use a session with the managed policy `{stack}-on-call`; expired credentials are denied too")
            }
            PortErrorKind::Unavailable(_) => {
                "is the endpoint up and right? check --endpoint-url and --region; a local stack must be running; else try again".to_owned()
            }
            PortErrorKind::Conflict => "try again".to_owned(),
            _ => format!("check --stack, --profile and --region; the stack is `{stack}`"),
        };
        Self::unreachable(error.to_string()).remedy(remedy)
    }
}

impl From<io::Error> for Failure {
    /// Only writing to the screen fails so.
    fn from(error: io::Error) -> Self {
        let silent = error.kind() == io::ErrorKind::BrokenPipe;
        Self { silent, ..Self::unreachable("could not write the output").because(&error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let port = PortError { operation: "read".to_owned(), kind: PortErrorKind::NotFound };
        let failure = Failure::unreachable("could not read: it does not exist").because(&port);
        assert!(failure.causes.is_empty(), "{failure:?}");
    }

    #[test]
    fn every_port_failure_has_a_remedy() {
        let kinds = [
            PortErrorKind::NotFound,
            PortErrorKind::Denied("AccessDenied".to_owned()),
            PortErrorKind::Unavailable("no connection".to_owned()),
            PortErrorKind::Conflict,
            PortErrorKind::Refused("ValidationException".to_owned()),
        ];
        for kind in kinds {
            let failure = Failure::port(&PortError { operation: "read it".to_owned(), kind }, "layerguard");
            assert!(failure.remedy.is_some() && failure.exit == Exit::Unreachable, "{failure:?}");
        }
    }
}
