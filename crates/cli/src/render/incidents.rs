//! `incidents list` for people.

use std::io::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use jiff::Timestamp;
use layerguard_core::incident::{Incident, Status};
use layerguard_core::message::{Summary, age, moment, severity_word};
use layerguard_core::text::{escape, escape_to};

use super::paint::{Tone, paint};
use super::{Screen, table_width};
use crate::failure::Failure;

/// Below this width the columns that `incidents show` tells anyway are left out.
const WIDE: usize = 160;
/// Below this width who it was stands on a line of its own.
const NARROW: usize = 100;
impl Screen {
    /// There is none to show.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn no_incidents(&mut self, stack: &str, filtered: bool) -> Result<(), Failure> {
        let stack = escape(stack);
        if filtered {
            writeln!(self.out, "no incident in stack {stack} fits these filters")?;
        } else {
            writeln!(self.out, "no incidents in stack {stack}")?;
        }
        Ok(())
    }

    /// More follow than were asked for, and where to go on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn more_incidents(&mut self, shown: usize, latest: Option<Timestamp>, place: &str) -> Result<(), Failure> {
        self.out.flush()?;
        let until = latest.map(|at| format!(", the last opened {}", moment(at))).unwrap_or_default();
        let command = paint(Tone::Command, &format!("--after {}", escape(place)));
        self.note(&format!("{shown} are shown{until}; more follow: the same with {command}, or narrow it with --since"))
    }

    /// The table of incidents.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn incidents(&mut self, incidents: &[Incident], now: Timestamp) -> Result<(), Failure> {
        let shape = Shape::of(self.columns);
        let text = table(incidents, self.columns, shape, now);
        let mut lines = text.lines();
        writeln!(self.out, "{}", paint(Tone::Faint, lines.next().unwrap_or_default()))?;
        let mut rows = incidents.iter();
        for line in lines {
            // A cell that is broken continues on a line that begins with blanks.
            let row = if line.starts_with(' ') { None } else { rows.next() };
            writeln!(self.out, "{}", toned(line, row.map(|incident| incident.status)))?;
            if let Some(incident) = row.filter(|_| shape == Shape::Narrow) {
                writeln!(self.out, "  {}", who(incident))?;
            }
        }
        Ok(())
    }
}

/// Which columns there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Narrow,
    Usual,
    Wide,
}

impl Shape {
    const fn of(columns: Option<usize>) -> Self {
        match columns {
            Some(columns) if columns < NARROW => Self::Narrow,
            Some(columns) if columns < WIDE => Self::Usual,
            _ => Self::Wide,
        }
    }
}

fn table(incidents: &[Incident], width: Option<usize>, shape: Shape, now: Timestamp) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(table_width(width));
    let mut header = vec!["INCIDENT", "STATUS", "SEVERITY", "EVENTS", "AGE"];
    match shape {
        Shape::Narrow => {}
        Shape::Usual => header.push("WHO"),
        Shape::Wide => header.extend(["WHO", "OPENED", "RULES"]),
    }
    table.set_header(header);
    for incident in incidents {
        table.add_row(row(incident, shape, now));
    }
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if number != WHO {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

/// The one column whose cells may be broken.
const WHO: usize = 5;

fn row(incident: &Incident, shape: Shape, now: Timestamp) -> Vec<String> {
    let mut cells = vec![
        escape(&incident.id),
        words(incident.status),
        incident.severity.map_or("undecided", severity_word).to_owned(),
        incident.evidence.to_string(),
        age(incident.opened_at, now),
    ];
    if shape != Shape::Narrow {
        cells.push(who(incident));
    }
    if shape == Shape::Wide {
        let rules = if incident.rules.is_empty() { "undecided".to_owned() } else { incident.rules.join(" ") };
        cells.extend([moment(incident.opened_at), escape_to(&rules, 120)]);
    }
    cells
}

/// Who, and whether it is a drill.
fn who(incident: &Incident) -> String {
    let summary = Summary::of(incident, &[]);
    summary.marked(&summary.who_short())
}

/// The status as people read it.
pub(super) fn words(status: Status) -> String {
    status.as_str().replace('_', " ")
}

/// The line with its status toned; widths are settled by then.
fn toned(line: &str, status: Option<Status>) -> String {
    match status {
        Some(status) => line.replacen(&words(status), &paint(of_status(status), &words(status)), 1),
        None => line.to_owned(),
    }
}

/// How worrying a status is.
pub(super) const fn of_status(status: Status) -> Tone {
    match status {
        Status::Pending | Status::Deciding | Status::AwaitingApproval | Status::Containing => Tone::Warning,
        Status::Contained | Status::Rejected | Status::Undone => Tone::Good,
        Status::PartlyContained | Status::Expired | Status::Undecided | Status::Escalated => Tone::Alarm,
        Status::Observed => Tone::Strong,
    }
}
