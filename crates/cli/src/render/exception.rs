//! `exception propose`: what can be appended goes to standard output, what a person should know to standard error.

use std::io::Write;

use jiff::Timestamp;
use layerguard_core::engine::{Proposal, Proposed};
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::paint::{Tone, field, more, paint};
use crate::command::dossier::Dossier;
use crate::failure::Failure;

impl Screen {
    /// The exceptions, and what they would have done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn proposal(
        &mut self,
        proposal: &Proposal,
        dossier: &Dossier,
        stack: &str,
        until: Timestamp,
    ) -> Result<(), Failure> {
        write!(self.out, "{}", proposal.text)?;
        self.out.flush()?;
        let width = self.width;
        let (id, stack) = (escape(&dossier.incident.id), escape(stack));
        let err = &mut *self.err;
        writeln!(err, "\n{} {}", paint(Tone::Strong, &id), dossier.summary().title())?;
        let all = proposal.suppressed.saturating_add(proposal.remaining);
        let tone = if proposal.remaining == 0 { Tone::Good } else { Tone::Warning };
        let would = format!("of its {all} violating events {} would have been none", proposal.suppressed);
        field(err, "would", &paint(tone, &would), None)?;
        for exception in &proposal.exceptions {
            more(err, &covered(exception), width)?;
        }
        let ends = until.strftime("%Y-%m-%d");
        field(
            err,
            "ends",
            &format!("{ends}, by itself; until then what it covers is recorded and told to nobody"),
            width,
        )?;
        if proposal.exceptions.iter().any(|exception| exception.resource.is_none()) {
            field(
                err,
                "wide",
                "without a `resource` it covers everything that the principal does under that rule",
                width,
            )?;
        }
        field(
            err,
            "then",
            "append it to the inventory, have it reviewed, and put it in force: `layerguard policy publish`, or a deployment where none was published",
            width,
        )?;
        if dossier.history.asks() && dossier.incident.status.is_open() {
            more(err, &format!("layerguard reject {id} --stack {stack} --comment \"false positive\""), None)?;
        }
        if !dossier.incident.status.is_open() && !dossier.history.standing().is_empty() {
            more(err, &format!("layerguard undo {id} --stack {stack} --comment \"false positive\""), None)?;
        }
        Ok(())
    }
}

fn covered(exception: &Proposed) -> String {
    let who = exception.principal.as_deref().map_or_else(|| "anybody".to_owned(), |arn| escape_to(arn, 200));
    let what =
        exception.resource.as_deref().map_or_else(|| "whatever it is about".to_owned(), |arn| escape_to(arn, 300));
    format!("{}: {} of {who} at {what}", escape(&exception.rule), super::counted(exception.covers, "event"))
}
