//! `dlq redrive`: runs each event through the chain again. Doing so twice is harmless, because the chain knows an event by its id; a
//! message is deleted only after the record of its call is there, and whatever fails again is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use layerguard_core::audit;
use serde::Serialize;

use super::Letters;
use super::letter::{Content, Letter, Shown};
use crate::args::{DlqRedriveArgs, ListFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// How long a message is out of others' sight. Longer than a batch takes: what fails again must not be taken a second time.
const HIDDEN: SignedDuration = SignedDuration::from_mins(15);

/// How often it is looked whether an event was judged.
const LOOK: Duration = Duration::from_secs(1);

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The chain judged its event; the message is deleted.
    Judged,
    /// Nobody watches such a call; it was sent, and the message is deleted.
    Unwatched,
    /// Another message with the same event was judged; this one is deleted.
    Duplicate,
    /// A task of the schedule, whose time is over; the message is deleted.
    Obsolete,
    /// It was sent, and no record tells that it was judged; the message stays.
    NotJudged,
    /// It cannot be read; the message stays.
    Unreadable,
    /// Nothing was done, because nothing was to be done.
    WouldRun,
}

impl Outcome {
    const fn stays(self) -> bool {
        matches!(self, Self::NotJudged | Self::Unreadable | Self::WouldRun)
    }
}

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// The message.
    #[serde(flatten)]
    pub letter: Shown,
    /// What became of it.
    pub outcome: Outcome,
}

/// Works off the queue, ten messages at a time, until none is left that was not tried.
///
/// # Errors
/// When the queue, the machine or the record cannot be reached. What was taken is given back first.
pub async fn redrive(letters: &Letters<'_>, args: &DlqRedriveArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let depth = letters.queue.depth().await.map_err(letters.failed())?;
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let progress = screen.steps(usize::try_from(depth).unwrap_or(usize::MAX).min(limit))?;
    let mut tried = Tried::default();
    let mut done: Vec<Redriven> = Vec::new();
    let mut kept: Vec<Letter> = Vec::new();
    let ended = loop {
        if done.len() >= limit {
            break Ok(());
        }
        let mut taken = match letters.take(HIDDEN).await {
            Ok(taken) => taken,
            Err(failure) => break Err(failure),
        };
        let rest = taken.split_off(taken.len().min(limit.saturating_sub(done.len())));
        letters.give_back(&rest).await;
        // What this run sent and the chain gave back is not tried twice.
        let (again, fresh): (Vec<_>, Vec<_>) = taken.into_iter().partition(|letter| tried.failed(letter));
        kept.extend(again);
        if fresh.is_empty() {
            break Ok(());
        }
        match batch(letters, args, &mut tried, &fresh).await {
            Ok(outcomes) => {
                for (letter, outcome) in fresh.into_iter().zip(outcomes) {
                    progress.begin(letter.message.id.as_str());
                    done.push(Redriven { letter: letter.shown(), outcome });
                    if outcome.stays() {
                        kept.push(letter);
                    }
                }
            }
            Err(failure) => {
                kept.extend(fresh);
                break Err(failure);
            }
        }
    };
    drop(progress);
    letters.give_back(&kept).await;
    match args.format {
        ListFormat::Json => done.iter().try_for_each(|one| screen.json_line(one))?,
        ListFormat::Table => screen.redriven(&done, letters.stack, args.dry_run)?,
    }
    ended?;
    let stayed = done.iter().any(|one| matches!(one.outcome, Outcome::NotJudged | Outcome::Unreadable));
    Ok(if stayed { Exit::No } else { Exit::Done })
}

/// What was sent in this run.
#[derive(Default)]
struct Tried {
    /// By what duplicates of an event share: `true` when it was judged.
    sent: BTreeMap<String, bool>,
    /// Those of which one message was told already.
    told: BTreeSet<String>,
}

impl Tried {
    fn failed(&self, letter: &Letter) -> bool {
        letter.dedupe_id().is_some_and(|id| self.sent.get(id) == Some(&false))
    }

    fn judged(&self, id: &str) -> bool {
        self.sent.get(id) == Some(&true)
    }
}

/// Sends a batch, waits until each event was judged, and deletes what is done with.
async fn batch(
    letters: &Letters<'_>,
    args: &DlqRedriveArgs,
    tried: &mut Tried,
    batch: &[Letter],
) -> Result<Vec<Outcome>, Failure> {
    if args.dry_run {
        let would = |letter: &Letter| match &letter.content {
            Content::Event(_) => Outcome::WouldRun,
            Content::Task => Outcome::WouldRun,
            Content::Unreadable(_) => Outcome::Unreadable,
        };
        return Ok(batch.iter().map(would).collect());
    }
    let mut sent: Vec<&str> = Vec::new();
    for letter in batch {
        if let Some(id) = letter.dedupe_id().filter(|id| !tried.judged(id) && !sent.contains(id)) {
            let name = format!("redrive-{}", letter.message.id);
            letters.triage.judge(&name, &letter.message.body).await.map_err(letters.failed())?;
            sent.push(id);
        }
    }
    wait(letters, args.wait, batch, &sent, tried).await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for letter in batch {
        let outcome = outcome(letter, tried);
        tried.told.extend(letter.dedupe_id().map(str::to_owned));
        if !outcome.stays() {
            letters.queue.remove(&letter.message).await.map_err(letters.failed())?;
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Looks until each sent event has its record, at most so many seconds. An unwatched call leaves none.
async fn wait(
    letters: &Letters<'_>,
    seconds: u64,
    batch: &[Letter],
    sent: &[&str],
    tried: &mut Tried,
) -> Result<(), Failure> {
    let unwatched = |id: &str| {
        batch.iter().any(
            |letter| matches!(&letter.content, Content::Event(event) if event.dedupe_id == id && event.call.is_none()),
        )
    };
    let mut open: Vec<&str> = sent.to_vec();
    for round in 0..=seconds {
        let mut still = Vec::new();
        for id in open {
            let judged = unwatched(id)
                || !letters.audit.records(&audit::call_chain(id)).await.map_err(letters.failed())?.is_empty();
            tried.sent.insert(id.to_owned(), judged);
            if !judged {
                still.push(id);
            }
        }
        open = still;
        if open.is_empty() {
            break;
        }
        if round < seconds {
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(())
}

fn outcome(letter: &Letter, tried: &Tried) -> Outcome {
    match &letter.content {
        Content::Task => Outcome::Obsolete,
        Content::Unreadable(_) => Outcome::Unreadable,
        Content::Event(event) if !tried.judged(&event.dedupe_id) => Outcome::NotJudged,
        Content::Event(event) if tried.told.contains(&event.dedupe_id) => Outcome::Duplicate,
        Content::Event(event) if event.call.is_none() => Outcome::Unwatched,
        Content::Event(_) => Outcome::Judged,
    }
}
