//! How things stand, told in figures each minute: what is open, and how long people have left to answer. It is looked at by the sweeper and
//! not by whoever asks, so that an alarm goes off also where the message to people did not get through.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::incident::{Incident, Status};
use layerguard_core::metric::Metric;

use crate::Decide;

/// When a request counts as near its end where no policy says so.
const NEAR: SignedDuration = SignedDuration::from_mins(20);
/// So many requests are looked at, of the oldest incidents: in a storm the sweep has more to do than to count.
const MOST_LOOKED_AT: usize = 100;

impl Decide<'_> {
    /// Tells how these open incidents stand. Answers with how many requests could not be looked at.
    pub(crate) async fn gauge(&self, open: &[Incident]) -> u32 {
        let now = self.ports.clock.now();
        let mut failed: u32 = 0;
        let mut deadlines = Vec::new();
        let waiting: Vec<&Incident> = open.iter().filter(|one| one.status == Status::AwaitingApproval).collect();
        for incident in waiting.iter().take(MOST_LOOKED_AT) {
            match self.ports.approvals.request(&incident.id).await {
                Ok(request) => deadlines.extend(request.map(|request| request.deadline)),
                Err(error) => {
                    failed = failed.saturating_add(1);
                    tracing::error!(incident_id = incident.id, %error, "how long people have left to answer is not known");
                }
            }
        }
        self.tell_open(open, waiting.len(), now);
        self.tell_left(&deadlines, now);
        failed
    }

    fn tell_open(&self, open: &[Incident], waiting: usize, now: Timestamp) {
        let figures = self.ports.figures;
        figures.tell(Metric::IncidentsOpen, count(open.len()));
        figures.tell(Metric::ApprovalsOpen, count(waiting));
        if let Some(oldest) = open.iter().map(|incident| incident.opened_at).min() {
            figures.tell(Metric::OldestIncidentSeconds, seconds(oldest, now));
        }
    }

    fn tell_left(&self, deadlines: &[Timestamp], now: Timestamp) {
        let figures = self.ports.figures;
        let near = self.policy.as_ref().map_or(NEAR, |assessor| assessor.inventory().approval.escalate_before);
        let is_near = |deadline: &&Timestamp| deadline.duration_since(now) <= near;
        figures.tell(Metric::ApprovalsNearExpiry, count(deadlines.iter().filter(is_near).count()));
        if let Some(nearest) = deadlines.iter().min() {
            figures.tell(Metric::SecondsToDeadline, seconds(now, *nearest));
        }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// From one moment to the other; none where it is the other way round.
fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or_default()
}
