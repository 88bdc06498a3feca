//! The files of a bundle that say again, for a reader, what its records hold. Each is made from the records alone, so that a check can
//! make it anew.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layerguard_core::audit::body::{Assessment, Decision, Intent};
use layerguard_core::audit::{AuditRecord, Body, History, call_chain};
use layerguard_core::incident::{AGAIN, Incident, IncidentEvent, IncidentKey, Status};
use layerguard_core::message::Summary;
use serde::Serialize;
use serde_json::Value;

use super::manifest::Manifest;
use super::{Evidence, Examined, Files, originals, pack, report};

/// In which form events are kept.
pub(super) const EVENTS_NOTE: &str = "twice: in events.jsonl each event as layerguard read it, with everything that its decision rests on; \
    in events/<event_id>.json the CloudTrail record that it was read from, as it was delivered, where the assessment keeps it";

/// How to check all this by hand.
const PROOF: &str = include_str!("proof.md");

/// Makes the files.
pub(super) fn files(evidence: &Evidence, examined: &Examined, manifest: &Manifest) -> serde_json::Result<Files> {
    let told = Told::read(evidence);
    let report = report::of(&told, evidence, examined, manifest);
    let mut files = originals::files(evidence);
    files.extend([
        ("events.jsonl".to_owned(), events(&told)?),
        ("decisions.json".to_owned(), pack::document(&decisions(evidence))?),
        ("captured.json".to_owned(), pack::document(&captured(evidence))?),
        ("proof.md".to_owned(), PROOF.as_bytes().to_vec()),
        ("report.md".to_owned(), report::markdown::write(&report).into_bytes()),
        ("report.html".to_owned(), report::html::write(&report).into_bytes()),
    ]);
    Ok(files)
}

/// What the latest closing record says.
pub(super) fn closed_as(records: &[AuditRecord]) -> Option<Status> {
    records.iter().rev().find_map(|record| match Body::read(record.kind, &record.body) {
        Ok(Body::Closing(closing)) => Some(closing.status),
        _ => None,
    })
}

/// The records, read as far as they can be.
pub(super) struct Told {
    /// The events that joined, in order of their time.
    pub(super) events: Vec<IncidentEvent>,
    /// The chain read; `None` when a record of it cannot be.
    pub(super) history: Option<History>,
    /// The events at a glance; `None` when not one can be read.
    pub(super) summary: Option<Summary>,
    /// What the events amount to.
    pub(super) incident: Option<Incident>,
}

impl Told {
    fn read(evidence: &Evidence) -> Self {
        let mut events = joined(evidence);
        events.sort_by(|a, b| (a.event.time, &a.event.dedupe_id).cmp(&(b.event.time, &b.event.dedupe_id)));
        let incident = incident(evidence, &events);
        let summary = incident.as_ref().map(|incident| Summary::of(incident, &events));
        Self { events, history: History::of(&evidence.records).ok(), summary, incident }
    }
}

/// The events that the findings name, out of the records of their calls.
fn joined(evidence: &Evidence) -> Vec<IncidentEvent> {
    let findings = evidence.records.iter().filter_map(|record| match Body::read(record.kind, &record.body) {
        Ok(Body::Finding(finding)) => Some(finding.events),
        _ => None,
    });
    let assessed = |dedupe_id: &str, hash: &str| -> Option<Assessment> {
        let chain = evidence.calls.get(&call_chain(dedupe_id.strip_suffix(AGAIN).unwrap_or(dedupe_id)))?;
        let record = chain.iter().find(|record| record.hash == hash)?;
        match Body::read(record.kind, &record.body) {
            Ok(Body::Assessment(assessment)) => Some(*assessment),
            _ => None,
        }
    };
    findings
        .flatten()
        .filter_map(|found| {
            let Assessment { mut event, facts, assessment, .. } = assessed(&found.dedupe_id, &found.record_hash)?;
            event.dedupe_id = found.dedupe_id;
            Some(IncidentEvent { event, facts, assessment, record_hash: found.record_hash })
        })
        .collect()
}

/// The incident as its records tell it. The row of the state table is left out: it can be changed, the records cannot.
fn incident(evidence: &Evidence, events: &[IncidentEvent]) -> Option<Incident> {
    let (opener, first) = events.first().zip(evidence.records.first())?;
    let key = IncidentKey::of(&opener.event, &opener.assessment)?;
    let decision = evidence.records.iter().rev().find_map(|record| match Body::read(record.kind, &record.body) {
        Ok(Body::Decision(decision)) => Some(decision),
        _ => None,
    });
    let opened = Incident::open(&key, 1, opener, first.time);
    Some(Incident {
        id: first.incident.clone(),
        status: closed_as(&evidence.records).unwrap_or(opened.status),
        verdict: decision.as_ref().map_or(opened.verdict, |decision| decision.verdict),
        severity: decision.as_ref().map_or(opened.severity, |decision| decision.severity),
        rules: decision.map_or_else(|| opened.rules.clone(), |decision| decision.rules),
        ..opened
    })
}

#[derive(Serialize)]
struct Seen<'a> {
    chain: String,
    record_hash: &'a str,
    event: &'a layerguard_core::cloudtrail::Event,
}

fn events(told: &Told) -> serde_json::Result<Vec<u8>> {
    told.events.iter().try_fold(Vec::new(), |mut text, joined| {
        let id = joined.event.dedupe_id.strip_suffix(AGAIN).unwrap_or(&joined.event.dedupe_id);
        let seen = Seen { chain: call_chain(id), record_hash: &joined.record_hash, event: &joined.event };
        serde_json::to_writer(&mut text, &seen)?;
        text.push(b'\n');
        Ok(text)
    })
}

/// A record's content with the record's own marks.
#[derive(Serialize)]
struct Marked<T> {
    record: u64,
    time: Timestamp,
    policy_version: String,
    #[serde(flatten)]
    content: T,
}

fn decisions(evidence: &Evidence) -> Vec<Marked<BTreeMap<&'static str, Box<Decision>>>> {
    marked(evidence, |body| match body {
        Body::Decision(decision) => Some(BTreeMap::from([("decision", decision)])),
        _ => None,
    })
}

#[derive(Serialize)]
struct Captured {
    step: u32,
    action: String,
    target: layerguard_core::plan::Target,
    captured: Value,
}

fn captured(evidence: &Evidence) -> Vec<Marked<Captured>> {
    marked(evidence, |body| match body {
        Body::Intent(intent) => {
            let Intent { step, action, target, captured } = *intent;
            Some(Captured { step, action, target, captured })
        }
        _ => None,
    })
}

fn marked<T>(evidence: &Evidence, pick: impl Fn(Body) -> Option<T>) -> Vec<Marked<T>> {
    let picked = evidence.records.iter().filter_map(|record| {
        let content = pick(Body::read(record.kind, &record.body).ok()?)?;
        Some(Marked { record: record.seq, time: record.time, policy_version: record.policy_version.clone(), content })
    });
    picked.collect()
}
