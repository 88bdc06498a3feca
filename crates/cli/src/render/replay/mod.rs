//! `replay` for people: what came of the logs, section by section, the weightiest first.

mod charts;
mod html;

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use layerguard_core::message::{moment, severity_word};
use layerguard_core::text::{escape, escape_to};

use super::paint::{Tone, field, more, paint};
use super::{Screen, table_width};
use crate::command::explain::Weight;
use crate::command::replay::Between;
use crate::command::replay::incidents::Summed;
use crate::command::replay::report::{Compared, Report};
use crate::failure::Failure;

/// Lines of a section; JSON holds more.
const LINES: usize = 10;
/// Days that are shown one by one.
const DAYS: usize = 14;

impl Screen {
    /// What changes from one policy to another on some logs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replay_changes(&mut self, between: &Between) -> Result<(), Failure> {
        let (out, columns, width) = (&mut *self.out, self.columns, self.width);
        let paper = Paper { columns, width };
        match &between.report.comparison {
            Some(compared) => paper.compared(out, compared)?,
            None => paper.incidents(out, &between.report)?,
        }
        if let Some((day, new)) = between.most_new.as_ref().filter(|(_, new)| *new > 0) {
            field(out, "at most", &format!("{} more incidents on one day, {day}", number(*new)), width)?;
        }
        Ok(())
    }

    /// The report of a replay.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replayed(&mut self, report: &Report) -> Result<(), Failure> {
        let (out, columns, width) = (&mut *self.out, self.columns, self.width);
        let paper = Paper { columns, width };
        paper.head(out, report)?;
        paper.incidents(out, report)?;
        paper.counts(out, report)?;
        paper.days(out, report)?;
        paper.coverage(out, report)?;
        if let Some(compared) = &report.comparison {
            paper.compared(out, compared)?;
        }
        Ok(())
    }
}

impl Screen {
    /// The same as one page of HTML.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replayed_as_page(&mut self, report: &Report) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{}", html::page(report))?)
    }
}

struct Paper {
    columns: Option<usize>,
    width: Option<usize>,
}

impl Paper {
    fn head(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let span = match (report.first, report.last) {
            (Some(first), Some(last)) => format!("{} to {}", moment(first), moment(last)),
            _ => "no watched call".to_owned(),
        };
        writeln!(out, "{}  {}", paint(Tone::Strong, "Replay"), span)?;
        let read = &report.read;
        let mut text = format!(
            "{} records in {} files: {} watched calls, {} that no rule is about",
            number(read.records),
            number(read.files),
            number(read.records.saturating_sub(read.unwatched)),
            number(read.unwatched)
        );
        for (count, words) in [
            (read.copies, "further copies"),
            (read.left_out, "calls outside of the time that was asked for"),
            (read.unreadable, "could not be read"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {} {words}", number(count)));
            }
        }
        field(out, "read", &text, self.width)?;
        let calls = &report.calls;
        let toned = |tone, count: u64, word| {
            let text = format!("{} {word}", number(count));
            if count == 0 { text } else { paint(tone, &text) }
        };
        field(
            out,
            "calls",
            &[
                toned(Tone::Alarm, calls.violations, "violations"),
                toned(Tone::Warning, calls.undecided, "undecided"),
                toned(Tone::Good, calls.clear, "clear"),
            ]
            .join(", "),
            None,
        )?;
        let incidents = &report.incidents;
        field(
            out,
            "incidents",
            &format!(
                "{}: {} a day, at most {}; {} would have asked, {} would have acted, {} only told",
                number(incidents.count),
                incidents.a_day,
                number(incidents.most_a_day),
                number(incidents.asked),
                number(incidents.acted),
                number(incidents.observed)
            ),
            self.width,
        )?;
        if report.weightiest() == Weight::Observe {
            more(
                out,
                "the mode is observe, or nothing could be contained: nothing would have been changed",
                self.width,
            )?;
        }
        let networks: Vec<String> =
            report.networks.iter().map(|(network, calls)| format!("{} {network}", number(*calls))).collect();
        if !networks.is_empty() {
            field(out, "networks", &networks.join(", "), self.width)?;
        }
        for why in report.unknown_networks.iter().take(3) {
            more(out, &format!("{} times {}", number(why.count.calls), escape_to(&why.name, 300)), self.width)?;
        }
        field(out, "policy", &escape(report.policy_version.get(..16).unwrap_or_default()), self.width)
    }

