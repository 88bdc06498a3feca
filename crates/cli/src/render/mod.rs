//! The renderer: the only place that prints.

mod answer;
mod audit;
mod explain;
mod failure;
mod incidents;
mod json;
mod paint;
mod show;
pub mod timeline;

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::failure::Failure;

pub use paint::Tone;

/// The narrowest width that texts are wrapped to.
const NARROWEST: usize = 60;
/// Wider lines are hard to read.
const WIDEST: usize = 120;

/// Standard output and standard error, or buffers in tests.
pub struct Screen {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Columns to wrap to; `None` where no terminal is.
    width: Option<usize>,
}

impl Screen {
    /// The process's own terminal. Colours as `--color`, `NO_COLOR` and the terminal say.
    #[must_use]
    pub fn terminal() -> Self {
        let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        Self {
            out: Box::new(BufWriter::with_capacity(64 * 1024, anstream::AutoStream::auto(io::stdout()))),
            err: Box::new(anstream::AutoStream::auto(io::stderr())),
            width: width.map(|width| width.clamp(NARROWEST, WIDEST)),
        }
    }

    /// A screen that writes elsewhere, without colours where the writers want none.
    #[must_use]
    pub fn onto(out: Box<dyn Write>, err: Box<dyn Write>, width: Option<usize>) -> Self {
        Self { out, err, width }
    }

    /// Shows what was written so far.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        Ok(self.err.flush()?)
    }

    /// One JSON object on one line. Everything outside of printable ASCII is escaped, so that a terminal that shows it is safe.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json_line<T: Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        json::write(&mut self.out, value).map_err(|error| Failure::from(io::Error::from(error)))?;
        Ok(self.out.write_all(b"\n")?)
    }
}
