//! What can go wrong between bytes and an [`Event`](super::Event).

use std::fmt;

use crate::error::{Class, Classified};

/// Where something stands in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number of the record, counted from 1 over everything that was delivered or reported.
    pub record: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} (line {}, column {})", self.record, self.line, self.column)
    }
}

/// Why records could not be read from an input. What stands before and after is still delivered, except after
/// [`ReadError::Io`].
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing but white space.
    #[error("the input is empty: expected CloudTrail records as JSON")]
    Empty,
    /// The input could not be read on.
    #[error("{position}: the input could not be read")]
    Io {
        /// How far reading had come.
        position: Position,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// These bytes are not JSON.
    #[error("{position}: not JSON: {reason}")]
    NotJson {
        /// Where the error is.
        position: Position,
        /// What is wrong with it.
        reason: String,
    },
    /// The input ends in the middle of a value: half a file.
    #[error("{position}: the input ends in the middle of what begins here; is the file whole?")]
    CutShort {
        /// Where the unfinished value begins.
        position: Position,
    },
    /// One value is larger than any record.
    #[error("{position}: larger than {limit} bytes, which no CloudTrail record is")]
    TooLarge {
        /// Where the value begins.
        position: Position,
        /// The limit in bytes.
        limit: usize,
    },
    /// JSON, but neither a CloudTrail record nor an envelope of such.
    #[error("{position}: {shape}")]
    WrongShape {
        /// Where the value begins.
        position: Position,
        /// What it is instead.
        shape: ShapeError,
    },
}

impl Classified for ReadError {
    fn class(&self) -> Class {
        match self {
            Self::Io { .. } => Class::Retryable,
            _ => Class::InvalidInput,
        }
    }
}

/// Why a JSON value is no CloudTrail record and no envelope of records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// A number, a text, null.
    #[error("{found} where a CloudTrail record was expected")]
    NotAnObject {
        /// The kind of JSON value.
        found: &'static str,
    },
    /// `Records` holds something else than a list.
    #[error("`Records` is {found}, not a list")]
    Records {
        /// The kind of JSON value.
        found: &'static str,
    },
    /// An EventBridge event without a `detail` object.
    #[error("an EventBridge event without a `detail` object: expected the CloudTrail record there")]
    NoDetail,
    /// An EventBridge event that did not come through CloudTrail.
    #[error("an EventBridge event of type `{detail_type}`, not a CloudTrail record")]
    OtherEvent {
        /// Its `detail-type`, escaped and shortened.
        detail_type: String,
    },
    /// An object without any of the members that make a record.
    #[error(
        "an object that is neither a CloudTrail record nor an envelope of records: it has none of `eventName`, `eventSource`, `Records`, `detail`"
    )]
    Unknown,
    /// Several records, or none, where exactly one is expected.
    #[error("{count} records in one payload: expected one")]
    Count {
        /// How many there are.
        count: usize,
    },
}

/// Why a record could not become an [`Event`](super::Event).
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not a record at all.
    #[error("the payload is not a CloudTrail record: {0}")]
    Shape(ShapeError),
    /// A member without which the record means nothing.
    #[error("the record `{event_id}` has no readable `{field}`, so it cannot be told which call it is")]
    Missing {
        /// The member's name.
        field: &'static str,
        /// The record's `eventID`, or its hash.
        event_id: String,
    },
    /// A watched call without `eventTime`.
    #[error("the record `{event_id}` of `{call}` has no `eventTime`, so nothing can be decided about it")]
    NoTime {
        /// The record's `eventID`, or its hash.
        event_id: String,
        /// The call's name.
        call: String,
    },
    /// A watched call whose `eventTime` is no time.
    #[error(
        "the `eventTime` `{value}` of the record `{event_id}` of `{call}` is not a time, so nothing can be decided about it: expected a form such as `2026-01-31T09:30:00Z`"
    )]
    Time {
        /// The record's `eventID`, or its hash.
        event_id: String,
        /// The call's name.
        call: String,
        /// What stands there, escaped and shortened.
        value: String,
        /// The cause.
        #[source]
        source: jiff::Error,
    },
}

impl Classified for RecordError {
    fn class(&self) -> Class {
        Class::InvalidInput
    }
}
