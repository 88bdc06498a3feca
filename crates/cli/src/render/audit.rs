//! `audit verify` for people.

use std::io::Write;

use layerguard_core::text::{escape, escape_to};

use super::paint::{Tone, paint};
use super::{Screen, counted};
use crate::command::audit::Verified;
use crate::failure::Failure;

impl Screen {
    /// What verifying one incident came to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn verified(&mut self, verified: &Verified) -> Result<(), Failure> {
        let id = escape(&verified.incident);
        if verified.flaws.is_empty() {
            let sealed = if verified.sealed { "closed and whole" } else { "whole so far, not closed yet" };
            writeln!(
                self.out,
                "{id}  {}  {} records, {}, {}, {sealed}",
                paint(Tone::Good, "verified"),
                verified.records,
                counted(verified.assessments, "assessment"),
                originals(verified.originals)
            )?;
            return Ok(writeln!(self.out, "  {}", paint(Tone::Faint, &format!("head {}", escape(&verified.head))))?);
        }
        writeln!(self.out, "{id}  {}", paint(Tone::Alarm, "NOT VERIFIED"))?;
        for flaw in &verified.flaws {
            writeln!(self.out, "  {}", escape_to(flaw, 400))?;
        }
        Ok(())
    }

    /// What verifying all incidents came to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn verified_all(&mut self, count: usize, sound: bool, stack: &str) -> Result<(), Failure> {
        if count == 0 {
            return Ok(writeln!(self.out, "nothing to verify in stack {}", escape(stack))?);
        }
        let incidents = if count == 1 { "1 incident".to_owned() } else { format!("{count} incidents") };
        let verdict = if sound { paint(Tone::Good, "all verified") } else { paint(Tone::Alarm, "NOT all verified") };
        Ok(writeln!(self.out, "{incidents}: {verdict}")?)
    }
}

/// How many of the events' own records are kept and fit.
pub(super) fn originals(count: usize) -> String {
    counted(count, "original event")
}
