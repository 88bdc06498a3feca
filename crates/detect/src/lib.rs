//! Detect: one event in, its assessment recorded, its incident opened or joined.
//!
//! Everything happens in an order in which nothing can be lost: the assessment is recorded first, then the event joins its
//! incident, then the caller learns that an execution is to be started. Dying anywhere in between is repaired by the retry
//! of the same event or by the sweeper.

mod copies;
mod error;

use layerguard_core::assess::{self, Assessed, Assessor};
use layerguard_core::audit::{self, AuditError, Body, Draft, History, Original, body};
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::engine::{Assessment, Severity, Verdict};
use layerguard_core::history::{self, Ancestor};
use layerguard_core::incident::{AGAIN, IncidentEvent};
use layerguard_core::metric::{Figures, Metric};
use layerguard_core::ports::{ActivityStore, AuditLog, Clock, IncidentStore};
use serde::Serialize;
use serde_json::{Value, json};

pub use copies::Settled;
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
    /// Where calls leave traces for the answers about others.
    pub activity: &'a dyn ActivityStore,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What is told in figures.
    pub figures: &'a Figures,
}

/// What the schedule sends each minute.
const SETTLE_COPIES: &str = "settle_copies";

/// What the function answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// About one event.
    Found(Found),
    /// About copies that waited.
    Settled(Settled),
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
    /// Handle what the function is invoked with: the schedule's task, or one event.
    ///
    /// # Errors
    /// As [`Detect::settle_copies`] and [`Detect::handle`].
    pub async fn answer(&self, payload: &Value) -> Result<Answer, DetectError> {
        if *payload == json!({ "task": SETTLE_COPIES }) {
            return self.settle_copies().await.map(Answer::Settled);
        }
        self.handle(payload).await.map(Answer::Found)
    }

    /// Handle one event in whatever envelope.
    ///
    /// # Errors
    /// `InvalidInput` for a payload that is no CloudTrail record: it is kept in the failed-events queue. `Retryable` and the
    /// others as the ports say.
    pub async fn handle(&self, payload: &Value) -> Result<Found, DetectError> {
        let record = cloudtrail::record_in(payload).map_err(DetectError::Record)?;
        let event = cloudtrail::parse(record).map_err(DetectError::Record)?;
        let assessor = match self.policy {
            Ok(assessor) => assessor,
            Err(reason) => return self.settle(&event, record, assess::without_policy(&event, reason)).await,
        };
        // Its traces are stored before others' are read: of two events at the same moment at least one sees both.
        self.activity.remember(&assessor.traces(&event)).await.map_err(DetectError::Activity)?;
        let activity = history::ReadOnce::new(self.activity, assessor.inventory().thresholds.pull_breadth.window);
        let assessed = assessor.investigate(&event, &activity).await.map_err(DetectError::Activity)?;
        let lineage = assessed.lineage.clone();
        let found = self.settle(&event, record, assessed).await?;
        self.assess_late(assessor, (&event, &lineage), &activity).await?;
        Ok(found)
    }

    /// Events that this one precedes and that came before it: their answers may be others now. Incidents that open by that are started by
    /// the sweeper.
    async fn assess_late(
        &self,
        assessor: &Assessor,
        (event, lineage): (&Event, &[Ancestor]),
        activity: &dyn ActivityStore,
    ) -> Result<(), DetectError> {
        for id in assessor.late(event, lineage, activity).await.map_err(DetectError::Activity)? {
            // Not recorded yet: whoever handles it reads this event's traces.
            let Some((_, before)) = self.recorded(&id).await? else { continue };
            let found = self.assess_again(assessor, before).await?;
            tracing::info!(
                event_id = found.event_id,
                late_event_id = event.event_id,
                assessment = found.assessment.as_str(),
                "assessed again"
            );
        }
        Ok(())
    }

    /// An event that joined its incident already joins once more where more rules fire now: the incident has to learn of them.
    async fn assess_again(&self, assessor: &Assessor, before: body::Assessment) -> Result<Found, DetectError> {
        let mut event = before.event.clone();
        let assessed = assessor.investigate(&event, self.activity).await.map_err(DetectError::Activity)?;
        let body = body::Assessment { original: original_again(&before, &assessed), ..evidence(&event, &assessed) };
        let record_hash = self.record(body).await?;
        let known = rule_ids(&before.assessment);
        let joined = before.assessment.verdict == assessed.assessment.verdict;
        if joined && rule_ids(&assessed.assessment).iter().any(|id| !known.contains(id)) {
            event.dedupe_id.push_str(AGAIN);
        }
        self.join(event, assessed, Some(record_hash)).await
    }

    /// Record what was found out, and add what is not clear to its incident.
    async fn settle(&self, event: &Event, record: &Value, assessed: Assessed) -> Result<Found, DetectError> {
        if is_told(assessed.assessment.verdict) {
            let took = self.clock.now().duration_since(event.time).as_secs();
            self.figures.tell(Metric::DeliverySeconds, u64::try_from(took).unwrap_or_default());
        }
        let record_hash = match assessed.assessment.verdict {
            Verdict::Unwatched => None,
            _ => Some(self.record(evidence(event, &assessed).with_original(record)).await?),
        };
        if assessed.waits {
            self.activity.remember(&[history::waiting(event)]).await.map_err(DetectError::Activity)?;
            let (event_id, assessment) = (event.event_id.clone(), assessed.assessment.verdict);
            return Ok(Found { event_id, assessment, incident_id: None, start: false });
        }
        self.join(event.clone(), assessed, record_hash).await
    }

    /// Record the assessment of a watched call in the event's own chain and answer with the record's hash. An event that comes twice with
    /// the same answer is recorded once.
    async fn record(&self, body: body::Assessment) -> Result<String, DetectError> {
        let (dedupe_id, answer) = (body.event.dedupe_id.clone(), body.assessment.clone());
        let (incident, version) = (audit::call_chain(&dedupe_id), answer.policy_version.clone());
        let draft = Draft::of(&Body::Assessment(Box::new(body))).map_err(DetectError::Audit)?;
        let now = self.clock.now();
        // Nearly every event comes once, so its record is written without looking first: a chain that has begun refuses it.
        let first = audit::begin(self.audit, &incident, ACTOR, &version, now, &draft).await;
        if let Some(record) = first.map_err(DetectError::Audit)? {
            self.tell_of(&answer);
            return Ok(record.hash);
        }
        let before = self.recorded(&dedupe_id).await?;
        if let Some((hash, _)) = before.filter(|(_, before)| same_answer(&before.assessment, &answer)) {
            return Ok(hash);
        }
        let record =
            audit::append(self.audit, &incident, ACTOR, &version, now, draft).await.map_err(DetectError::Audit)?;
        self.tell_of(&answer);
        Ok(record.hash)
    }

    fn tell_of(&self, answer: &Assessment) {
        if is_told(answer.verdict) {
            self.figures.tell_of(Metric::Assessments, answer.verdict.as_str(), 1);
        }
    }

    /// The latest assessment that is recorded of the event of this dedupe id, with its record's hash and whatever record of the event an
    /// assessment before it kept.
    async fn recorded(&self, dedupe_id: &str) -> Result<Option<(String, body::Assessment)>, DetectError> {
        let incident = audit::call_chain(dedupe_id);
        let records = self.audit.records(&incident).await;
        let records = records.map_err(|source| DetectError::Audit(AuditError::Port { incident, source }))?;
        let history = History::of(&records).map_err(DetectError::Audit)?;
        let mut latest: Option<(String, body::Assessment)> = None;
        for entry in history.entries() {
            let Body::Assessment(assessment) = &entry.body else { continue };
            let mut assessment = assessment.as_ref().clone();
            assessment.original = assessment.original.or(latest.and_then(|(_, before)| before.original));
            latest = Some((entry.hash.clone(), assessment));
        }
        Ok(latest)
    }

    /// Add what is not clear to its incident.
    async fn join(&self, event: Event, assessed: Assessed, record_hash: Option<String>) -> Result<Found, DetectError> {
        let event_id = event.event_id.clone();
        let verdict = assessed.assessment.verdict;
        let Some((key, record_hash)) = assessed.key.zip(record_hash) else {
            return Ok(Found { event_id, assessment: verdict, incident_id: None, start: false });
        };
        let severity = assessed.assessment.severity().map_or("undecided", Severity::as_str);
        let joining = IncidentEvent { event, facts: assessed.facts, assessment: assessed.assessment, record_hash };
        let joined = self.incidents.join(&key, &joining).await.map_err(DetectError::Incident)?;
        if joined.opened {
            self.figures.tell_of(Metric::IncidentsOpened, severity, 1);
        }
        tracing::info!(
            event_id,
            call = joining.event.call_name(),
            assessment = verdict.as_str(),
            severity,
            rule = rule_ids(&joining.assessment).join(" "),
            account = key.account,
            region = key.region,
            incident_id = joined.incident,
            opened = joined.opened,
            "an event joined its incident"
        );
        Ok(Found { event_id, assessment: verdict, incident_id: Some(joined.incident), start: joined.pending })
    }
}

