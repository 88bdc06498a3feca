//! Colours and columns.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use layerguard_core::engine::{Severity, Verdict};
use layerguard_core::plan::Mode;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Needs a person.
    Alarm,
    /// Worth a look.
    Warning,
    /// As it should be.
    Good,
    /// What to look for.
    Label,
    /// What to look at first.
    Strong,
    /// What can be passed over.
    Faint,
    /// A command to type.
    Command,
}

impl Tone {
    pub(super) const fn style(self) -> Style {
        match self {
            Self::Alarm => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Label => AnsiColor::Cyan.on_default(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Command => AnsiColor::Blue.on_default().bold(),
        }
    }

    pub(super) const fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Alarm,
            Severity::Medium => Self::Warning,
            Severity::Low => Self::Strong,
        }
    }

    pub(super) const fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Violation => Self::Alarm,
            Verdict::Undecided => Self::Warning,
            Verdict::Clear => Self::Good,
            Verdict::Unwatched => Self::Faint,
        }
    }

    pub(super) const fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Act => Self::Alarm,
            Mode::Ask => Self::Warning,
            Mode::Observe => Self::Faint,
        }
    }
}

/// Text in a tone.
pub(super) fn paint(tone: Tone, text: &str) -> String {
    let style = tone.style();
    format!("{style}{text}{style:#}")
}

/// `Who:   text`, wrapped below itself; the label has a column of its own.
pub(super) fn field(out: &mut dyn Write, label: &str, text: &str, width: Option<usize>) -> io::Result<()> {
    let mut lines = wrapped(text, width.map(|width| width.saturating_sub(LABEL + 2))).into_iter();
    let first = lines.next().unwrap_or_default();
    let gap = LABEL.saturating_sub(label.len());
    writeln!(out, "  {}{:gap$}{first}", paint(Tone::Label, label), "")?;
    lines.try_for_each(|line| writeln!(out, "  {:LABEL$}{line}", ""))
}

/// A further line of a field.
pub(super) fn more(out: &mut dyn Write, text: &str, width: Option<usize>) -> io::Result<()> {
    wrapped(text, width.map(|width| width.saturating_sub(LABEL + 2)))
        .into_iter()
        .try_for_each(|line| writeln!(out, "  {:LABEL$}{line}", ""))
}

/// Columns of a field's label.
const LABEL: usize = 10;

/// Breaks a text without colours at spaces; what it is indented by, all its lines are. A word that is longer than a line, such as an
/// ARN, stays whole: it is there to be copied.
pub(super) fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let words = text.trim_start_matches(' ');
    let indent = text.len().saturating_sub(words.len());
    let width = width.saturating_sub(indent);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words.split(' ') {
        let fits = line.chars().count() + 1 + word.chars().count() <= width;
        if !line.is_empty() && !fits {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.iter().map(|line| format!("{:indent$}{line}", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrapped("a bb ccc dddddddd e", Some(6)), ["a bb", "ccc", "dddddddd", "e"]);
        assert_eq!(wrapped("a bb ccc", None), ["a bb ccc"]);
        assert_eq!(wrapped("", Some(6)), [""]);
        assert_eq!(wrapped("  a bb ccc", Some(6)), ["  a bb", "  ccc"]);
    }
}
