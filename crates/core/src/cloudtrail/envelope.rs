//! Envelopes: CloudTrail records arrive as EventBridge events, as log files (`{"Records": [...]}`), bare, in lists, one per
//! line, or several of these in a row. All of them become one stream of records.

use std::collections::VecDeque;
use std::io::BufRead;

use serde_json::{Map, Value};

use super::error::{Position, ReadError, ShapeError};
use super::field::{excerpt, kind};
use super::glance::is_surely_unwatched;
use super::known::{Known, KnownRecords, Told};
use super::source::Place;
use super::splitter::{LARGEST, Piece, Splitter};

/// One record out of its envelope, not yet typed.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRecord {
    /// The record as JSON.
    pub value: Value,
    /// Where it stood.
    pub position: Position,
}

/// Reads every record of an input, in order, holding one at a time.
///
/// What cannot be read is an item of its own and does not end the stream: after a broken value reading goes on with the next
/// line that begins with `{`. Only [`ReadError::Io`] and [`ReadError::Empty`] are last. An empty list of records is no error.
pub fn read_records<R: BufRead>(input: R) -> Records<R> {
    Records {
        splitter: Splitter::new(input),
        ready: VecDeque::new(),
        count: 0,
        over: false,
        pass_over: false,
        passed: 0,
    }
}

/// What was read, by [`Records::next_found`].
#[derive(Debug)]
pub enum Found<'a, T> {
    /// A record that is like one that came before, with what is kept of those, and what it says of its own.
    Known(T, Told<'a>),
    /// Any other.
    Raw(RawRecord),
}

/// The iterator of [`read_records`].
pub struct Records<R> {
    splitter: Splitter<R>,
    ready: VecDeque<Result<RawRecord, ReadError>>,
    count: u64,
    over: bool,
    pass_over: bool,
    passed: u64,
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<RawRecord, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.over {
                return None;
            }
            let none: Option<()> = self.read_on(|_| None);
            debug_assert!(none.is_none(), "nothing is looked for");
        }
    }
}

impl<R: BufRead> Records<R> {
    /// Passes over records that are surely of calls nobody watches, without parsing them: they are counted and not given.
    #[must_use]
    pub fn watched_only(self) -> Self {
        Self { pass_over: true, ..self }
    }

    /// How many records were passed over so far.
    #[must_use]
    pub const fn passed_over(&self) -> u64 {
        self.passed
    }

    /// The next item as [`Iterator::next`] gives it, but that a record that is like one that came before is not parsed again. `keep` is told
    /// what records share when the first of them comes, and says what is kept of it; with `None` it is parsed like any other.
    pub fn next_found<T: Clone>(
        &mut self,
        known: &mut KnownRecords<T>,
        mut keep: impl FnMut(Known) -> Option<T>,
    ) -> Option<Result<Found<'_, T>, ReadError>> {
        let (like, places) = loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item.map(Found::Raw));
            }
            if self.over {
                return None;
            }
            if let Some(found) = self.read_on(|bytes| known.find(bytes, &mut keep)) {
                break found;
            }
        };
        // Its own values were found in these bytes.
        let told = places.told(self.splitter.bytes())?;
        Some(Ok(Found::Known(like, told)))
    }

    /// Reads one piece on. What is known of it is answered, everything else becomes ready.
    fn read_on<F>(&mut self, known: impl FnOnce(&[u8]) -> Option<F>) -> Option<F> {
        match self.splitter.next() {
            Ok(Some(piece)) => return self.take(&piece, known),
            Ok(None) => {
                self.over = true;
                if !self.splitter.seen {
                    self.ready.push_back(Err(ReadError::Empty));
                }
            }
            Err(source) => {
                self.over = true;
                let position = self.position(self.splitter.place());
                self.ready.push_back(Err(ReadError::Io { position, source }));
            }
        }
        None
    }

    fn take<F>(&mut self, piece: &Piece, known: impl FnOnce(&[u8]) -> Option<F>) -> Option<F> {
        let error = match *piece {
            Piece::Value(_) if self.pass_over && self.is_unwatched() => {
                self.count += 1;
                self.passed += 1;
                return None;
            }
            Piece::Value(begin) => {
                let bytes = self.splitter.bytes();
                if let Some(found) = known(bytes) {
                    self.count += 1;
                    return Some(found);
                }
                match serde_json::from_slice(bytes) {
                    Ok(value) => {
                        self.unwrap(value, begin);
                        return None;
                    }
                    Err(error) => self.not_json(begin, &error),
                }
            }
            Piece::TooLarge(begin) => ReadError::TooLarge { position: self.position(begin), limit: LARGEST },
            Piece::CutShort(begin) => ReadError::CutShort { position: self.position(begin) },
            Piece::Broken(begin, reason) => {
                ReadError::NotJson { position: self.position(begin), reason: reason.to_owned() }
            }
        };
        self.ready.push_back(Err(error));
        None
    }

    /// The last value is surely one record that nobody watches.
    fn is_unwatched(&mut self) -> bool {
        let plain = self.splitter.is_plain();
        is_surely_unwatched(self.splitter.bytes(), plain)
    }

    /// Takes the records out of a value, whatever envelope it is.
    fn unwrap(&mut self, mut value: Value, begin: Place) {
        let inner = match Shape::of(&value) {
            Ok(Shape::Record) => {
                let position = self.position(begin);
                return self.ready.push_back(Ok(RawRecord { value, position }));
            }
            Ok(Shape::Event) => value.get_mut("detail").map(Value::take).into_iter().collect(),
            Ok(Shape::LogFile) => match value.get_mut("Records").map(Value::take) {
                Some(Value::Array(records)) => records,
                _ => Vec::new(),
            },
            Ok(Shape::List) => match value {
                Value::Array(values) => values,
                _ => Vec::new(),
            },
            Err(shape) => {
                let position = self.position(begin);
                return self.ready.push_back(Err(ReadError::WrongShape { position, shape }));
            }
        };
        for value in inner {
            self.unwrap(value, begin);
        }
    }

    /// The parser counts from the value's first byte; a person counts from the file's.
    fn not_json(&mut self, begin: Place, error: &serde_json::Error) -> ReadError {
        let (line, column) = (error.line() as u64, error.column() as u64);
        let place = if line <= 1 {
            Place { line: begin.line, column: begin.column + column.saturating_sub(1) }
        } else {
            Place { line: begin.line + line - 1, column }
        };
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
        ReadError::NotJson { position: self.position(place), reason }
    }

    fn position(&mut self, place: Place) -> Position {
        self.count += 1;
        Position { record: self.count, line: place.line, column: place.column }
    }
}

