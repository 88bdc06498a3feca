//! `audit export` and `audit verify BUNDLE` for people.

use std::io::Write;
use std::path::Path;

use layerguard_core::message::moment;
use layerguard_core::text::{escape, escape_to};

use super::audit::originals;
use super::paint::{Tone, field, paint};
use super::{Screen, counted};
use crate::evidence::Bundle;
use crate::evidence::check::Checked;
use crate::failure::Failure;

impl Screen {
    /// What was exported, and how another person checks it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn exported(&mut self, path: &Path, bundle: &Bundle, stack: &str) -> Result<(), Failure> {
        let (manifest, examined) = (&bundle.manifest, &bundle.examined);
        let path = escape_to(&path.display().to_string(), 4_096);
        writeln!(
            self.out,
            "{}  {}  {} records, {}, {} of stack {}",
            paint(Tone::Strong, &escape(&manifest.incident.chain)),
            paint(Tone::Good, "exported"),
            manifest.incident.records,
            counted(examined.assessments, "assessment"),
            originals(examined.originals.kept.len()),
            escape(stack)
        )?;
        field(&mut self.out, "to", &path, self.width)?;
        field(&mut self.out, "head", &escape(&manifest.incident.head), self.width)?;
        if !examined.is_sound() {
            writeln!(self.out, "  {}", paint(Tone::Alarm, "NOT VERIFIED: the bundle says so too"))?;
            for flaw in examined.words() {
                writeln!(self.out, "  {}", escape_to(&flaw, 400))?;
            }
        }
        Ok(writeln!(
            self.out,
            "Anybody checks it offline: {}",
            paint(Tone::Command, &format!("layerguard audit verify {path}"))
        )?)
    }

    /// What checking a bundle came to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn checked(&mut self, path: &Path, checked: &Checked) -> Result<(), Failure> {
        let name = match &checked.manifest {
            Some(manifest) => escape(&manifest.incident.chain),
            None => escape_to(&path.display().to_string(), 4_096),
        };
        if checked.flaws.is_empty() {
            let sealed = checked.examined.proof.as_ref().is_some_and(|proof| proof.sealed);
            let records = checked.examined.proof.as_ref().map_or(0, |proof| proof.records);
            let end = if sealed { "closed and whole" } else { "whole so far, not closed then" };
            writeln!(
                self.out,
                "{name}  {}  {records} records, {}, {}, {end}",
                paint(Tone::Good, "verified"),
                counted(checked.examined.assessments, "assessment"),
                originals(checked.examined.originals.kept.len())
            )?;
        } else {
            writeln!(self.out, "{name}  {}", paint(Tone::Alarm, "NOT VERIFIED"))?;
            for flaw in &checked.flaws {
                writeln!(self.out, "  {}", escape_to(flaw, 600))?;
            }
        }
        if let Some(manifest) = &checked.manifest {
            writeln!(self.out, "  {}", paint(Tone::Faint, &format!("head {}", escape(&manifest.incident.head))))?;
            let from = format!(
                "exported {} by {} from stack {} in {} {}",
                moment(manifest.exported_at),
                escape(&manifest.exported_by),
                escape(&manifest.stack),
                escape(&manifest.account),
                escape(&manifest.region)
            );
            writeln!(self.out, "  {}", paint(Tone::Faint, &from))?;
        }
        for note in &checked.notes {
            self.note(&escape_to(note, 400))?;
        }
        if checked.flaws.is_empty() {
            self.note("whoever alters records can compute new hashes: compare the head with the stack's own")?;
        }
        Ok(())
    }
}
