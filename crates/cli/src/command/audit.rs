//! `audit verify`: recomputes the hash chains, of a stack or of a bundle.

use std::collections::BTreeSet;
use std::path::Path;

use layerguard_core::audit::{self, AuditRecord, Body};
use layerguard_core::incident::Incident;
use layerguard_core::policy::{self, NotRecorded};

use super::heads::Noting;
use crate::evidence::policies::decided_by;
use crate::evidence::{Evidence, check, container, examine, named};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Screen;
use crate::stack::Stack;

/// What verifying an incident came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The incident.
    pub incident: String,
    /// How many records its chain has.
    pub records: u64,
    /// Hash of the last record, which stands for the chain.
    pub head: String,
    /// The chain is sealed by a closing record that names its length.
    pub sealed: bool,
    /// How many assessment records its findings name and that fit.
    pub assessments: usize,
    /// How many calls' own CloudTrail records are kept and fit.
    pub originals: usize,
    /// What does not fit, each with its record.
    pub flaws: Vec<String>,
}

/// Verifies one incident, or all of them.
///
/// # Errors
/// When there is no such incident, or the stack cannot be read. What does not fit is no error but the answer no.
pub async fn verify(stack: &Stack<'_>, id: Option<&str>, screen: &mut Screen) -> Result<Exit, Failure> {
    let Some(id) = id else { return verify_all(stack, Noting::default(), screen).await };
    let row = stack.incidents.incident(id).await.map_err(stack.failed())?;
    if row.is_none() && stack.audit.records(id).await.map_err(stack.failed())?.is_empty() {
        return Err(Failure::unknown_incident(id, stack.name));
    }
    let (verified, _) = verify_one(stack, id, row.as_ref()).await?;
    screen.verified(&verified)?;
    Ok(if verified.flaws.is_empty() { Exit::Done } else { Exit::No })
}

/// Verifies every chain, against heads that were noted before where there are any, and notes them anew where that is wanted.
///
/// # Errors
/// When the stack cannot be read or the heads cannot be written. What does not fit is no error but the answer no, and is not noted.
pub async fn verify_all(stack: &Stack<'_>, mut noting: Noting, screen: &mut Screen) -> Result<Exit, Failure> {
    noting.check(stack)?;
    let (chains, others) = chains(stack).await?;
    let mut sound = true;
    let progress = screen.progress(chains.len(), "incidents");
    for (chain, row) in &chains {
        let (mut verified, records) = verify_one(stack, chain, row.as_ref()).await?;
        noting.compare(&mut verified, &records);
        sound &= verified.flaws.is_empty();
        progress.beside(screen, |screen| screen.verified(&verified))?;
        progress.step();
    }
    progress.end();
    for chain in &others {
        let records = stack.audit.records(chain).await.map_err(stack.failed())?;
        if !records.is_empty() {
            let mut verified = verify_chain(chain, &records);
            noting.compare(&mut verified, &records);
            sound &= verified.flaws.is_empty();
            screen.verified(&verified)?;
        }
    }
    for chain in noting.unlisted() {
        let records = stack.audit.records(&chain).await.map_err(stack.failed())?;
        let mut verified = verify_chain(&chain, &records);
        verified.flaws.push("nothing lists it any more, and its head was noted".to_owned());
        noting.compare(&mut verified, &records);
        sound = false;
        screen.verified(&verified)?;
    }
    screen.verified_all(chains.len(), sound, stack.name)?;
    noting.write(stack, sound, screen)?;
    Ok(if sound { Exit::Done } else { Exit::No })
}

/// Every incident that has a row or a record, with its row; and the chains that are no incident's: the switch, hours that were reconciled. The record is asked first: a row is there before its first record, so that a
/// record without one means that somebody took the row away.
async fn chains(stack: &Stack<'_>) -> Result<(Vec<(String, Option<Incident>)>, Vec<String>), Failure> {
    let recorded = stack.index.chains().await.map_err(stack.failed())?;
    let mut rows = stack.incidents.open().await.map_err(stack.failed())?;
    rows.extend(stack.incidents.closed(u32::MAX).await.map_err(stack.failed())?);
    let mut seen = BTreeSet::new();
    let mut all: Vec<_> =
        rows.into_iter().filter(|row| seen.insert(row.id.clone())).map(|row| (row.id.clone(), Some(row))).collect();
    let (of_incidents, others): (Vec<String>, Vec<String>) =
        recorded.into_iter().partition(|chain| audit::is_incidents(chain));
    for chain in of_incidents.into_iter().filter(|chain| !seen.contains(chain)) {
        // The listing may lag behind: the row itself is the truth.
        let row = stack.incidents.incident(&chain).await.map_err(stack.failed())?;
        all.push((chain, row));
    }
    Ok((all, others))
}

