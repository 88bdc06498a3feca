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
    pub fn port(error: &PortError, stack: &str, region: &str) -> Self {
        let (stack, region) = (layerguard_core::text::escape(stack), layerguard_core::text::escape(region));
        let message = match &error.kind {
            PortErrorKind::NotFound => missing(&error.operation, &stack, &region),
            PortErrorKind::Denied(code) if is_of_wrong_key(code) => {
                format!("could not {}: the credentials are not valid ({code})", error.operation)
            }
            _ => error.to_string(),
        };
        Self::unreachable(message).remedy(remedy(&error.kind, &stack))
    }
}

/// What is not there, by what was tried: an answer goes through the machine, everything else is in the tables.
fn missing(operation: &str, stack: &str, region: &str) -> String {
    let machine = operation.starts_with("start execution") || operation.starts_with("wake");
    let thing = if machine {
        format!("the state machine `{stack}-respond`")
    } else if operation.contains("audit") {
        format!("the table `{stack}-audit`")
    } else {
        format!("the table `{stack}-state`")
    };
    format!("could not {operation}: {thing} of stack `{stack}` does not exist in region `{region}` of this account")
}

fn remedy(kind: &PortErrorKind, stack: &str) -> String {
    match kind {
        PortErrorKind::NotFound => {
            format!("is stack `{stack}` deployed here? check --stack, --profile and --region")
        }
        PortErrorKind::Denied(code) if is_of_wrong_key(code) => {
            "use other credentials: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or name a --profile"
                .to_owned()
        }
        PortErrorKind::Denied(code) if code.starts_with("ExpiredToken") => {
            "the credentials have expired: sign in again, for example with `aws sso login`".to_owned()
        }
        PortErrorKind::Denied(why) if why.contains("credentials") || why.contains("profile") => {
            "for example `aws sso login`, then --profile NAME".to_owned()
        }
        PortErrorKind::Denied(_) => {
            format!("use a session with the managed policy `{stack}-on-call`; expired credentials are denied too")
        }
        PortErrorKind::Unavailable(_) => {
            "is the endpoint up and right? check --endpoint-url and --region; a local stack must be running; else try again"
                .to_owned()
        }
        PortErrorKind::Conflict => "try again".to_owned(),
        _ => format!("check --stack, --profile and --region; the stack is `{stack}`"),
    }
}

/// Codes that say that AWS does not know the key, or that the secret is not the key's.
fn is_of_wrong_key(code: &str) -> bool {
    matches!(
        code,
        "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "UnrecognizedClient"
            | "InvalidSecurity"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
    )
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
            let failure =
                Failure::port(&PortError { operation: "read it".to_owned(), kind }, "layerguard", "eu-central-1");
            assert!(failure.remedy.is_some() && failure.exit == Exit::Unreachable, "{failure:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_stack_and_region() {
        let told = |operation: &str| {
            let error = PortError { operation: operation.to_owned(), kind: PortErrorKind::NotFound };
            Failure::port(&error, "guard", "eu-central-1").message
        };
        assert!(
            told("list open incidents")
                .contains("`guard-state` of stack `guard` does not exist in region `eu-central-1`")
        );
        assert!(told("read the audit records of incident `a-1`").contains("`guard-audit`"));
        assert!(told("start execution `a-1`").contains("`guard-respond`"));
    }

    #[test]
    fn a_wrong_key_is_not_a_missing_permission() {
        for code in ["InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"] {
            let error = PortError { operation: "read it".to_owned(), kind: PortErrorKind::Denied(code.to_owned()) };
            let failure = Failure::port(&error, "guard", "eu-central-1");
            assert!(failure.message.contains("not valid"), "{failure:?}");
            assert!(failure.remedy.unwrap().contains("other credentials"));
        }
    }
}
