//! The incidents of a replay: opened, joined and decided as they would have been, in order of event time.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;
use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::Event;
use layerguard_core::decision::{self, Case, Decision, Limits};
use layerguard_core::engine::{Severity, Verdict};
use layerguard_core::incident::{IncidentKey, MOST_EVIDENCE, WINDOW};
use layerguard_core::plan::{Mode, breaker_scopes};
use serde::Serialize;

use super::tally::who;
use crate::command::explain::{Line, Weight};

/// Events of an open incident that its decision is made about. More of the same session say nothing new.
const MOST_EVENTS: usize = 40;
/// Incidents that the report names, the gravest; all are counted.
const MOST_NAMED: usize = 1_000;

/// An incident as it would have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Summed {
    /// Its id within this replay.
    pub(crate) id: String,
    /// Event time of the first call.
    pub(crate) first: Timestamp,
    /// And of the last.
    pub(crate) last: Timestamp,
    /// Violation or undecided.
    pub(crate) verdict: Verdict,
    /// The weightiest severity.
    pub(crate) severity: Option<Severity>,
    /// The rules that fired.
    pub(crate) rules: Vec<String>,
    /// Who called.
    pub(crate) principal: String,
    /// The session's name.
    pub(crate) session: Option<String>,
    /// The account of the trail that saw it.
    pub(crate) account: String,
    /// The region.
    pub(crate) region: String,
    /// Calls.
    pub(crate) calls: u64,
    /// What would have been decided.
    pub(crate) decision: Weight,
    /// The containment steps that would have been planned: name and mode.
    pub(crate) steps: Vec<(String, Mode)>,
    /// Until when what was handed out could be fetched.
    pub(crate) exposed_until: Option<Timestamp>,
}

/// An incident that calls may still join.
#[derive(Debug)]
struct Open {
    summed: Summed,
    severities: BTreeMap<String, Severity>,
    events: Vec<Event>,
    joined: BTreeSet<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    open: HashMap<IncidentKey, Open>,
    generations: HashMap<String, u32>,
    /// What was done without a person, as the breaker counts it: when, under which scope.
    done: VecDeque<(Timestamp, String)>,
    /// The gravest that are closed.
    pub(crate) gravest: Vec<Summed>,
    /// How many were closed.
    pub(crate) count: u64,
}

impl Incidents {
    /// A finding joins its incident. Answers with the incident's id, and those that this ended.
    pub(super) fn join(
        &mut self,
        assessor: &Assessor,
        event: &Event,
        line: &Line,
        key: &IncidentKey,
    ) -> (String, Option<Summed>) {
        let is_over = self.open.get(key).is_some_and(|open| event.time.duration_since(open.summed.first) > WINDOW);
        let over = if is_over { self.open.remove(key).map(|open| self.close(assessor, open, key)) } else { None };
        let generations = &mut self.generations;
        let open = self.open.entry(key.clone()).or_insert_with(|| {
            let generation = generations.entry(key.hash()).or_default();
            *generation += 1;
            opened(line, key, *generation)
        });
        if open.summed.calls < MOST_EVIDENCE && open.joined.insert(line.dedupe_id.clone()) {
            open.take(event, line);
        }
        (open.summed.id.clone(), over)
    }

    /// Ends the incidents that no later call can join.
    pub(super) fn end_before(&mut self, assessor: &Assessor, now: Option<Timestamp>) -> Vec<Summed> {
        let is_over = |open: &Open| now.is_none_or(|now| now.duration_since(open.summed.first) > WINDOW);
        let mut keys: Vec<(Timestamp, IncidentKey)> = self
            .open
            .iter()
            .filter(|(_, open)| is_over(open))
            .map(|(key, open)| (open.summed.first, key.clone()))
            .collect();
        keys.sort();
        keys.into_iter()
            .filter_map(|(_, key)| self.open.remove(&key).map(|open| self.close(assessor, open, &key)))
            .collect()
    }

    fn close(&mut self, assessor: &Assessor, open: Open, key: &IncidentKey) -> Summed {
        let decision = self.decide(assessor, &open, key);
        let steps = decision.plan.steps.iter().filter(|step| step.is_containment());
        let mut summed = Summed {
            rules: open.severities.keys().cloned().collect(),
            steps: steps.map(|step| (step.action.clone(), step.mode)).collect(),
            decision: match decision.mode {
                Mode::Observe => Weight::Observe,
                Mode::Ask => Weight::Ask,
                Mode::Act => Weight::Act,
            },
            ..open.summed
        };
        summed.rules.sort_by_key(|rule| std::cmp::Reverse(open.severities.get(rule).copied()));
        self.count += 1;
        self.gravest.push(summed.clone());
        if self.gravest.len() >= 2 * MOST_NAMED {
            self.keep_the_gravest();
        }
        summed
    }

