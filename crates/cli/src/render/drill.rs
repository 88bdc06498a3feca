//! `drill` for people.

use std::io::Write;

use layerguard_core::message::moment;
use layerguard_core::text::escape;

use super::Screen;
use super::paint::{Tone, paint};
use crate::command::drill::{Drilled, Hop, Measured};
use crate::failure::Failure;

impl Screen {
    /// The way of the call, a line for each stretch.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drilled(&mut self, drilled: &Drilled, stack: &str) -> Result<(), Failure> {
        writeln!(
            self.out,
            "{} pulled a layer at {}",
            paint(Tone::Strong, &drilled.session),
            moment(drilled.called_at)
        )?;
        for measured in &drilled.hops {
            let Measured { hop, after_ms, .. } = measured;
            match after_ms {
                Some(after) => {
                    let seconds = format!("{}.{} s", after / 1000, (after % 1000) / 100);
                    writeln!(
                        self.out,
                        "  {}  {seconds:>9} after the call",
                        paint(Tone::Good, &format!("{:10}", word(*hop)))
                    )?;
                }
                None => writeln!(self.out, "  {}  did not arrive", paint(Tone::Alarm, &format!("{:10}", word(*hop))))?,
            }
        }
        let Some(id) = &drilled.incident else { return Ok(()) };
        let (id, stack) = (escape(id), escape(stack));
        let standing = drilled.hops.iter().any(|measured| measured.hop == Hop::Contained && measured.at.is_some());
        let command = if standing { "undo" } else { "incidents show" };
        let why =
            if standing { "the drill's role is still denied; somebody on call takes it back:" } else { "incident:" };
        Ok(writeln!(self.out, "{why} {}", paint(Tone::Command, &format!("layerguard {command} {id} --stack {stack}")))?)
    }
}

const fn word(hop: Hop) -> &'static str {
    match hop {
        Hop::Assessed => "assessed",
        Hop::Incident => "incident",
        Hop::Decided => "decided",
        Hop::Told => "told",
        Hop::Contained => "contained",
    }
}
