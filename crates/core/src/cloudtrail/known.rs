//! Records that are like one that came before. A pull of thirty layers is thirty records which differ in their ids, their time and the layer,
//! and the sessions of a day pull the same few things again and again: what such records share is read once.
//!
//! What differs is cut out of the text, and what is left must have been seen before, byte for byte. Then the two records differ in the values of
//! a few members and in nothing else, and those values are plain text. Which members those are is not assumed: a text is learnt with other values
//! in their place, and each must turn up in the event where it is expected.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use jiff::Timestamp;
use lru::LruCache;
use memchr::memchr;
use memchr::memmem::{self, Finder};
use serde::{Deserialize, Serialize};

use super::Event;
use super::envelope::bare as record_of;
use super::field::parse_time;
use super::record::parse;
use crate::call::Call;

/// A text that is longer is no ordinary pull, and is not kept.
const LONGEST: usize = 8 * 1024;
/// No value that is cut out is longer.
const LONGEST_VALUE: usize = 200;

/// A member whose value is cut out.
struct Cut {
    /// What stands before the value, in one form or another.
    before: Vec<Finder<'static>>,
    /// The value that is put in its place when the text is learnt.
    probe: &'static str,
    /// Nothing is cut where it is missing.
    needed: bool,
}

/// What no record has.
const PROBE: &str = "layerguard-probe";
/// What AWS writes in place of a value that it does not show.
const HIDDEN: &[u8] = b"HIDDEN_DUE_TO_SECURITY_REASONS";

const TIME: usize = 0;
const ASKED: usize = 1;
const ID: usize = 3;
const SHARED: usize = 4;
const CUTS: usize = 5;

/// In the order in which CloudTrail writes them. In another order they stay where they are, and no text is like another.
static MEMBERS: LazyLock<[Cut; CUTS]> = LazyLock::new(|| {
    let cut = |before: &[&'static str], probe, needed| Cut {
        before: before.iter().map(|before| Finder::new(*before)).collect(),
        probe,
        needed,
    };
    let asked = ["\"layerDigest\":\"", "\"imageIds\":[{\"imageTag\":\"", "\"imageIds\":[{\"imageDigest\":\""];
    [
        cut(&["\"eventTime\":\""], "2001-02-03T04:05:06Z", true),
        cut(&asked, "layerguard-probe-asked", false),
        cut(&["\"requestID\":\""], "layerguard-probe-request", false),
        cut(&["\"eventID\":\""], "layerguard-probe-id", true),
        cut(&["\"sharedEventID\":\""], "layerguard-probe-shared", false),
    ]
});
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"eventName\":\""));

/// What records that are alike share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The event; its ids, its time and what it asked for are nobody's.
    event: Event,
    dedupe: Dedupe,
}

/// Where copies of such an event have their common id from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Dedupe {
    Own,
    Shared,
    /// It is the same in all of them.
    Fixed,
}

/// What one of them says of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<'a> {
    /// `eventTime`.
    pub time: Timestamp,
    /// `eventID`.
    pub event_id: &'a str,
    /// `sharedEventID`.
    pub shared_id: Option<&'a str>,
    /// The digest of the layer, or tag or digest of the image, that the call asked for.
    pub asked: Option<&'a str>,
}

impl Known {
    /// What they share. Its ids, its time and what it asked for are nobody's.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// The event of one of them: what [`parse`] makes of the whole record.
    #[must_use]
    pub fn event_of(&self, told: &Told<'_>) -> Event {
        let mut event = self.event.clone();
        told.event_id.clone_into(&mut event.event_id);
        self.dedupe_id(told).clone_into(&mut event.dedupe_id);
        event.time = told.time;
        match (&mut event.call, told.asked) {
            (Some(Call::GetDownloadUrlForLayer { layer_digest, .. }), Some(asked)) => {
                *layer_digest = Some(asked.to_owned())
            }
            (Some(Call::BatchGetImage { images, .. }), Some(asked)) => *images = vec![asked.to_owned()],
            _ => {}
        }
        event
    }

    /// What copies of the event share, as [`Event::dedupe_id`].
    #[must_use]
    pub fn dedupe_id<'a>(&'a self, told: &Told<'a>) -> &'a str {
        match self.dedupe {
            Dedupe::Own => told.event_id,
            Dedupe::Shared => told.shared_id.unwrap_or(told.event_id),
            Dedupe::Fixed => &self.event.dedupe_id,
        }
    }
}

/// The texts that are known, up to a number, and what is kept of each; those that were not seen for long are forgotten.
#[derive(Debug)]
pub struct KnownRecords<T> {
    known: LruCache<Box<[u8]>, T, RandomState>,
    rest: Vec<u8>,
    time: (Vec<u8>, Timestamp),
}

/// Where in a record its own values stand.
#[derive(Debug, Clone)]
pub(super) struct Places {
    values: [Option<Range<usize>>; CUTS],
    time: Timestamp,
}

impl Places {
    /// What the record says of its own. `bytes` are those of the record.
    pub(super) fn told<'a>(&self, bytes: &'a [u8]) -> Option<Told<'a>> {
        let value = |at: usize| {
            let range = self.values.get(at)?.clone()?;
            std::str::from_utf8(bytes.get(range)?).ok()
        };
        Some(Told { time: self.time, event_id: value(ID)?, shared_id: value(SHARED), asked: value(ASKED) })
    }
}

