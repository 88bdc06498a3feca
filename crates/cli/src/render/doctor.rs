//! `doctor` for people.

use std::io::Write;

use layerguard_core::text::escape;

use super::Screen;
use super::paint::{Tone, paint, wrapped};
use crate::command::doctor::Examined;
use crate::command::doctor::finding::{Finding, Status};
use crate::failure::Failure;

/// Columns before the text of a check: its status and its name.
const MARGIN: usize = 11;

impl Screen {
    /// One line for each check that is well, a block for each that is not, and what they come to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn examined(&mut self, examined: &Examined<'_>) -> Result<(), Failure> {
        let Examined { stack, account, region, checks, .. } = examined;
        writeln!(self.out, "stack {} in {account} {region}\n", paint(Tone::Strong, &escape(stack)))?;
        // What has one cause is explained once.
        for alike in
            checks.chunk_by(|one, next| (one.status, one.why, &one.remedy) == (next.status, next.why, &next.remedy))
        {
            self.findings(alike)?;
        }
        let count = |status: Status| checks.iter().filter(|finding| finding.status == status).count();
        let sum = |status: Status, words: &str| {
            let text = format!("{} {words}", count(status));
            if count(status) == 0 { paint(Tone::Faint, &text) } else { paint(tone(status), &text) }
        };
        Ok(writeln!(
            self.out,
            "\n{}, {}, {}, {}",
            sum(Status::Ok, "ok"),
            sum(Status::Warning, "to know of"),
            sum(Status::Failed, "failed"),
            sum(Status::Unchecked, "could not be checked"),
        )?)
    }

    fn findings(&mut self, alike: &[Finding]) -> Result<(), Failure> {
        for finding in alike {
            let word = finding.status.word();
            let gap = MARGIN.saturating_sub(word.len());
            let mut lines = self.within(&finding.found).into_iter();
            let mark = paint(tone(finding.status), word);
            writeln!(self.out, "{mark}{:gap$}{}", "", lines.next().unwrap_or_default())?;
            for line in lines {
                writeln!(self.out, "{:MARGIN$}{line}", "")?;
            }
        }
        let Some(last) = alike.last().filter(|finding| finding.status != Status::Ok) else { return Ok(()) };
        self.below("why", last.why)?;
        match &last.remedy {
            Some(remedy) => self.below("remedy", remedy),
            None => Ok(()),
        }
    }

    /// `why  text`, indented below the finding.
    fn below(&mut self, label: &str, text: &str) -> Result<(), Failure> {
        let indent = LABEL + MARGIN;
        let mut lines = wrapped(text, self.width.map(|width| width.saturating_sub(indent))).into_iter();
        let gap = LABEL.saturating_sub(label.len());
        writeln!(
            self.out,
            "{:MARGIN$}{}{:gap$}{}",
            "",
            paint(Tone::Label, label),
            "",
            lines.next().unwrap_or_default()
        )?;
        for line in lines {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    fn within(&self, text: &str) -> Vec<String> {
        wrapped(text, self.width.map(|width| width.saturating_sub(MARGIN)))
    }
}

/// Columns of `why` and `remedy`.
const LABEL: usize = 8;

const fn tone(status: Status) -> Tone {
    match status {
        Status::Ok => Tone::Good,
        Status::Warning | Status::Unchecked => Tone::Warning,
        Status::Failed => Tone::Alarm,
    }
}
