//! `reconcile`: the trail's files against what was assessed, by the very code of the hourly function.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use layerguard_core::audit::AuditError;
use layerguard_core::audit::body::Reconciliation;
use layerguard_core::ports::PortErrorKind;
use layerguard_core::reconcile::{
    Delivery, Desk, Hour, LOOKED_BACK, Place, ReconcileError, SETTLED_AFTER, Survey, Wanted,
};

use crate::args::{ListFormat, ReconcileArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;

/// Who writes the records of this command.
pub const ACTOR: &str = "cli";

/// How often it is looked whether what was run is judged.
const LOOK: Duration = Duration::from_secs(1);

/// What it works over.
pub struct Books<'a> {
    /// The stack's region, for messages.
    pub region: &'a str,
    /// What reconciling works over.
    pub desk: Desk<'a>,
    /// Where the trail delivers.
    pub delivery: &'a Delivery,
    /// Whose calls.
    pub place: &'a Place,
}

/// What was done about what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Events that had no record when it was looked first.
    pub missing: u64,
    /// Nothing was run.
    pub dry: bool,
}

/// Compares, runs what is missing, records, and tells.
///
/// # Errors
/// When the files cannot be listed, or something cannot be asked, run or recorded.
pub async fn run(books: &Books<'_>, args: &ReconcileArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let hours = hours(args, books.desk.clock.now())?;
    let failed = |error: ReconcileError| failure(&error, books);
    let mut survey = survey(books, args, &hours, screen).await?;
    let missing = survey.hours.values().map(layerguard_core::reconcile::Seen::absent).sum();
    let accounts = if args.dry_run {
        books.desk.draft(&survey).await.map_err(failed)?
    } else {
        books.desk.begin(&survey).await.map_err(failed)?;
        books.desk.run(&survey).await.map_err(failed)?;
        wait(books, args.wait, &mut survey).await.map_err(failed)?;
        books.desk.finish(&survey).await.map_err(failed)?
    };
    let done = Done { missing, dry: args.dry_run };
    match args.format {
        ListFormat::Json => accounts.iter().try_for_each(|account| screen.json_line(account))?,
        ListFormat::Table => screen.reconciled(books.place, &accounts, done)?,
    }
    Ok(exit(&accounts, done))
}

fn exit(accounts: &[Reconciliation], done: Done) -> Exit {
    if accounts.iter().any(|account| account.unreadable > 0) {
        Exit::Unreachable
    } else if done.missing > 0 {
        Exit::No
    } else {
        Exit::Done
    }
}

/// The whole hours that are meant.
fn hours(args: &ReconcileArgs, now: Timestamp) -> Result<Vec<Hour>, Failure> {
    let settled = now.checked_sub(SETTLED_AFTER).unwrap_or(now);
    let (since, until) = match args.since {
        Some(since) => (since.from(now), args.until.map_or(now, |until| until.until(now)).min(now)),
        None => (Hour::of(settled).back(args.hours).start(), settled),
    };
    let hours = Hour::whole(since, until);
    if hours.is_empty() {
        return Err(Failure::usage("there is no whole hour in this time")
            .remedy("say an earlier --since: only hours that are over are compared"));
    }
    Ok(hours)
}

async fn survey(
    books: &Books<'_>,
    args: &ReconcileArgs,
    hours: &[Hour],
    screen: &mut Screen,
) -> Result<Survey, Failure> {
    let last = hours.last().map_or_else(Timestamp::default, |hour| hour.end());
    let late = (0..LOOKED_BACK).fold(Hour::of(last), |hour, _| hour.next()).start();
    let wanted = Wanted {
        delivery: books.delivery,
        place: books.place,
        hours,
        until: late.min(books.desk.clock.now()),
        covered: &BTreeMap::new(),
        most: usize::try_from(args.limit).unwrap_or(usize::MAX),
    };
    let progress = screen.files()?;
    let read = |looked: layerguard_core::reconcile::Looked<'_>| progress.begin(looked.key);
    let surveyed = books.desk.survey(&wanted, read).await;
    drop(progress);
    surveyed.map_err(|error| failure(&error, books))
}

/// Looks until each event that was run has its record, at most so many seconds.
async fn wait(books: &Books<'_>, seconds: u64, survey: &mut Survey) -> Result<(), ReconcileError> {
    for round in 0..=seconds {
        if books.desk.look(survey).await? == 0 {
            break;
        }
        if round < seconds {
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(())
}

/// Why it ended, with what to do about it.
fn failure(error: &ReconcileError, books: &Books<'_>) -> Failure {
    let stack = layerguard_core::text::escape(books.desk.stack);
    let bucket = layerguard_core::text::escape(&books.delivery.bucket);
    match (error, error.port().map(|port| &port.kind)) {
        (ReconcileError::NothingThere { .. }, _) => {
            Failure::unreachable(layerguard_core::text::escape(&error.to_string()))
                .remedy("name the bucket and the prefix with --trail, or the account with --account")
        }
        (ReconcileError::Files(port), Some(PortErrorKind::NotFound)) => Failure::unreachable(format!(
            "could not {}: there is no such bucket",
            layerguard_core::text::escape(&port.operation)
        ))
        .remedy("name another with --trail"),
        (ReconcileError::Files(port), Some(PortErrorKind::Denied(_))) => {
            Failure::unreachable(layerguard_core::text::escape(&port.to_string())).remedy(format!(
                "allow s3:ListBucket on the bucket `{bucket}` and s3:GetObject below it; its policy has to allow it too"
            ))
        }
        (_, Some(PortErrorKind::Denied(code))) if code.starts_with("AccessDenied") => {
            port_failure(error, books).remedy(format!("use a session with the managed policy `{stack}-operator`"))
        }
        _ => port_failure(error, books),
    }
}

fn port_failure(error: &ReconcileError, books: &Books<'_>) -> Failure {
    match (error, error.port()) {
        (_, Some(port)) => Failure::port(port, books.desk.stack, books.region),
        (ReconcileError::Audit(AuditError::Busy { .. }), None) => {
            Failure::unreachable(error.to_string()).remedy("try again")
        }
        _ => Failure::unreachable(error.to_string()).because(error),
    }
}
