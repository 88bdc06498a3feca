//! The hub: one look at what is recorded, one answer.

use layerguard_core::incident::{Incident, Status};

use crate::view::View;
use crate::{Course, Decide, DecideError, Due, Next};

/// How often the hub looks again, after adding a record or when the row changed under its hands.
const MOST_TURNS: u32 = 8;
/// Between two looks at the answers while waiting. A lost callback costs at most this.
const SHORTEST_WAIT: i64 = 30;
/// The other bound: a wait costs about fifteen history events, and an execution may have 25,000 (AWS facts, section 9).
const LONGEST_WAIT: i64 = 300;

impl Decide<'_> {
    /// What comes next for this incident.
    pub(crate) async fn hub(&self, id: &str) -> Result<Course, DecideError> {
        for _ in 0..MOST_TURNS {
            let view = self.view(id).await?;
            match self.turn(&view).await {
                Ok(Some(course)) => return Ok(course),
                // A record was added; look again.
                Ok(None) => {}
                // Somebody else was faster: an event joined, or another run of the hub added the record.
                Err(error) if error.is_race() => {}
                Err(error) => return Err(error),
            }
        }
        Err(DecideError::Restless(id.to_owned()))
    }

    /// One turn of the hub over one view: the course, or `None` when a record was added and the view is old.
    async fn turn(&self, view: &View) -> Result<Option<Course>, DecideError> {
        let id = view.incident.id.as_str();
        // What is authorised runs first: whoever keeps on calling, or on answering, cannot put containment off.
        let due = view.due_to_contain();
        if view.incident.status.is_open() && !due.is_empty() {
            self.show_status(&view.incident, Status::Containing).await?;
            return Ok(Some(course(id, Next::Contain, &due)));
        }
        if self.read_answers(view).await? {
            return Ok(None);
        }
        if !view.incident.status.is_open() {
            return self.after_closing(view).await.map(Some);
        }
        if self.deliberate(view).await? {
            return Ok(None);
        }
        // Before anybody is waited for: whoever comes back meanwhile is recognised.
        self.note_lineage(view).await?;
        if view.waits_for_a_person() {
            if view.deadline().is_some_and(|deadline| deadline <= self.ports.clock.now()) {
                self.expire(view).await?;
                return Ok(None);
            }
            self.show_status(&view.incident, Status::AwaitingApproval).await?;
            return Ok(Some(Course { wait_seconds: self.wait(view), ..course(id, Next::Ask, &[]) }));
        }
        if !view.history.is_reported() {
            return Ok(Some(course(id, Next::Report, &[])));
        }
        self.close(view).await?;
        Ok(Some(course(id, Next::Settled, &[])))
    }

    /// How long to wait before looking again: short enough to notice an answer whose callback was lost.
    fn wait(&self, view: &View) -> i64 {
        let approval = self.policy.as_ref().ok().map(|assessor| &assessor.inventory().approval);
        let timeout = approval.map_or(3600, |approval| approval.timeout.as_secs());
        let mut wait = (timeout / 60).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        if let Some(approval) = approval {
            wait = wait.min(approval.reminder.as_secs());
        }
        if let Some(deadline) = view.deadline() {
            let left = deadline.duration_since(self.ports.clock.now());
            wait = wait.min(left.as_secs());
            // The last call comes in time.
            if let Some(before) = approval.map(|approval| approval.escalate_before).filter(|before| left > *before) {
                wait = wait.min(left.saturating_sub(before).as_secs().saturating_add(1));
            }
        }
        wait.max(1)
    }

    /// Show how far an open incident is. Only people read this status, so an event that joins at the same moment may win.
    async fn show_status(&self, incident: &Incident, status: Status) -> Result<(), DecideError> {
        if incident.status == status {
            return Ok(());
        }
        let moved = Incident { status, ..incident.clone() };
        match self.update(&moved, incident.revision).await {
            Err(error) if error.is_race() => Ok(()),
            shown => shown,
        }
    }

    /// Replace the row, if nothing joined meanwhile.
    pub(crate) async fn update(&self, incident: &Incident, expected: u64) -> Result<(), DecideError> {
        self.ports
            .incidents
            .update(incident, expected)
            .await
            .map_err(|source| DecideError::Port { incident: incident.id.clone(), source })
    }
}

/// An answer of the hub.
pub(crate) fn course(id: &str, next: Next, steps: &[u32]) -> Course {
    Course {
        incident_id: id.to_owned(),
        next,
        steps: steps.iter().map(|&step| Due { incident_id: id.to_owned(), step }).collect(),
        wait_seconds: 0,
    }
}
