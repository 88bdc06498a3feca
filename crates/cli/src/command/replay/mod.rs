//! `replay`: a month or a year of logs through the detection of the deployed chain, and what would have come of it.
//!
//! Two passes. The first reads the files, several at a time, passes over what nobody watches without parsing it, and keeps the watched
//! calls in order of their time, on disk where they are many. The second assesses them in that order with a history that forgets what
//! can matter no more. So memory grows neither with the logs nor with their number.

mod ahead;
mod compare;
mod coverage;
pub(in crate::command) mod export;
pub(crate) mod incidents;
mod intake;
mod kinds;
mod progress;
pub(crate) mod report;
pub(in crate::command) mod select;
mod side;
mod sorted;
pub(crate) mod tally;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use foldhash::quality::RandomState;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::assess::Assessor;
use layerguard_core::cloudtrail::Event;

use self::ahead::{Calls, Next, Watched};
use self::compare::Comparison;
use self::kinds::Kinds;
use self::report::Report;
use self::select::Wanted;
use self::side::Side;
use self::sorted::Sorted;
use super::explain::policy;
use crate::args::{ReplayArgs, ReplayFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// What other calls say is taken note of so far ahead: the copies of one call may differ by seconds.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// Replays the files.
///
/// # Errors
/// When the inventory, the policy or a temporary file cannot be used. What cannot be read of the files is told on the way.
pub async fn run(args: &ReplayArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let assessor = policy::assessor(args.inventory.as_deref(), args.policy.as_deref(), screen)?;
    let other = args.compare.as_deref().map(|folder| other(folder, args, screen)).transpose()?;
    let now = Timestamp::now();
    let wanted = Wanted {
        since: args.since.map(|since| since.from(now)),
        until: args.until.map(|until| until.until(now)),
        accounts: args.account.iter().cloned().collect(),
        regions: args.region.iter().cloned().collect(),
    };
    let jobs =
        args.jobs.map_or_else(|| thread::available_parallelism().map_or(1, NonZeroUsize::get), NonZeroUsize::get);
    let bar = progress::over(&args.paths, &wanted);
    let (read, sorted, kinds) = intake::read(&args.paths, &wanted, jobs, &bar, screen)?;
    bar.finish_and_clear();
    let mut sweep = Sweep {
        side: Side::new(assessor),
        other: other.map(|assessor| (Side::new(assessor), Comparison::default())),
        wanted,
        records: args.format == ReplayFormat::Records,
        seen: Recent::default(),
        copies: 0,
        left_out: 0,
    };
    sweep.run(sorted, kinds, jobs, screen).await?;
    let report = Report::of(
        read,
        sweep.copies,
        sweep.left_out,
        &sweep.side,
        sweep.other.as_ref().map(|(side, comparison)| (side, comparison)),
    );
    match args.format {
        ReplayFormat::Table => screen.replayed(&report)?,
        ReplayFormat::Html => screen.replayed_as_page(&report)?,
        ReplayFormat::Json => screen.json_line(&report)?,
        ReplayFormat::Records => {}
    }
    Ok(if read.unreadable > 0 { Exit::Unreachable } else { Exit::Done })
}

/// What two policies find in the same logs.
pub struct Between {
    /// What changes from the first to the second; where there is one policy, what it finds.
    pub(crate) report: Report,
    /// The most incidents of one day that the second has more than the first, and the day.
    pub most_new: Option<(String, u64)>,
    /// So much could not be read.
    pub unreadable: u64,
}

impl Between {
    /// Whoever would have to be listed, as text for an inventory.
    #[must_use]
    pub fn proposal(&self) -> &str {
        &self.report.coverage.proposal
    }
}

/// Replays logs by two policies, or by one where no other is known.
///
/// # Errors
/// When a temporary file cannot be used. What cannot be read of the logs is told on the way.
pub(crate) async fn between(
    paths: &[PathBuf],
    old: Option<Assessor>,
    new: Assessor,
    screen: &mut Screen,
) -> Result<Between, Failure> {
    let wanted = Wanted { since: None, until: None, accounts: BTreeSet::new(), regions: BTreeSet::new() };
    let jobs = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let bar = progress::over(paths, &wanted);
    let (read, sorted, kinds) = intake::read(paths, &wanted, jobs, &bar, screen)?;
    bar.finish_and_clear();
    let (here, other) = match old {
        Some(old) => (old, Some((Side::new(new), Comparison::default()))),
        None => (new, None),
    };
    let (seen, side) = (Recent::default(), Side::new(here));
    let mut sweep = Sweep { side, other, wanted, records: false, seen, copies: 0, left_out: 0 };
    sweep.run(sorted, kinds, jobs, screen).await?;
    let other = sweep.other.as_ref().map(|(side, comparison)| (side, comparison));
    let report = Report::of(read, sweep.copies, sweep.left_out, &sweep.side, other);
    let before = |date| sweep.side.tally.days.get(date).map_or(0, |day| day.incidents);
    let days = other.map_or(&sweep.side.tally.days, |(side, _)| &side.tally.days).iter();
    let more =
        days.map(|(date, day)| (date, day.incidents.saturating_sub(if other.is_some() { before(date) } else { 0 })));
    let most_new = more.max_by_key(|(_, new)| *new).map(|(date, new)| (date.to_string(), new));
    Ok(Between { report, most_new, unreadable: read.unreadable })
}

/// The policy of `--compare`: a folder as `--policy` takes it, with an inventory of its own or this one's.
fn other(folder: &Path, args: &ReplayArgs, screen: &mut Screen) -> Result<Assessor, Failure> {
    let own = folder.join("inventory.toml");
    let inventory = if own.is_file() { Some(own) } else { args.inventory.clone() };
    policy::compared(inventory.as_deref(), folder, screen)
}

/// The second pass.
struct Sweep {
    side: Side,
    other: Option<(Side, Comparison)>,
    wanted: Wanted,
    records: bool,
    seen: Recent,
    copies: u64,
    left_out: u64,
}

impl Sweep {
    async fn run(&mut self, sorted: Sorted, kinds: Kinds, jobs: usize, screen: &mut Screen) -> Result<(), Failure> {
        let others = self.other.iter().map(|(side, _)| side);
        let policies = std::iter::once(&self.side).chain(others).map(|side| Arc::clone(&side.assessor)).collect();
        let mut calls = Calls::of(sorted, kinds, policies, jobs);
        let bar = progress::assessing();
        let mut ahead: VecDeque<Watched> = VecDeque::new();
        loop {
            let next = self.next(&mut calls)?;
            let until = next.as_ref().map(|call| call.time().checked_sub(AHEAD).unwrap_or(Timestamp::MIN));
            while ahead.front().is_some_and(|call| until.is_none_or(|until| call.time() < until)) {
                if let Some(call) = ahead.pop_front() {
                    self.assess(&call, screen).await?;
                    bar.inc(1);
                }
            }
            match next {
                Some(call) => ahead.push_back(call),
                None => break,
            }
        }
        bar.finish_and_clear();
        self.side.end();
        if let Some((other, _)) = &mut self.other {
            other.end();
        }
        Ok(())
    }

    /// The next call in order of time; both policies have taken note of it.
    fn next(&mut self, calls: &mut Calls) -> Result<Option<Watched>, Failure> {
        let next = calls.next().map_err(|error| {
            Failure::unreachable("could not read back what was kept in a temporary file").because(&error)
        })?;
        let Some(Next { call, traces }) = next else { return Ok(None) };
        let sides = std::iter::once(&self.side).chain(self.other.iter().map(|(side, _)| side));
        sides.zip(traces).for_each(|(side, traces)| side.note(traces));
        Ok(Some(call))
    }

    async fn assess(&mut self, call: &Watched, screen: &mut Screen) -> Result<(), Failure> {
        self.side.advance(call.time());
        if let Some((other, _)) = &mut self.other {
            other.advance(call.time());
        }
        if !self.wanted.reports(call.time()) {
            self.left_out += 1;
            return Ok(());
        }
        match call {
            Watched::Whole(event) => self.assess_whole(event, screen).await,
            // Where the answers themselves are told or compared, all of them is found out.
            Watched::OfAKind(call) if self.records || self.other.is_some() => {
                self.assess_whole(&call.shared.known.event_of(&call.told()), screen).await
            }
            Watched::OfAKind(call) => {
                let is_first = self.is_first(call.time, call.shared.known.dedupe_id(&call.told()));
                self.side.assess_in_brief(call, 0, is_first).await
            }
        }
    }

    /// It is no further copy of a call.
    fn is_first(&mut self, time: Timestamp, dedupe_id: &str) -> bool {
        let is_first = self.seen.is_new(time, dedupe_id);
        self.copies += u64::from(!is_first);
        is_first
    }

    async fn assess_whole(&mut self, event: &Event, screen: &mut Screen) -> Result<(), Failure> {
        let is_first = self.is_first(event.time, &event.dedupe_id);
        let line = self.side.assess(event, is_first).await?;
        if self.records {
            screen.json_line(&line.record)?;
        }
        if let Some((other, comparison)) = &mut self.other {
            let there = other.assess(event, is_first).await?;
            if is_first {
                comparison.add(&line, &there);
            }
        }
        Ok(())
    }
}

/// The calls of the last moments, so that a copy that was delivered twice is known.
#[derive(Debug, Default)]
struct Recent {
    order: VecDeque<(Timestamp, Arc<str>)>,
    known: HashSet<Arc<str>, RandomState>,
}

impl Recent {
    fn is_new(&mut self, time: Timestamp, dedupe_id: &str) -> bool {
        let from = time.checked_sub(AHEAD).unwrap_or(Timestamp::MIN);
        while self.order.front().is_some_and(|(time, _)| *time < from) {
            if let Some((_, id)) = self.order.pop_front() {
                self.known.remove(&id);
            }
        }
        if self.known.contains(dedupe_id) {
            return false;
        }
        let id: Arc<str> = dedupe_id.into();
        self.known.insert(Arc::clone(&id));
        self.order.push_back((time, id));
        true
    }
}
