//! `explain` for people: a block per record, and the count at the end.

use std::io::{self, Write};

use layerguard_core::engine::Verdict;
use layerguard_core::message::{duration, moment, severity_word};
use layerguard_core::plan::{Mode, Step};
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::paint::{Tone, field, more, paint};
use crate::command::explain::{Count, Explained, Line, step_reasons};
use crate::failure::Failure;

/// Reasons of one step that are shown; JSON holds all.
const REASONS: usize = 4;

impl Screen {
    /// The block of one record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn explained(&mut self, line: &Line) -> Result<(), Failure> {
        Ok(block(&mut self.out, line, self.width)?)
    }

    /// How many records came out how.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn explained_count(&mut self, count: &Count) -> Result<(), Failure> {
        let mut parts = vec![
            toned(Tone::Alarm, count.violations, "violation", "violations"),
            toned(Tone::Warning, count.undecided, "undecided", "undecided"),
            toned(Tone::Good, count.clear, "clear", "clear"),
            format!("{} unwatched", count.unwatched),
        ];
        if count.unreadable > 0 {
            parts.push(toned(Tone::Alarm, count.unreadable, "could not be read", "could not be read"));
        }
        let incidents = match count.incidents {
            0 => String::new(),
            1 => "; 1 incident".to_owned(),
            more => format!("; {more} incidents"),
        };
        Ok(writeln!(self.out, "{}{incidents}", parts.join(", "))?)
    }
}

/// A number with its word, toned where it is not zero.
fn toned(tone: Tone, number: u64, one: &str, many: &str) -> String {
    let text = format!("{number} {}", if number == 1 { one } else { many });
    if number == 0 { text } else { paint(tone, &text) }
}

fn block(out: &mut dyn Write, line: &Line, width: Option<usize>) -> io::Result<()> {
    let record = &line.record;
    let severity = record.severity.map(|severity| format!("  {}", severity_word(severity))).unwrap_or_default();
    let verdict = format!("{}{severity}", verdict_word(record.assessment));
    writeln!(
        out,
        "{}  {}  {}",
        paint(Tone::of_verdict(record.assessment), &verdict),
        paint(Tone::Strong, &escape(&record.call)),
        paint(Tone::Faint, &moment(line.time))
    )?;
    field(out, "who", &who(record), width)?;
    field(out, "what", &what(record), width)?;
    let network = format!("network {}", record.network.as_str());
    field(out, "from", &network, width)?;
    why(out, line, width)?;
    if record.assessment != Verdict::Clear {
        decision(out, line, width)?;
    }
    if let Some(until) = line.exposed_until.filter(|_| record.assessment != Verdict::Clear) {
        field(out, "exposed", &format!("until {}; nothing can recall the URL", moment(until)), width)?;
    }
    let incident = record.incident.as_deref().map(|id| format!(", incident {}", escape(id))).unwrap_or_default();
    field(out, "event", &format!("{}{incident}", escape(&record.event_id)), width)?;
    writeln!(out)
}

fn who(record: &Explained) -> String {
    let principal = &record.principal;
    let name = match (&principal.arn, &principal.account) {
        (Some(arn), _) => escape(arn),
        (None, Some(account)) => format!("account {}", escape(account)),
        (None, None) => "not recorded".to_owned(),
    };
    let session =
        principal.session.as_deref().map(|session| format!(", session {}", escape(session))).unwrap_or_default();
    format!("{name}{session}")
}

fn what(record: &Explained) -> String {
    let resource = &record.resource;
    let name = resource.repository.as_deref().or(resource.arn.as_deref()).map(escape);
    let mut text = name.unwrap_or_else(|| "registry".to_owned());
    for (word, part) in [(" in ", &resource.registry), (" ", &resource.region)] {
        if let Some(part) = part {
            text.push_str(word);
            text.push_str(&escape(part));
        }
    }
    if let Some(digest) = &resource.layer_digest {
        text.push_str(&format!(", layer {}", escape_to(digest, 24)));
    }
    if !resource.images.is_empty() {
        let shown: Vec<String> = resource.images.iter().take(3).map(|image| escape_to(image, 24)).collect();
        let rest = resource.images.len().saturating_sub(3);
        let rest = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        text.push_str(&format!(", images {}{rest}", shown.join(", ")));
    }
    text
}

fn why(out: &mut dyn Write, line: &Line, width: Option<usize>) -> io::Result<()> {
    let record = &line.record;
    let mut lines: Vec<String> = record.errors.iter().map(|error| format!("undecided: {error}")).collect();
    for rule in &record.rules {
        let excepted = match &rule.exception {
            Some(exception) if exception.in_force => {
                format!(", excepted until {} by {}: {}", exception.until, exception.owner, exception.reason)
            }
            Some(exception) => format!(", its exception ended {}", exception.until),
            None => String::new(),
        };
        lines.push(format!("{}: {} ({}){excepted}", severity_word(rule.severity), rule.title, rule.id));
    }
    // What the rule's own reason says, its line says shorter.
    let of_steps: Vec<String> = step_reasons(&line.steps).collect();
    let told = |reason: &&String| {
        // What a step's reason says, the step says below.
        !of_steps.contains(reason)
            && !record.rules.iter().any(|rule| reason.starts_with(&format!("rule `{}`", rule.id)))
    };
    lines.extend(record.reasons.iter().filter(told).cloned());
    let mut label = "why";
    for line in lines {
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

fn decision(out: &mut dyn Write, line: &Line, width: Option<usize>) -> io::Result<()> {
    if line.steps.is_empty() {
        return field(out, "decision", "tell people; nothing in the account is to be changed", width);
    }
    let mut label = "decision";
    for step in &line.steps {
        let text = format!("{} {}", mode_words(step.mode), escape(&step.action));
        if label.is_empty() {
            more(out, &text, width)?
        } else {
            field(out, label, &text, width)?
        }
        for text in details(step) {
            more(out, &format!("  {text}"), width)?;
        }
        label = "";
    }
    Ok(())
}

/// What a step does or would do, for how long, and why it asks or is not done. Escaped.
pub(super) fn details(step: &Step) -> Vec<String> {
    let not_done = step.mode == Mode::Observe;
    let mut lines = vec![if not_done { would(&step.effect) } else { step.effect.clone() }];
    if !not_done {
        lines.push(lifts(step));
    }
    let because = if not_done { "not done because" } else { "because" };
    lines.extend(step.reasons.iter().take(REASONS).map(|reason| format!("{because} {reason}")));
    lines.iter().map(|line| escape_to(line, 600)).collect()
}

/// The effect of a step that is not done must not read as if it were.
fn would(effect: &str) -> String {
    for (does, do_it) in [("denies ", "deny "), ("deactivates ", "deactivate ")] {
        if let Some(rest) = effect.strip_prefix(does) {
            return format!("would {do_it}{rest}");
        }
    }
    format!("were it done: {effect}")
}

/// How long a step's measure stands.
pub(super) fn lifts(step: &Step) -> String {
    match step.lift_after() {
        Some(after) => format!("lifts by itself after {}", duration(after)),
        None => "stays until a person takes it back".to_owned(),
    }
}

pub(super) const fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Act => "act:",
        Mode::Ask => "ask:",
        Mode::Observe => "observe, not done:",
    }
}

pub(super) const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clear => "clear",
        Verdict::Violation => "VIOLATION",
        Verdict::Undecided => "UNDECIDED",
        Verdict::Unwatched => "unwatched",
    }
}
