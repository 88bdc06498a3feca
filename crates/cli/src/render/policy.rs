//! What `policy` finds, for people.

use std::io::Write;

use layerguard_core::message::moment;
use layerguard_core::policy::{Found, Weight};
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::counted;
use super::paint::{Tone, paint, wrapped};
use crate::command::policy::show::Shown;
use crate::command::policy::test::Tested;
use crate::failure::Failure;

/// The most characters of one text: what is quoted in it may be of any length.
const LONGEST: usize = 400;
/// Columns before `means` and `do`.
const MARGIN: usize = 9;

impl Screen {
    /// A block for each thing that was found, and what they come to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn checked_policy(&mut self, found: &[Found]) -> Result<(), Failure> {
        for one in found {
            let tone = tone(one.severity);
            writeln!(
                self.out,
                "{}  {}",
                paint(tone, one.severity.as_str()),
                paint(Tone::Strong, &escape(&one.place()))
            )?;
            self.block("", &one.problem)?;
            self.block("means", &one.meaning)?;
            self.block("do", &one.remedy)?;
            writeln!(self.out)?;
        }
        let count = |severity: Weight| found.iter().filter(|one| one.severity == severity).count();
        let (errors, warnings) = (count(Weight::Error), count(Weight::Warning));
        let sum = format!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
        let tone = if errors > 0 {
            Tone::Alarm
        } else if warnings > 0 {
            Tone::Warning
        } else {
            Tone::Good
        };
        Ok(writeln!(self.out, "{}", paint(tone, &sum))?)
    }

    /// Which policy replaces which, and what that changes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn version_changes(&mut self, version: &str, replaces: &str, changes: &[String]) -> Result<(), Failure> {
        writeln!(self.out, "policy {}\nbefore {}", paint(Tone::Strong, &escape(version)), escape(replaces))?;
        for change in changes {
            for (index, line) in wrapped(&escape_to(change, LONGEST), self.width).into_iter().enumerate() {
                writeln!(self.out, "  {} {line}", if index == 0 { "-" } else { " " })?;
            }
        }
        Ok(())
    }

    /// The cases that differ, the rules without cases, and what they come to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tested(&mut self, tested: &Tested) -> Result<(), Failure> {
        for outcome in tested.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()) {
            let name = escape(&format!("{}/{}", outcome.rule, outcome.case));
            writeln!(self.out, "{}  {}", paint(Tone::Alarm, "differs"), paint(Tone::Strong, &name))?;
            for difference in &outcome.differences {
                self.block("", difference)?;
            }
        }
        for (words, rules) in [("fires", &tested.never_fire), ("stays quiet", &tested.never_quiet)] {
            for rule in rules {
                let warning = paint(Tone::Warning, "no case");
                writeln!(self.out, "{warning}  of rule `{}` in which it {words}", escape(rule))?;
            }
        }
        let (all, failed) = (tested.outcomes.len(), tested.failed());
        let tone = if failed > 0 { Tone::Alarm } else { Tone::Good };
        let sum = format!("{}, {failed} of them not as expected", counted(all, "case"));
        Ok(writeln!(self.out, "{}", paint(tone, &sum))?)
    }

    /// A policy: where it comes from, and a line for each rule.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn policy(&mut self, shown: &Shown) -> Result<(), Failure> {
        writeln!(self.out, "policy {}", paint(Tone::Strong, &escape(&shown.origin)))?;
        if let Some(version) = &shown.version {
            writeln!(self.out, "version {}", escape(version))?;
        }
        if let Some((by, time, why)) = &shown.published {
            writeln!(self.out, "published {} by {}: {}", moment(*time), escape(by), escape_to(why, LONGEST))?;
        }
        writeln!(self.out)?;
        let longest = shown.rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
        for rule in &shown.rules {
            let severity = rule.severity.as_str();
            let mark = paint(Tone::of_severity(rule.severity), severity);
            let gap = 10_usize.saturating_sub(severity.len());
            writeln!(
                self.out,
                "{mark}{:gap$}{:longest$}  {:13} {}",
                "",
                escape(&rule.id),
                escape(&rule.family),
                escape_to(&rule.title, LONGEST)
            )?;
        }
        Ok(())
    }

    /// A rule's text, line by line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rule_text(&mut self, text: &str) -> Result<(), Failure> {
        text.lines().try_for_each(|line| Ok(writeln!(self.out, "{}", escape(line))?))
    }

    /// `label  text`, wrapped below itself.
    fn block(&mut self, label: &str, text: &str) -> Result<(), Failure> {
        let width = self.width.map(|width| width.saturating_sub(MARGIN));
        let gap = MARGIN.saturating_sub(label.len() + 2);
        for (index, line) in wrapped(&escape_to(text, LONGEST), width).into_iter().enumerate() {
            match index {
                0 => writeln!(self.out, "  {}{:gap$}{line}", paint(Tone::Label, label), "")?,
                _ => writeln!(self.out, "{:MARGIN$}{line}", "")?,
            }
        }
        Ok(())
    }
}

const fn tone(severity: Weight) -> Tone {
    match severity {
        Weight::Error => Tone::Alarm,
        Weight::Warning => Tone::Warning,
    }
}
