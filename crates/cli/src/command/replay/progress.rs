//! How far a replay is: bytes of the files, rate and time left, on a terminal alone.

use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::select::{self, Wanted};

/// A bar over the bytes of all files; hidden where standard error is no terminal.
pub(super) fn over(paths: &[PathBuf], wanted: &Wanted) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    if target.is_hidden() {
        return ProgressBar::hidden();
    }
    let files = select::files(paths, wanted).into_iter().flatten().flatten();
    let bytes = files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum();
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}  {binary_bytes_per_sec}  {eta} left")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// A bar that says what is done after the files were read.
pub(super) fn assessing() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} assessing: {human_pos} calls  {per_sec}") {
        bar.set_style(style);
    }
    bar
}

/// Tells the bar what is read through it.
pub(super) struct Counting<R> {
    inner: R,
    bar: ProgressBar,
}

impl<R> Counting<R> {
    pub(super) const fn new(inner: R, bar: ProgressBar) -> Self {
        Self { inner, bar }
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bar.inc(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
