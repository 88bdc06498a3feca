//! Reads the files of some hours and asks which of their events have a record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::hour::later;
use super::layout::{delivered, from_moment, is_log, of_day};
use super::rules::{PULLS, States, expected, rules};
use super::{
    Change, Delivery, Desk, Heard, Hour, Listener, Missed, Place, Reading, ReconcileError, Standing, standings,
};
use crate::audit::body::UnreadableFile;
use crate::audit::call_chain;

/// The most that a file may hold as it is stored. CloudTrail's are a few megabytes.
const MOST_STORED: u64 = 128 << 20;

/// So many events are asked about at once: what one request takes.
const AT_ONCE: usize = 100;

/// The most that one execution of triage takes, in bytes, with some room (AWS facts, section 9).
const MOST_EVENT: usize = 250_000;

/// A file that was delivered so long after an hour may still hold the usual events of it.
const USUAL: SignedDuration = SignedDuration::from_mins(30);

/// Files up to now were asked for, if the end of the time is no longer ago than this.
const MOMENT: SignedDuration = SignedDuration::from_mins(1);

/// So many files that cannot be read are named.
const NAMED: usize = 20;

/// What is to be surveyed.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Where the trail delivers.
    pub delivery: &'a Delivery,
    /// Whose events.
    pub place: &'a Place,
    /// The hours, oldest first.
    pub hours: &'a [Hour],
    /// Files that were delivered until then are read.
    pub until: Timestamp,
    /// Hours that are done, with the delivery up to which their files were read.
    pub covered: &'a BTreeMap<Hour, Timestamp>,
    /// At most so many missing events are kept to be run.
    pub most: usize,
}

/// How far a survey is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked<'a> {
    /// The file that is read now.
    pub key: &'a str,
    /// Files that were read before.
    pub files: u64,
}

/// What the files say against what was assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Whose events.
    pub place: Place,
    /// Each wanted hour.
    pub hours: BTreeMap<Hour, Seen>,
    /// Hours that were done and of which events came later.
    pub late: BTreeSet<Hour>,
    /// Files that were delivered until then were read.
    pub until: Timestamp,
    /// How many files were read in all.
    pub files: u64,
}

/// One hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the duplicates of each event share.
    pub(super) ids: BTreeSet<String>,
    /// Events that have their record.
    pub(super) found: u64,
    /// Seconds from the call to its record.
    pub(super) assessed_after: Vec<u64>,
    /// Seconds from the call to the delivery of its file.
    pub(super) delivered_after: Vec<u64>,
    /// Events without a record that are to be run, by what duplicates share.
    pub(super) missing: BTreeMap<String, Missing>,
    /// The others without a record.
    pub(super) waiting: BTreeSet<String>,
    /// Files of the hour.
    pub(super) files: u64,
    /// Files of the hour that could not be read whole.
    pub(super) unreadable: u64,
    pub(super) unreadable_files: Vec<UnreadableFile>,
    pub(super) rules: BTreeMap<String, Standing>,
}

/// An event without a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) event: Missed,
    /// As it would have been delivered; `None` where it is larger than what triage takes.
    pub(super) text: Option<String>,
    /// It was run, and has its record now.
    pub(super) judged: bool,
}

impl Seen {
    /// How many events have no record.
    #[must_use]
    pub fn absent(&self) -> u64 {
        count(self.missing.values().filter(|missing| !missing.judged).count() + self.waiting.len())
    }

    /// How many events there are.
    #[must_use]
    pub fn seen(&self) -> u64 {
        count(self.ids.len())
    }
}

pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Desk<'_> {
    /// Reads the files and compares. `looked` is told of each file before it is read. Writes and runs nothing.
    ///
    /// # Errors
    /// When the files cannot be listed, none is there, or it cannot be told what was assessed. A file that cannot be read is no error: it
    /// is named.
    pub async fn survey(
        &self,
        wanted: &Wanted<'_>,
        mut looked: impl FnMut(Looked<'_>),
    ) -> Result<Survey, ReconcileError> {
        // Whoever asks took the time a moment ago.
        let up_to_now = later(wanted.until, MOMENT) >= self.clock.now();
        let (mut states, mut pulls) = (States::new(), None);
        for rule in rules() {
            let name = format!("{}-{}", self.stack, rule.name);
            let now = self.rules.rule_state(&name).await.map_err(ReconcileError::Rules)?;
            if rule.name == PULLS {
                pulls = now.as_ref().and_then(|now| serde_json::from_str::<Value>(now.pattern.as_deref()?).ok());
            }
            states.insert(rule.name.clone(), now.map(|now| now.state));
        }
        let expected = expected(&states);
        let listener = Listener { policy: self.policy, rules: &expected, pulls: pulls.as_ref() };
        let mut survey = Survey {
            place: wanted.place.clone(),
            hours: wanted.hours.iter().map(|hour| (*hour, Seen::default())).collect(),
            late: BTreeSet::new(),
            until: wanted.until,
            files: 0,
        };
        let mut changes = Vec::new();
        let Some(first) = wanted.hours.first().map(|hour| hour.start()) else { return Ok(survey) };
        for above in self.above(wanted).await? {
            for day in days(first, wanted.until) {
                let folder = of_day(&above, wanted.place, day);
                let mut after = from_moment(&folder, wanted.place, first);
                loop {
                    let keys = self.files.keys(&folder, &after).await.map_err(ReconcileError::Files)?;
                    let Some(last) = keys.last() else { break };
                    after.clone_from(last);
                    for key in keys.iter().filter(|key| is_wanted(key, first, wanted.until)) {
                        looked(Looked { key, files: survey.files });
                        changes.extend(self.file(key, wanted, &mut survey, listener).await?);
                    }
                }
            }
        }
        for (hour, seen) in &mut survey.hours {
            seen.rules = standings(self.stack, *hour, &states, &changes, up_to_now);
        }
        Ok(survey)
    }

    /// The folders that have one of the account: the trail's own, and that of an organisation.
    async fn above(&self, wanted: &Wanted<'_>) -> Result<Vec<String>, ReconcileError> {
        let root = wanted.delivery.root();
        let mut found = Vec::new();
        let folders = self.files.folders(&root).await.map_err(ReconcileError::Files)?;
        for organization in folders.iter().filter(|name| name.starts_with("o-")) {
            let folder = format!("{root}{organization}/");
            let members = self.files.folders(&folder).await.map_err(ReconcileError::Files)?;
            if members.contains(&wanted.place.account) {
                found.push(folder);
            }
        }
        if folders.contains(&wanted.place.account) {
            found.push(root);
        }
        if found.is_empty() {
            let (root, account) = (wanted.delivery.to_string(), wanted.place.account.clone());
            return Err(ReconcileError::NothingThere { root, account });
        }
        Ok(found)
    }

    /// Reads one file; answers with the changes of rules in it.
    async fn file(
        &self,
        key: &str,
        wanted: &Wanted<'_>,
        survey: &mut Survey,
        listener: Listener<'_>,
    ) -> Result<Vec<Change>, ReconcileError> {
        survey.files = survey.files.saturating_add(1);
        let mut touched = BTreeSet::new();
        let content = match self.files.content(key, MOST_STORED).await {
            Ok(content) => content,
            Err(error) => {
                survey.count_file(key, &touched, &[error.to_string()]);
                return Ok(Vec::new());
            }
        };
        let mut reading = Reading::begin(key, &content, listener);
        loop {
            let mut some = Vec::new();
            while some.len() < AT_ONCE
                && let Some(heard) = reading.next_heard()
            {
                touched.insert(heard.hour());
                some.extend(survey.takes(heard, key, wanted.covered));
            }
            if some.is_empty() {
                break;
            }
            let chains: Vec<String> = some.iter().map(|heard| call_chain(&heard.missed.dedupe_id)).collect();
            let assessed = self.calls.assessed(&chains).await.map_err(ReconcileError::Calls)?;
            for heard in some {
                let at = assessed.get(&call_chain(&heard.missed.dedupe_id));
                survey.compare(heard, at.copied(), wanted.most);
            }
        }
        survey.count_file(key, &touched, &reading.problems);
        Ok(reading.changes)
    }
}

/// The days in whose folders files of this time are.
fn days(from: Timestamp, until: Timestamp) -> Vec<Date> {
    let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    let mut days = vec![day(from)];
    while let Some(last) = days.last().filter(|last| **last < day(until)) {
        match last.tomorrow() {
            Ok(next) => days.push(next),
            Err(_) => break,
        }
    }
    days
}

/// A file that does not say when it was delivered is read.
fn is_wanted(key: &str, from: Timestamp, until: Timestamp) -> bool {
    is_log(key) && delivered(key).is_none_or(|at| at >= from && at <= until)
}

impl Survey {
    /// The event if it is of a wanted hour and was not met before. Of an hour that is done it is noted that something came late.
    fn takes(&mut self, heard: Heard, key: &str, covered: &BTreeMap<Hour, Timestamp>) -> Option<Heard> {
        let hour = heard.hour();
        let Some(seen) = self.hours.get_mut(&hour) else {
            if covered.get(&hour).is_some_and(|until| delivered(key).is_none_or(|at| at > *until)) {
                self.late.insert(hour);
            }
            return None;
        };
        seen.ids.insert(heard.missed.dedupe_id.clone()).then_some(heard)
    }

    fn compare(&mut self, heard: Heard, assessed_at: Option<Timestamp>, most: usize) {
        let kept: usize = self.hours.values().map(|seen| seen.missing.len()).sum();
        let Some(seen) = self.hours.get_mut(&heard.hour()) else { return };
        seen.delivered_after.extend(heard.delivered_after);
        let event = heard.missed;
        match assessed_at {
            Some(at) => {
                seen.found = seen.found.saturating_add(1);
                seen.assessed_after.push(seconds(event.time, at));
            }
            None if kept < most => {
                let text = Some(heard.event).filter(|text| text.len() <= MOST_EVENT);
                seen.missing.insert(event.dedupe_id.clone(), Missing { event, text, judged: false });
            }
            None => {
                seen.waiting.insert(event.dedupe_id);
            }
        }
    }

    /// Counts a file for the hours that it is of: those in which or shortly after which it was delivered, and those with events in it.
    fn count_file(&mut self, key: &str, touched: &BTreeSet<Hour>, problems: &[String]) {
        let at = delivered(key);
        for (hour, seen) in &mut self.hours {
            let usual = at.is_none_or(|at| at >= hour.start() && at < later(hour.end(), USUAL));
            // What cannot be read may hold late events of any hour before.
            let may_hold = !problems.is_empty() && at.is_none_or(|at| at >= hour.start());
            if !usual && !may_hold && !touched.contains(hour) {
                continue;
            }
            seen.files = seen.files.saturating_add(1);
            if problems.is_empty() {
                continue;
            }
            seen.unreadable = seen.unreadable.saturating_add(1);
            if seen.unreadable_files.len() < NAMED {
                seen.unreadable_files.push(UnreadableFile { key: key.to_owned(), reasons: problems.to_vec() });
            }
        }
    }
}

pub(super) fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second().saturating_sub(from.as_second())).unwrap_or_default()
}
