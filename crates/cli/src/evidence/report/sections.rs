//! What the report says, section by section.

use std::collections::BTreeMap;

use layerguard_core::audit::Body;
use layerguard_core::audit::body::{Blast, Decision};
use layerguard_core::cloudtrail::Origin;
use layerguard_core::incident::IncidentEvent;
use layerguard_core::message::{Done, Summary, duration, moment, severity_word};
use layerguard_core::plan::Step;

use super::{Block, Report, Section};
use crate::evidence::derived::{EVENTS_NOTE, Told};
use crate::evidence::manifest::Manifest;
use crate::evidence::{Evidence, Examined};
use crate::render::timeline;

/// The report of this evidence.
pub(in crate::evidence) fn of(told: &Told, evidence: &Evidence, examined: &Examined, manifest: &Manifest) -> Report {
    let mut sections = vec![about(told, manifest)];
    sections.extend(trouble(examined));
    sections.extend(told.summary.as_ref().map(what_happened));
    sections.extend(told.summary.as_ref().map(rules));
    sections.push(decisions(told, evidence));
    sections.extend(captured(evidence));
    sections.push(record(evidence));
    sections.push(events(told, examined));
    sections.push(proof(evidence, examined, manifest));
    let title = told.summary.as_ref().map_or_else(|| "its events cannot be read".to_owned(), Summary::title);
    Report { title: format!("Incident {}", manifest.incident.chain), lead: title, sections }
}

fn section(heading: &str, blocks: Vec<Block>) -> Section {
    Section { heading: heading.to_owned(), blocks }
}

fn about(told: &Told, manifest: &Manifest) -> Section {
    let severity = told.incident.as_ref().and_then(|incident| incident.severity);
    let status = manifest.status.map_or("not closed yet".to_owned(), |status| status.as_str().replace('_', " "));
    section(
        "This report",
        vec![Block::Facts(vec![
            ("incident", manifest.incident.chain.clone()),
            ("status", status),
            ("severity", severity.map_or("undecided", severity_word).to_owned()),
            ("stack", format!("{} in {} {}", manifest.stack, manifest.account, manifest.region)),
            ("exported", format!("{} by {}", moment(manifest.exported_at), manifest.exported_by)),
            ("made by", format!("layerguard {}", manifest.tool_version)),
        ])],
    )
}

fn trouble(examined: &Examined) -> Option<Section> {
    let flaws = examined.words();
    let said = "These records do not prove what they say: something was altered, dropped or reordered.";
    (!flaws.is_empty()).then(|| section("NOT VERIFIED", vec![Block::Alarm(said.to_owned()), Block::List(flaws)]))
}

fn what_happened(summary: &Summary) -> Section {
    let mut facts = vec![("who", summary.who()), ("from", summary.from()), ("what", summary.what())];
    if let Some((first, last)) = summary.span {
        let span = if first == last { moment(first) } else { format!("{} to {}", moment(first), moment(last)) };
        facts.push(("when", span));
    }
    facts.push((
        "exposed",
        summary.exposed_until.map_or("no layer was handed out".to_owned(), |until| {
            format!("until {}; nothing can recall a download URL", moment(until))
        }),
    ));
    let mut blocks = vec![Block::Facts(facts)];
    if !summary.network_reasons.is_empty() {
        blocks.push(Block::List(summary.network_reasons.clone()));
    }
    section("What happened", blocks)
}

fn rules(summary: &Summary) -> Section {
    let row = |rule: &layerguard_core::engine::FiredRule| {
        vec![
            severity_word(rule.severity).to_owned(),
            rule.title.clone(),
            rule.id.clone(),
            rule.attack.clone(),
            rule.controls.clone(),
        ]
    };
    let mut blocks = Vec::new();
    if !summary.rules.is_empty() {
        let header = vec!["severity", "rule", "id", "ATT&CK", "controls"];
        blocks.push(Block::Table(header, summary.rules.iter().map(row).collect()));
    }
    if !summary.errors.is_empty() {
        blocks.push(Block::Text(
            "What kept calls from being decided; an undecided call is never taken for clear:".to_owned(),
        ));
        blocks.push(Block::List(summary.errors.clone()));
    }
    section("Why it counts", blocks)
}

