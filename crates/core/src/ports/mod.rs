//! What the core needs from the outside: one small trait per capability, so that a function is given only what it may use.
//! `layerguard-aws` implements them over AWS, `layerguard-testkit` in memory with injected faults.

mod account;
mod announce;
mod deployment;
mod drill;
mod failed_events;
mod policy;
mod reach;
mod reading;
mod record;
mod schema;
mod shared;
mod source;
mod trail_files;

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;

use crate::approval::{Answer, ApprovalRequest, CallerIdentity, SignedRequest};
use crate::audit::{About, AuditRecord};
use crate::error::{Class, Classified};
use crate::history::{Look, Trace};
use crate::incident::{Incident, IncidentEvent, IncidentKey, Joined};

pub use account::{
    Account, Accounts, Ecr, Iam, LayerGrant, LayerPolicy, Layers, Replication, ReplicationRule, RepositorySettings,
    TagMutability,
};
pub use announce::{Announced, Bus, MOST_AT_ONCE, Outbox, mark_due};
pub use deployment::{Alarm, Deployment, Function, Machine, Queue, Recorded, Rule, Table, Target, Topic, Trail};
pub use drill::{DrillGround, DrillSession};
pub use failed_events::{FailedEvent, FailedEvents, Triage};
pub use policy::{InForce, Loaded, PolicyLever, PolicyPointer};
pub use reach::{Reach, ReachStore};
pub use reading::{Image, ImageList, Images, Listing, Page, Place};
pub use record::{AuditIndex, Entry, RecordPage, RecordPlace, SHARDS, Search, shard};
pub use schema::SchemaMark;
pub use shared::{Holder, Holders, LONGEST_PAUSE, Lever, Pause, Switch};
pub use source::{LINEAGE_KEPT, LineageStore, Roles};
pub use trail_files::{AssessedCalls, HourDone, HourStore, RuleNow, RuleStates, TrailFiles};

/// Why a port failed. The message names the operation and what it was about, never a payload.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("could not {operation}: {kind}")]
pub struct PortError {
    /// What was tried and on what, in words: "write policy `layerguard-1` on role `ci`".
    pub operation: String,
    /// What happened.
    pub kind: PortErrorKind,
}

/// What happened at a port.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PortErrorKind {
    /// Throttled, a service failure or a lost connection; the request may have taken effect.
    #[error("the service did not answer properly ({0})")]
    Unavailable(String),
    /// The thing is not there.
    #[error("it does not exist")]
    NotFound,
    /// Access denied, by whichever policy.
    #[error("access denied ({0})")]
    Denied(String),
    /// An entity that only AWS may edit (AWS facts, section 3).
    #[error("only AWS may modify it")]
    Unmodifiable,
    /// A quota is exhausted, such as inline policy space.
    #[error("a limit is reached ({0})")]
    LimitExceeded(String),
    /// Somebody else changed it first; read again.
    #[error("it was changed by somebody else meanwhile")]
    Conflict,
    /// What came back could not be understood.
    #[error("the answer could not be read ({0})")]
    Unreadable(String),
    /// Refused for another reason, by AWS's error code.
    #[error("refused ({0})")]
    Refused(String),
}

impl Classified for PortError {
    fn class(&self) -> Class {
        match self.kind {
            PortErrorKind::Unavailable(_) | PortErrorKind::Conflict => Class::Retryable,
            PortErrorKind::Unreadable(_) => Class::Stuck,
            _ => Class::Permanent,
        }
    }
}

/// The result of a port.
pub type PortResult<T> = Result<T, PortError>;

/// The time, given by the edge so that the core has no clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The append-only audit table.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// All records of one incident (or of one call, `call#<dedupe id>`), in order of their sequence number; empty when there is none.
    async fn records(&self, incident: &str) -> PortResult<Vec<AuditRecord>>;
    /// Insert one record, with a short copy of what it is about for [`AuditIndex`]; without one it is in no index. `Conflict` when its
    /// sequence number is taken: the caller reads again.
    async fn insert(&self, record: &AuditRecord, about: Option<&About>) -> PortResult<()>;
}

/// Incidents: rows and the events that joined them.
#[async_trait]
pub trait IncidentStore: Send + Sync {
    /// Add an event to the open incident of its key, or open the next generation. Idempotent by the event's dedupe id:
    /// an event seen before answers with the incident it joined then. An incident that absorbs the event
    /// ([`Incident::absorbs`]) answers without taking it in.
    async fn join(&self, key: &IncidentKey, event: &IncidentEvent) -> PortResult<Joined>;
    /// The row, or `None` when there is no such incident.
    async fn incident(&self, id: &str) -> PortResult<Option<Incident>>;
    /// The events that joined, in order of their time.
    async fn events(&self, id: &str) -> PortResult<Vec<IncidentEvent>>;
    /// Replace the row if its `revision` is still `expected`; the stored row then has `expected + 1`. `Conflict` otherwise: an event joined or
    /// another invocation was faster.
    async fn update(&self, incident: &Incident, expected: u64) -> PortResult<()>;
    /// Open incidents, oldest first.
    async fn open(&self) -> PortResult<Vec<Incident>>;
    /// Closed incidents, latest first, at most `limit`.
    async fn closed(&self, limit: u32) -> PortResult<Vec<Incident>>;
    /// One page of a listing. Reads no more than the page needs; for showing, not for acting: see [`Page::incidents`].
    async fn page(&self, listing: &Listing) -> PortResult<Page>;
}