/// Clear and unwatched calls are told in no figure: there are too many of them.
const fn is_told(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Violation | Verdict::Undecided)
}

/// What is recorded of an assessed event. Ten million clear calls a day are recorded one by one, so a clear one is kept small: who,
/// what, where from and why, without the client's own words and without the facts that the reasons repeat.
fn evidence(event: &Event, assessed: &Assessed) -> body::Assessment {
    let mut kept = body::Assessment {
        event: event.clone(),
        facts: assessed.facts.clone(),
        assessment: assessed.assessment.clone(),
        original: None,
    };
    if kept.assessment.verdict == Verdict::Clear {
        kept.facts = None;
        kept.event.user_agent = None;
        kept.event.flaws.clear();
    }
    kept
}

/// The record of an event that is assessed again, when only what was recorded of it is at hand.
fn original_again(before: &body::Assessment, assessed: &Assessed) -> Option<Original> {
    if assessed.assessment.verdict == Verdict::Clear {
        return None;
    }
    let clear = before.assessment.verdict == Verdict::Clear;
    before.original.clone().or_else(|| clear.then_some(Original::ClearAtFirst))
}

/// Assessed before, by the same policy and with the same answer: recorded already.
fn same_answer(before: &Assessment, now: &Assessment) -> bool {
    before.verdict == now.verdict && before.policy_version == now.policy_version && rule_ids(before) == rule_ids(now)
}

fn rule_ids(assessment: &Assessment) -> Vec<&str> {
    assessment.rules.iter().map(|rule| rule.id.as_str()).collect()
}
