//! `cost` for people.

use std::io::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use layerguard_core::text::escape;

use super::paint::{Tone, paint, wrapped};
use super::{Screen, table_width};
use crate::command::cost::Costs;
use crate::failure::Failure;

/// The goals of the project for a million pulls: without a pattern, and with one that passes 5 %.
const GOALS: (f64, f64) = (1.60, 0.15);
impl Screen {
    /// The bill, what it rests on, and the figures for a million pulls.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn costs(&mut self, costs: &Costs<'_>) -> Result<(), Failure> {
        let bill = &costs.bill;
        let mut table = Table::new();
        table.set_width(table_width(self.columns));
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.load_style(NOTHING).set_header(["PART", "UNITS A DAY", "$ A DAY", "$ A MONTH"]);
        for part in &bill.parts {
            table.add_row([part.part.to_owned(), units(part.units), dollars(part.day), dollars(part.month)]);
        }
        table.add_row(["all".to_owned(), String::new(), dollars(bill.day), dollars(bill.month)]);
        for (number, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if number > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let text = table.trim_fmt();
        let count = text.lines().count();
        for (number, line) in text.lines().enumerate() {
            let line = match number {
                0 => paint(Tone::Faint, line),
                last if last + 1 == count => paint(Tone::Strong, line),
                _ => line.to_owned(),
            };
            writeln!(self.out, "{line}")?;
        }
        self.per_million(costs)?;
        self.assumed(costs)
    }

    fn per_million(&mut self, costs: &Costs<'_>) -> Result<(), Failure> {
        let bill = &costs.bill;
        writeln!(self.out, "\n{}", paint(Tone::Label, "for a million pulls, records of clear calls apart"))?;
        let lines = [
            ("without a pattern", bill.per_million, GOALS.0),
            ("with a pattern that passes 5 %", bill.per_million_with_pattern, GOALS.1),
        ];
        for (what, is, goal) in lines {
            let tone = if is <= goal { Tone::Good } else { Tone::Warning };
            let text = format!("  {what:<32} ${is:.3}  goal ${goal:.2}");
            writeln!(self.out, "{}", paint(tone, &text))?;
        }
        Ok(writeln!(self.out, "  {:<32} ${:.3}", "records of clear calls", bill.clear_records_per_million)?)
    }

    fn assumed(&mut self, costs: &Costs<'_>) -> Result<(), Failure> {
        let assumed = costs.assumed;
        writeln!(self.out, "\n{}", paint(Tone::Label, "counted in the code: what Detect asks of the tables"))?;
        for (whose, counted) in &costs.counted {
            self.indented(&format!(
                "{whose}: {} events, {} written, {} queries of the state table, {} of the audit table, {} recorded",
                counted.events, counted.traces_put, counted.state_queries, counted.audit_queries, counted.records
            ))?;
        }
        writeln!(self.out, "\n{}", paint(Tone::Label, "assumed; set what you have measured"))?;
        let lines = [
            format!("{} % of the pulls are made by workloads (--workload-share)", 100.0 * assumed.workload_share),
            format!("the events of one pull are spread over {} processes of Detect (--processes)", assumed.processes),
            format!("Detect is billed for {} ms at {} MB (--detect-ms)", assumed.detect_ms, assumed.function_mb),
            format!("an execution of triage takes {} ms (--triage-ms)", assumed.triage_ms),
            format!("an invocation for a clear call leaves {} bytes in the log (--log-bytes)", assumed.log_bytes),
            format!(
                "{} incidents a day of {} transitions (--incidents-per-day, --transitions)",
                assumed.incidents_per_day, assumed.transitions
            ),
            format!(
                "the trail delivers {} files an hour, and a run of Reconcile is billed for {} s (--trail-files-per-hour, --reconcile-seconds)",
                assumed.trail_files_per_hour, assumed.reconcile_seconds
            ),
        ];
        lines.iter().try_for_each(|line| self.indented(line))?;
        let dates: std::collections::BTreeSet<&str> = costs.prices.iter().map(|price| price.date.as_str()).collect();
        let regions: std::collections::BTreeSet<&str> =
            costs.prices.iter().map(|price| price.region.as_str()).collect();
        let listed = |set: std::collections::BTreeSet<&str>| escape(&set.into_iter().collect::<Vec<_>>().join(", "));
        self.indented(&format!(
            "prices of {} as of {}, on demand, without the free tier; --format json lists them with their sources",
            listed(regions),
            listed(dates)
        ))
    }

    /// A text on as many lines as it takes, further in than a heading.
    fn indented(&mut self, text: &str) -> Result<(), Failure> {
        let room = self.columns.map(|columns| columns.saturating_sub(4));
        for (number, line) in wrapped(text, room).iter().enumerate() {
            writeln!(self.out, "{}{line}", if number == 0 { "  " } else { "    " })?;
        }
        Ok(())
    }
}

/// Whole units with their thousands apart.
fn units(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.005 { "< 0.01".to_owned() } else { format!("{amount:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(
            (units(0.4), units(1_440.0), units(10_000_000.0)),
            ("0".into(), "1_440".into(), "10_000_000".into())
        );
        assert_eq!((dollars(0.0), dollars(0.001), dollars(12.345)), ("0.00".into(), "< 0.01".into(), "12.35".into()));
    }
}