/// Recent activity: what calls leave behind for the answers about others.
#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Keep these traces. A trace of the same track, time and id is the same trace: keeping it twice changes nothing. What is kept can be
    /// read as soon as this answers.
    async fn remember(&self, traces: &[Trace]) -> PortResult<()>;
    /// The traces of a part of a track, in order of time. What is older than [`Trace::kept_for`] may be gone.
    async fn traces(&self, look: &Look) -> PortResult<Vec<Trace>>;
    /// Forget a trace that was dealt with; absent is success.
    async fn forget(&self, trace: &Trace) -> PortResult<()>;
    /// Whether Remediate's intents are kept here, so that a change without one is nobody's intention. Records that are read offline have none.
    fn knows_intents(&self) -> bool {
        true
    }
    /// How many distinct repositories the traces of a part of a track say were pulled from, this one included. `None` where the store
    /// has to answer with the traces: what is kept in memory is counted where it is.
    fn count_pulled(&self, _look: &Look, _also: Option<&str>) -> Option<u32> {
        None
    }
}

/// Approval requests, the answers of people, and the single use of signatures.
#[async_trait]
pub trait ApprovalStore: Send + Sync {
    /// The current request of an incident.
    async fn request(&self, incident: &str) -> PortResult<Option<ApprovalRequest>>;
    /// Store the request (the whole row; one writer per incident, the hub).
    async fn put_request(&self, request: &ApprovalRequest) -> PortResult<()>;
    /// All answers given so far, oldest first.
    async fn answers(&self, incident: &str) -> PortResult<Vec<Answer>>;
    /// A person's side: store an answer. Holds no authority until Decide has verified it.
    async fn put_answer(&self, answer: &Answer) -> PortResult<()>;
    /// Claim a signature for one use, by the incident and answer it was claimed for. `false` when it was claimed before by another.
    async fn claim_signature(&self, signature_hash: &str, claimant: &str) -> PortResult<bool>;
}

/// Applied measures that are due to lift, and the counters of the breaker.
#[async_trait]
pub trait MeasureStore: Send + Sync {
    /// Remember that a step of an incident is applied and, if temporary, when it lifts. Idempotent.
    async fn put_measure(&self, incident: &str, step: u32, lift_at: Option<Timestamp>) -> PortResult<()>;
    /// Forget it: it was lifted or undone. Idempotent.
    async fn remove_measure(&self, incident: &str, step: u32) -> PortResult<()>;
    /// (incident, step) of measures whose lift time has come.
    async fn due_measures(&self, now: Timestamp) -> PortResult<Vec<(String, u32)>>;
    /// Count an action under each scope (`all`, `account#...`, `role#...`). A set: the same incident and step counts once.
    async fn count_action(&self, scopes: &[String], incident: &str, step: u32, at: Timestamp) -> PortResult<()>;
    /// How many actions were counted under the scope since `from`.
    async fn actions_since(&self, scope: &str, from: Timestamp) -> PortResult<u32>;
}

/// A message to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line of at most 100 ASCII characters (an SNS subject).
    pub subject: String,
    /// Plain text that a person can act on; what every kind of subscription gets by default.
    pub body: String,
    /// The same in the chat schema (AWS facts, section 12), as JSON text; what `https` subscriptions get.
    pub chat: String,
    /// Attributes for subscription filters: incident id, severity, kind.
    pub attributes: Vec<(String, String)>,
}

/// Tells people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Publish to the alert topic. Answers with the message id.
    async fn publish(&self, message: &Message) -> PortResult<String>;
}

/// How an execution of the respond machine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// Under way.
    Running,
    /// Ended as it should.
    Succeeded,
    /// Failed, timed out or aborted.
    Died,
    /// There is none of that name.
    Absent,
    /// An execution of this name is about something else: somebody took the name.
    Foreign,
}

/// The alias under which the machines are started. It names the version that was deployed last, or the one that somebody went back to.
pub const LIVE: &str = "live";

/// The respond machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// Start an execution of this name for this incident. `true` also when exactly this one runs already; `false` when the name is
    /// taken, by an execution that ended or by one about something else.
    async fn start(&self, name: &str, incident: &str) -> PortResult<bool>;
    /// How the execution of this name stands, provided that it is about this incident: whoever may start executions may take any name.
    async fn status(&self, name: &str, incident: &str) -> PortResult<ExecutionStatus>;
    /// Wake a waiting approval. Carries no authority; an expired token is success (the next tick reads the answer).
    async fn wake(&self, token: &str) -> PortResult<()>;
}

/// Proves identity by sending a signed `sts:GetCallerIdentity` request as it is.
#[async_trait]
pub trait IdentityProof: Send + Sync {
    /// Whom STS says the signer is. `Denied` when STS refuses the signature.
    async fn prove(&self, request: &SignedRequest) -> PortResult<CallerIdentity>;
}
