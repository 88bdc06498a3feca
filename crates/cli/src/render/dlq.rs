//! `dlq list` and `dlq redrive` for people.

use std::io::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use jiff::Timestamp;
use layerguard_core::message::{age, moment};
use layerguard_core::text::escape;

use super::paint::{Tone, paint};
use super::{Screen, table_width};
use crate::command::dlq::letter::Shown;
use crate::command::dlq::{Outcome, Redriven};
use crate::failure::Failure;

impl Screen {
    /// The table of messages.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn letters(&mut self, letters: &[Shown], stack: &str, now: Timestamp) -> Result<(), Failure> {
        if letters.is_empty() {
            return Ok(writeln!(self.out, "no failed event waits in stack {}", escape(stack))?);
        }
        let rows = letters.iter().map(|letter| {
            let waits = letter.since.map_or_else(|| "-".to_owned(), |since| age(since, now));
            let time = letter.event_time.map_or_else(|| "-".to_owned(), moment);
            [what(letter), time, waits, from(letter), why(letter), id(letter)]
        });
        self.table(["CALL", "CALLED", "WAITS", "FROM", "REASON", "EVENT OR MESSAGE"], rows.collect())
    }

    /// The table of what became of messages, and what it comes to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn redriven(&mut self, done: &[Redriven], stack: &str, dry: bool) -> Result<(), Failure> {
        if done.is_empty() {
            return Ok(writeln!(self.out, "no failed event waits in stack {}", escape(stack))?);
        }
        let rows = done.iter().map(|one| {
            let told = one.letter.problem.clone().unwrap_or_default();
            [words(one.outcome).to_owned(), what(&one.letter), id(&one.letter), told]
        });
        self.table(["OUTCOME", "CALL", "EVENT OR MESSAGE", ""], rows.collect())?;
        let stay = done.iter().filter(|one| matches!(one.outcome, Outcome::NotJudged | Outcome::Unreadable)).count();
        let gone = done.len().saturating_sub(stay);
        let did = if dry { "would be run through the chain" } else { "done with" };
        let stay =
            if stay == 0 { paint(Tone::Good, "none stays") } else { paint(Tone::Alarm, &format!("{stay} stay")) };
        Ok(writeln!(self.out, "\n{gone} {did}, {stay}")?)
    }

    fn table<const N: usize>(&mut self, header: [&str; N], rows: Vec<[String; N]>) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(table_width(self.columns));
        table.set_header(header);
        for row in rows {
            table.add_row(row);
        }
        let ids = header.iter().position(|name| name.starts_with("EVENT"));
        for (number, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            // An id is there to be copied.
            if Some(number) == ids {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        let text = table.trim_fmt();
        let mut lines = text.lines();
        writeln!(self.out, "{}", paint(Tone::Faint, lines.next().unwrap_or_default()))?;
        Ok(lines.try_for_each(|line| writeln!(self.out, "{line}"))?)
    }
}

fn what(letter: &Shown) -> String {
    letter
        .call
        .clone()
        .unwrap_or_else(|| if letter.content == "task" { "a task".to_owned() } else { "unreadable".to_owned() })
}

fn from(letter: &Shown) -> String {
    letter.from.clone().unwrap_or_else(|| "-".to_owned())
}

fn why(letter: &Shown) -> String {
    let attempts = letter.attempts.map_or_else(String::new, |count| format!(", tried again {count} times"));
    let reason = letter.reason.clone().or_else(|| letter.problem.clone());
    format!("{}{attempts}", reason.unwrap_or_else(|| "not said".to_owned()))
}

fn id(letter: &Shown) -> String {
    letter.event_id.clone().unwrap_or_else(|| letter.message_id.clone())
}

const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Judged => "judged",
        Outcome::Unwatched => "unwatched",
        Outcome::Duplicate => "duplicate",
        Outcome::Obsolete => "obsolete",
        Outcome::NotJudged => "not judged, stays",
        Outcome::Unreadable => "unreadable, stays",
        Outcome::WouldRun => "would run",
    }
}
