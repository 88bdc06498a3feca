//! What reconciling an hour of a trail came to: the proof of absence.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::RECONCILE_PREFIX;
use crate::reconcile::{Digest, Missed, Place, Standing};

/// One hour of one account and region, as the trail's files have it against what was assessed. Every event is counted once:
/// `seen` is the sum of the four counts after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// The account whose trail it is.
    pub account: String,
    /// The region.
    pub region: String,
    /// First moment of the hour, by the events' times.
    pub hour: Timestamp,
    /// Events in the files that the rules hear and the policy judges.
    pub seen: u64,
    /// Those that were assessed by themselves.
    pub assessed: u64,
    /// Those that had not been received: reconciling ran them, and they are assessed now.
    pub recovered: u64,
    /// Those that were run, or are about to be, and have no record yet.
    pub failed: u64,
    /// Those that wait for a later run, because one run takes so many and no more.
    pub waiting: u64,
    /// The first of those that were recovered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovered_events: Vec<Missed>,
    /// All that were run and have no record yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_events: Vec<Missed>,
    /// From the call to the record of its assessment, recovered ones included; `None` where nothing was assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessed_after: Option<Digest>,
    /// From the call to the delivery of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_after: Option<Digest>,
    /// How each rule of the stack stood in this hour.
    pub rules: BTreeMap<String, Standing>,
    /// Files that were read: those delivered in the hour or shortly after it, and later ones with events of it.
    pub files: u64,
    /// How many of them could not be read whole.
    pub unreadable: u64,
    /// The first of those, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable_files: Vec<UnreadableFile>,
}

/// A file that could not be read whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableFile {
    /// Its key in the bucket. Whoever may write there chooses it: escape it always.
    pub key: String,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl Reconciliation {
    /// Nothing is missing and nothing was unreadable.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.failed == 0 && self.waiting == 0 && self.unreadable == 0
    }

    /// The counts add up.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let parts = [self.assessed, self.recovered, self.failed, self.waiting];
        let named = u64::try_from(self.failed_events.len()).unwrap_or(u64::MAX);
        parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part)) == Some(self.seen) && named == self.failed
    }

    /// The chain in which it is recorded.
    #[must_use]
    pub fn chain(&self) -> String {
        reconcile_chain(&Place { account: self.account.clone(), region: self.region.clone() }, self.hour)
    }
}

/// The chain of what reconciling came to, for one account, region and day: `reconcile#<account>#<region>#<day>`.
#[must_use]
pub fn reconcile_chain(place: &Place, hour: Timestamp) -> String {
    let day = hour.to_zoned(TimeZone::UTC).date();
    format!("{RECONCILE_PREFIX}{}#{}#{day}", place.account, place.region)
}
