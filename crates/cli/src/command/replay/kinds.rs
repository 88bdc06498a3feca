//! Calls that differ in their ids and time alone: what they share stands once in a temporary file, and each call says where, and what it has
//! of its own. A pull is then a tenth of what its event would be.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use jiff::Timestamp;
use layerguard_core::assess::Assessor;
use layerguard_core::brief::Kind;
use layerguard_core::cloudtrail::{Known, Told};
use lru::LruCache;

/// Kinds of calls that are held while calls are assessed, with the answers to them.
const HELD: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2047);
/// Stands for the length of what is not there.
const NONE: u8 = u8::MAX;

/// What calls share, in a file.
#[derive(Debug)]
pub(super) struct Kinds {
    file: Mutex<File>,
}

impl Kinds {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: Mutex::new(tempfile::tempfile()?) })
    }

    /// Keeps what calls share. Answers where.
    pub(super) fn put(&self, known: &Known) -> io::Result<u64> {
        let mut text = vec![0; 4];
        serde_json::to_writer(&mut text, known)?;
        let length = u32::try_from(text.len() - 4).map_err(io::Error::other)?;
        text.splice(..4, length.to_le_bytes());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let at = file.seek(SeekFrom::End(0))?;
        file.write_all(&text)?;
        Ok(at)
    }

    fn get(&self, at: u64) -> io::Result<Known> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let mut text = vec![0; usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?];
        file.read_exact(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }
}

/// Writes what a call has of its own, and where the rest stands.
pub(super) fn write(out: &mut Vec<u8>, at: u64, told: &Told<'_>) {
    out.extend_from_slice(&at.to_le_bytes());
    for text in [Some(told.event_id), told.shared_id, told.asked] {
        match text.and_then(|text| Some((text, u8::try_from(text.len()).ok().filter(|length| *length != NONE)?))) {
            Some((text, length)) => {
                out.push(length);
                out.extend_from_slice(text.as_bytes());
            }
            None => out.push(NONE),
        }
    }
}

/// A kind of call, as each policy sees it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) known: Known,
    /// By policy.
    pub(super) kinds: Vec<Kind>,
    /// What its principal is counted as.
    pub(super) who: String,
}

/// A call of a kind.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) time: Timestamp,
    own: Vec<u8>,
}

impl Call {
    /// What it has of its own.
    pub(super) fn told(&self) -> Told<'_> {
        let mut rest = self.own.get(8..).unwrap_or_default();
        let mut next = || {
            let (length, after) = rest.split_first()?;
            rest = after;
            let (text, after) = rest.split_at_checked(usize::from(*length)).filter(|_| *length != NONE)?;
            rest = after;
            std::str::from_utf8(text).ok()
        };
        Told { time: self.time, event_id: next().unwrap_or_default(), shared_id: next(), asked: next() }
    }
}

/// Reads back what calls share, and holds the latest.
#[derive(Debug)]
pub(super) struct Held {
    kinds: Kinds,
    held: LruCache<u64, Arc<Shared>, RandomState>,
}

impl Held {
    pub(super) fn new(kinds: Kinds) -> Self {
        Self { kinds, held: LruCache::with_hasher(HELD, RandomState::default()) }
    }

    /// The call that [`write()`] wrote.
    pub(super) fn call(&mut self, own: Vec<u8>, time: Timestamp, policies: &[Arc<Assessor>]) -> io::Result<Call> {
        let at = own.first_chunk().map(|at| u64::from_le_bytes(*at)).ok_or(io::ErrorKind::UnexpectedEof)?;
        if let Some(shared) = self.held.get(&at) {
            return Ok(Call { shared: Arc::clone(shared), time, own });
        }
        let shared = Arc::new(seen(self.kinds.get(at)?, policies));
        self.held.put(at, Arc::clone(&shared));
        Ok(Call { shared, time, own })
    }
}

fn seen(known: Known, policies: &[Arc<Assessor>]) -> Shared {
    let kinds = policies.iter().map(|policy| policy.kind_of(&known)).collect();
    let principal = &known.event().principal;
    let who = super::tally::named(principal.arn.as_deref(), principal.account.as_deref());
    Shared { known, kinds, who }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_has_of_its_own_is_read_as_it_was_written() {
        let known = |text: &str| {
            let mut records = layerguard_core::cloudtrail::KnownRecords::new(1);
            let mut found = None;
            let _ = layerguard_core::cloudtrail::read_records(text.as_bytes()).next_found(&mut records, |known| {
                found = Some(known);
                Some(())
            });
            found.unwrap()
        };
        let record = r#"{"eventTime":"2026-11-20T09:31:00Z","eventSource":"ecr.amazonaws.com","eventName":"GetAuthorizationToken","eventID":"e-1"}"#;
        let kinds = Kinds::new().unwrap();
        let first = known(record);
        let second = known(&record.replace("\"eventSource\"", "\"awsRegion\":\"eu-central-1\",\"eventSource\""));
        let places = [kinds.put(&first).unwrap(), kinds.put(&second).unwrap()];
        let mut held = Held::new(kinds);
        let time: Timestamp = "2026-11-20T09:31:00Z".parse().unwrap();
        for (shared_id, asked) in [(None, None), (Some("s"), None), (None, Some("sha256:0")), (Some("s"), Some("v1"))] {
            for (at, expected) in places.iter().zip([&first, &second]) {
                let told = Told { time, event_id: "e-2", shared_id, asked };
                let mut own = Vec::new();
                write(&mut own, *at, &told);
                let call = held.call(own, time, &[]).unwrap();
                assert_eq!((call.told(), &call.shared.known), (told, expected));
            }
        }
    }
}
