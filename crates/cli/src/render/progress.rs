//! Progress of what takes long: on a terminal only, on standard error, and gone when it is done.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar. Where no terminal is, it shows nothing.
pub struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(live: bool, steps: u64) -> Self {
        // Standard error: what is redirected stays clean. indicatif itself draws nothing where that is no terminal.
        let target = if live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// The next step begins. The words are ours, or escaped.
    pub fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
