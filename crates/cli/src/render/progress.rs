//! How far something long has come: a bar on standard error, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Screen;
use crate::failure::Failure;

/// A bar, or nothing where no person would see it.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Screen {
    /// A bar for so many of these. It shows itself from the second one on.
    #[must_use]
    pub fn progress(&self, total: usize, what: &'static str) -> Progress {
        if !self.is_terminal {
            return Progress(None);
        }
        let bar = ProgressBar::with_draw_target(Some(as_u64(total)), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} {msg}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        Progress(Some(bar))
    }

    /// A bar for something of so many steps, each with words of its own. What was written so far is shown first.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn steps(&mut self, total: usize) -> Result<Progress, Failure> {
        self.flush()?;
        let progress = self.progress(total, "");
        if let (Some(bar), Ok(style)) = (&progress.0, ProgressStyle::with_template("{bar:24} {pos} of {len}  {msg}")) {
            bar.set_style(style);
        }
        Ok(progress)
    }
}

impl Progress {
    /// One more.
    pub fn step(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }

    /// The next step begins. The words are ours, or escaped.
    pub fn begin(&self, what: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(what.to_owned());
            bar.inc(1);
        }
    }

    /// So many of so many.
    pub fn at(&self, seen: usize, of: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(as_u64(of));
            bar.set_position(as_u64(seen));
        }
    }

    /// Prints something while the bar is out of the way.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn beside(
        &self,
        screen: &mut Screen,
        print: impl FnOnce(&mut Screen) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match &self.0 {
            Some(bar) => bar.suspend(|| print(screen).and_then(|()| screen.flush())),
            None => print(screen),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Whatever ends what takes long, its bar goes.
impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
