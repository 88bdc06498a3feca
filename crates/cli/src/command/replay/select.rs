//! Which files are read: paths, globs and folders, without those that CloudTrail's folder layout tells to be about something else.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use walkdir::WalkDir;

use crate::command::explain::{shown, told};
use crate::failure::Failure;

/// Delivery may be late: a file delivered so long after the end of the time that is asked for may still hold events of it.
const LATE: SignedDuration = SignedDuration::from_hours(48);
/// How far back what is reported may rest on: the longest that a trace of a call is kept ([`layerguard_core::history::Trace::kept_for`]).
const HISTORY: SignedDuration = SignedDuration::from_hours(36);

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(in crate::command) struct Wanted {
    /// At or after this.
    pub(super) since: Option<Timestamp>,
    /// Before this.
    pub(super) until: Option<Timestamp>,
    /// These accounts' trails; all when empty.
    pub(super) accounts: BTreeSet<String>,
    /// These regions; all when empty.
    pub(super) regions: BTreeSet<String>,
}

impl Wanted {
    /// Whether an event is to be reported.
    pub(super) fn reports(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    /// Whether an event of this account's trail and region is looked at at all. What a record does not say excludes it from nothing.
    pub(super) fn reads(&self, account: Option<&str>, region: Option<&str>) -> bool {
        let within = |set: &BTreeSet<String>, value: Option<&str>| {
            set.is_empty() || value.is_none_or(|value| set.contains(value))
        };
        within(&self.accounts, account) && within(&self.regions, region)
    }

    /// Whether a file or folder below CloudTrail's `AWSLogs` may hold what is asked for.
    fn may_hold(&self, path: &Path) -> bool {
        let layout = Layout::of(path);
        self.reads(layout.account.as_deref(), layout.region.as_deref()) && self.is_in_time(&layout)
    }

    /// The folders are of the day of delivery, in UTC, which is never before the events. What came before is read for the history.
    fn is_in_time(&self, layout: &Layout) -> bool {
        let Some((first, last)) = layout.days() else { return true };
        let day =
            |at: Timestamp, by: SignedDuration| at.checked_add(by).ok().map(|at| at.to_zoned(TimeZone::UTC).date());
        let early = self.since.and_then(|since| day(since, -HISTORY));
        let late = self.until.and_then(|until| day(until, LATE));
        late.is_none_or(|late| first <= late) && early.is_none_or(|early| last >= early)
    }
}

/// What `.../AWSLogs/[o-.../]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/...` says, as far as the path reaches.
#[derive(Debug, Default, PartialEq, Eq)]
struct Layout {
    account: Option<String>,
    region: Option<String>,
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
}

impl Layout {
    fn of(path: &Path) -> Self {
        let mut parts = path.components().filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        if !parts.any(|part| part == "AWSLogs") {
            return Self::default();
        }
        let mut parts = parts.skip_while(|part| part.starts_with("o-")).fuse();
        let account = parts.next().filter(|part| is_account(part)).map(str::to_owned);
        if account.is_none() || parts.next().is_none_or(|part| part != "CloudTrail") {
            return Self { account, ..Self::default() };
        }
        Self {
            account,
            region: parts.next().filter(|part| is_region(part)).map(str::to_owned),
            year: parts.next().and_then(|part| part.parse().ok()),
            month: parts.next().and_then(|part| part.parse().ok()),
            day: parts.next().and_then(|part| part.parse().ok()),
        }
    }

    /// The first and the last day that it may be about.
    fn days(&self) -> Option<(Date, Date)> {
        let year = self.year?;
        let first = Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()?;
        let last = match (self.month, self.day) {
            (Some(_), Some(_)) => first,
            (Some(_), None) => first.last_of_month(),
            (None, _) => first.last_of_year(),
        };
        Some((first, last))
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    text.split('-').count() >= 3 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// The files that the arguments name, in order of their names: a path as it is, what a glob matches, and what is in a folder and may
/// hold what is asked for.
///
/// # Errors
/// When a glob cannot be understood or matches nothing.
pub(in crate::command) fn files<'a>(
    paths: &'a [PathBuf],
    wanted: &'a Wanted,
) -> Result<impl Iterator<Item = Result<PathBuf, Unlisted>> + Send + 'a, Failure> {
    let mut roots = Vec::new();
    for path in paths {
        roots.extend(expanded(path)?);
    }
    Ok(roots.into_iter().flat_map(move |root| below(root, wanted)))
}

/// A folder or file that could not be listed.
#[derive(Debug)]
pub(in crate::command) struct Unlisted {
    /// What messages call it.
    pub(in crate::command) name: String,
    /// Why.
    pub(in crate::command) error: std::io::Error,
}

fn expanded(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = path.to_string_lossy();
    if path.as_os_str() == "-" || path.exists() || !text.contains(['*', '?', '[']) {
        return Ok(vec![path.to_owned()]);
    }
    let matches = glob::glob(&text)
        .map_err(|error| Failure::usage(format!("could not understand the glob `{}`", shown(path))).because(&error))?;
    let found: Vec<PathBuf> = matches.filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(Failure::usage(format!("the glob `{}` matches nothing", shown(path)))
            .remedy("relative paths count from the current folder"));
    }
    Ok(found)
}

