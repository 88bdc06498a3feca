//! `policy pattern` for people.

use std::io::Write;

use layerguard_core::text::escape;

use super::Screen;
use super::paint::{Tone, paint};
use crate::command::pattern::Shown;
use crate::failure::Failure;

/// Callers that are named one by one.
const NAMED: usize = 12;

impl Screen {
    /// The pattern, what it drops, what it leaves, and what no rule hears of any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn pattern(&mut self, shown: &Shown) -> Result<(), Failure> {
        self.heading("DROPS")?;
        if shown.compiled.dropped.is_empty() {
            writeln!(self.out, "  nothing: every call might be a violation, or is read by a rule")?;
        }
        for part in &shown.compiled.dropped {
            writeln!(self.out, "  {}", part.calls.join(", "))?;
            writeln!(self.out, "    from {}", part.from)?;
            self.callers(part.callers.iter())?;
        }
        if !shown.compiled.blinded.is_empty() {
            writeln!(self.out)?;
            self.heading("BLINDS")?;
            for (rule, callers) in &shown.compiled.blinded {
                writeln!(self.out, "  {} to what is dropped", paint(Tone::Alarm, rule))?;
                self.callers(callers.iter())?;
            }
        }
        self.kept(shown)?;
        writeln!(self.out)?;
        if let Some(share) = shown.traffic.filter(|share| share.records > 0) {
            #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
            let percent = share.dropped as f64 * 100.0 / share.records as f64;
            let (dropped, records) = (share.dropped, share.records);
            writeln!(
                self.out,
                "of {records} pulls, logins and parts of pushes in the logs it drops {dropped} ({percent:.1} %)"
            )?;
        }
        writeln!(
            self.out,
            "what is dropped leaves no record: `audit` cannot prove anything about it, and `incidents show` does not list it\n"
        )?;
        let length = format!(
            "PATTERN, {} of {} characters, for the template's parameter PullsPattern",
            shown.length, shown.longest
        );
        self.heading(&length)?;
        Ok(writeln!(self.out, "{}", shown.compiled.text())?)
    }

    fn kept(&mut self, shown: &Shown) -> Result<(), Failure> {
        if shown.compiled.kept.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        self.heading("PASSES ALTHOUGH LISTED")?;
        for kept in shown.compiled.kept.iter().take(NAMED) {
            writeln!(self.out, "  {}", escape(&kept.caller))?;
            writeln!(self.out, "    {}", escape(&kept.why))?;
            if !kept.needs.is_empty() {
                let flags: Vec<String> = kept.needs.iter().map(|rule| format!("--blind {rule}")).collect();
                writeln!(self.out, "    would be dropped with {}", flags.join(" "))?;
            }
        }
        self.more(shown.compiled.kept.len())
    }

    fn callers<'a>(&mut self, callers: impl ExactSizeIterator<Item = &'a String>) -> Result<(), Failure> {
        let all = callers.len();
        for caller in callers.take(NAMED) {
            writeln!(self.out, "    of {}", escape(caller))?;
        }
        self.more(all)
    }

    fn more(&mut self, all: usize) -> Result<(), Failure> {
        match all.checked_sub(NAMED) {
            Some(more @ 1..) => Ok(writeln!(self.out, "    and {more} more; --format json names all")?),
            _ => Ok(()),
        }
    }

    fn heading(&mut self, words: &str) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{}", paint(Tone::Faint, words))?)
    }
}
