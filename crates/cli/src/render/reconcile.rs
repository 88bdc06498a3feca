//! `reconcile` for people.

use std::io::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use layerguard_core::audit::body::Reconciliation;
use layerguard_core::message::moment;
use layerguard_core::reconcile::{Digest, Place, Standing};
use layerguard_core::text::{escape, escape_to};

use super::paint::{Tone, paint};
use super::{Screen, counted, table_width};
use crate::command::reconcile::Done;
use crate::failure::Failure;

/// So many events and files are named.
const NAMED: usize = 20;

/// How many files were read, on a terminal alone: how many there are nobody knows before.
pub struct Files(Option<ProgressBar>);

impl Files {
    /// This file is read now.
    pub fn begin(&self, key: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(escape_to(key.rsplit('/').next().unwrap_or(key), 70));
            bar.inc(1);
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Screen {
    /// Tells of files as they are read.
    ///
    /// # Errors
    /// When what was written so far cannot be shown.
    pub fn files(&mut self) -> Result<Files, Failure> {
        self.flush()?;
        if !self.is_terminal {
            return Ok(Files(None));
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} file {human_pos}  {per_sec}  {msg}") {
            bar.set_style(style);
        }
        Ok(Files(Some(bar)))
    }

    /// A line for each hour, and what it comes to in words.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn reconciled(&mut self, place: &Place, accounts: &[Reconciliation], done: Done) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(table_width(self.columns));
        table.set_header([
            "HOUR",
            "EVENTS",
            "ASSESSED",
            "RECOVERED",
            "MISSING",
            "FILES",
            "ASSESSED AFTER",
            "DELIVERED AFTER",
            "RULES",
        ]);
        for account in accounts {
            table.add_row(row(account));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        writeln!(self.out, "{}", paint(Tone::Strong, &escape(&place.to_string())))?;
        let text = table.trim_fmt();
        let mut lines = text.lines();
        writeln!(self.out, "{}", paint(Tone::Faint, lines.next().unwrap_or_default()))?;
        lines.try_for_each(|line| writeln!(self.out, "{line}"))?;
        self.named(accounts)?;
        writeln!(self.out)?;
        self.totals(accounts, done)
    }

    /// The events that have no record, and the files that cannot be read.
    fn named(&mut self, accounts: &[Reconciliation]) -> Result<(), Failure> {
        for event in accounts.iter().flat_map(|account| &account.failed_events).take(NAMED) {
            let (time, call, id) = (moment(event.time), escape(&event.call), escape_to(&event.event_id, 100));
            writeln!(self.out, "{}  {time}  {call}  {id}", paint(Tone::Alarm, "no record"))?;
        }
        let mut told: Vec<&str> = Vec::new();
        for file in accounts.iter().flat_map(|account| &account.unreadable_files) {
            if told.len() < NAMED && !told.contains(&file.key.as_str()) {
                told.push(&file.key);
                let why = escape_to(&file.reasons.join("; "), 300);
                writeln!(self.out, "{}  {}: {why}", paint(Tone::Alarm, "unreadable"), escape(&file.key))?;
            }
        }
        Ok(())
    }

    fn totals(&mut self, accounts: &[Reconciliation], done: Done) -> Result<(), Failure> {
        let sum = |of: fn(&Reconciliation) -> u64| accounts.iter().map(of).sum::<u64>();
        let (seen, failed, waiting) = (sum(|a| a.seen), sum(|a| a.failed), sum(|a| a.waiting));
        let was = |count: u64, one: &str, many: &str| if count == 1 { one.to_owned() } else { many.to_owned() };
        let words = match (done.missing, done.dry) {
            (0, _) => paint(Tone::Good, &format!("nothing is missing: all {} were received", events(seen))),
            (missing, true) => {
                let verb = was(missing, "has", "have");
                format!(
                    "{} of {} {verb} no record; nothing was run, because of --dry-run",
                    events(missing),
                    events(seen)
                )
            }
            (missing, false) => {
                let verb = was(missing, "was", "were");
                let ran = was(missing, "it was", "they were");
                format!("{} {verb} not received; {ran} run now", events(missing))
            }
        };
        writeln!(self.out, "{words}")?;
        if !done.dry && failed > 0 {
            let verb = was(failed, "has", "have");
            let text = format!(
                "{} that {} run {verb} no record yet; `layerguard dlq list` may say why",
                events(failed),
                was(failed, "was", "were")
            );
            writeln!(self.out, "{}", paint(Tone::Alarm, &text))?;
        }
        if !done.dry && waiting > 0 {
            writeln!(
                self.out,
                "{} {} not run, because of --limit; run the command again",
                events(waiting),
                was(waiting, "was", "were")
            )?;
        }
        let unreadable = sum(|a| a.unreadable);
        if unreadable > 0 {
            let text = "not everything could be read: what is in the files named above is not known";
            writeln!(self.out, "{}", paint(Tone::Alarm, text))?;
        }
        if accounts.iter().all(|account| account.files == 0) {
            writeln!(
                self.out,
                "the trail delivered no file for this time: an account without any call, or a trail that is off"
            )?;
        }
        Ok(())
    }
}

fn events(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "event")
}

fn row(account: &Reconciliation) -> [String; 9] {
    let missing = account.failed.saturating_add(account.waiting);
    let files = match account.unreadable {
        0 => account.files.to_string(),
        unreadable => format!("{}, {unreadable} unreadable", account.files),
    };
    [
        hour(account.hour),
        account.seen.to_string(),
        account.assessed.to_string(),
        account.recovered.to_string(),
        missing.to_string(),
        files,
        delay(account.assessed_after),
        delay(account.delivered_after),
        rules(account),
    ]
}

/// `2026-11-20 09:00`: of whole hours nothing more is said.
fn hour(time: Timestamp) -> String {
    time.to_string().replace('T', " ").chars().take(16).collect()
}

/// Median and maximum.
pub(super) fn delay(digest: Option<Digest>) -> String {
    digest.map_or_else(|| "-".to_owned(), |digest| format!("{}, at most {}", span(digest.median), span(digest.maximum)))
}

fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// Which rules did not stand as they should.
pub(super) fn rules(account: &Reconciliation) -> String {
    let of = |standing: Standing| {
        let names: Vec<&str> =
            account.rules.iter().filter(|(_, is)| **is == standing).map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    };
    match (of(Standing::Disabled), of(Standing::Unknown)) {
        (off, unknown) if off.is_empty() && unknown.is_empty() => "on".to_owned(),
        (off, unknown) if unknown.is_empty() => format!("off: {}", escape(&off)),
        (off, unknown) if off.is_empty() => format!("unknown: {}", escape(&unknown)),
        (off, unknown) => format!("off: {}; unknown: {}", escape(&off), escape(&unknown)),
    }
}