    fn incidents(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let gravest = &report.incidents.gravest;
        if gravest.is_empty() {
            return Ok(());
        }
        let rows = gravest.iter().take(LINES).map(|incident| {
            vec![
                moment(incident.first).trim_end_matches(" UTC").to_owned(),
                incident.severity.map_or("undecided", severity_word).to_owned(),
                number(incident.calls),
                weight(incident.decision).to_owned(),
                name(&incident.principal, incident.session.as_deref()),
                escape(incident.rules.first().map_or("-", String::as_str)),
            ]
        });
        self.section(
            out,
            "Gravest incidents",
            gravest.len(),
            &["FIRST CALL", "SEVERITY", "CALLS", "WOULD", "WHO", "RULE"],
            rows,
            &[2],
        )?;
        for (action, modes) in &report.incidents.actions {
            let modes: Vec<String> = modes.iter().map(|(mode, count)| format!("{mode} {count}")).collect();
            writeln!(out, "  {}: {}", escape(action), modes.join(", "))?;
        }
        Ok(())
    }

    fn counts(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let rules = report.rules.iter().map(|rule| {
            vec![
                severity_word(rule.severity).to_owned(),
                number(rule.calls),
                number(rule.incidents),
                number(rule.excepted),
                escape(&rule.id),
            ]
        });
        self.section(
            out,
            "Rules that fired",
            report.rules.len().min(LINES),
            &["SEVERITY", "CALLS", "INCIDENTS", "EXCEPTED", "RULE"],
            rules,
            &[1, 2, 3],
        )?;
        let lists = [("Whom it concerns", "WHO", &report.principals), ("Which accounts", "ACCOUNT", &report.accounts)];
        for (title, column, names) in lists {
            let rows = names.iter().take(LINES).map(|named| {
                vec![number(named.count.calls), number(named.count.incidents), escape_to(&named.name, 200)]
            });
            self.section(out, title, names.len(), &["CALLS", "INCIDENTS", column], rows, &[0, 1])?;
        }
        let repositories = report
            .repositories
            .iter()
            .take(LINES)
            .map(|named| vec![number(named.count.calls), escape_to(&named.name, 200)]);
        self.section(
            out,
            "Which repositories",
            report.repositories.len(),
            &["CALLS", "REPOSITORY"],
            repositories,
            &[0],
        )?;
        let clear =
            report.busiest.iter().take(LINES).map(|named| vec![number(named.count.calls), escape_to(&named.name, 200)]);
        self.section(out, "Busiest among the clear", report.busiest.len(), &["CALLS", "WHO"], clear, &[0])?;
        let undecided = report
            .undecided_because
            .iter()
            .take(LINES)
            .map(|named| vec![number(named.count.calls), escape_to(&named.name, 300)]);
        self.section(out, "Undecided, and why", report.undecided_because.len(), &["CALLS", "WHY"], undecided, &[0])
    }

    fn days(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let hidden = report.days.len().saturating_sub(DAYS);
        let rows = report.days.iter().skip(hidden).map(|day| {
            vec![
                day.date.clone(),
                number(day.day.clear),
                number(day.day.violations),
                number(day.day.undecided),
                number(day.day.incidents),
                number(day.day.asked),
                number(day.day.acted),
            ]
        });
        let columns = ["DAY", "CLEAR", "VIOLATIONS", "UNDECIDED", "INCIDENTS", "ASK", "ACT"];
        let title = if hidden > 0 { "The last days" } else { "Day by day" };
        self.section(out, title, report.days.len().min(DAYS), &columns, rows, &[1, 2, 3, 4, 5, 6])
    }

