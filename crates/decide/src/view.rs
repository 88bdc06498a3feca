//! One consistent look at an incident: its row, its events, its records.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::action::{self, Action, Touches};
use layerguard_core::approval::ApprovalRequest;
use layerguard_core::audit::body::{Failure, OutcomeResult};
use layerguard_core::audit::{Body, Entry, History};
use layerguard_core::incident::{Incident, IncidentEvent};
use layerguard_core::plan::{Mode, Step};

use crate::{Decide, DecideError};

/// IAM changes take a few minutes to reach every place (AWS facts, section 3); calls within that time do not mean that a
/// containment failed.
pub(crate) const PROPAGATION: SignedDuration = SignedDuration::from_mins(5);

/// How many generations before are looked at for measures that still stand.
const GENERATIONS_BACK: usize = 8;

/// What is recorded about one incident.
pub(crate) struct View {
    pub(crate) incident: Incident,
    pub(crate) events: Vec<IncidentEvent>,
    pub(crate) history: History,
    pub(crate) request: Option<ApprovalRequest>,
    /// Steps of the generations before that still stand, and when they were applied.
    standing_before: Vec<(Step, Timestamp)>,
}

impl Decide<'_> {
    /// Read everything about an incident.
    pub(crate) async fn view(&self, id: &str) -> Result<View, DecideError> {
        let port = |source| DecideError::Port { incident: id.to_owned(), source };
        let incident = self.ports.incidents.incident(id).await.map_err(port)?;
        let incident = incident.ok_or_else(|| DecideError::UnknownIncident(id.to_owned()))?;
        let events = self.ports.incidents.events(id).await.map_err(port)?;
        let history = self.history(id).await?;
        let request = self.ports.approvals.request(id).await.map_err(port)?;
        let mut standing_before = Vec::new();
        let generations = 1..incident.generation;
        for generation in generations.rev().take(GENERATIONS_BACK) {
            standing_before.extend(standing(&self.history(&incident.key.incident_id(generation)).await?));
        }
        Ok(View { incident, events, history, request, standing_before })
    }

    pub(crate) async fn history(&self, id: &str) -> Result<History, DecideError> {
        let port = |source| DecideError::Port { incident: id.to_owned(), source };
        let records = self.ports.audit.records(id).await.map_err(port)?;
        History::of(&records).map_err(|source| DecideError::Audit { incident: id.to_owned(), source })
    }
}

/// Steps of which something stands, with the time of their outcome (of their intent, where the outcome is missing).
fn standing(history: &History) -> Vec<(Step, Timestamp)> {
    let mut found = Vec::new();
    for number in history.standing() {
        let failed = history.outcome(number).is_some_and(|outcome| outcome.result == OutcomeResult::Failed);
        let at = history.entries().iter().rev().find(|entry| match &entry.body {
            Body::Intent(intent) => intent.step == number,
            Body::Outcome(outcome) => outcome.step == number,
            _ => false,
        });
        if let (false, Some(step), Some(entry)) = (failed, history.step(number), at) {
            found.push((step.clone(), entry.time));
        }
    }
    found
}

/// The action repairs a configuration and contains nobody.
pub(crate) fn is_repair(name: &str) -> bool {
    action::by_name(name).is_some_and(|action| action.touches() == Touches::Configuration)
}

impl View {
    /// Numbers of the containment steps that may run now, and that nobody has given up on.
    pub(crate) fn due_to_contain(&self) -> Vec<u32> {
        self.history.to_run().into_iter().filter(|&step| !self.is_given_up(step)).collect()
    }

    /// The machine tried and gave up; a person must look.
    fn is_given_up(&self, number: u32) -> bool {
        self.escalated(number).is_some()
    }

    /// How many answers were refused.
    pub(crate) fn refusals(&self) -> usize {
        self.history.entries().iter().filter(|entry| matches!(entry.body, Body::ApprovalRefused(_))).count()
    }

    /// The last record that hands this step to people.
    pub(crate) fn escalated(&self, number: u32) -> Option<u64> {
        self.last(|body| matches!(body, Body::Escalation(given) if given.step == Some(number)))
    }

