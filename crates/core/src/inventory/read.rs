//! Reading TOML with the place of every value: wrong types become problems, and the reading goes on.

use std::ops::Range;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, civil, tz::TimeZone};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::schema::{self, listed};

/// What was found wrong so far.
pub(super) struct Problems<'t> {
    text: &'t str,
    pub(super) found: Vec<Problem>,
}

/// A table with its path.
#[derive(Clone)]
pub(super) struct Table<'t> {
    pub(super) path: String,
    /// `None` for a section that is not there: it has its defaults.
    table: Option<&'t DeTable<'t>>,
    span: Range<usize>,
}

/// A value with its path.
#[derive(Clone)]
pub(super) struct Field<'t> {
    pub(super) path: String,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Problems<'t> {
    pub(super) const fn of(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// The line of a byte of the text, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    /// The line where a table begins.
    pub(super) fn line_of(&self, table: &Table<'_>) -> usize {
        self.line(table.span.start)
    }

    fn add(&mut self, path: &str, span: &Range<usize>, message: impl Into<String>) {
        let line = self.line(span.start);
        self.found.push(Problem { key: Some(path.to_owned()), line, message: message.into(), nearest: None });
    }

    /// Something is wrong with this value.
    pub(super) fn at(&mut self, field: &Field<'_>, message: impl Into<String>) {
        self.add(&field.path, &field.value.span(), message);
    }

    /// Something is wrong with this table, or missing in it.
    pub(super) fn within(&mut self, table: &Table<'_>, key: &str, message: impl Into<String>) {
        self.add(&join(&table.path, key), &table.span, message);
    }
}