/// Verifies a bundle that `audit export` wrote. Needs the bundle and nothing else.
///
/// # Errors
/// When it cannot be read as a bundle. What does not fit is no error but the answer no.
pub fn verify_bundle(path: &Path, screen: &mut Screen) -> Result<Exit, Failure> {
    let checked = check::check(&container::read(path)?);
    screen.checked(path, &checked)?;
    Ok(if checked.flaws.is_empty() { Exit::Done } else { Exit::No })
}

/// One chain that is no incident's.
fn verify_chain(chain: &str, records: &[AuditRecord]) -> Verified {
    let mut verified = Verified { incident: chain.to_owned(), ..Verified::default() };
    match audit::verify(records) {
        Ok(proof) => {
            verified.records = proof.records;
            verified.head = proof.head;
        }
        Err(breaks) => verified.flaws.extend(breaks.iter().map(ToString::to_string)),
    }
    verified
}

async fn verify_one(
    stack: &Stack<'_>,
    id: &str,
    row: Option<&Incident>,
) -> Result<(Verified, Vec<AuditRecord>), Failure> {
    let evidence = gather(stack, id, |_, _| {}).await?;
    let examined = examine(&evidence);
    let mut verified = Verified { incident: id.to_owned(), ..Verified::default() };
    verified.assessments = examined.assessments;
    verified.originals = examined.originals.kept.len();
    verified.flaws = examined.words();
    if let Some(proof) = examined.proof {
        verified.records = proof.records;
        verified.sealed = proof.sealed;
        verified.head = proof.head;
        verified.flaws.splice(0..0, row.and_then(|row| missing_end(row, &evidence.records)));
    }
    if row.is_none() {
        verified.flaws.insert(0, "its row is missing from the state table, although it was recorded".to_owned());
    }
    Ok((verified, evidence.records))
}

/// The records of an incident and those of its calls. `seen` is told how many of how many chains of calls are read.
///
/// # Errors
/// When the stack cannot be read.
pub(super) async fn gather(
    stack: &Stack<'_>,
    id: &str,
    mut seen: impl FnMut(usize, usize),
) -> Result<Evidence, Failure> {
    let records = stack.audit.records(id).await.map_err(stack.failed())?;
    let chains = named(&records);
    let mut evidence = Evidence { records, ..Evidence::default() };
    for (number, chain) in (1..).zip(chains.keys()) {
        let call = stack.audit.records(chain).await.map_err(stack.failed())?;
        if !call.is_empty() {
            evidence.calls.insert(chain.clone(), call);
        }
        seen(number, chains.len());
    }
    let versions: Vec<String> = decided_by(&evidence).into_iter().map(str::to_owned).collect();
    for version in versions {
        match policy::recorded(stack.audit, &version).await {
            Ok(package) => drop(evidence.policies.insert(version, package)),
            Err(NotRecorded::Port(error)) => return Err(stack.failed()(error)),
            // Not published, or not what it is called: then no file claims to be it.
            Err(_) => {}
        }
    }
    Ok(evidence)
}

/// What the row says and the end of an otherwise whole chain does not: records were dropped from its end. The row is written after
/// the record, so that a row that lags behind is no flaw.
fn missing_end(incident: &Incident, records: &[AuditRecord]) -> Option<String> {
    if records.is_empty() && incident.decisions > 0 {
        return Some("it was decided, but none of its records is there".to_owned());
    }
    let closes = |record: &AuditRecord| match Body::read(record.kind, &record.body) {
        Ok(Body::Closing(closing)) => closing.status == incident.status,
        _ => false,
    };
    let status = incident.status.as_str();
    (!incident.status.is_open() && !records.iter().any(closes))
        .then(|| format!("it is {status}, but no record closes it so: the last records are missing"))
}