    /// Containment steps of the latest decision that have neither come out nor been given up.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Step> {
        let steps = self.history.decision().map_or(&[][..], |decision| &decision.plan.steps);
        steps.iter().filter(|step| {
            step.is_containment() && self.history.outcome(step.number).is_none() && !self.is_given_up(step.number)
        })
    }

    /// Whether a step waits for a person who has neither answered nor let the time pass.
    pub(crate) fn waits_for_a_person(&self) -> bool {
        self.history.question_is_open() && self.pending().any(|step| step.mode == Mode::Ask)
    }

    /// The request that stands for the latest plan: made for it, or for one before it that nobody answered. A plan that is made anew
    /// keeps the old deadline, so that new evidence cannot put the end off; an answered question is over.
    pub(crate) fn standing_request(&self) -> Option<&ApprovalRequest> {
        let current = &self.history.decision()?.plan_hash;
        self.request.as_ref().filter(|request| {
            let answered = |body: &Body| match body {
                Body::ApprovalAccepted(answer) => {
                    answer.verb.decides() && !answer.awaits_second && answer.plan_hash == request.plan_hash
                }
                _ => false,
            };
            request.plan_hash == *current || self.last(answered).is_none()
        })
    }

    /// When the time to answer ends; `None` before anybody was asked.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.standing_request().map(|request| request.deadline)
    }

    /// The last record that fits, by its number.
    pub(crate) fn last(&self, fits: impl Fn(&Body) -> bool) -> Option<u64> {
        self.history.entries().iter().rev().find(|entry| fits(&entry.body)).map(|entry| entry.seq)
    }

    /// The last record that fits.
    pub(crate) fn last_entry(&self, fits: impl Fn(&Body) -> bool) -> Option<&Entry> {
        self.history.entries().iter().rev().find(|entry| fits(&entry.body))
    }

    /// Steps that stand or are under way, here and from the generations before.
    pub(crate) fn standing(&self) -> Vec<Step> {
        let own = standing(&self.history);
        self.standing_before.iter().chain(&own).map(|(step, _)| step.clone()).collect()
    }

    /// The same, without repairs that somebody may have undone: a later event calls for the repair again.
    pub(crate) fn holding(&self) -> Vec<Step> {
        let own = standing(&self.history);
        let last = self.events.iter().map(|joined| joined.event.time).max();
        let holds = |(step, at): &&(Step, Timestamp)| !is_repair(&step.action) || last.is_none_or(|last| last <= *at);
        self.standing_before.iter().chain(&own).filter(holds).map(|(step, _)| step.clone()).collect()
    }

    /// When a principal of this incident was contained first, if one is.
    pub(crate) fn contained_at(&self) -> Option<Timestamp> {
        self.history.entries().iter().find_map(|entry| match &entry.body {
            Body::Outcome(outcome) if outcome.result == OutcomeResult::Applied => {
                let contains = self.history.step(outcome.step).is_some_and(|step| !is_repair(&step.action));
                contains.then_some(entry.time)
            }
            _ => None,
        })
    }

    /// An inline policy of this incident found no room.
    pub(crate) fn inline_full(&self) -> bool {
        self.history.entries().iter().any(|entry| match &entry.body {
            Body::Outcome(outcome) if outcome.failure == Some(Failure::LimitExceeded) => {
                let step = self.history.step(outcome.step);
                step.and_then(|step| action::by_name(&step.action)).is_some_and(Action::writes_inline)
            }
            _ => false,
        })
    }

    /// A successful call after a containment had time to spread: it did not hold. A repair contains nobody.
    pub(crate) fn did_not_hold(&self) -> bool {
        let standing = standing(&self.history);
        let contains = |(step, _): &&(Step, Timestamp)| !is_repair(&step.action);
        let since = standing.iter().chain(&self.standing_before).filter(contains).map(|(_, at)| *at).max();
        let Some(effective) = since.and_then(|at| at.checked_add(PROPAGATION).ok()) else { return false };
        self.events.iter().any(|joined| joined.event.error_code.is_none() && joined.event.time > effective)
    }
}
