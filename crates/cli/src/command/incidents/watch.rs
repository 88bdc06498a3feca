//! `incidents watch`: a line for each new incident and each change of one.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::engine::Severity;
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::{Incident, Status};
use layerguard_core::ports::{Listing, PortResult};
use serde::Serialize;

use crate::args::{Format, WatchArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// Closed incidents that were opened longer ago are looked at when they close, and then no more.
const RECENT: SignedDuration = SignedDuration::from_hours(24);
/// Rows that are asked for at once.
const AT_ONCE: u32 = 200;
/// Pages that are read of each listing in one look: who has thousands open has another trouble.
const PAGES: usize = 10;

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When it was seen.
    pub time: Timestamp,
    /// The incident.
    pub incident: String,
    /// What it was before; `None` for one that is new, or that was open when the watch began.
    pub before: Option<Status>,
    /// What it is.
    pub status: Status,
    /// How bad.
    pub severity: Option<Severity>,
    /// A containment did not hold.
    pub not_held: bool,
    /// How many events.
    pub evidence: u64,
    /// It was there when the watch began.
    pub standing: bool,
    /// The whole row.
    pub row: Incident,
}

/// Watches until `stop` is ready. What passes by itself is said and waited out.
///
/// # Errors
/// When the stack cannot be read at all, or will not be read again without a person, such as with expired credentials.
pub async fn watch(
    stack: &Stack<'_>,
    args: &WatchArgs,
    screen: &mut Screen,
    stop: impl Future<Output = ()>,
) -> Result<Exit, Failure> {
    let mut stop = std::pin::pin!(stop);
    let mut seen = Seen::default();
    let mut failing = false;
    loop {
        let now = stack.clock.now();
        let look = tokio::select! {
            () = &mut stop => break,
            look = look(stack, &seen, now) => look,
        };
        match look {
            Ok(rows) => {
                if std::mem::take(&mut failing) {
                    screen.note("the stack answers again")?;
                }
                let changes = seen.take(rows, now);
                if !changes.is_empty() {
                    screen.waiting_over()?;
                }
                for change in changes {
                    match args.format {
                        Format::Json => screen.json_line(&change)?,
                        Format::Text => screen.change(&change)?,
                    }
                }
                screen.flush()?;
                screen.status(&format!("watching {}: {} open; Ctrl-C ends", stack.name, seen.open()))?;
            }
            Err(error) if seen.began && error.class() == Class::Retryable => {
                if !std::mem::replace(&mut failing, true) {
                    screen.note(&format!("{}; going on", layerguard_core::text::escape(&error.to_string())))?;
                }
            }
            Err(error) => return Err(stack.failed()(error)),
        }
        tokio::select! {
            () = &mut stop => break,
            () = tokio::time::sleep(Duration::from_secs(args.interval)) => {}
        }
    }
    screen.waiting_over()?;
    Ok(Exit::Done)
}

/// All open incidents, the closed ones of the last day, and what has left the open ones.
async fn look(stack: &Stack<'_>, seen: &Seen, now: Timestamp) -> PortResult<Vec<Incident>> {
    let since = now.checked_sub(RECENT).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut rows = listed(stack, true, None).await?;
    rows.extend(listed(stack, false, Some(since)).await?);
    let found: std::collections::BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    let gone = seen.rows.iter().filter(|(id, row)| row.status.is_open() && !found.contains(*id));
    for (id, _) in gone {
        rows.extend(stack.incidents.incident(id).await?);
    }
    Ok(rows)
}

async fn listed(stack: &Stack<'_>, open: bool, since: Option<Timestamp>) -> PortResult<Vec<Incident>> {
    let mut rows = Vec::new();
    let mut listing = Listing { open, since, until: None, after: None, limit: AT_ONCE };
    for _ in 0..PAGES {
        let page = stack.incidents.page(&listing).await?;
        rows.extend(page.incidents);
        listing.after = page.next;
        if listing.after.is_none() {
            break;
        }
    }
    Ok(rows)
}

/// As much of a row as tells whether another one is news.
struct Known {
    status: Status,
    revision: u64,
    severity: Option<Severity>,
    not_held: bool,
}

/// What was seen before. Nothing is forgotten, so that an index that lags cannot make something old look new.
#[derive(Default)]
struct Seen {
    rows: BTreeMap<String, Known>,
    began: bool,
}

impl Seen {
    fn open(&self) -> usize {
        self.rows.values().filter(|row| row.status.is_open()).count()
    }

    /// Takes in what is there now, and tells what changed. An index that lags may show what was there before: a row only goes forward.
    fn take(&mut self, rows: Vec<Incident>, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        for row in rows {
            let known = self.rows.get(&row.id);
            if known.is_some_and(|known| known.revision >= row.revision) {
                continue;
            }
            let before = known.map(|known| known.status);
            let worse = known.is_some_and(|known| row.severity > known.severity || (row.not_held && !known.not_held));
            let news = match before {
                None => self.began || row.status.is_open(),
                Some(before) => before != row.status || worse,
            };
            if news {
                changes.push(Change::of(&row, before, !self.began, now));
            }
            let Incident { status, revision, severity, not_held, .. } = row;
            self.rows.insert(row.id, Known { status, revision, severity, not_held });
        }
        self.began = true;
        changes
    }
}

impl Change {
    fn of(row: &Incident, before: Option<Status>, standing: bool, now: Timestamp) -> Self {
        Self {
            time: now,
            incident: row.id.clone(),
            before,
            status: row.status,
            severity: row.severity,
            not_held: row.not_held,
            evidence: row.evidence,
            standing,
            row: row.clone(),
        }
    }
}
