//! Reconcile: each hour, what a trail delivered into its bucket against what was assessed.
//!
//! Design names three functions; this is a fourth, because only it reads S3, and a client of S3 would slow down every start of Detect. It
//! takes the hours that are due ([`reconcile::due()`]), runs what was not received through the same chain, and records what each hour
//! came to. What it does not finish, the next hour's run takes again: nothing is kept but the record and which hours are complete.

mod error;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::body::Reconciliation;
use layerguard_core::metric::{Figures, Metric};
use layerguard_core::ports::{HourDone, HourStore};
use layerguard_core::reconcile::{self, Delivery, Desk, Due, Hour, Place, ReconcileError, Wanted};
use serde::Serialize;
use serde_json::{Value, json};

pub use error::Error;

/// Who writes the records of this function.
pub const ACTOR: &str = "reconcile";

/// What the schedule sends each hour.
const TASK: &str = "reconcile";

/// No further hour is begun after so long. The function is ended after a quarter of an hour.
const LONGEST: SignedDuration = SignedDuration::from_mins(6);

/// At most so many missing events are run by one invocation: a flood of them must not become a flood of executions.
const MOST: usize = 500;

/// How often, and how long apart, it is looked whether what was run has its record.
const LOOKS: u32 = 12;
const APART: SignedDuration = SignedDuration::from_secs(5);

/// Lets time pass.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Returns after so long.
    async fn wait(&self, span: SignedDuration);
}

/// The function: the ports it needs, and whose events it looks after.
pub struct Reconcile<'a> {
    /// What reconciling works over.
    pub desk: Desk<'a>,
    /// Where the trail delivers.
    pub delivery: &'a Delivery,
    /// Whose events.
    pub place: &'a Place,
    /// Which hours are done.
    pub hours: &'a dyn HourStore,
    /// Lets time pass.
    pub pace: &'a dyn Pace,
    /// What is told in figures.
    pub figures: &'a Figures,
}

/// What one invocation came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Hours that are complete now and were not before.
    pub completed: u64,
    /// Hours that were taken and are not complete.
    pub incomplete: u64,
    /// Hours that were not taken, because time was over.
    pub left: u64,
    /// Events that the rules hear in all hours that were taken.
    pub seen: u64,
    /// Events that had not been received, and are assessed now.
    pub recovered: u64,
    /// Events that were run and have no record yet, or wait to be run.
    pub missing: u64,
    /// Files that could not be read whole.
    pub unreadable: u64,
}

impl Answer {
    /// Told also where there is nothing: an alarm looks at hours in which none was completed.
    fn tell(&self, figures: &Figures) {
        figures.tell(Metric::HoursCompleted, self.completed);
        figures.tell(Metric::HoursIncomplete, self.incomplete.saturating_add(self.left));
        figures.tell(Metric::EventsRecovered, self.recovered);
        figures.tell(Metric::EventsMissing, self.missing);
        figures.tell(Metric::FilesUnreadable, self.unreadable);
    }

    fn add(&mut self, account: &Reconciliation, recovered: u64) {
        let count = if account.is_complete() { &mut self.completed } else { &mut self.incomplete };
        *count = count.saturating_add(1);
        self.seen = self.seen.saturating_add(account.seen);
        self.recovered = self.recovered.saturating_add(recovered);
        self.missing = self.missing.saturating_add(account.failed.saturating_add(account.waiting));
        self.unreadable = self.unreadable.saturating_add(account.unreadable);
    }
}

impl Reconcile<'_> {
    /// Handle what the function is invoked with: the schedule's task and nothing else.
    ///
    /// # Errors
    /// `InvalidInput` for anything else; as the ports say where something cannot be listed, asked or recorded. What was finished before
    /// stays finished.
    pub async fn answer(&self, payload: &Value) -> Result<Answer, Error> {
        if *payload != json!({ "task": TASK }) {
            return Err(Error::Task);
        }
        self.take_what_is_due().await.map_err(Error::Reconcile)
    }

    async fn take_what_is_due(&self) -> Result<Answer, ReconcileError> {
        let begun = self.desk.clock.now();
        let since = Hour::of(begun).back(reconcile::LOOKED_BACK.saturating_add(2)).start();
        let Place { account, region } = self.place;
        let known = self.hours.hours_done(account, region, since).await.map_err(ReconcileError::Hours)?;
        let Due { hours, mut covered } = reconcile::due(begun, &known);
        let mut queue = VecDeque::from(hours);
        let mut taken = BTreeSet::new();
        let mut room = MOST;
        let mut answer = Answer::default();
        while let Some(hour) = queue.pop_front() {
            let now = self.desk.clock.now();
            if now.duration_since(begun) > LONGEST {
                answer.left = u64::try_from(queue.len()).unwrap_or(u64::MAX).saturating_add(1);
                break;
            }
            taken.insert(hour);
            let late = self.take(hour, now, &mut covered, &mut room, &mut answer).await?;
            queue.extend(late.into_iter().filter(|hour| taken.insert(*hour)));
        }
        answer.tell(self.figures);
        tracing::info!(
            account,
            region,
            seen = answer.seen,
            recovered = answer.recovered,
            left = answer.left,
            "reconciled"
        );
        Ok(answer)
    }

    /// One hour, from its files to its record. Answers with the hours that were done and of which events came later.
    async fn take(
        &self,
        hour: Hour,
        now: Timestamp,
        covered: &mut BTreeMap<Hour, Timestamp>,
        room: &mut usize,
        answer: &mut Answer,
    ) -> Result<BTreeSet<Hour>, ReconcileError> {
        let hours = [hour];
        let wanted =
            Wanted { delivery: self.delivery, place: self.place, hours: &hours, until: now, covered, most: *room };
        let mut survey = self.desk.survey(&wanted, |_| {}).await?;
        self.desk.begin(&survey).await?;
        let ran = self.desk.run(&survey).await?;
        *room = room.saturating_sub(usize::try_from(ran).unwrap_or(usize::MAX));
        let mut open = self.desk.look(&mut survey).await?;
        for _ in 0..LOOKS {
            if open == 0 {
                break;
            }
            self.pace.wait(APART).await;
            open = self.desk.look(&mut survey).await?;
        }
        // First of all: whoever dies after this hour is done must not forget those of which something came late.
        for late in survey.late.iter().filter(|late| **late != hour) {
            let covered_until = covered.get(late).copied().unwrap_or(now);
            let again = HourDone { hour: late.start(), covered_until, complete: false };
            self.hours
                .put_hour(&self.place.account, &self.place.region, &again)
                .await
                .map_err(ReconcileError::Hours)?;
        }
        for account in self.desk.finish(&survey).await? {
            let complete = account.is_complete();
            answer.add(&account, ran.saturating_sub(open));
            if let Some(delay) = account.assessed_after {
                self.figures.tell(Metric::AssessedAfterSeconds, delay.median);
            }
            if !complete {
                tracing::warn!(%hour, failed = account.failed, waiting = account.waiting, unreadable = account.unreadable,
                    "the hour is not complete: the next run takes it again");
            }
            let done = HourDone { hour: account.hour, covered_until: now, complete };
            let Place { account, region } = self.place;
            self.hours.put_hour(account, region, &done).await.map_err(ReconcileError::Hours)?;
            covered.insert(hour, now);
        }
        Ok(survey.late)
    }
}