impl<T: Clone> KnownRecords<T> {
    /// For so many texts; each takes a kilobyte or two, and what is kept of it.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            known: LruCache::with_hasher(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN), RandomState::default()),
            rest: Vec::new(),
            time: (Vec::new(), Timestamp::UNIX_EPOCH),
        }
    }

    /// A record that is like one that came before, or that others may be like: then `keep` says what is kept of them.
    pub(super) fn find(&mut self, bytes: &[u8], keep: &mut dyn FnMut(Known) -> Option<T>) -> Option<(T, Places)> {
        let places = self.cut(bytes)?;
        if let Some(kept) = self.known.get(self.rest.as_slice()) {
            return Some((kept.clone(), places));
        }
        let kept = keep(learnt(bytes, &self.rest, &places)?)?;
        self.known.put(self.rest.as_slice().into(), kept.clone());
        Some((kept, places))
    }

    /// Cuts the values out; what is left stands in `self.rest`. Whatever the text is: from what is left it can be told where the values stood.
    fn cut(&mut self, bytes: &[u8]) -> Option<Places> {
        if bytes.len() > LONGEST {
            return None;
        }
        self.rest.clear();
        let mut values: [Option<Range<usize>>; CUTS] = Default::default();
        let mut at = 0;
        for (member, slot) in MEMBERS.iter().zip(&mut values) {
            let text = bytes.get(at..)?;
            let behind = |before: &Finder<'_>| before.find(text).map(|found| found + before.needle().len());
            let Some(begin) = member.before.iter().find_map(behind) else {
                if member.needed {
                    return None;
                }
                continue;
            };
            let (before, value) = text.split_at_checked(begin)?;
            let value = value.get(..memchr(b'"', value)?)?;
            if !is_plain(value) {
                return None;
            }
            self.rest.extend_from_slice(before);
            let begin = at + before.len();
            at = begin + value.len();
            *slot = Some(begin..at);
        }
        self.rest.extend_from_slice(bytes.get(at..)?);
        let time = self.time_of(bytes.get(values.get(TIME)?.clone()?)?)?;
        Some(Places { values, time })
    }

    /// As [`parse_time`] reads it. Records that are alike come many in a second.
    fn time_of(&mut self, text: &[u8]) -> Option<Timestamp> {
        if self.time.0 != text {
            let is_utc = text.len() == "2001-02-03T04:05:06Z".len() && text.ends_with(b"Z");
            let time = parse_time(std::str::from_utf8(text).ok().filter(|_| is_utc)?).ok()?;
            self.time = (text.to_vec(), time);
        }
        Some(self.time.1)
    }
}

/// Text that stands for itself in JSON, and says something.
fn is_plain(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=LONGEST_VALUE).contains(&value.len()) && value.iter().all(is_plain) && value != HIDDEN
}

/// Calls that come often.
const OFTEN: [&[u8]; 3] = [b"GetDownloadUrlForLayer", b"BatchGetImage", b"GetAuthorizationToken"];

/// What records with this rest share; `None` where they are to be parsed one by one.
fn learnt(bytes: &[u8], rest: &[u8], places: &Places) -> Option<Known> {
    let name = rest.get(NAME.find(rest)? + NAME.needle().len()..)?;
    if !OFTEN.contains(&name.get(..memchr(b'"', name)?)?) || memmem::find(bytes, PROBE.as_bytes()).is_some() {
        return None;
    }
    let record = serde_json::from_str(&probed(bytes, places)?).ok()?;
    let event = record_of(&record).and_then(|record| parse(record).ok())?;
    let put =
        |at: usize| MEMBERS.get(at).filter(|_| places.values.get(at).is_some_and(Option::is_some)).map(|cut| cut.probe);
    let asked = match &event.call {
        Some(Call::GetDownloadUrlForLayer { layer_digest, .. }) => {
            layer_digest.as_deref().filter(|asked| asked.starts_with(PROBE))
        }
        Some(Call::BatchGetImage { images, .. }) => match images.as_slice() {
            [only] => Some(only.as_str()).filter(|asked| asked.starts_with(PROBE)),
            several if several.iter().any(|asked| asked.starts_with(PROBE)) => return None,
            _ => None,
        },
        Some(Call::GetAuthorizationToken { .. }) => put(ASKED),
        _ => return None,
    };
    if asked != put(ASKED) || Some(event.event_id.as_str()) != put(ID) || event.time != parse_time(put(TIME)?).ok()? {
        return None;
    }
    let dedupe = match event.dedupe_id.as_str() {
        id if Some(id) == put(ID) => Dedupe::Own,
        id if Some(id) == put(SHARED) => Dedupe::Shared,
        _ => Dedupe::Fixed,
    };
    Some(Known { event, dedupe })
}

/// The text with other values in place of its own.
fn probed(bytes: &[u8], places: &Places) -> Option<String> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (member, value) in MEMBERS.iter().zip(&places.values) {
        let Some(value) = value else { continue };
        text.extend_from_slice(bytes.get(at..value.start)?);
        text.extend_from_slice(member.probe.as_bytes());
        at = value.end;
    }
    text.extend_from_slice(bytes.get(at..)?);
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests;