fn decisions(told: &Told, evidence: &Evidence) -> Section {
    let done: BTreeMap<u32, Done> =
        told.history.as_ref().map(Done::all).unwrap_or_default().into_iter().map(|done| (done.step, done)).collect();
    let mut blocks = Vec::new();
    for record in &evidence.records {
        let Ok(Body::Decision(decision)) = Body::read(record.kind, &record.body) else { continue };
        blocks.push(Block::Heading(format!("Record {}, {}", record.seq, moment(record.time))));
        blocks.extend(decided(&decision, &record.policy_version, &done));
    }
    if blocks.is_empty() {
        blocks.push(Block::Text("Nothing was decided yet.".to_owned()));
    }
    section("What was decided", blocks)
}

fn decided(decision: &Decision, policy_version: &str, done: &BTreeMap<u32, Done>) -> Vec<Block> {
    let mut facts = vec![
        ("policy", policy_version.to_owned()),
        ("evidence", format!("{} events", decision.evidence)),
        ("severity", decision.severity.map_or("undecided", severity_word).to_owned()),
        ("decision", decision.decision.as_str().to_owned()),
        ("plan", decision.plan_hash.clone()),
    ];
    let made = &decision.circumstances;
    let under = [
        (made.not_held, "an earlier containment did not hold"),
        (made.inline_full, "no room for inline policies"),
        (made.paused, "layerguard was paused"),
    ];
    let under: Vec<&str> = under.into_iter().filter_map(|(holds, words)| holds.then_some(words)).collect();
    if !under.is_empty() {
        facts.push(("under", under.join("; ")));
    }
    let mut blocks = vec![Block::Facts(facts)];
    let reasons: Vec<String> = decision.reasons.iter().chain(&decision.errors).cloned().collect();
    if !reasons.is_empty() {
        blocks.push(Block::List(reasons));
    }
    for step in &decision.plan.steps {
        blocks.push(Block::Heading(format!("Step {}, {}: {}", step.number, step.mode.as_str(), step.action)));
        blocks.push(Block::Facts(planned(step, done.get(&step.number))));
    }
    blocks.extend(blast(&decision.blast));
    blocks
}

/// A step as a list, because its texts are too long for a table.
fn planned(step: &Step, done: Option<&Done>) -> Vec<(&'static str, String)> {
    let came_to = match done {
        Some(done) => done.words(),
        None if step.is_containment() => "not carried out".to_owned(),
        None => "see the record".to_owned(),
    };
    let mut facts = vec![("on", step.target.label()), ("effect", step.effect.clone())];
    if let Some(after) = step.lift_after().filter(|_| step.is_containment()) {
        facts.push(("lifts", format!("by itself after {}", duration(after))));
    }
    if !step.reasons.is_empty() {
        facts.push(("why this mode", step.reasons.join("; ")));
    }
    facts.push(("came to", came_to));
    facts
}

fn blast(blast: &[Blast]) -> Option<Block> {
    let row = |of: &Blast| vec![of.role.clone(), of.sessions.to_string(), of.services.join(", ")];
    let header = vec!["role", "sessions in 12 h", "services that use it"];
    (!blast.is_empty()).then(|| Block::Table(header, blast.iter().map(row).collect()))
}

fn captured(evidence: &Evidence) -> Option<Section> {
    let mut blocks = Vec::new();
    for record in &evidence.records {
        let Ok(Body::Intent(intent)) = Body::read(record.kind, &record.body) else { continue };
        blocks.push(Block::Heading(format!(
            "Step {}: before {} on {} (record {})",
            intent.step,
            intent.action,
            intent.target.label(),
            record.seq
        )));
        // Writing a value that was read as JSON does not fail.
        blocks.push(Block::Code(serde_json::to_string_pretty(&intent.captured).unwrap_or_default()));
    }
    (!blocks.is_empty()).then(|| section("What was there before", blocks))
}

