//! One policy over the calls of a replay: the same core as the deployed chain, with a history that forgets what can matter no more.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::Event;
use layerguard_core::engine::Verdict;
use layerguard_core::history::{Memory, Trace};

use super::incidents::{Incidents, Summed};
use super::kinds::Call;
use super::tally::Tally;
use crate::command::explain::record::{explain, in_brief, unread};
use crate::command::explain::{Line, Weight};
use crate::failure::Failure;

/// Between two looks at what can be forgotten.
const FORGET_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Pulls are kept for the window in which they are counted and this much longer: their time is that of their minute, and the calls of the
/// last moments are not assessed yet.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// A policy with what it found so far.
pub(super) struct Side {
    /// The policy.
    pub(super) assessor: Arc<Assessor>,
    /// What was counted.
    pub(super) tally: Tally,
    /// What would have been an incident.
    pub(super) incidents: Incidents,
    memory: Memory,
    forgotten: Timestamp,
}

impl Side {
    pub(super) fn new(assessor: Assessor) -> Self {
        Self {
            assessor: Arc::new(assessor),
            tally: Tally::default(),
            incidents: Incidents::default(),
            memory: Memory::default(),
            forgotten: Timestamp::MIN,
        }
    }

    /// Takes note of what a call says about others, before they are assessed.
    pub(super) fn note(&self, traces: Vec<Trace>) {
        self.memory.keep(traces);
    }

    /// Assesses a call. `counts` is false for a further copy of it, which has an answer and is not counted again.
    pub(super) async fn assess(&mut self, event: &Event, counts: bool) -> Result<Line, Failure> {
        let mut line = explain(&self.assessor, event, &self.memory).await?;
        self.count_in(event, &mut line, counts);
        Ok(line)
    }

    /// The same for a call of which there are many: what nobody will read of it is not found out. `at` is the number of this policy.
    pub(super) async fn assess_in_brief(&mut self, call: &Call, at: usize, counts: bool) -> Result<(), Failure> {
        let (shared, told) = (&call.shared, call.told());
        let Some(kind) = shared.kinds.get(at) else { return Ok(()) };
        let brief =
            self.assessor.brief(&shared.known, kind, &told, &self.memory).await.map_err(|error| unread(&error))?;
        if brief.verdict == Verdict::Clear && brief.rules.is_empty() {
            if counts {
                self.tally.add_clear(&brief, call.time, &shared.who);
            }
            return Ok(());
        }
        let event = shared.known.event_of(&told);
        self.count_in(&event, &mut in_brief(&event, &brief), counts);
        Ok(())
    }

    /// Counts an answer, and adds it to its incident.
    fn count_in(&mut self, event: &Event, line: &mut Line, counts: bool) {
        if counts {
            self.tally.add(line);
        }
        if let Some(key) = line.key.clone() {
            let (id, over) = self.incidents.join(&self.assessor, event, line, &key);
            line.record.incident = Some(id);
            over.into_iter().for_each(|over| self.count(&over));
        }
    }

    /// The clock of the replay stands here: what is over ends, what can matter no more is forgotten.
    pub(super) fn advance(&mut self, now: Timestamp) {
        if now.duration_since(self.forgotten) < FORGET_EVERY {
            return;
        }
        self.forgotten = now;
        self.memory.forget_before(now);
        let window = self.assessor.inventory().thresholds.pull_breadth.window;
        let counted = now.checked_sub(window).and_then(|from| from.checked_sub(SLACK));
        self.memory.forget_pulls_before(counted.unwrap_or(Timestamp::MIN));
        let over = self.incidents.end_before(&self.assessor, Some(now));
        over.iter().for_each(|over| self.count(over));
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) {
        let over = self.incidents.end_before(&self.assessor, None);
        over.iter().for_each(|over| self.count(over));
        self.incidents.keep_the_gravest();
    }

    fn count(&mut self, over: &Summed) {
        let day = self.tally.day(over.first);
        day.incidents += 1;
        match over.decision {
            Weight::Ask => day.asked += 1,
            Weight::Act => day.acted += 1,
            Weight::Observe | Weight::None => {}
        }
        if over.verdict == Verdict::Violation {
            for rule in &over.rules {
                if let Some((_, count)) = self.tally.rules.get_mut(rule) {
                    count.incidents += 1;
                }
            }
        }
        self.tally.principals.incident(&over.principal);
        self.tally.accounts.incident(&over.account);
    }
}