fn join(path: &str, key: &str) -> String {
    match (path.is_empty(), key.is_empty()) {
        (true, _) => key.to_owned(),
        (_, true) => path.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

impl<'t> Table<'t> {
    /// The whole document; its unknown sections are reported.
    pub(super) fn document(table: &'t Spanned<DeTable<'t>>, problems: &mut Problems<'t>) -> Self {
        let document = Self { path: String::new(), table: Some(table.get_ref()), span: 0..0 };
        document.report_unknown("", problems);
        document
    }

    /// The section of this name, written `[name]`.
    pub(super) fn section(&self, name: &str, problems: &mut Problems<'t>) -> Self {
        let path = join(&self.path, name);
        match self.field(name) {
            None => Self { path, table: None, span: self.span.clone() },
            Some(field) => match field.value.get_ref() {
                DeValue::Table(table) => {
                    let section = Self { path: path.clone(), table: Some(table), span: self.key_span(name) };
                    section.report_unknown(&path, problems);
                    section
                }
                other => {
                    problems.at(&field, format!("is {}; it is a section, written `[{path}]`", kind(other)));
                    Self { path, table: None, span: field.value.span() }
                }
            },
        }
    }

    /// The sections of this name, written `[[name]]`.
    pub(super) fn sections(&self, name: &str, problems: &mut Problems<'t>) -> Vec<Self> {
        let Some(field) = self.field(name) else { return Vec::new() };
        let DeValue::Array(array) = field.value.get_ref() else {
            problems.at(&field, format!("is {}; write it as `[[{name}]]`", kind(field.value.get_ref())));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, value) in array.iter().enumerate() {
            let path = format!("{name}[{index}]");
            match value.get_ref() {
                DeValue::Table(table) => {
                    let section = Self { path, table: Some(table), span: value.span() };
                    section.report_unknown(name, problems);
                    sections.push(section);
                }
                other => problems.add(&path, &value.span(), format!("is {}; write it as `[[{name}]]`", kind(other))),
            }
        }
        sections
    }

    fn report_unknown(&self, schema_path: &str, problems: &mut Problems<'t>) {
        let known = schema::known(schema_path);
        for (key, _) in self.table.iter().flat_map(|table| table.iter()) {
            if !known.contains(&key.get_ref().as_ref()) {
                let line = problems.line(key.span().start);
                problems.found.push(schema::unknown(schema_path, key.get_ref(), line));
            }
        }
    }

    fn key_span(&self, name: &str) -> Range<usize> {
        let key = self.table.and_then(|table| table.get_key_value(name)).map(|(key, _)| key.span());
        key.unwrap_or_else(|| self.span.clone())
    }

    /// The value of a key, if it is there.
    pub(super) fn field(&self, key: &str) -> Option<Field<'t>> {
        let value = self.table?.get(key)?;
        Some(Field { path: join(&self.path, key), value })
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, key: &str, problems: &mut Problems<'t>) -> Option<Field<'t>> {
        let field = self.field(key);
        if field.is_none() {
            problems.within(self, key, "is missing");
        }
        field
    }

    /// Every value of the list under a key, each read by `read`; empty when the key is not there.
    pub(super) fn list<T>(
        &self,
        key: &str,
        problems: &mut Problems<'t>,
        read: impl Fn(&Field<'t>, &mut Problems<'t>) -> Option<T>,
    ) -> Vec<T> {
        let items = self.field(key).map(|field| field.items(problems)).unwrap_or_default();
        items.iter().filter_map(|item| read(item, problems)).collect()
    }
}

impl<'t> Field<'t> {
    fn wrong(&self, wanted: &str, problems: &mut Problems<'t>) {
        problems.at(self, format!("is {}; it must be {wanted}", kind(self.value.get_ref())));
    }

    /// A text that says something.
    pub(super) fn text(&self, problems: &mut Problems<'t>) -> Option<&'t str> {
        match self.value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                problems.at(self, "is empty");
                None
            }
            DeValue::String(text) => Some(text.as_ref()),
            DeValue::Integer(_) => {
                self.wrong("text in quotes", problems);
                None
            }
            _ => {
                self.wrong("text", problems);
                None
            }
        }
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &self,
        problems: &mut Problems<'t>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(problems)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(message) => {
                problems.at(self, message);
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, problems: &mut Problems<'t>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(problems)?;
        let value = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if value.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            problems.at(self, format!("`{}` is not known; there are {}", text.escape_debug(), listed(&known)));
        }
        value
    }

    /// The items of a list.
    fn items(&self, problems: &mut Problems<'t>) -> Vec<Self> {
        let DeValue::Array(array) = self.value.get_ref() else {
            self.wrong("a list in brackets", problems);
            return Vec::new();
        };
        let item = |(index, value)| Self { path: format!("{}[{index}]", self.path), value };
        array.iter().enumerate().map(item).collect()
    }

    /// True or false.
    pub(super) fn flag(&self, problems: &mut Problems<'t>) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong("`true` or `false`, without quotes", problems);
                None
            }
        }
    }

    /// A whole number of at least 1.
    pub(super) fn count(&self, problems: &mut Problems<'t>) -> Option<u32> {
        let DeValue::Integer(number) = self.value.get_ref() else {
            self.wrong("a whole number", problems);
            return None;
        };
        let count = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|count| *count > 0);
        if count.is_none() {
            problems.at(self, format!("`{number}` is not between 1 and {}", u32::MAX));
        }
        count
    }

    /// A length of time, such as `15m`, `1h 30m` or `7d`.
    pub(super) fn duration(&self, problems: &mut Problems<'t>) -> Option<SignedDuration> {
        self.parsed(problems, |text| match duration(text) {
            Some(duration) if duration.is_positive() => Ok(duration),
            Some(_) => Err(format!("`{text}` is not longer than no time at all")),
            None => {
                Err(format!("`{}` is not a length of time; write `90s`, `15m`, `1h 30m` or `7d`", text.escape_debug()))
            }
        })
    }

    /// A moment: a date and time with its offset, or a date, which stands for its first moment in UTC. With or without quotes.
    pub(super) fn moment(&self, problems: &mut Problems<'t>) -> Option<Timestamp> {
        let text = match self.value.get_ref() {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.wrong("a date such as `2027-01-31`, or a time such as `2027-01-31T12:00:00Z`", problems);
                return None;
            }
        };
        let moment = moment(&text);
        if moment.is_none() {
            let message =
                "is neither a date such as `2027-01-31` nor a time with its offset such as `2027-01-31T12:00:00Z`";
            problems.at(self, format!("`{}` {message}", text.escape_debug()));
        }
        moment
    }
}

/// A day is 24 hours here; months and years have no length.
fn duration(text: &str) -> Option<SignedDuration> {
    text.parse::<SignedDuration>().ok().or_else(|| {
        let span = text.parse::<Span>().ok()?;
        span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
    })
}

fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    // A civil date also parses out of a date and time without an offset; that one is refused, because nobody knows when it is.
    let date = text.parse::<civil::Date>().ok().filter(|_| text.len() == 10)?;
    date.to_zoned(TimeZone::UTC).ok().map(|moment| moment.timestamp())
}

/// What a value is, in words.
const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