fn record(evidence: &Evidence) -> Section {
    let row = |record: &layerguard_core::audit::AuditRecord| {
        let words = Body::read(record.kind, &record.body)
            .map_or_else(|_| "its content cannot be read".to_owned(), |body| timeline::words(&body));
        vec![
            record.seq.to_string(),
            moment(record.time),
            record.actor.clone(),
            words,
            record.hash.chars().take(12).collect(),
        ]
    };
    let rows = evidence.records.iter().map(row).collect();
    section("The record", vec![Block::Table(vec!["no", "time", "by", "what", "hash"], rows)])
}

fn events(told: &Told, examined: &Examined) -> Section {
    let row = |joined: &IncidentEvent| {
        let event = &joined.event;
        let from = match &event.origin {
            Origin::Address(address) => address.to_string(),
            Origin::Masked => "hidden by the registry".to_owned(),
            Origin::Service(name) => name.clone(),
            Origin::Unknown => "not recorded".to_owned(),
        };
        let network = joined.facts.as_ref().map_or("unknown", |facts| facts.network.as_str());
        let repository = event.call.as_ref().and_then(|call| call.repository());
        let about = repository.and_then(|repository| repository.name.clone());
        let layer = match &event.call {
            Some(layerguard_core::call::Call::GetDownloadUrlForLayer { layer_digest, .. }) => layer_digest.clone(),
            _ => None,
        };
        let about: Vec<String> = [about, layer].into_iter().flatten().collect();
        vec![
            moment(event.time),
            event.call_name(),
            about.join(" "),
            format!("{from} ({network})"),
            event.error_code.clone().unwrap_or_else(|| "answered".to_owned()),
            event.event_id.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = told.events.iter().map(row).collect();
    let header = vec!["time", "call", "about", "from", "answer", "event"];
    let mut blocks = vec![Block::Table(header, rows), Block::Text(format!("Kept {EVENTS_NOTE}."))];
    blocks.extend(originals(examined));
    section("Events", blocks)
}

/// How many of the events' own records are kept, and why the others are not.
fn originals(examined: &Examined) -> Vec<Block> {
    let (kept, absent) = (examined.originals.kept.len(), &examined.originals.absent);
    let of = kept.saturating_add(absent.len());
    let said = format!(
        "The CloudTrail records of {kept} of {of} calls are kept, and each event as read follows from its own."
    );
    let event = |chain: &str| chain.strip_prefix("call#").unwrap_or(chain).to_owned();
    let missing: Vec<String> =
        absent.iter().map(|(chain, why)| format!("event {}: not kept, {why}", event(chain))).collect();
    let mut blocks = vec![Block::Text(said)];
    if !missing.is_empty() {
        blocks.push(Block::List(missing));
    }
    blocks
}

fn proof(evidence: &Evidence, examined: &Examined, manifest: &Manifest) -> Section {
    let verdict = if examined.is_sound() { "every hash and link fits" } else { "NOT VERIFIED, see above" };
    let ends = if manifest.sealed { "a closing record that names the length" } else { "open: more may follow" };
    let facts = vec![
        ("verdict", verdict.to_owned()),
        ("records", evidence.records.len().to_string()),
        ("head", manifest.incident.head.clone()),
        ("ends with", ends.to_owned()),
        ("assessments", format!("{} that the findings name and that fit", examined.assessments)),
    ];
    let how = "`proof.md` in the bundle says how to check this with and without layerguard. Whoever alters records can compute new \
        hashes: compare the head with one that was noted elsewhere.";
    section("Proof", vec![Block::Facts(facts), Block::Text(how.to_owned())])
}
