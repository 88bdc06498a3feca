//! Storms: whoever opens many incidents at once must not drown the one that matters.
//!
//! So many incidents are told one by one within a window. Further ones are summed up in one message a window, unless one is graver than
//! all that were told. Nothing is lost: every incident is recorded and listed, and its deadline runs. Counted in the breaker's
//! counters, under scopes that begin with `told`.

use jiff::{SignedDuration, Timestamp};

use crate::engine::Severity;
use crate::incident::{Incident, Status};
use crate::ports::{IncidentStore, MeasureStore, PortResult};

/// How many incidents are told one by one within [`WINDOW`], unless the inventory says otherwise (`[breaker] storm`).
pub const MOST_TOLD: u32 = 10;
/// The window, and the time between two summaries.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// How long an incident that was told by itself goes on to be.
const KEEPS_BEING_TOLD: SignedDuration = SignedDuration::from_hours(48);

const ALL: &str = "told";
const HELD: &str = "told#held";
const SUMMARIES: &str = "told#summary";

/// Whether something is told by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// By itself.
    Alone,
    /// In the summary of the window.
    SummedUp,
}

/// What a summary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// From when it counts.
    pub since: Timestamp,
    /// Incidents that had something to tell since then.
    pub incidents: u32,
    /// Those of them that were not told by themselves.
    pub held: u32,
    /// Incidents that wait for an answer now.
    pub waiting: u32,
}

/// Whether an incident is told by itself now. It counts itself before it looks, so that however many are told at the same moment, no more
/// than `most` are.
///
/// # Errors
/// What the counters answered.
pub async fn telling(
    incident: &Incident,
    most: u32,
    now: Timestamp,
    measures: &dyn MeasureStore,
) -> PortResult<Telling> {
    let id = incident.id.as_str();
    let own = format!("told#incident#{id}");
    if measures.actions_since(&own, before(now, KEEPS_BEING_TOLD)).await? > 0 {
        return Ok(Telling::Alone);
    }
    measures.count_action(&[ALL.to_owned()], id, 0, now).await?;
    let crowded = measures.actions_since(ALL, before(now, WINDOW)).await? > most;
    if crowded && !is_gravest(incident, now, measures).await? {
        measures.count_action(&[HELD.to_owned()], id, 0, now).await?;
        return Ok(Telling::SummedUp);
    }
    let mut scopes = vec![own];
    scopes.extend(incident.severity.map(of_severity));
    measures.count_action(&scopes, id, 0, now).await?;
    Ok(Telling::Alone)
}

/// It is graver than all that were told by themselves in the window.
async fn is_gravest(incident: &Incident, now: Timestamp, measures: &dyn MeasureStore) -> PortResult<bool> {
    let Some(own) = incident.severity else { return Ok(false) };
    for severity in [Severity::Low, Severity::Medium, Severity::High, Severity::Critical] {
        if severity >= own && measures.actions_since(&of_severity(severity), before(now, WINDOW)).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The summary that is due: something was held back since, and none was told for a window.
///
/// # Errors
/// What the counters or the incidents answered.
pub async fn due(
    now: Timestamp,
    measures: &dyn MeasureStore,
    incidents: &dyn IncidentStore,
) -> PortResult<Option<Summary>> {
    // Also what was held back right after the summary before.
    let since = before(now, WINDOW.saturating_add(WINDOW));
    let held = measures.actions_since(HELD, since).await?;
    if held == 0 || measures.actions_since(SUMMARIES, before(now, WINDOW)).await? > 0 {
        return Ok(None);
    }
    let waiting = incidents.open().await?.iter().filter(|open| open.status == Status::AwaitingApproval).count();
    Ok(Some(Summary {
        since,
        incidents: measures.actions_since(ALL, since).await?,
        held,
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
    }))
}

/// A summary was told.
///
/// # Errors
/// What the counters answered.
pub async fn summed_up(now: Timestamp, measures: &dyn MeasureStore) -> PortResult<()> {
    measures.count_action(&[SUMMARIES.to_owned()], &format!("summary-{}", now.as_second()), 0, now).await
}

fn of_severity(severity: Severity) -> String {
    format!("told#severity#{}", severity.as_str())
}

fn before(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}
