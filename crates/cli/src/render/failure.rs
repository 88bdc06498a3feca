//! Standard error: failures, notes, and input that could not be read.

use std::error::Error;
use std::io::Write;

use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::paint::{Tone, paint};
use crate::failure::Failure;

impl Screen {
    /// Says why the command ended: what could not be done, each cause once, the remedy. Where even this cannot be written, the exit
    /// status must do.
    pub fn failure(&mut self, failure: &Failure) {
        let _wiped = self.waiting_over();
        let _flushed = self.out.flush();
        if failure.silent {
            return;
        }
        let mut text = format!("{} {}\n", paint(Tone::Alarm, "error:"), failure.message);
        for cause in &failure.causes {
            text.push_str(&format!("  {} {}\n", paint(Tone::Faint, "because:"), escape_to(cause, 400)));
        }
        if let Some(remedy) = &failure.remedy {
            text.push_str(&format!("  {} {remedy}\n", paint(Tone::Good, "remedy:")));
        }
        let _written = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }

    /// Something that the reader of the output should know.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&mut self, text: &str) -> Result<(), Failure> {
        self.waiting_over()?;
        Ok(writeln!(self.err, "{} {text}", paint(Tone::Warning, "note:"))?)
    }

    /// Names a record or an input that could not be read, with the causes on the same line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unreadable(&mut self, input: &str, place: &str, error: &(dyn Error + 'static)) -> Result<(), Failure> {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(deeper) = cause {
            let said = deeper.to_string();
            if !text.contains(&said) {
                text = format!("{text}: {said}");
            }
            cause = deeper.source();
        }
        let mark = paint(Tone::Alarm, "unreadable:");
        Ok(writeln!(self.err, "{mark} {}: {place}{}", escape(input), escape_to(&text, 500))?)
    }
}
