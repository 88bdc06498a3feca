//! What is found out about a call, in brief: without the words that a person reads about a clear one. Calls that differ in their ids and time
//! alone, and before which the same was pulled and logged in, come to the same; so it is found out once.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::assess::{Assessed, Assessor};
use crate::cloudtrail::{Event, Known, Told};
use crate::engine::{FiredRule, Verdict};
use crate::facts::{Network, Spoken};
use crate::history::{Memory, PullTraces, Pulled, Trace, Tracks};
use crate::incident::IncidentKey;
use crate::ports::PortResult;

/// How many different answers to one kind of call are remembered.
const MOST: usize = 4;

/// What is found out about one event, but for what is said about it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// The answer.
    pub verdict: Verdict,
    /// The rules that fired, excepted ones included, weightiest first.
    pub rules: Vec<FiredRule>,
    /// What kept the question from being decided.
    pub errors: Vec<String>,
    /// Where the call came from.
    pub network: Network,
    /// Why that is not known, if it is not.
    pub network_unknown: Option<String>,
    /// The incident it belongs to.
    pub key: Option<IncidentKey>,
}

impl Brief {
    /// Of all that was found out.
    pub fn of(assessed: &Assessed) -> Self {
        let assessment = &assessed.assessment;
        let facts = assessed.facts.as_ref();
        let network = facts.map_or(Network::Unknown, |facts| facts.network);
        let reasons = facts.iter().flat_map(|facts| &facts.reasons).chain(&assessment.reasons);
        let unknown =
            reasons.filter(|_| network == Network::Unknown).find(|reason| reason.starts_with("network unknown"));
        Self {
            verdict: assessment.verdict,
            rules: assessment.rules.clone(),
            errors: assessment.errors.clone(),
            network,
            network_unknown: unknown.cloned(),
            key: assessed.key.clone(),
        }
    }
}

/// A kind of call as one policy sees it, with the answers to it that were found out before.
#[derive(Debug)]
pub struct Kind {
    /// `None` where each call has to be looked at by itself.
    tracks: Option<Tracks>,
    answers: Mutex<Vec<(Seen, Arc<Brief>)>>,
    left: Mutex<Option<PullTraces>>,
}

/// All that calls of one kind may differ in and that an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    spoken: Spoken,
    pulled: Pulled,
}

impl Assessor {
    /// What this policy sees in calls that are alike.
    #[must_use]
    pub fn kind_of(&self, known: &Known) -> Kind {
        let tracks = Tracks::of(known.event(), &self.alone(known.event()), self.inventory());
        Kind { tracks, answers: Mutex::default(), left: Mutex::default() }
    }

    /// What [`Assessor::investigate`] finds out about one of the calls of a kind, in brief.
    ///
    /// # Errors
    /// What the store answered.
    pub async fn brief(&self, known: &Known, kind: &Kind, told: &Told<'_>, memory: &Memory) -> PortResult<Arc<Brief>> {
        let seen = kind.tracks.as_ref().and_then(|tracks| self.seen(known.event(), tracks, told.time, memory));
        let answers = || kind.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = &seen
            && let Some((_, brief)) = answers().iter().find(|(of, _)| of == seen)
        {
            return Ok(Arc::clone(brief));
        }
        let brief = Arc::new(Brief::of(&self.investigate(&known.event_of(told), memory).await?));
        if let Some(seen) = seen.filter(|_| !self.may_be_excepted(&brief)) {
            let mut answers = answers();
            answers.insert(0, (seen, Arc::clone(&brief)));
            answers.truncate(MOST);
        }
        Ok(brief)
    }

    /// The traces that a call of a kind leaves and that are not kept yet. `told` are told in order of time, and all of them to one memory:
    /// of the layers that are pulled in one second, only the first leaves something.
    #[must_use]
    pub fn traces_of_kind(&self, known: &Known, kind: &Kind, told: &Told<'_>) -> Vec<Trace> {
        if !kind.tracks.as_ref().is_some_and(Tracks::are_those_of_a_pull) {
            return self.traces(&known.event_of(told));
        }
        let mut left = kind.left.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = &mut *left {
            return left.next(told.time, known.dedupe_id(told));
        }
        let event = known.event_of(told);
        left.insert(PullTraces::of(&event, &self.alone(&event))).all()
    }

    fn seen(&self, event: &Event, tracks: &Tracks, time: Timestamp, memory: &Memory) -> Option<Seen> {
        let networks = &self.inventory().networks;
        let mut spoken = Spoken::default();
        let pulled = memory.glance(tracks, time, &mut |login| spoken.hear(event, time, networks, login))?;
        // No word of a brief tells a count, so it matters only as far as the rules read it.
        Some(Seen { spoken, pulled: self.alike(pulled) })
    }

    /// Whether an exception could cover it: then the time of the call matters too.
    fn may_be_excepted(&self, brief: &Brief) -> bool {
        let fired = |rule: &str| brief.rules.iter().any(|fired| fired.id == rule);
        self.inventory().exceptions.iter().any(|exception| fired(&exception.rule))
    }
}

#[cfg(test)]
mod tests;
