//! `incidents watch` for people: one line for each change, ready for a log.

use std::io::Write;

use layerguard_core::message::{Summary, moment, severity_word};
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::incidents::{of_status, words};
use super::paint::{Tone, paint};
use crate::command::incidents::Change;
use crate::failure::Failure;

/// Columns of a severity, and of a status that became another.
const SEVERITY: usize = 9;
const STATUS: usize = 17;

impl Screen {
    /// One change.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn change(&mut self, change: &Change) -> Result<(), Failure> {
        let severity = change.severity.map_or("undecided", severity_word);
        let tone = change.severity.map_or(Tone::Warning, Tone::of_severity);
        let status = words(change.status);
        let what = match change.before {
            None if change.standing => "open   ",
            None => "new    ",
            Some(before) if before == change.status => "worse  ",
            Some(_) => "changed",
        };
        let was =
            change.before.filter(|before| *before != change.status).map(|before| format!(", was {}", words(before)));
        let rules = if change.row.rules.is_empty() { "undecided".to_owned() } else { change.row.rules.join(" ") };
        let held = if change.not_held { "containment did not hold, " } else { "" };
        writeln!(
            self.out,
            "{}  {what}  {}  {}{:severity_gap$}{}{:status_gap$}{held}{} ({}{})",
            paint(Tone::Faint, &moment(change.time)),
            paint(Tone::Strong, &escape(&change.incident)),
            paint(tone, severity),
            "",
            paint(of_status(change.status), &status),
            "",
            Summary::of(&change.row, &[]).who_short(),
            escape_to(&rules, 160),
            was.unwrap_or_default(),
            severity_gap = (SEVERITY + 1).saturating_sub(severity.len()),
            status_gap = (STATUS + 1).saturating_sub(status.len()),
        )?;
        Ok(())
    }
}
