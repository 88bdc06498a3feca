//! Appending a record to a chain.

use jiff::Timestamp;

use super::body::Closing;
use super::{About, AuditError, AuditRecord, Body, Draft, GENESIS, History, chain, legal};
use crate::incident::Status;
use crate::ports::{AuditLog, PortError, PortErrorKind};

/// Other writers of one incident are a handful; more conflicts in a row mean that something is wrong.
const ATTEMPTS: u32 = 8;

/// Which chain is written to, by whom, under which bundle, and when.
#[derive(Clone, Copy)]
struct Place<'a> {
    incident: &'a str,
    actor: &'a str,
    policy_version: &'a str,
    now: Timestamp,
}

/// Append a record to a chain: read it, check that the record may follow what is there, insert it, and read again when another writer
/// was faster.
///
/// # Errors
/// [`AuditError::Illegal`] when the record may not follow; [`AuditError::Busy`] when others were faster every time; else what the table or
/// the records answered. After a port error the record may have been written: read the chain before trying again.
pub async fn append(
    log: &dyn AuditLog,
    incident: &str,
    actor: &str,
    policy_version: &str,
    now: Timestamp,
    draft: Draft,
) -> Result<AuditRecord, AuditError> {
    write(log, Place { incident, actor, policy_version, now }, |_| Ok(draft.clone())).await
}

/// Begin a chain with its first record, without reading it first: of nearly all calls this is the only record. `None` where the chain has begun
/// already, by whomever.
///
/// # Errors
/// As [`append`].
pub async fn begin(
    log: &dyn AuditLog,
    incident: &str,
    actor: &str,
    policy_version: &str,
    now: Timestamp,
    draft: &Draft,
) -> Result<Option<AuditRecord>, AuditError> {
    let (record, about) = next(&[], Place { incident, actor, policy_version, now }, draft)?;
    match log.insert(&record, about.as_ref()).await {
        Ok(()) => Ok(Some(record)),
        Err(error) if error.kind == PortErrorKind::Conflict => Ok(None),
        Err(source) => Err(AuditError::Port { incident: incident.to_owned(), source }),
    }
}

/// Append a closing record, which names how long the chain is with it.
///
/// # Errors
/// As [`append`].
pub async fn close(
    log: &dyn AuditLog,
    incident: &str,
    actor: &str,
    policy_version: &str,
    now: Timestamp,
    status: Status,
) -> Result<AuditRecord, AuditError> {
    let closing = |before: u64| Draft::of(&Body::Closing(Closing { status, length: before.saturating_add(1) }));
    write(log, Place { incident, actor, policy_version, now }, closing).await
}

/// `make` gets the number of records that are there.
async fn write(
    log: &dyn AuditLog,
    place: Place<'_>,
    make: impl Fn(u64) -> Result<Draft, AuditError> + Send,
) -> Result<AuditRecord, AuditError> {
    let incident = place.incident;
    let port = |source: PortError| AuditError::Port { incident: incident.to_owned(), source };
    let mut tried: Option<AuditRecord> = None;
    for _ in 0..ATTEMPTS {
        let records = log.records(incident).await.map_err(port)?;
        // A client that repeats a request whose answer was lost meets its own record.
        if let Some(ours) = tried.filter(|tried| records.contains(tried)) {
            return Ok(ours);
        }
        let draft = make(u64::try_from(records.len()).unwrap_or(u64::MAX))?;
        let (record, about) = next(&records, place, &draft)?;
        match log.insert(&record, about.as_ref()).await {
            Ok(()) => return Ok(record),
            Err(error) if error.kind == PortErrorKind::Conflict => tried = Some(record),
            Err(error) => return Err(port(error)),
        }
    }
    Err(AuditError::Busy { incident: incident.to_owned(), attempts: ATTEMPTS })
}

/// The record that the draft becomes after these records, if it may follow them, and what it is about.
fn next(records: &[AuditRecord], place: Place<'_>, draft: &Draft) -> Result<(AuditRecord, Option<About>), AuditError> {
    let shape = |source| AuditError::Draft { kind: draft.kind.as_str(), source };
    let text = serde_json::to_string(&draft.body).map_err(shape)?;
    let body = Body::read(draft.kind, &text).map_err(shape)?;
    let illegal =
        |reason| AuditError::Illegal { incident: place.incident.to_owned(), kind: draft.kind.as_str(), reason };
    let history = History::of(records)?;
    legal::check(&history, place.incident, place.now, &body).map_err(illegal)?;
    let about = About::of(place.incident, &history, &body);
    let last = records.last();
    let mut record = AuditRecord {
        incident: place.incident.to_owned(),
        seq: last.map_or(0, |last| last.seq.saturating_add(1)),
        kind: draft.kind,
        time: place.now,
        actor: place.actor.to_owned(),
        policy_version: place.policy_version.to_owned(),
        body: text,
        prev: last.map_or_else(|| GENESIS.to_owned(), |last| last.hash.clone()),
        hash: String::new(),
    };
    record.hash = chain::digest(&record);
    Ok((record, about))
}