    /// Leaves the gravest, gravest first, then in order of time.
    pub(super) fn keep_the_gravest(&mut self) {
        self.gravest
            .sort_by(|a, b| b.severity.cmp(&a.severity).then(a.first.cmp(&b.first)).then_with(|| a.id.cmp(&b.id)));
        self.gravest.truncate(MOST_NAMED);
    }

    /// What Decide would have said about all that joined, with the breaker as it would have stood.
    fn decide(&mut self, assessor: &Assessor, open: &Open, key: &IncidentKey) -> Decision {
        let inventory = assessor.inventory();
        let arn = open.events.first().and_then(|event| event.principal.arn.clone());
        let account = open.events.first().and_then(|event| event.principal.account.clone());
        let scopes = breaker_scopes(arn.as_deref(), account.as_deref());
        let from = open.summed.first.checked_sub(inventory.breaker.window).unwrap_or(Timestamp::MIN);
        while self.done.front().is_some_and(|(at, _)| *at < from) {
            self.done.pop_front();
        }
        let limits = [inventory.breaker.overall, inventory.breaker.per_account, inventory.breaker.per_role];
        let counted = |scope: &String| self.done.iter().filter(|(_, of)| of == scope).count();
        let breaker_open = scopes
            .iter()
            .zip(limits)
            .any(|(scope, most)| counted(scope) >= usize::try_from(most).unwrap_or(usize::MAX));
        let mut playbooks: Vec<(Severity, &str)> = Vec::new();
        for rule in assessor.bundle().rules() {
            let Some(severity) = open.severities.get(&rule.id) else { continue };
            playbooks.push((*severity, &rule.playbook));
        }
        playbooks.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        let mut named: Vec<&str> = Vec::new();
        for (_, playbook) in playbooks {
            if !named.contains(&playbook) {
                named.push(playbook);
            }
        }
        let case = Case {
            incident: &open.summed.id,
            verdict: open.summed.verdict,
            severity: open.summed.severity,
            events: open.events.iter().collect(),
            playbooks: named,
            trail_account: Some(&key.account),
            not_held: false,
            inline_full: false,
            standing: &[],
            workloads: &BTreeMap::new(),
            remarks: &[],
            first_number: 0,
        };
        let response = &inventory.response;
        let decided = decision::decide(
            assessor,
            &Limits {
                ceiling: response.mode,
                inline_deny: response.inline_deny,
                home_account: None,
                breaker_open,
                repeated: Vec::new(),
            },
            &case,
        );
        for _ in decided.plan.steps.iter().filter(|step| step.is_containment() && step.mode == Mode::Act) {
            self.done.extend(scopes.iter().map(|scope| (open.summed.first, scope.clone())));
        }
        decided
    }
}

fn opened(line: &Line, key: &IncidentKey, generation: u32) -> Open {
    let record = &line.record;
    Open {
        summed: Summed {
            id: key.incident_id(generation),
            first: line.time,
            last: line.time,
            verdict: record.assessment,
            severity: record.severity,
            rules: Vec::new(),
            principal: who(record),
            session: record.principal.session.clone(),
            account: key.account.clone(),
            region: key.region.clone(),
            calls: 0,
            decision: Weight::None,
            steps: Vec::new(),
            exposed_until: None,
        },
        severities: BTreeMap::new(),
        events: Vec::new(),
        joined: BTreeSet::new(),
    }
}

impl Open {
    fn take(&mut self, event: &Event, line: &Line) {
        let (summed, record) = (&mut self.summed, &line.record);
        summed.calls += 1;
        summed.last = summed.last.max(line.time);
        summed.severity = summed.severity.max(record.severity);
        summed.exposed_until = summed.exposed_until.max(line.exposed_until);
        for rule in &record.rules {
            if rule.exception.as_ref().is_some_and(|exception| exception.in_force) {
                continue;
            }
            let severity = self.severities.entry(rule.id.clone()).or_insert(rule.severity);
            *severity = (*severity).max(rule.severity);
        }
        if self.events.len() < MOST_EVENTS {
            self.events.push(event.clone());
        }
    }
}
