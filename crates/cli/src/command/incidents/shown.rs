//! The object of `incidents show --format json`.

use jiff::Timestamp;
use layerguard_core::audit::body::{Blast, Decision};
use layerguard_core::incident::Incident;
use layerguard_core::message::Done;
use serde::Serialize;

use super::super::dossier::Dossier;
use super::super::holding::Holding;
use super::lookups::Lookups;
use crate::render::timeline;

/// The object, whole: nothing of it is cut short.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    incident: &'a Incident,
    title: String,
    calls: usize,
    attempts: usize,
    layers: usize,
    repositories: std::collections::BTreeMap<String, usize>,
    sources: Vec<Source>,
    user_agents: std::collections::BTreeSet<&'a str>,
    rules: Vec<Rule>,
    errors: Vec<String>,
    exposed_until: Option<Timestamp>,
    decision: Option<&'a Decision>,
    approval: Option<Approval<'a>>,
    outcomes: Vec<Outcome>,
    blast: &'a [Blast],
    holding: Holding,
    by_hand: Vec<ByHand>,
    lookups: Option<&'a Lookups>,
    timeline: Vec<Moment>,
}

#[derive(Serialize)]
struct Source {
    network: layerguard_core::facts::Network,
    from: String,
}

#[derive(Serialize)]
struct Rule {
    id: String,
    title: String,
    severity: layerguard_core::engine::Severity,
}

#[derive(Serialize)]
struct Approval<'a> {
    plan_hash: &'a str,
    asked_at: Timestamp,
    deadline: Timestamp,
}

#[derive(Serialize)]
struct Outcome {
    step: u32,
    at: Timestamp,
    result: String,
    trouble: bool,
}

#[derive(Serialize)]
struct Moment {
    seq: u64,
    time: Timestamp,
    actor: String,
    kind: &'static str,
    text: String,
}

/// How a person does a step, and takes it back.
#[derive(Serialize)]
struct ByHand {
    step: u32,
    steps: Vec<String>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(dossier: &'a Dossier, lookups: Option<&'a Lookups>, now: Timestamp) -> Self {
        let summary = dossier.summary();
        let entries = dossier.history.entries().iter().zip(&dossier.records);
        Self {
            incident: &dossier.incident,
            title: summary.title(),
            calls: summary.calls,
            attempts: summary.attempts,
            layers: summary.layers,
            sources: summary
                .sources
                .iter()
                .map(|source| Source { network: source.network, from: source.from.clone() })
                .collect(),
            user_agents: dossier.events.iter().filter_map(|joined| joined.event.user_agent.as_deref()).collect(),
            rules: summary
                .rules
                .iter()
                .map(|rule| Rule { id: rule.id.clone(), title: rule.title.clone(), severity: rule.severity })
                .collect(),
            repositories: summary.repositories,
            errors: summary.errors,
            exposed_until: summary.exposed_until,
            decision: dossier.history.decision(),
            approval: dossier.request.as_ref().map(|request| Approval {
                plan_hash: &request.plan_hash,
                asked_at: request.asked_at,
                deadline: request.deadline,
            }),
            outcomes: Done::all(&dossier.history)
                .iter()
                .map(|done| Outcome { step: done.step, at: done.at, result: done.words(), trouble: done.is_trouble() })
                .collect(),
            blast: dossier.history.decision().map(|decision| decision.blast.as_slice()).unwrap_or_default(),
            holding: Holding::of(dossier, lookups.and_then(|lookups| lookups.followed_by.as_ref()), now),
            by_hand: by_hand(dossier),
            lookups,
            timeline: entries
                .map(|(entry, record)| Moment {
                    seq: entry.seq,
                    time: entry.time,
                    actor: record.actor.clone(),
                    kind: entry.body.kind().as_str(),
                    text: timeline::words(&entry.body),
                })
                .collect(),
        }
    }
}

fn by_hand(dossier: &Dossier) -> Vec<ByHand> {
    let steps = dossier.plan().into_iter().flat_map(|plan| &plan.steps).filter(|step| step.is_containment());
    steps.map(|step| ByHand { step: step.number, steps: dossier.by_hand(step) }).collect()
}
