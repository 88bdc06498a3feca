//! The report of a bundle: what happened, why it counts, what was decided, by whom, and what was done. Built once, written as Markdown
//! and as HTML.

pub(super) mod html;
pub(super) mod markdown;
mod sections;

pub(super) use sections::of;

/// A report. Texts are as they are in the records; whoever writes them out escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// What it is about.
    pub(super) title: String,
    /// One line below it.
    pub(super) lead: String,
    /// The parts.
    pub(super) sections: Vec<Section>,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// Its heading.
    pub(super) heading: String,
    /// What it says.
    pub(super) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A paragraph.
    Text(String),
    /// What is wrong, or needs a person.
    Alarm(String),
    /// A smaller heading.
    Heading(String),
    /// A word and what it is.
    Facts(Vec<(&'static str, String)>),
    /// One thing a line.
    List(Vec<String>),
    /// A table.
    Table(Vec<&'static str>, Vec<Vec<String>>),
    /// Text whose lines stay as they are.
    Code(String),
}
