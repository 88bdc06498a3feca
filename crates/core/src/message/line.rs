//! The lines of the plain text. Whatever a stranger may have chosen stands in a [`Line::Told`], and is made harmless in one place.

use crate::text::{escape_mail_to, escape_to};

/// The most lines of a message.
const MOST_LINES: usize = 200;
/// The most bytes of a body: with the chat form it stays below half of what SNS takes (256 KiB; AWS facts, section 12).
pub(super) const MOST_BYTES: usize = 48 * 1024;
/// The longest line, and what it is cut to where all lines together are too long.
const LONGEST: [usize; 3] = [2_400, 400, 60];

/// One line of the plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// May hold what strangers chose.
    Told(String),
    /// Our own words, a command, or the link of the runbook.
    Own(String),
}

/// Lines that may hold what strangers chose.
pub(super) fn told(lines: impl IntoIterator<Item = String>) -> Vec<Line> {
    lines.into_iter().map(Line::Told).collect()
}

/// Our own lines.
pub(super) fn own(lines: impl IntoIterator<Item = String>) -> Vec<Line> {
    lines.into_iter().map(Line::Own).collect()
}

impl Line {
    fn shown(&self, limit: usize) -> String {
        match self {
            Self::Told(text) => escape_mail_to(text, limit),
            // A command is never cut.
            Self::Own(text) => escape_to(text, limit.max(600)),
        }
    }
}

/// The body: one line for each, at most [`MOST_BYTES`].
pub(super) fn body(lines: &[Line]) -> String {
    let mut shown = String::new();
    for limit in LONGEST {
        shown = lines.iter().take(MOST_LINES).map(|line| line.shown(limit)).collect::<Vec<_>>().join("\n");
        if shown.len() <= MOST_BYTES {
            break;
        }
    }
    shown.push('\n');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_body_is_cut_and_keeps_its_lines() {
        let lines: Vec<Line> = (0..300).map(|_| Line::Told("\u{1f600}@".repeat(5_000))).collect();
        let body = body(&lines);
        assert!(body.len() <= MOST_BYTES + 16 * 1024, "{}", body.len());
        assert_eq!(body.lines().count(), MOST_LINES);
    }
}
