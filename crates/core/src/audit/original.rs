//! The CloudTrail record that an event was read from, kept in the event's own audit record.
//!
//! What layerguard read in a record is its own word; the record itself is the evidence. It is kept as compact JSON text with its members in
//! the order in which they came, so that its hash can be computed again from the trail's own copy of the same members.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::body::Assessment;
use crate::cloudtrail::{self, Event, RecordError};
use crate::engine::Verdict;

/// The most bytes of a record's content. An item of the table has at most 400 KB (AWS facts, section 11); the rest is for the attributes
/// beside the content and those of the index. The text of a parameter does not count against the 8,192 characters of a PartiQL statement:
/// that length is of `Statement` alone (API reference, `ExecuteStatement`).
const MOST_BODY: usize = 390_000;

/// The most bytes that a kept text is unpacked to. EventBridge carries events of at most 256 KB (AWS facts, section 2); a file from a
/// stranger may claim more.
const MOST_TEXT: u64 = 1024 * 1024;

/// Which version of layerguard reads here.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The record of an event, or why it is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Original {
    /// The text as it is.
    Json {
        /// What the text is known by.
        #[serde(flatten)]
        mark: Mark,
        /// The text.
        text: String,
    },
    /// The text compressed, because that is shorter.
    GzipBase64 {
        /// What the text is known by.
        #[serde(flatten)]
        mark: Mark,
        /// The text as gzip, written in base64.
        text: String,
    },
    /// It does not fit into a record.
    TooLarge {
        /// What the text is known by.
        #[serde(flatten)]
        mark: Mark,
    },
    /// The call was clear when it came, so that its record was not kept, and is not clear by what came later.
    ClearAtFirst,
}

/// What the text of a record is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// The version of layerguard that read the event out of it.
    pub read_by: String,
}

/// What became of checking a kept record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// The text has its hash, and the event follows from it.
    Fits,
    /// It is not kept; why, in words.
    NotKept(&'static str),
    /// The text has its hash. Another version read the event out of it, and this one reads it otherwise.
    ReadOtherwise {
        /// That version.
        by: String,
    },
}

/// What is wrong with a kept record.
#[derive(Debug, Error)]
pub enum OriginalFlaw {
    /// It cannot be unpacked.
    #[error("the kept CloudTrail record cannot be unpacked")]
    Packed,
    /// Another text.
    #[error("the kept CloudTrail record is not the one whose hash was recorded")]
    Hash,
    /// It cannot be read.
    #[error("the kept CloudTrail record cannot be read")]
    Unreadable(#[source] RecordError),
    /// It says something else.
    #[error("the event does not follow from the kept CloudTrail record: `{member}` is another")]
    OtherEvent {
        /// The first member of the event that is another.
        member: String,
    },
}

impl Original {
    /// Keeps a record in the shorter of its two forms, as far as that takes at most so many bytes of JSON.
    #[must_use]
    pub fn of(record: &Value, room: usize) -> Self {
        let text = record.to_string();
        let mark = Mark { bytes: length(text.as_bytes()), sha256: sha256(&text), read_by: VERSION.to_owned() };
        let plain = Self::Json { mark: mark.clone(), text: text.clone() };
        let packed = pack(&text).map(|text| Self::GzipBase64 { mark: mark.clone(), text });
        let forms = packed.into_iter().chain([plain]).map(|form| (written(&form), form));
        match forms.min_by_key(|(bytes, _)| *bytes) {
            Some((bytes, form)) if bytes <= room => form,
            _ => Self::TooLarge { mark },
        }
    }

    /// What the text is known by.
    #[must_use]
    pub fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Json { mark, .. } | Self::GzipBase64 { mark, .. } | Self::TooLarge { mark } => Some(mark),
            Self::ClearAtFirst => None,
        }
    }

    /// Why it is not kept, in words.
    #[must_use]
    pub const fn absent(&self) -> Option<&'static str> {
        match self {
            Self::Json { .. } | Self::GzipBase64 { .. } => None,
            Self::TooLarge { .. } => Some("it is too large for an audit record, which has its hash alone"),
            Self::ClearAtFirst => Some("the call was clear when it came, and became a finding by what came later"),
        }
    }

    /// The text; `None` where it is not kept.
    ///
    /// # Errors
    /// When it cannot be unpacked, or is not the one whose hash was recorded.
    pub fn text(&self) -> Result<Option<String>, OriginalFlaw> {
        let (text, mark) = match self {
            Self::Json { mark, text } => (text.clone(), mark),
            Self::GzipBase64 { mark, text } => (unpack(text).ok_or(OriginalFlaw::Packed)?, mark),
            Self::TooLarge { .. } | Self::ClearAtFirst => return Ok(None),
        };
        if length(text.as_bytes()) != mark.bytes || sha256(&text) != mark.sha256 {
            return Err(OriginalFlaw::Hash);
        }
        Ok(Some(text))
    }

    /// Checks the text against its hash, and the event against what the text says.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, event: &Event) -> Result<Fit, OriginalFlaw> {
        let Some((text, mark)) = self.text()?.zip(self.mark()) else {
            return Ok(Fit::NotKept(self.absent().unwrap_or_default()));
        };
        let value: Value = serde_json::from_str(&text).map_err(|_| OriginalFlaw::Packed)?;
        let read = cloudtrail::parse(&value).map_err(OriginalFlaw::Unreadable)?;
        match other(&read, event) {
            None => Ok(Fit::Fits),
            Some(_) if mark.read_by != VERSION => Ok(Fit::ReadOtherwise { by: mark.read_by.clone() }),
            Some(member) => Err(OriginalFlaw::OtherEvent { member }),
        }
    }
}

impl Assessment {
    /// Keeps the record that the event was read from, where the call is not clear and as far as it fits. Nothing is kept of clear calls:
    /// there are ten million a day.
    #[must_use]
    pub fn with_original(self, record: &Value) -> Self {
        let kept = |kept: &Self| Original::of(record, MOST_BODY.saturating_sub(written(kept)));
        let original = (self.assessment.verdict != Verdict::Clear).then(|| kept(&self));
        Self { original, ..self }
    }
}

/// The first member of the events that is not the same.
fn other(read: &Event, told: &Event) -> Option<String> {
    if read == told {
        return None;
    }
    let members = |event: &Event| match serde_json::to_value(event) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (read, told) = (members(read), members(told));
    let differs = read.keys().chain(told.keys()).find(|name| read.get(*name) != told.get(*name));
    Some(differs.cloned().unwrap_or_else(|| "event".to_owned()))
}

/// How many bytes of JSON it takes. What cannot be written takes too many.
fn written<T: Serialize>(value: &T) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn pack(text: &str) -> Option<String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
    packed.write_all(text.as_bytes()).ok()?;
    packed.finish().ok().map(|bytes| STANDARD.encode(bytes))
}

fn unpack(text: &str) -> Option<String> {
    let packed = STANDARD.decode(text).ok()?;
    let mut text = String::new();
    let mut unpacked = GzDecoder::new(packed.as_slice()).take(MOST_TEXT + 1);
    unpacked.read_to_string(&mut text).ok()?;
    (length(text.as_bytes()) <= MOST_TEXT).then_some(text)
}

#[cfg(test)]
mod tests;
