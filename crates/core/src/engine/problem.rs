//! What is wrong with a bundle, as plain data: file, line, column, message, help.

use std::fmt;

use miette::Diagnostic;
use thiserror::Error;

use crate::error::{Class, Classified};

/// One thing that is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name within the bundle, for example `rules/x.cedar`.
    pub file: String,
    /// Line, counted from 1; `None` when it is about the file as a whole.
    pub line: Option<usize>,
    /// Column in characters, counted from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

/// Everything that is wrong with a bundle, in order of file and place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct BundleErrors {
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl Problem {
    /// A problem with a file as a whole.
    pub(super) fn whole(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, message: message.into(), help: None }
    }

    /// A problem at a byte offset of the file's text.
    pub(super) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = place(text, offset);
        Self { line: Some(line), column: Some(column), ..Self::whole(file, message) }
    }

    /// A problem that Cedar reports.
    pub(super) fn of(file: &str, text: &str, diagnostic: &dyn Diagnostic) -> Self {
        let mut message = diagnostic.to_string();
        let label = diagnostic.labels().and_then(|mut labels| labels.next());
        if let Some(words) = label.as_ref().and_then(|label| label.label()) {
            message = format!("{message}: {words}");
        }
        let problem = match label {
            Some(label) => Self::at(file, text, label.offset(), message),
            None => Self::whole(file, message),
        };
        problem.with_help(diagnostic.help().map(|help| help.to_string()))
    }

    pub(super) fn with_help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }
}

impl BundleErrors {
    /// `Ok` when nothing is wrong.
    pub(super) fn none_of(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        problems.dedup();
        Err(Self { problems })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for BundleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not load the policy bundle")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Classified for BundleErrors {
    fn class(&self) -> Class {
        Class::InvalidInput
    }
}

/// Line and column of a byte offset, both counted from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The known word that the given one is most likely a slip of.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count() / 3 + 1)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}
