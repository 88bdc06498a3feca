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
pub(super) struct Progress {
    /// Standard error is a terminal.
    pub(super) is_seen: bool,
    began: Option<Instant>,
    /// Columns that are written over.
    shown: usize,
}

impl Screen {
    /// Something that takes long is at this point. Nothing is shown of what is over soon.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn progress(&mut self, text: &str) -> Result<(), Failure> {
        let began = *self.progress.began.get_or_insert_with(Instant::now);
        if began.elapsed() < PATIENCE { Ok(()) } else { self.status(text) }
    }

    /// How it stands, until the next word.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn status(&mut self, text: &str) -> Result<(), Failure> {
        if !self.progress.is_seen {
            return Ok(());
        }
        let room = self.columns.unwrap_or(USUAL).saturating_sub(1);
        let text: String = escape(text).chars().take(room).collect();
        let gap = self.progress.shown.saturating_sub(text.chars().count());
        self.progress.shown = text.chars().count();
        write!(self.err, "\r{text}{:gap$}", "")?;
        Ok(self.err.flush()?)
    }

    /// What took long is over: its line is wiped, without colours and codes, so that it goes in every terminal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn progress_over(&mut self) -> Result<(), Failure> {
        self.progress.began = None;
        let gap = std::mem::take(&mut self.progress.shown);
        if gap == 0 {
            return Ok(());
        }
        write!(self.err, "\r{:gap$}\r", "")?;
        Ok(self.err.flush()?)
    }
}
