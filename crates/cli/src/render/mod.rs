//! The renderer: the only place that prints.

mod answer;
mod audit;
mod bundle;
mod cost;
mod dlq;
mod doctor;
mod drill;
mod exception;
mod explain;
mod failure;
mod incidents;
mod json;
mod paint;
mod pattern;
mod policy;
mod progress;
pub mod query;
mod reconcile;
mod replay;
mod show;
mod status;
pub mod timeline;
mod watch;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

pub use paint::Tone;
pub use progress::Progress;

/// The narrowest width that texts are wrapped to.
const NARROWEST: usize = 60;
/// Wider lines are hard to read.
const WIDEST: usize = 120;

/// What a table is given where no terminal is: wide enough for every cell to stay on its line.
const ENDLESS: u16 = 1_000;

/// How wide a table may be on so many columns.
fn table_width(columns: Option<usize>) -> u16 {
    columns.and_then(|columns| u16::try_from(columns).ok()).unwrap_or(ENDLESS)
}

/// Standard output and standard error, or buffers in tests.
pub struct Screen {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Columns of the terminal; `None` where none is.
    columns: Option<usize>,
    /// Columns to wrap texts to.
    width: Option<usize>,
    /// A person sees standard error as it comes.
    is_terminal: bool,
    status: status::Status,
}

impl Screen {
    /// The process's own terminal, as wide as `COLUMNS` or the terminal says. Colours as `--color`, `NO_COLOR` and the terminal say.
    #[must_use]
    pub fn terminal() -> Self {
        let asked =
            std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        let size = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let screen = Self::onto(
            Box::new(BufWriter::with_capacity(64 * 1024, anstream::AutoStream::auto(io::stdout()))),
            Box::new(anstream::AutoStream::auto(io::stderr())),
            asked.or_else(size),
        );
        Self { is_terminal: io::stderr().is_terminal(), ..screen }
    }

    /// A screen of so many columns that writes elsewhere.
    #[must_use]
    pub fn onto(out: Box<dyn Write>, err: Box<dyn Write>, columns: Option<usize>) -> Self {
        let width = columns.map(|columns| columns.clamp(NARROWEST, WIDEST));
        Self { out, err, columns, width, is_terminal: false, status: status::Status::default() }
    }

    /// A screen that nobody sees.
    #[must_use]
    pub fn silent() -> Self {
        Self::onto(Box::new(io::sink()), Box::new(io::sink()), None)
    }

    /// Shows what was written so far.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        Ok(self.err.flush()?)
    }

    /// Text that goes out as it is, such as a script that was made from nothing but our own words.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn as_it_is(&mut self, text: &[u8]) -> Result<(), Failure> {
        Ok(self.out.write_all(text)?)
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

/// `1 event`, `30 events`.
fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
