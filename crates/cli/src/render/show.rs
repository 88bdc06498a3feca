//! `incidents show` for people: one incident on one screen, in the order in which it matters at three in the morning.

mod around;
mod hand;

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::Decision;
use layerguard_core::message::{Done, Summary, age, duration, moment, severity_word};
use layerguard_core::plan::Step;
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::explain::{details, mode_words};
use super::incidents::{of_status, words};
use super::paint::{Tone, field, more, paint, wrapped};
use super::timeline;
use crate::command::dossier::Dossier;
use crate::command::holding::{Holding, Holds};
use crate::command::incidents::lookups::Lookups;
use crate::failure::Failure;

/// Timeline lines that are shown; the audit table holds all.
const TIMELINE: usize = 20;
/// Reasons of a decision that are shown.
const REASONS: usize = 8;
/// Rules, errors and reasons for the network that are shown each.
const WHYS: usize = 4;

impl Screen {
    /// One incident.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn incident(
        &mut self,
        dossier: &Dossier,
        lookups: Option<&Lookups>,
        stack: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let summary = dossier.summary();
        let holding = Holding::of(dossier, lookups.and_then(|lookups| lookups.followed_by.as_ref()), now);
        let (out, width) = (&mut *self.out, self.width);
        head(out, dossier, &summary, now, width)?;
        facts(out, dossier, &summary, lookups, width)?;
        exposure(out, &summary, now, width)?;
        holds(out, &holding, width)?;
        why(out, &summary, width)?;
        if let Some(decision) = dossier.history.decision() {
            plan(out, dossier, decision, width)?;
        }
        answers(out, dossier, now, width)?;
        hand::by_hand(out, dossier, width)?;
        around::around(out, lookups, width)?;
        history(out, dossier, width)?;
        Ok(next(out, dossier, stack)?)
    }
}

fn head(
    out: &mut dyn Write,
    dossier: &Dossier,
    summary: &Summary,
    now: Timestamp,
    width: Option<usize>,
) -> io::Result<()> {
    let incident = &dossier.incident;
    let severity = incident.severity.map_or("undecided", severity_word);
    let tone = incident.severity.map_or(Tone::Warning, Tone::of_severity);
    let (id, status) = (escape(&incident.id), words(incident.status));
    let opened = format!("opened {} ({} ago)", moment(incident.opened_at), age(incident.opened_at, now));
    let length = [id.as_str(), severity, &status, &opened].map(|part| part.chars().count() + 2).iter().sum::<usize>();
    let gap = if width.is_some_and(|width| length > width + 2) { "\n" } else { "  " };
    writeln!(
        out,
        "{}  {}  {}{gap}{}",
        paint(Tone::Strong, &id),
        paint(tone, severity),
        paint(of_status(incident.status), &status),
        paint(Tone::Faint, &opened)
    )?;
    for line in wrapped(&summary.title(), width) {
        writeln!(out, "{}", paint(Tone::Strong, &line))?;
    }
    for line in wrapped(&waits(dossier).unwrap_or_default(), width).iter().filter(|line| !line.is_empty()) {
        writeln!(out, "{}", paint(Tone::Warning, line))?;
    }
    writeln!(out)
}

/// That one of two people has approved, where that is how it stands.
fn waits(dossier: &Dossier) -> Option<String> {
    let history = &dossier.history;
    let approvers = history.decision()?.approvers;
    let so_far = history.approved_so_far();
    let first = so_far.first().filter(|_| approvers > 1 && so_far.len() == 1 && history.asks())?;
    let Body::ApprovalAccepted(answer) = &first.body else { return None };
    Some(format!("one of two approved ({}): waits for a second person", escape(&answer.approver_arn)))
}

fn facts(
    out: &mut dyn Write,
    dossier: &Dossier,
    summary: &Summary,
    lookups: Option<&Lookups>,
    width: Option<usize>,
) -> io::Result<()> {
    field(out, "who", &summary.who(), width)?;
    around::behind(out, lookups, width)?;
    field(out, "from", &summary.from(), width)?;
    let agents: BTreeSet<&str> =
        dossier.events.iter().filter_map(|joined| joined.event.user_agent.as_deref()).collect();
    if !agents.is_empty() {
        field(out, "with", &around::agents(&agents.into_iter().collect::<Vec<_>>()), width)?;
    }
    field(out, "what", &summary.what(), width)?;
    around::images(out, lookups, width)?;
    if let Some((first, last)) = summary.span {
        let span = if first == last { moment(first) } else { format!("{} to {}", moment(first), moment(last)) };
        field(out, "when", &span, width)?;
    }
    around::originals(out, &dossier.incident.id, width)
}

