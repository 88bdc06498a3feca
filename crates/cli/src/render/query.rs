//! `audit query`: a table, JSON lines or CSV. Each record is written as soon as it is found.

use std::collections::BTreeSet;
use std::io::Write;

use csv::{QuoteStyle, Writer, WriterBuilder};
use jiff::Timestamp;
use layerguard_core::message::moment;
use layerguard_core::text::{escape, escape_to};
use serde::Serialize;

use super::paint::{Tone, paint, wrapped};
use super::{Screen, timeline};
use crate::args::QueryFormat;
use crate::command::query::Found;
use crate::failure::Failure;

/// Width of a record's kind.
const KIND: usize = 18;
/// Width of an incident's id: sixteen digits, a dash, a generation.
const INCIDENT: usize = 20;

/// From this width on the kind has a column of its own.
const WIDE: usize = 130;
/// Below this width what a record says stands on a line of its own.
const NARROW: usize = 100;
/// Words are wrapped to no less.
const NARROWEST: usize = 24;
/// How far in they stand then.
const INDENT: usize = 2;

/// A list that is being written.
#[derive(Debug)]
pub struct Listing {
    format: QueryFormat,
    count: usize,
}

/// The object of `--format json`.
#[derive(Serialize)]
struct Line<'a> {
    incident: &'a str,
    seq: u64,
    time: Timestamp,
    kind: &'static str,
    actor: &'a str,
    policy_version: &'a str,
    principals: &'a BTreeSet<String>,
    accounts: &'a BTreeSet<String>,
    rules: &'a BTreeSet<String>,
    text: String,
    body: serde_json::Value,
    prev: &'a str,
    hash: &'a str,
    verified: bool,
}

const COLUMNS: [&str; 12] = [
    "time",
    "incident",
    "seq",
    "kind",
    "actor",
    "text",
    "principals",
    "accounts",
    "rules",
    "policy_version",
    "hash",
    "verified",
];

impl Listing {
    /// Begins with the heading, if the form has one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(format: QueryFormat, screen: &mut Screen) -> Result<Self, Failure> {
        if format == QueryFormat::Csv {
            row(screen, COLUMNS.map(str::to_owned))?;
        }
        Ok(Self { format, count: 0 })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, screen: &mut Screen, found: &Found) -> Result<(), Failure> {
        self.count += 1;
        match self.format {
            QueryFormat::Table => self.table(screen, found),
            QueryFormat::Json => json(screen, found),
            QueryFormat::Csv => comma_separated(screen, found),
        }
    }

    /// Says so if there was nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&self, screen: &mut Screen, stack: &str) -> Result<(), Failure> {
        if self.count == 0 && self.format == QueryFormat::Table {
            writeln!(screen.out, "no such records in stack {}", escape(stack))?;
        }
        Ok(())
    }

    fn table(&self, screen: &mut Screen, found: &Found) -> Result<(), Failure> {
        let record = &found.record;
        // The words tell the kind too: a narrow screen goes without.
        let wide = screen.columns.is_none_or(|columns| columns >= WIDE);
        let line = |time: &str, incident: &str, seq: &str, kind: &str, actor: &str| {
            let kind = if wide { format!("{kind:<KIND$}  ") } else { String::new() };
            format!("{time:<23}  {incident:<INCIDENT$}  {seq:>3}  {kind}{actor:<9}  ")
        };
        let narrow = screen.columns.is_some_and(|columns| columns < NARROW);
        if self.count == 1 {
            let header = line("TIME", "INCIDENT", "NO", "KIND", "BY");
            let header = if narrow { header.trim_end().to_owned() } else { format!("{header}WHAT") };
            writeln!(screen.out, "{}", paint(Tone::Faint, &header))?;
        }
        let seq = record.seq.to_string();
        let head =
            line(&moment(record.time), &escape(&record.incident), &seq, record.kind.as_str(), &escape(&record.actor));
        if narrow {
            writeln!(screen.out, "{}", head.trim_end())?;
        }
        let indent = if narrow { INDENT } else { head.chars().count() };
        let mark = if found.verified { "" } else { "NOT VERIFIED " };
        let text = format!("{mark}{}", escape_to(&words(found), 400));
        let room = screen.columns.map(|columns| columns.saturating_sub(indent).max(NARROWEST));
        for (number, part) in wrapped(&text, room).iter().enumerate() {
            let before = if number == 0 && !narrow { head.clone() } else { " ".repeat(indent) };
            let part = if found.verified { part.clone() } else { paint(Tone::Alarm, part) };
            writeln!(screen.out, "{before}{part}")?;
        }
        Ok(())
    }
}

/// The record in words, escaped.
fn words(found: &Found) -> String {
    found.body.as_ref().map_or_else(|| "its content cannot be read".to_owned(), timeline::words)
}

fn json(screen: &mut Screen, found: &Found) -> Result<(), Failure> {
    let (record, about) = (&found.record, &found.about);
    screen.json_line(&Line {
        incident: &record.incident,
        seq: record.seq,
        time: record.time,
        kind: record.kind.as_str(),
        actor: &record.actor,
        policy_version: &record.policy_version,
        principals: &about.principals,
        accounts: &about.accounts,
        rules: &about.rules,
        text: words(found),
        body: serde_json::from_str(&record.body).unwrap_or(serde_json::Value::Null),
        prev: &record.prev,
        hash: &record.hash,
        verified: found.verified,
    })
}

fn comma_separated(screen: &mut Screen, found: &Found) -> Result<(), Failure> {
    let (record, about) = (&found.record, &found.about);
    let joined = |texts: &BTreeSet<String>| texts.iter().map(|text| escape(text)).collect::<Vec<_>>().join(" ");
    row(
        screen,
        [
            record.time.to_string(),
            record.incident.clone(),
            record.seq.to_string(),
            record.kind.as_str().to_owned(),
            record.actor.clone(),
            words(found),
            joined(&about.principals),
            joined(&about.accounts),
            joined(&about.rules),
            record.policy_version.clone(),
            record.hash.clone(),
            found.verified.to_string(),
        ],
    )
}

fn row(screen: &mut Screen, cells: [String; 12]) -> Result<(), Failure> {
    let unwritten = |error: csv::Error| Failure::unreachable("could not write the output").because(&error);
    let mut writer: Writer<Vec<u8>> = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(Vec::new());
    writer.write_record(cells.map(|cell| harmless(&escape_to(&cell, 2_000)))).map_err(unwritten)?;
    let line =
        writer.into_inner().map_err(|error| Failure::unreachable("could not write the output").because(&error))?;
    Ok(screen.out.write_all(&line)?)
}

/// A spreadsheet takes a cell that begins like this for a formula and carries it out; an apostrophe makes it text.
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"] {
            assert!(harmless(formula).starts_with('\''), "{formula}");
        }
        assert_eq!(harmless("role/ci"), "role/ci");
        assert_eq!(harmless(""), "");
    }
}
