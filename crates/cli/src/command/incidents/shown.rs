//! `incidents list` and `incidents show`.

use jiff::Timestamp;
use layerguard_core::audit::body::Decision;
use layerguard_core::incident::Incident;
use layerguard_core::message::Done;
use serde::Serialize;

use super::dossier::Dossier;
use crate::args::{Format, ListArgs, ListFormat, ShowArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Screen, timeline};
use crate::stack::Stack;

/// Open incidents, oldest first, then closed ones, latest first.
///
/// # Errors
/// When the stack cannot be read.
pub async fn list(stack: &Stack<'_>, args: &ListArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut incidents = stack.incidents.open().await.map_err(stack.failed())?;
    if !args.open {
        incidents.extend(stack.incidents.closed(args.limit).await.map_err(stack.failed())?);
    }
    match args.format {
        ListFormat::Json => incidents.iter().try_for_each(|incident| screen.json_line(incident))?,
        ListFormat::Table => screen.incidents(&incidents, stack.name, stack.clock.now())?,
    }
    Ok(Exit::Done)
}

/// One incident.
///
/// # Errors
/// When there is none of this id, or the stack cannot be read.
pub async fn show(stack: &Stack<'_>, args: &ShowArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let dossier = Dossier::read(stack, &args.id).await?;
    match args.format {
        Format::Json => screen.json_line(&Shown::of(&dossier))?,
        Format::Text => screen.incident(&dossier, stack.name, stack.clock.now())?,
    }
    Ok(Exit::Done)
}

/// The object of `incidents show --format json`.
#[derive(Serialize)]
struct Shown<'a> {
    incident: &'a Incident,
    title: String,
    calls: usize,
    attempts: usize,
    layers: usize,
    repositories: std::collections::BTreeMap<String, usize>,
    sources: Vec<Source>,
    rules: Vec<Rule>,
    errors: Vec<String>,
    exposed_until: Option<Timestamp>,
    decision: Option<&'a Decision>,
    approval: Option<Approval<'a>>,
    outcomes: Vec<Outcome>,
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

impl<'a> Shown<'a> {
    fn of(dossier: &'a Dossier) -> Self {
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