fn exposure(out: &mut dyn Write, summary: &Summary, now: Timestamp, width: Option<usize>) -> io::Result<()> {
    let exposed = match summary.exposed_until {
        Some(until) if until > now => format!(
            "until {} (for {}); nothing can recall a download URL",
            moment(until),
            duration(until.duration_since(now))
        ),
        Some(until) => format!("until {}: the download URLs are over", moment(until)),
        None => "no layer was handed out".to_owned(),
    };
    field(out, "exposed", &exposed, width)
}

/// Whether what was done holds. Only the first line bears the colour: it is the answer.
fn holds(out: &mut dyn Write, holding: &Holding, width: Option<usize>) -> io::Result<()> {
    let (tone, word) = match holding.holds {
        Holds::Nothing if holding.words.is_empty() => (Tone::Strong, "nothing was changed"),
        Holds::Nothing => (Tone::Warning, "not yet"),
        Holds::Yes => (Tone::Good, "yes, as the record says"),
        Holds::Partly => (Tone::Alarm, "partly"),
        Holds::No => (Tone::Alarm, "no"),
        Holds::Ended => (Tone::Strong, "not any more"),
    };
    field(out, "holds", &paint(tone, word), None)?;
    holding.words.iter().take(2 * WHYS).try_for_each(|line| more(out, line, width))
}

fn why(out: &mut dyn Write, summary: &Summary, width: Option<usize>) -> io::Result<()> {
    let rules =
        summary.rules.iter().map(|rule| format!("{}: {} ({})", severity_word(rule.severity), rule.title, rule.id));
    let errors = summary.errors.iter().map(|error| format!("undecided: {error}"));
    let mut lines: Vec<String> = rules.take(WHYS).chain(errors.take(WHYS)).collect();
    lines.extend(summary.network_reasons.iter().take(3).cloned());
    let hidden = summary.rules.len().saturating_sub(WHYS) + summary.errors.len().saturating_sub(WHYS);
    let mut lines: Vec<String> = lines.iter().map(|line| escape_to(line, 600)).collect();
    if hidden > 0 {
        lines.push(format!("{hidden} more: --format json"));
    }
    around::labelled(out, "why", lines.iter().map(String::as_str), width)
}

/// How much depends on what would be touched.
fn blast(out: &mut dyn Write, decision: &Decision, width: Option<usize>) -> io::Result<()> {
    let lines: Vec<String> = decision
        .blast
        .iter()
        .map(|blast| {
            let sessions = match blast.sessions {
                0 => "no session seen in the 12 h before".to_owned(),
                1 => "1 session in the 12 h before".to_owned(),
                sessions => format!("{sessions} sessions in the 12 h before"),
            };
            let services: Vec<String> = blast.services.iter().take(6).map(|service| escape(service)).collect();
            let services =
                if services.is_empty() { String::new() } else { format!(", used by {}", services.join(", ")) };
            format!("{}: {sessions}{services}", escape(&blast.role))
        })
        .collect();
    around::labelled(out, "reach", lines.iter().map(String::as_str), width)
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
    blast(out, decision, width)?;
    let reasons: Vec<&String> = decision.reasons.iter().chain(&decision.errors).collect();
    for reason in reasons.iter().take(REASONS) {
        more(out, &format!("because {}", escape_to(reason, 600)), width)?;
    }
    match reasons.len().saturating_sub(REASONS) {
        0 => Ok(()),
        hidden => more(out, &format!("{hidden} more: --format json"), width),
    }
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
        let left = if left.is_negative() { "over".to_owned() } else { format!("in {}", duration(left)) };
        field(out, "deadline", &format!("{} ({left})", moment(request.deadline)), width)?;
    }
    for line in answered.iter().flat_map(|line| wrapped(line, width.map(|width| width.saturating_sub(2)))) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

fn history(out: &mut dyn Write, dossier: &Dossier, width: Option<usize>) -> io::Result<()> {
    let entries = dossier.history.entries();
    writeln!(out, "\n{}", paint(Tone::Strong, "Timeline"))?;
    let hidden = entries.len().saturating_sub(TIMELINE);
    if hidden > 0 {
        writeln!(out, "  {}", paint(Tone::Faint, &format!("{hidden} earlier records, see --format json")))?;
    }
    for (entry, record) in entries.iter().zip(&dossier.records).skip(hidden) {
        let actor = format!("{:<10}", escape(&record.actor));
        let at = moment(entry.time);
        // A line that does not fit goes on below its own words.
        let indent = 2 + at.chars().count() + 2 + 10;
        let mut lines =
            wrapped(&timeline::words(&entry.body), width.map(|width| width.saturating_sub(indent))).into_iter();
        writeln!(out, "  {at}  {}{}", paint(Tone::Label, &actor), lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| writeln!(out, "{:indent$}{line}", ""))?;
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
