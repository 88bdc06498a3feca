//! A line on standard error that says what takes long, on a terminal only, gone when it is over.

use std::io::Write;
use std::time::{Duration, Instant};

use layerguard_core::text::escape;

use super::Screen;
use crate::failure::Failure;

/// What is faster than this needs no line.
const PATIENCE: Duration = Duration::from_millis(300);
/// Columns, where the terminal does not tell.
const USUAL: usize = 80;

/// The line.
#[derive(Debug, Default)]
pub(super) struct Status {
    began: Option<Instant>,
    /// Columns that are written over.
    shown: usize,
}

impl Screen {
    /// Something that takes long is at this point. Nothing is shown of what is over soon.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn waiting(&mut self, text: &str) -> Result<(), Failure> {
        let began = *self.status.began.get_or_insert_with(Instant::now);
        if began.elapsed() < PATIENCE { Ok(()) } else { self.status(text) }
    }

    /// How it stands, until the next word.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn status(&mut self, text: &str) -> Result<(), Failure> {
        if !self.is_terminal {
            return Ok(());
        }
        let room = self.columns.unwrap_or(USUAL).saturating_sub(1);
        let text: String = escape(text).chars().take(room).collect();
        let gap = self.status.shown.saturating_sub(text.chars().count());
        self.status.shown = text.chars().count();
        write!(self.err, "\r{text}{:gap$}", "")?;
        Ok(self.err.flush()?)
    }

    /// What took long is over: its line is wiped, without colours and codes, so that it goes in every terminal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn waiting_over(&mut self) -> Result<(), Failure> {
        self.status.began = None;
        let gap = std::mem::take(&mut self.status.shown);
        if gap == 0 {
            return Ok(());
        }
        write!(self.err, "\r{:gap$}\r", "")?;
        Ok(self.err.flush()?)
    }
}
