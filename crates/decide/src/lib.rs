//! Decide: says what comes next for an incident, asks people, and believes only what STS says about them.
//!
//! The hub is a function of what is recorded: it may run as often as the machine likes, in as many copies as it likes, and
//! each run either adds the one record that is missing or says which step is due.

mod announce;
mod answers;
mod ask;
mod close;
mod deliberate;
mod error;
mod escalate;
mod gauge;
mod hub;
mod publish;
mod repairs;
mod surroundings;
mod sweep;
mod switch;
mod view;

use layerguard_core::assess::Assessor;
use layerguard_core::audit::{self, AuditRecord, Draft};
use layerguard_core::metric::Figures;
use layerguard_core::plan::Mode;
use layerguard_core::ports::{
    ActivityStore, ApprovalStore, AuditLog, Bus, Clock, Executions, IdentityProof, IncidentStore, Lever, LineageStore,
    MeasureStore, Notifier, Outbox, PolicyLever, PolicyPointer, Roles, Switch,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::DecideError;
pub use escalate::Fault;
pub use sweep::Swept;

/// Who wrote the records of this function.
const ACTOR: &str = "decide";

/// The outside world as Decide sees it.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The audit table.
    pub audit: &'a dyn AuditLog,
    /// Incidents.
    pub incidents: &'a dyn IncidentStore,
    /// Requests and answers.
    pub approvals: &'a dyn ApprovalStore,
    /// The counters of the breaker.
    pub measures: &'a dyn MeasureStore,
    /// Recent activity: who issued a session.
    pub activity: &'a dyn ActivityStore,
    /// The sources of the sessions that were contained.
    pub lineage: &'a dyn LineageStore,
    /// Describes roles: of the account that layerguard runs in, and of those of the organisation that let it.
    pub roles: &'a dyn Roles,
    /// The stop switch.
    pub switch: &'a dyn Switch,
    /// Puts the stop switch back.
    pub lever: &'a dyn Lever,
    /// Which policy is in force.
    pub policies: &'a dyn PolicyPointer,
    /// Puts a policy in force.
    pub policy_lever: &'a dyn PolicyLever,
    /// Tells people.
    pub notifier: &'a dyn Notifier,
    /// Tells other tools.
    pub bus: &'a dyn Bus,
    /// How far they were told.
    pub outbox: &'a dyn Outbox,
    /// The respond machine.
    pub executions: &'a dyn Executions,
    /// Proves who answered.
    pub proof: &'a dyn IdentityProof,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What is told in figures.
    pub figures: &'a Figures,
}

/// What the deployment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The stack's name, for the commands in messages.
    pub stack: String,
    /// The region that it runs in, for the same.
    pub region: String,
    /// The deployment's ceiling; the inventory has one of its own.
    pub mode: Mode,
    /// Whether the deployment lets Remediate write inline denies; the inventory must allow it too.
    pub inline_deny: bool,
    /// The account that layerguard runs in.
    pub home_account: String,
    /// The STS endpoint that proofs are sent to, as Decide itself would call it.
    pub sts_endpoint: String,
}

/// The function.
pub struct Decide<'a> {
    /// The loaded policy, or why there is none: then every incident is handed to people.
    pub policy: &'a Result<Assessor, String>,
    /// What the deployment says.
    pub deployment: &'a Deployment,
    /// The outside world.
    pub ports: Ports<'a>,
}

/// What the machines and schedules ask of Decide.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// What comes next for this incident?
    Decide {
        /// The incident.
        incident_id: String,
    },
    /// Ask a person, and keep the token of the wait.
    RequestApproval {
        /// The incident.
        incident_id: String,
        /// The token of the waiting task.
        task_token: String,
    },
    /// Look at the answers, then say what comes next.
    VerifyApproval {
        /// The incident.
        incident_id: String,
    },
    /// Something failed that the machine cannot mend.
    Escalate {
        /// The incident.
        incident_id: String,
        /// The step that failed; `None` when the chain itself did.
        step: Option<u32>,
        /// What the machine caught.
        error: Fault,
    },
    /// Look after incidents that nobody looks after.
    Sweep,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Apply the steps.
    Contain,
    /// Wait for a person.
    Ask,
    /// Take the steps back.
    Undo,
    /// Tell people.
    Report,
    /// Nothing more.
    Settled,
}

/// One step of the Map state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The incident.
    pub incident_id: String,
    /// The step's number.
    pub step: u32,
}

/// The hub's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The incident.
    pub incident_id: String,
    /// What comes next.
    pub next: Next,
    /// The steps of `contain` and `undo`.
    pub steps: Vec<Due>,
    /// How long `ask` waits before it looks again.
    pub wait_seconds: i64,
}

/// What Decide answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// What comes next.
    Course(Course),
    /// The incident was handed to people.
    Escalated {
        /// The incident.
        incident_id: String,
        /// Its status now.
        status: String,
    },
    /// What the sweeper did.
    Swept(Swept),
    /// The request stands.
    Asked {},
}

impl Decide<'_> {
    /// Read a payload and do what it asks.
    ///
    /// # Errors
    /// `InvalidInput` for a payload that is no task of ours, else as [`Decide::handle`].
    pub async fn serve(&self, payload: Value) -> Result<Reply, DecideError> {
        let task = serde_json::from_value(payload).map_err(DecideError::Task)?;
        self.handle(&task).await
    }

    /// Do what is asked.
    ///
    /// # Errors
    /// As [`DecideError`] says; its class is the `errorType` that the machine matches.
    pub async fn handle(&self, task: &Task) -> Result<Reply, DecideError> {
        match task {
            // The hub reads the answers first, so that a lost callback costs nothing but time.
            Task::Decide { incident_id } | Task::VerifyApproval { incident_id } => {
                let course = self.hub(incident_id).await?;
                self.announce(incident_id).await;
                Ok(Reply::Course(course))
            }
            Task::RequestApproval { incident_id, task_token } => {
                self.request_approval(incident_id, task_token).await?;
                self.announce(incident_id).await;
                Ok(Reply::Asked {})
            }
            Task::Escalate { incident_id, step, error } => {
                let reply = self.escalate(incident_id, *step, error).await?;
                self.announce(incident_id).await;
                Ok(reply)
            }
            Task::Sweep => self.sweep().await.map(Reply::Swept),
        }
    }

    /// Append one record to the incident's chain.
    async fn append(&self, incident: &str, draft: Draft) -> Result<AuditRecord, DecideError> {
        let now = self.ports.clock.now();
        let record = audit::append(self.ports.audit, incident, ACTOR, self.policy_version(), now, draft)
            .await
            .map_err(|source| DecideError::Audit { incident: incident.to_owned(), source })?;
        self.ports.figures.count(&record);
        Ok(record)
    }

    fn policy_version(&self) -> &str {
        self.policy.as_ref().map_or("none", Assessor::policy_version)
    }

    fn assessor(&self) -> Result<&Assessor, DecideError> {
        self.policy.as_ref().map_err(|reason| DecideError::Policy(reason.clone()))
    }
}