    fn coverage(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let coverage = &report.coverage;
        writeln!(out, "\n{}", paint(Tone::Strong, "What the logs did not touch"))?;
        field(out, "rules", &listed(&coverage.silent_rules), self.width)?;
        let idle: Vec<String> =
            coverage.idle_patterns.iter().map(|idle| format!("{} {}", idle.list, escape(&idle.text))).collect();
        field(out, "patterns", &listed(&idle), self.width)?;
        if !coverage.idle_exceptions.is_empty() {
            let idle: Vec<String> = coverage
                .idle_exceptions
                .iter()
                .map(|idle| format!("{} {}", escape(&idle.list), escape(&idle.text)))
                .collect();
            field(out, "exceptions", &listed(&idle), self.width)?;
        }
        if !coverage.proposal.is_empty() {
            writeln!(
                out,
                "\n{}",
                paint(Tone::Strong, "Who pulled without being listed; to list those whom you know:")
            )?;
            coverage.proposal.lines().take(2 * LINES).try_for_each(|line| writeln!(out, "  {line}"))?;
            let more = coverage.proposal.lines().count().saturating_sub(2 * LINES);
            if more > 0 {
                writeln!(out, "  {}", paint(Tone::Faint, &format!("# and {more} more lines, see --format json")))?;
            }
        }
        Ok(())
    }

    fn compared(&self, out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
        writeln!(
            out,
            "\n{} {}",
            paint(Tone::Strong, "By the other policy"),
            paint(Tone::Faint, &escape(compared.policy_version.get(..16).unwrap_or_default()))
        )?;
        let counts = format!(
            "{} calls newly found, {} no longer found, {} found otherwise, {} decided otherwise; {} incidents",
            number(compared.newly_found),
            number(compared.no_longer_found),
            number(compared.other_finding),
            number(compared.other_decision),
            number(compared.incidents)
        );
        field(out, "changes", &counts, self.width)?;
        let rows = compared.changes.iter().take(2 * LINES).map(|changed| {
            vec![
                number(changed.calls),
                escape(&changed.same.call),
                escape_to(&changed.same.principal, 120),
                escape_to(&changed.same.here, 160),
                escape_to(&changed.same.there, 160),
            ]
        });
        self.section(out, "Changes", compared.changes.len(), &["CALLS", "CALL", "WHO", "NOW", "THEN"], rows, &[0])
    }

    /// A table with a title; nothing when it has no rows.
    fn section(
        &self,
        out: &mut dyn Write,
        title: &str,
        all: usize,
        columns: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
        right: &[usize],
    ) -> io::Result<()> {
        let rows: Vec<Vec<String>> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(table_width(self.columns.map(|width| width.saturating_sub(2))));
        table.set_header(columns.iter().copied());
        let shown = rows.len();
        table.add_rows(rows);
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if right.contains(&at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "\n{}", paint(Tone::Strong, title))?;
        for (at, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let line = if at == 0 { paint(Tone::Faint, line) } else { line.to_owned() };
            writeln!(out, "  {line}")?;
        }
        if all > shown {
            writeln!(out, "  {}", paint(Tone::Faint, &format!("and {} more, see --format json", all - shown)))?;
        }
        Ok(())
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "every one was touched".to_owned();
    }
    names.join(", ")
}

const fn weight(decision: Weight) -> &'static str {
    match decision {
        Weight::None => "-",
        Weight::Observe => "tell",
        Weight::Ask => "ask",
        Weight::Act => "act",
    }
}

/// One incident in a line, for whoever points at its dot.
fn moment_of(incident: &Summed) -> String {
    format!(
        "{}: {}, {} calls",
        moment(incident.first),
        name(&incident.principal, incident.session.as_deref()),
        incident.calls
    )
}

fn name(principal: &str, session: Option<&str>) -> String {
    let session = session.map(|session| format!(" session {}", escape_to(session, 40))).unwrap_or_default();
    format!("{}{session}", escape_to(principal, 120))
}

/// With a thin gap between thousands.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_can_be_read() {
        assert_eq!(super::number(7), "7");
        assert_eq!(super::number(1_234_567), "1,234,567");
        assert_eq!(super::number(999), "999");
    }
}
