//! People, executions, and who STS says somebody is.

use std::collections::BTreeMap;

use async_trait::async_trait;
use layerguard_core::approval::{CallerIdentity, SignedRequest};
use layerguard_core::ports::{
    ExecutionStatus, Executions, IdentityProof, Message, Notifier, PortErrorKind, PortResult,
};

use crate::World;

#[derive(Clone, Default)]
pub(crate) struct Outside {
    messages: Vec<Message>,
    /// Incident and status by execution name.
    executions: BTreeMap<String, (String, ExecutionStatus)>,
    /// The next start loses its name to somebody else.
    rival: bool,
    woken: Vec<String>,
    /// Whom STS recognises, by the `authorization` header.
    signers: BTreeMap<String, CallerIdentity>,
}

#[async_trait]
impl Notifier for World {
    async fn publish(&self, message: &Message) -> PortResult<String> {
        self.call("notifier.publish", &message.subject, |state| {
            state.outside.messages.push(message.clone());
            Ok(format!("message-{}", state.outside.messages.len()))
        })
    }
}

#[async_trait]
impl Executions for World {
    async fn start(&self, name: &str, incident: &str) -> PortResult<bool> {
        self.call("executions.start", name, |state| {
            if std::mem::take(&mut state.outside.rival) {
                let other = ("somebody-elses".to_owned(), ExecutionStatus::Running);
                state.outside.executions.insert(name.to_owned(), other);
            }
            if let Some((of, status)) = state.outside.executions.get(name) {
                return Ok(of == incident && *status == ExecutionStatus::Running);
            }
            state.outside.executions.insert(name.to_owned(), (incident.to_owned(), ExecutionStatus::Running));
            Ok(true)
        })
    }

    async fn status(&self, name: &str, incident: &str) -> PortResult<ExecutionStatus> {
        self.call("executions.status", name, |state| {
            Ok(match state.outside.executions.get(name) {
                None => ExecutionStatus::Absent,
                Some((of, _)) if of != incident => ExecutionStatus::Foreign,
                Some((_, status)) => *status,
            })
        })
    }

    async fn wake(&self, token: &str) -> PortResult<()> {
        self.call("executions.wake", "a waiting approval", |state| {
            state.outside.woken.push(token.to_owned());
            Ok(())
        })
    }
}

#[async_trait]
impl IdentityProof for World {
    async fn prove(&self, request: &SignedRequest) -> PortResult<CallerIdentity> {
        self.call("sts.prove", &request.endpoint, |state| {
            let signature = request.headers.get("authorization");
            let known = signature.and_then(|signature| state.outside.signers.get(signature));
            known.cloned().ok_or_else(|| PortErrorKind::Denied("SignatureDoesNotMatch".to_owned()))
        })
    }
}

impl World {
    /// All messages that were published.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.state().outside.messages.clone()
    }

    /// Let an execution stand like this. `Absent` forgets it; one about another incident is `Foreign` to all others.
    pub fn set_execution(&self, name: &str, incident: &str, status: ExecutionStatus) {
        let mut state = self.state();
        if status == ExecutionStatus::Absent {
            state.outside.executions.remove(name);
        } else {
            state.outside.executions.insert(name.to_owned(), (incident.to_owned(), status));
        }
    }

    /// Somebody takes the name of the next execution right before it is started.
    pub fn lose_next_start(&self) {
        self.state().outside.rival = true;
    }

    /// All executions that were started: name, incident and status.
    #[must_use]
    pub fn executions(&self) -> Vec<(String, String, ExecutionStatus)> {
        let state = self.state();
        let all = state.outside.executions.iter();
        all.map(|(name, (incident, status))| (name.clone(), incident.clone(), *status)).collect()
    }

    /// The task tokens that were woken.
    #[must_use]
    pub fn woken(&self) -> Vec<String> {
        self.state().outside.woken.clone()
    }

    /// Let STS recognise this `authorization` header as this caller's.
    pub fn know_signer(&self, authorization: &str, identity: CallerIdentity) {
        self.state().outside.signers.insert(authorization.to_owned(), identity);
    }
}
