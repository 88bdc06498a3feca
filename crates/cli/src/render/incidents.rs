//! `incidents list` for people.

use std::io::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use layerguard_core::incident::{Incident, Status};
use layerguard_core::message::{Summary, age, moment, severity_word};
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::paint::{Tone, paint};
use crate::failure::Failure;

const HEADER: [&str; 7] = ["INCIDENT", "STATUS", "SEVERITY", "WHO", "RULES", "EVENTS", "OPENED"];

impl Screen {
    /// The table of incidents, the first line a count.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn incidents(&mut self, incidents: &[Incident], stack: &str, now: Timestamp) -> Result<(), Failure> {
        if incidents.is_empty() {
            return Ok(writeln!(self.out, "no incidents in stack {}", escape(stack))?);
        }
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(HEADER);
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        for incident in incidents {
            table.add_row(row(incident, now));
        }
        let text = table.trim_fmt();
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        writeln!(self.out, "{}", paint(Tone::Faint, header))?;
        let mut current = None;
        for line in lines {
            current = incidents.iter().find(|incident| line.trim_start().starts_with(&incident.id)).or(current);
            let tone = current.map_or(Tone::Faint, |incident| of_status(incident.status));
            let status = current.map(|incident| incident.status.as_str());
            writeln!(self.out, "{}", toned(line, status, tone))?;
        }
        Ok(())
    }
}

/// The line with its status toned; widths are settled by then.
fn toned(line: &str, status: Option<&str>, tone: Tone) -> String {
    match status {
        Some(status) if line.contains(&format!(" {status} ")) => line.replacen(status, &paint(tone, status), 1),
        _ => line.to_owned(),
    }
}

fn row(incident: &Incident, now: Timestamp) -> [String; 7] {
    let severity = incident.severity.map_or("-", severity_word);
    let rules =
        if incident.rules.is_empty() { "undecided".to_owned() } else { escape_to(&incident.rules.join(", "), 120) };
    [
        escape(&incident.id),
        incident.status.as_str().to_owned(),
        severity.to_owned(),
        Summary::of(incident, &[]).who_short(),
        rules,
        incident.evidence.to_string(),
        format!("{} ({} ago)", moment(incident.opened_at), age(incident.opened_at, now)),
    ]
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
