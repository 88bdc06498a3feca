//! Records that are like one that came before. A pull of thirty layers is thirty records which differ in their ids, their time and the layer,
//! and the sessions of a day pull the same few things again and again: what such records share is read once.
//!
//! What differs is cut out of the text, and what is left must have been seen before, byte for byte. Then the two records differ in the values of
//! a few members and in nothing else, and those values are plain text. What those members do to an event is not assumed: when a text is
//! learnt, it is read a second time with other values in their place, and the event must be the one that is expected.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;
use jiff::Timestamp;
use memchr::memchr;
use memchr::memmem::{self, Finder};
use serde::{Deserialize, Serialize};

use super::field::parse_time;
use super::record::parse;
use super::{Event, PrincipalKind};
use crate::call::Call;

/// A text that is longer is no ordinary pull, and is not kept.
const LONGEST: usize = 8 * 1024;
/// No value that is cut out is longer.
const LONGEST_VALUE: usize = 200;

/// A member whose value is cut out.
struct Cut {
    /// What stands before the value.
    before: Finder<'static>,
    /// How the value begins; anything else is left where it is.
    begins: &'static [u8],
    /// The value that is put in its place when the text is learnt.
    probe: &'static str,
    /// Nothing is cut where it is missing.
    needed: bool,
}

/// What no record has.
const PROBE: &str = "layerguard-probe";

const TIME: usize = 0;
const LAYER: usize = 1;
const ID: usize = 3;
const SHARED: usize = 4;
const CUTS: usize = 5;

/// In the order in which CloudTrail writes them. In another order they stay where they are, and no text is like another.
static MEMBERS: LazyLock<[Cut; CUTS]> = LazyLock::new(|| {
    let cut = |before: &'static str, begins: &'static str, probe, needed| Cut {
        before: Finder::new(before),
        begins: begins.as_bytes(),
        probe,
        needed,
    };
    [
        cut("\"eventTime\":\"", "", "2001-02-03T04:05:06Z", true),
        cut("\"layerDigest\":\"", "sha256:", "sha256:layerguard-probe", false),
        cut("\"requestID\":\"", "", "layerguard-probe-request", false),
        cut("\"eventID\":\"", "", "layerguard-probe-id", true),
        cut("\"sharedEventID\":\"", "", "layerguard-probe-shared", false),
    ]
});

/// What records that are alike share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The event; its ids, its time and its layer are nobody's.
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
    /// The digest of the layer that the call asked for.
    pub layer: Option<&'a str>,
}

impl Known {
    /// What they share. Its ids, its time and its layer are nobody's.
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
        if let (Some(Call::GetDownloadUrlForLayer { layer_digest, .. }), Some(layer)) = (&mut event.call, told.layer) {
            *layer_digest = Some(layer.to_owned());
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

/// The texts that are known, up to a number; those that were not seen for long are forgotten.
#[derive(Debug)]
pub struct KnownRecords {
    recent: HashMap<Box<[u8]>, Arc<Known>, RandomState>,
    before: HashMap<Box<[u8]>, Arc<Known>, RandomState>,
    most: usize,
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
        Some(Told { time: self.time, event_id: value(ID)?, shared_id: value(SHARED), layer: value(LAYER) })
    }
}

impl KnownRecords {
    /// For about so many texts; each takes some kilobytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            recent: HashMap::default(),
            before: HashMap::default(),
            most: most.div_ceil(2).max(1),
            rest: Vec::new(),
            time: (Vec::new(), Timestamp::UNIX_EPOCH),
        }
    }

    /// Whether calls of this name may be learnt: those that come often.
    pub(super) fn may_hold(name: &str) -> bool {
        ["GetDownloadUrlForLayer", "BatchGetImage", "GetAuthorizationToken"].contains(&name)
    }

    /// A record that is like one that was learnt.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<(Arc<Known>, Places)> {
        let places = self.cut(bytes)?;
        if let Some(known) = self.recent.get(self.rest.as_slice()) {
            return Some((Arc::clone(known), places));
        }
        let (rest, known) = self.before.remove_entry(self.rest.as_slice())?;
        self.keep(rest, Arc::clone(&known));
        Some((known, places))
    }

    /// Learns a record that is not known, of which `event` is what [`parse`] made.
    pub(super) fn learn(&mut self, bytes: &[u8], event: &Event) -> Option<(Arc<Known>, Places)> {
        if !may_be_learnt(event) || memmem::find(bytes, PROBE.as_bytes()).is_some() {
            return None;
        }
        let places = self.cut(bytes)?;
        let known = probe(bytes, &places)?;
        if known.event_of(&places.told(bytes)?) != *event {
            return None;
        }
        let known = Arc::new(known);
        self.keep(self.rest.as_slice().into(), Arc::clone(&known));
        Some((known, places))
    }

    fn keep(&mut self, rest: Box<[u8]>, known: Arc<Known>) {
        if self.recent.len() >= self.most {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(rest, known);
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
            let Some(found) = member.before.find(text) else {
                if member.needed {
                    return None;
                }
                continue;
            };
            let (before, value) = text.split_at_checked(found + member.before.needle().len())?;
            let value = value.get(..memchr(b'"', value)?)?;
            if !is_plain(value) || !value.starts_with(member.begins) {
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
    (1..=LONGEST_VALUE).contains(&value.len()) && value.iter().all(is_plain)
}

/// Those that come often.
fn may_be_learnt(event: &Event) -> bool {
    let often = matches!(
        event.call,
        Some(Call::GetDownloadUrlForLayer { .. } | Call::BatchGetImage { .. } | Call::GetAuthorizationToken { .. })
    );
    often && event.principal.kind != PrincipalKind::Unknown
}

/// What is left of the record when its own values are others.
fn probe(bytes: &[u8], places: &Places) -> Option<Known> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (member, value) in MEMBERS.iter().zip(&places.values) {
        let Some(value) = value else { continue };
        text.extend_from_slice(bytes.get(at..value.start)?);
        text.extend_from_slice(member.probe.as_bytes());
        at = value.end;
    }
    text.extend_from_slice(bytes.get(at..)?);
    let event = parse(&serde_json::from_slice(&text).ok()?).ok()?;
    let put = |at: usize| MEMBERS.get(at).map(|member| member.probe);
    let layer_is_put = match &event.call {
        Some(Call::GetDownloadUrlForLayer { layer_digest, .. }) if places.values.get(LAYER)?.is_some() => {
            layer_digest.as_deref() == put(LAYER)
        }
        _ => true,
    };
    if !layer_is_put || event.event_id != put(ID)? || event.time != parse_time(put(TIME)?).ok()? {
        return None;
    }
    let dedupe = match event.dedupe_id.as_str() {
        id if Some(id) == put(ID) => Dedupe::Own,
        id if Some(id) == put(SHARED) => Dedupe::Shared,
        _ => Dedupe::Fixed,
    };
    Some(Known { event, dedupe })
}

#[cfg(test)]
mod tests;
