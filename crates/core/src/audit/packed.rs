//! The content of a clear call's record as it stands in the table: compressed, where that makes it cheaper.
//!
//! Ten million clear calls a day have a record each, and DynamoDB asks for each begun kilobyte of an item. Written as text such a record
//! takes two; most of it are the names of members and what the record says beside its content. What is hashed, exported and read by
//! everybody else is the text. Records of anything else than clear calls stay readable in the table as they are.
//!
//! Packed content is one byte for the version of the dictionary, then deflate (RFC 1951) with a preset dictionary: the file
//! `packed/dictionary-1.txt`, then the record's own `policy_version`, then its `incident`. A published dictionary never changes, or what was
//! written by it could not be read any more: another one gets another number.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{AuditRecord, RecordKind};

/// What nearly all contents have in common.
const DICTIONARY_1: &str = include_str!("packed/dictionary-1.txt");

/// The number of the dictionary that is written by.
const VERSION: u8 = 1;

/// What DynamoDB counts a write by, in bytes (DynamoDB Developer Guide, capacity unit consumption).
const UNIT: usize = 1024;

/// The most bytes that a content is unpacked to: more than an item of the table can hold as text.
const MOST_TEXT: usize = 1024 * 1024;

/// The attributes of an item beside its content.
const NAMES: &str = "incidentseqkindtimeactorpolicy_versionbodyprevhash";

/// Only the content of an assessment has this member, and in a text within it the quotes would be escaped.
const CLEAR: &str = r#""verdict":"clear""#;

/// The content of a clear call's record, packed; `None` for other records, and where that would save no unit of writing.
#[must_use]
pub fn pack(record: &AuditRecord) -> Option<Vec<u8>> {
    if record.kind != RecordKind::Assessment || !record.body.contains(CLEAR) {
        return None;
    }
    let units = |content: usize| item_bytes(record, content).div_ceil(UNIT);
    let packed = deflate(&record.body, &dictionary(&record.incident, &record.policy_version))?;
    (units(packed.len()) < units(record.body.len())).then_some(packed)
}

/// The text of a packed content, out of an item with this `incident` and `policy_version`; `None` when it is none that this version knows.
#[must_use]
pub fn unpack(packed: &[u8], incident: &str, policy_version: &str) -> Option<String> {
    let (version, packed) = packed.split_first()?;
    if *version != VERSION {
        return None;
    }
    inflate(packed, &dictionary(incident, policy_version))
}

/// How many bytes the item of a record of no incident counts with a content of so many: names and values. A number takes a byte for two
/// digits, and one more.
#[must_use]
pub fn item_bytes(record: &AuditRecord, content: usize) -> usize {
    let texts = [&record.incident, &record.actor, &record.policy_version, &record.prev, &record.hash];
    let own: usize = texts.into_iter().map(String::len).sum();
    let seq = record.seq.to_string().len().div_ceil(2) + 1;
    NAMES.len() + own + seq + record.kind.as_str().len() + record.time.to_string().len() + content
}

/// What is likeliest to be met stands last, where it takes the fewest bits to point at.
fn dictionary(incident: &str, policy_version: &str) -> Vec<u8> {
    [DICTIONARY_1, policy_version, incident].concat().into_bytes()
}

fn deflate(text: &str, dictionary: &[u8]) -> Option<Vec<u8>> {
    let mut compress = Compress::new(Compression::best(), false);
    compress.set_dictionary(dictionary).ok()?;
    // Deflate adds some bytes to what it cannot compress.
    let mut packed = Vec::with_capacity(text.len().saturating_add(64));
    packed.push(VERSION);
    let status = compress.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Finish).ok()?;
    (status == Status::StreamEnd).then_some(packed)
}

fn inflate(packed: &[u8], dictionary: &[u8]) -> Option<String> {
    let mut inflate = Decompress::new(false);
    inflate.set_dictionary(dictionary).ok()?;
    let mut text = Vec::with_capacity(packed.len().saturating_mul(8).clamp(UNIT, MOST_TEXT));
    loop {
        let done = usize::try_from(inflate.total_in()).ok()?;
        let status = inflate.decompress_vec(packed.get(done..)?, &mut text, FlushDecompress::Finish).ok()?;
        if status == Status::StreamEnd {
            return String::from_utf8(text).ok();
        }
        // Out of room, or out of input: then nothing is written any more.
        if text.len() < text.capacity() || text.len() >= MOST_TEXT {
            return None;
        }
        text.reserve(text.len());
    }
}

#[cfg(test)]
mod tests;
