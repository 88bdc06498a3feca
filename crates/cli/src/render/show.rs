//! `incidents show` for people: one incident on one screen.

use std::io::{self, Write};

use jiff::Timestamp;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::Decision;
use layerguard_core::message::{Done, Summary, age, moment, severity_word};
use layerguard_core::plan::Step;
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::explain::{details, mode_words};
use super::incidents::{of_status, words};
use super::paint::{Tone, field, more, paint};
use super::timeline;
use crate::command::dossier::Dossier;
use crate::failure::Failure;

/// Timeline lines that are shown; the audit table holds all.
const TIMELINE: usize = 40;

impl Screen {
    /// One incident.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn incident(&mut self, dossier: &Dossier, stack: &str, now: Timestamp) -> Result<(), Failure> {
        let summary = dossier.summary();
        let (out, width) = (&mut *self.out, self.width);
        head(out, dossier, &summary, now)?;
        facts(out, &summary, width)?;
        why(out, &summary, width)?;
        if let Some(decision) = dossier.history.decision() {
            plan(out, dossier, decision, width)?;
        }
        answers(out, dossier, now, width)?;
        history(out, dossier)?;
        Ok(next(out, dossier, stack)?)
    }
}

fn head(out: &mut dyn Write, dossier: &Dossier, summary: &Summary, now: Timestamp) -> io::Result<()> {
    let incident = &dossier.incident;
    let severity = incident.severity.map_or("undecided", severity_word);
    let tone = incident.severity.map_or(Tone::Warning, Tone::of_severity);
    writeln!(
        out,
        "{}  {}  {}  {}",
        paint(Tone::Strong, &escape(&incident.id)),
        paint(tone, severity),
        paint(of_status(incident.status), &words(incident.status)),
        paint(Tone::Faint, &format!("opened {} ({} ago)", moment(incident.opened_at), age(incident.opened_at, now)))
    )?;
    writeln!(out, "{}\n", paint(Tone::Strong, &summary.title()))
}

fn facts(out: &mut dyn Write, summary: &Summary, width: Option<usize>) -> io::Result<()> {
    field(out, "who", &summary.who(), width)?;
    field(out, "from", &summary.from(), width)?;
    field(out, "what", &summary.what(), width)?;
    if let Some((first, last)) = summary.span {
        let span = if first == last { moment(first) } else { format!("{} to {}", moment(first), moment(last)) };
        field(out, "when", &span, width)?;
    }
    let exposed = match summary.exposed_until {
        Some(until) => format!("until {}; nothing can recall a download URL", moment(until)),
        None => "no layer was handed out".to_owned(),
    };
    field(out, "exposed", &exposed, width)
}

fn why(out: &mut dyn Write, summary: &Summary, width: Option<usize>) -> io::Result<()> {
    let rules =
        summary.rules.iter().map(|rule| format!("{}: {} ({})", severity_word(rule.severity), rule.title, rule.id));
    let errors = summary.errors.iter().map(|error| format!("undecided: {error}"));
    let network = summary.network_reasons.iter().take(3).cloned();
    let mut label = "why";
    for line in rules.chain(errors).chain(network) {
        let text = escape_to(&line, 600);
        if label.is_empty() {
            more(out, &text, width)?
        } else {
            field(out, label, &text, width)?
        }
        label = "";
    }
    Ok(())
}

fn plan(out: &mut dyn Write, dossier: &Dossier, decision: &Decision, width: Option<usize>) -> io::Result<()> {
    let results = Done::all(&dossier.history);
    writeln!(out, "\n{} {}", paint(Tone::Strong, "Plan"), paint(Tone::Faint, &escape(&decision.plan_hash)))?;
    let steps: Vec<&Step> = decision.plan.steps.iter().filter(|step| step.is_containment()).collect();
    if steps.is_empty() {
        writeln!(out, "  nothing in the account is to be changed")?;
    }
    for step in steps {
        planned(out, step, results.iter().find(|done| done.step == step.number), width)?;
    }
    for reason in decision.reasons.iter().chain(&decision.errors) {
        more(out, &format!("because {}", escape_to(reason, 600)), width)?;
    }
    Ok(())
}

/// One step of a plan, with what became of it.
pub(super) fn planned(out: &mut dyn Write, step: &Step, done: Option<&Done>, width: Option<usize>) -> io::Result<()> {
    let mode = paint(Tone::of_mode(step.mode), mode_words(step.mode));
    writeln!(out, "  {}. {mode} {}", step.number, paint(Tone::Strong, &escape(&step.action)))?;
    for text in details(step) {
        more(out, &text, width)?;
    }
    match done {
        Some(done) => {
            let tone = if done.is_trouble() { Tone::Alarm } else { Tone::Good };
            writeln!(out, "            {}", paint(tone, &done.words()))
        }
        None => Ok(()),
    }
}

fn answers(out: &mut dyn Write, dossier: &Dossier, now: Timestamp, width: Option<usize>) -> io::Result<()> {
    let answered: Vec<String> = dossier
        .history
        .entries()
        .iter()
        .filter(|entry| {
            matches!(entry.body, Body::ApprovalAccepted(_) | Body::ApprovalRefused(_) | Body::ApprovalExpired(_))
        })
        .map(|entry| format!("{}  {}", moment(entry.time), timeline::words(&entry.body)))
        .collect();
    let open = dossier.request.as_ref().filter(|_| dossier.history.asks());
    if answered.is_empty() && open.is_none() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(Tone::Strong, "Answers"))?;
    if let Some(request) = open {
        let left = request.deadline.duration_since(now);
        let left = if left.is_negative() {
            "over".to_owned()
        } else {
            format!("in {}", layerguard_core::message::duration(left))
        };
        field(out, "deadline", &format!("{} ({left})", moment(request.deadline)), width)?;
    }
    answered.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

fn history(out: &mut dyn Write, dossier: &Dossier) -> io::Result<()> {
    let entries = dossier.history.entries();
    writeln!(out, "\n{}", paint(Tone::Strong, "Timeline"))?;
    let hidden = entries.len().saturating_sub(TIMELINE);
    if hidden > 0 {
        writeln!(out, "  {}", paint(Tone::Faint, &format!("{hidden} earlier records, see --format json")))?;
    }
    for (entry, record) in entries.iter().zip(&dossier.records).skip(hidden) {
        let actor = format!("{:<10}", escape(&record.actor));
        writeln!(out, "  {}  {}{}", moment(entry.time), paint(Tone::Label, &actor), timeline::words(&entry.body))?;
    }
    if entries.is_empty() {
        writeln!(out, "  nothing is recorded yet")?;
    }
    Ok(())
}

fn next(out: &mut dyn Write, dossier: &Dossier, stack: &str) -> io::Result<()> {
    let (id, stack) = (escape(&dossier.incident.id), escape(stack));
    let mut commands = Vec::new();
    if dossier.history.asks() && dossier.incident.status.is_open() {
        commands.push(format!("layerguard approve {id} --stack {stack}"));
        commands.push(format!("layerguard reject {id} --stack {stack} --comment \"why\""));
    }
    if !dossier.incident.status.is_open() && !dossier.history.standing().is_empty() {
        commands.push(format!("layerguard undo {id} --stack {stack}"));
    }
    if commands.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(Tone::Strong, "Next"))?;
    commands.iter().try_for_each(|command| writeln!(out, "  {}", paint(Tone::Command, command)))
}