fn below(root: PathBuf, wanted: &Wanted) -> Box<dyn Iterator<Item = Result<PathBuf, Unlisted>> + Send + '_> {
    if !root.is_dir() {
        return Box::new(std::iter::once(Ok(root)));
    }
    let walk = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    let entries =
        walk.filter_entry(|entry| entry.depth() == 0 || (!is_hidden(entry.path()) && wanted.may_hold(entry.path())));
    Box::new(entries.filter_map(|entry| match entry {
        Ok(entry) => (entry.file_type().is_file() && is_log(entry.path())).then(|| Ok(entry.into_path())),
        Err(error) => Some(Err(Unlisted {
            name: error.path().map_or_else(|| "a folder".to_owned(), shown),
            error: told(
                error.into_io_error().unwrap_or_else(|| std::io::Error::other("a link leads back to its own folder")),
            ),
        })),
    }))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

/// By its name: digests of CloudTrail and what else lies about in a folder are not read.
fn is_log(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let is_digest = path.components().any(|part| part.as_os_str() == "CloudTrail-Digest");
    !is_digest && [".json", ".jsonl", ".ndjson", ".csv"].iter().any(|end| plain.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(since: &str, until: &str) -> Wanted {
        Wanted { since: since.parse().ok(), until: until.parse().ok(), ..Wanted::default() }
    }

    #[test]
    fn the_layout_is_read_as_far_as_it_reaches() {
        let of = |text: &str| Layout::of(Path::new(text));
        let whole = of("x/AWSLogs/o-exampleorgid/111122223333/CloudTrail/eu-central-1/2026/11/20/a.json.gz");
        assert_eq!(whole.account.as_deref(), Some("111122223333"));
        assert_eq!((whole.region.as_deref(), whole.year, whole.day), (Some("eu-central-1"), Some(2026), Some(20)));
        assert_eq!(of("x/AWSLogs/111122223333/CloudTrail/eu-central-1/2026").month, None);
        assert_eq!(of("trail/2026/11/20/a.json"), Layout::default());
        assert_eq!(of("AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2026").region, None);
    }

    #[test]
    fn folders_outside_of_the_time_are_not_opened() {
        let of = wanted("2026-11-10T00:00:00Z", "2026-11-20T00:00:00Z");
        let holds = |day: &str| of.may_hold(Path::new(&format!("AWSLogs/111122223333/CloudTrail/eu-central-1/{day}")));
        assert!(holds("2026") && holds("2026/11") && holds("2026/11/10") && holds("2026/11/20"));
        assert!(holds("2026/11/09"), "what came before is read for the history");
        assert!(holds("2026/11/21"), "delivery may be late");
        assert!(!holds("2026/11/07") && !holds("2026/11/25") && !holds("2026/10") && !holds("2025"));
    }

    #[test]
    fn other_accounts_and_regions_are_not_opened() {
        let of = Wanted {
            accounts: BTreeSet::from(["111122223333".to_owned()]),
            regions: BTreeSet::from(["eu-central-1".to_owned()]),
            ..Wanted::default()
        };
        assert!(of.may_hold(Path::new("AWSLogs")));
        assert!(of.may_hold(Path::new("AWSLogs/111122223333/CloudTrail/eu-central-1/2026")));
        assert!(!of.may_hold(Path::new("AWSLogs/444455556666")));
        assert!(!of.may_hold(Path::new("AWSLogs/111122223333/CloudTrail/us-east-1")));
        assert!(of.may_hold(Path::new("somewhere/else.json")));
    }

    #[test]
    fn files_come_in_order_and_digests_stay_out() {
        let folder = tempfile::tempdir().unwrap();
        let trail = folder.path().join("AWSLogs/111122223333");
        for (below, name) in [
            ("CloudTrail/eu-central-1/2026/11/20", "b.json.gz"),
            ("CloudTrail/eu-central-1/2026/11/20", "a.json.gz"),
            ("CloudTrail/eu-central-1/2026/11/20", "notes.txt"),
            ("CloudTrail/eu-central-1/2026/11/20", ".hidden.json"),
            ("CloudTrail-Digest/eu-central-1/2026/11/20", "d.json.gz"),
        ] {
            std::fs::create_dir_all(trail.join(below)).unwrap();
            std::fs::write(trail.join(below).join(name), b"").unwrap();
        }
        let (paths, all) = ([folder.path().to_owned()], Wanted::default());
        let names: Vec<String> = files(&paths, &all)
            .unwrap()
            .map(|file| file.unwrap().file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["a.json.gz", "b.json.gz"]);
        assert!(files(&[folder.path().join("*.nothing")], &all).is_err());
    }
}