/// A record without an envelope; `None` for anything else.
pub(super) fn bare(value: &Value) -> Option<&Value> {
    matches!(Shape::of(value), Ok(Shape::Record)).then_some(value)
}

/// What a JSON value is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A CloudTrail record, perhaps a poor one.
    Record,
    /// An EventBridge event with a record in `detail`.
    Event,
    /// A log file's `Records`.
    LogFile,
    /// A list of any of these.
    List,
}

impl Shape {
    fn of(value: &Value) -> Result<Self, ShapeError> {
        let object = match value {
            Value::Array(_) => return Ok(Self::List),
            Value::Object(object) => object,
            other => return Err(ShapeError::NotAnObject { found: kind(other) }),
        };
        if looks_like_record(object) {
            return Ok(Self::Record);
        }
        match object.get("Records") {
            Some(Value::Array(_)) => return Ok(Self::LogFile),
            Some(other) => return Err(ShapeError::Records { found: kind(other) }),
            None => {}
        }
        if object.contains_key("detail-type") || object.contains_key("detail") {
            return Self::of_event(object);
        }
        Err(ShapeError::Unknown)
    }

    /// Native events of a service (`ECR Image Action`) share the bus; only what came through CloudTrail is a record.
    fn of_event(event: &Map<String, Value>) -> Result<Self, ShapeError> {
        let Some(Value::Object(detail)) = event.get("detail") else { return Err(ShapeError::NoDetail) };
        let detail_type = event.get("detail-type").and_then(Value::as_str).unwrap_or_default();
        if looks_like_record(detail) {
            Ok(Self::Event)
        } else {
            Err(ShapeError::OtherEvent { detail_type: excerpt(detail_type) })
        }
    }
}

fn looks_like_record(object: &Map<String, Value>) -> bool {
    ["eventName", "eventSource", "eventVersion", "userIdentity"].iter().any(|key| object.contains_key(*key))
}

/// The one record in a payload: an EventBridge event, a bare record, or an envelope of exactly one.
pub(super) fn only_record(payload: &Value) -> Result<&Value, ShapeError> {
    let inner = match Shape::of(payload)? {
        Shape::Record => return Ok(payload),
        Shape::Event => return payload.get("detail").ok_or(ShapeError::NoDetail),
        Shape::LogFile => payload.get("Records"),
        Shape::List => Some(payload),
    };
    match inner.and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => only_record(one),
        other => Err(ShapeError::Count { count: other.map_or(0, <[Value]>::len) }),
    }
}

#[cfg(test)]
mod tests;
