//! Detect: one event in, its assessment recorded, its incident opened or joined.
//!
//! Everything happens in an order in which nothing can be lost: the assessment is recorded first, then the event joins its
//! incident, then the caller learns that an execution is to be started. Dying anywhere in between is repaired by the retry
//! of the same event or by the sweeper.

mod error;

use jiff::Timestamp;
use layerguard_core::assess::{self, Assessed, Assessor};
use layerguard_core::audit::{self, AuditError, Body, Draft, History, body};
use layerguard_core::call::Call;
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::engine::Verdict;
use layerguard_core::facts;
use layerguard_core::incident::IncidentEvent;
use layerguard_core::inventory::Login;
use layerguard_core::ports::{ActivityStore, AuditLog, Clock, IncidentStore};
use serde::Serialize;
use serde_json::Value;

pub use error::DetectError;

/// Who wrote the records of this function.
const ACTOR: &str = "detect";

/// The function: a policy and the ports it needs.
pub struct Detect<'a> {
    /// The loaded policy, or why there is none: then every watched call is undecided.
    pub policy: &'a Result<Assessor, String>,
    /// Where assessments are recorded.
    pub audit: &'a dyn AuditLog,
    /// Where incidents are kept.
    pub incidents: &'a dyn IncidentStore,
    /// Where logins are remembered.
    pub activity: &'a dyn ActivityStore,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// What the triage machine learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// CloudTrail's id of the event.
    pub event_id: String,
    /// The answer.
    pub assessment: Verdict,
    /// The incident it belongs to.
    pub incident_id: Option<String>,
    /// The incident waits for an execution.
    pub start: bool,
}

impl Detect<'_> {
    /// Handle one event in whatever envelope.
    ///
    /// # Errors
    /// `InvalidInput` for a payload that is no CloudTrail record: it is kept in the failed-events queue. `Retryable` and the
    /// others as the ports say.
    pub async fn handle(&self, payload: &Value) -> Result<Found, DetectError> {
        let event = cloudtrail::parse_lambda_payload(payload).map_err(DetectError::Record)?;
        let logins = self.logins(&event).await?;
        let assessed = match self.policy {
            Ok(assessor) => assessor.assess(&event, &logins),
            Err(reason) => assess::without_policy(&event, reason),
        };
        self.remember_login(&event).await?;
        let record_hash = self.record(&event, &assessed).await?;
        self.join(event, assessed, record_hash).await
    }

    /// The registry logins of a masked call's session: the only place where its true address stands.
    async fn logins(&self, event: &Event) -> Result<Vec<Login>, DetectError> {
        if !facts::needs_logins(event) {
            return Ok(Vec::new());
        }
        let from = event.time.checked_sub(facts::LOGIN_LIFE).unwrap_or(Timestamp::MIN);
        self.activity.logins(&event.principal.login_session(), from, event.time).await.map_err(DetectError::Activity)
    }

    async fn remember_login(&self, event: &Event) -> Result<(), DetectError> {
        if event.error_code.is_none() && matches!(event.call, Some(Call::GetAuthorizationToken { .. })) {
            self.activity.record_login(event).await.map_err(DetectError::Activity)?;
        }
        Ok(())
    }

    /// Record the assessment in the event's own chain and answer with the record's hash; `None` for an unwatched call, about which
    /// there is nothing to record. An event that comes twice with the same answer is recorded once.
    async fn record(&self, event: &Event, assessed: &Assessed) -> Result<Option<String>, DetectError> {
        if assessed.assessment.verdict == Verdict::Unwatched {
            return Ok(None);
        }
        let incident = audit::call_chain(&event.dedupe_id);
        let body = evidence(event, assessed);
        let port = |source| DetectError::Audit(AuditError::Port { incident: incident.clone(), source });
        let earlier = self.audit.records(&incident).await.map_err(port)?;
        let earlier = History::of(&earlier).map_err(DetectError::Audit)?;
        if let Some(same) = earlier.entries().last().filter(|entry| same_answer(&entry.body, &body)) {
            return Ok(Some(same.hash.clone()));
        }
        let draft = Draft::of(&Body::Assessment(Box::new(body))).map_err(DetectError::Audit)?;
        let version = &assessed.assessment.policy_version;
        let record = audit::append(self.audit, &incident, ACTOR, version, self.clock.now(), draft).await;
        record.map(|record| Some(record.hash)).map_err(DetectError::Audit)
    }

    /// Add what is not clear to its incident.
    async fn join(&self, event: Event, assessed: Assessed, record_hash: Option<String>) -> Result<Found, DetectError> {
        let event_id = event.event_id.clone();
        let verdict = assessed.assessment.verdict;
        let Some((key, record_hash)) = assessed.key.zip(record_hash) else {
            return Ok(Found { event_id, assessment: verdict, incident_id: None, start: false });
        };
        let joining = IncidentEvent { event, facts: assessed.facts, assessment: assessed.assessment, record_hash };
        let joined = self.incidents.join(&key, &joining).await.map_err(DetectError::Incident)?;
        tracing::info!(
            event_id,
            assessment = ?verdict,
            incident_id = joined.incident,
            opened = joined.opened,
            "an event joined its incident"
        );
        Ok(Found { event_id, assessment: verdict, incident_id: Some(joined.incident), start: joined.pending })
    }
}

/// What is recorded of an assessed event. Ten million clear calls a day are recorded one by one, so a clear one is kept small: who,
/// what, where from and why, without the client's own words and without the facts that the reasons repeat.
fn evidence(event: &Event, assessed: &Assessed) -> body::Assessment {
    let mut kept = body::Assessment {
        event: event.clone(),
        facts: assessed.facts.clone(),
        assessment: assessed.assessment.clone(),
    };
    if kept.assessment.verdict == Verdict::Clear {
        kept.facts = None;
        kept.event.user_agent = None;
        kept.event.flaws.clear();
    }
    kept
}

/// Assessed before, by the same policy and with the same answer: recorded already.
fn same_answer(recorded: &Body, now: &body::Assessment) -> bool {
    let Body::Assessment(before) = recorded else { return false };
    before.assessment.verdict == now.assessment.verdict
        && before.assessment.policy_version == now.assessment.policy_version
}
