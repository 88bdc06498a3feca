//! `audit verify`: recomputes the hash chains.

use std::collections::BTreeMap;

use layerguard_core::audit::{self, AuditRecord, Body, SWITCH_CHAIN};
use layerguard_core::incident::Incident;

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
    /// What does not fit, each with its record.
    pub flaws: Vec<String>,
}

/// Verifies one incident, or all of them.
///
/// # Errors
/// When there is no such incident, or the stack cannot be read. What does not fit is no error but the answer no.
pub async fn verify(stack: &Stack<'_>, id: Option<&str>, screen: &mut Screen) -> Result<Exit, Failure> {
    let incidents = match id {
        Some(id) => {
            let row = stack.incidents.incident(id).await.map_err(stack.failed())?;
            vec![row.ok_or_else(|| Failure::unknown_incident(id, stack.name))?]
        }
        None => {
            let mut all = stack.incidents.open().await.map_err(stack.failed())?;
            all.extend(stack.incidents.closed(u32::MAX).await.map_err(stack.failed())?);
            all
        }
    };
    let mut sound = true;
    for incident in &incidents {
        let verified = verify_one(stack, incident).await?;
        sound &= verified.flaws.is_empty();
        screen.verified(&verified)?;
    }
    if id.is_none() {
        sound &= verify_switch(stack, screen).await?;
        screen.verified_all(incidents.len(), sound, stack.name)?;
    }
    Ok(if sound { Exit::Done } else { Exit::No })
}

/// The chain of the stop switch, if it was ever thrown. No closing record ends it.
async fn verify_switch(stack: &Stack<'_>, screen: &mut Screen) -> Result<bool, Failure> {
    let records = stack.audit.records(SWITCH_CHAIN).await.map_err(stack.failed())?;
    if records.is_empty() {
        return Ok(true);
    }
    let mut verified = Verified { incident: SWITCH_CHAIN.to_owned(), ..Verified::default() };
    match audit::verify(&records) {
        Ok(proof) => {
            verified.records = proof.records;
            verified.head = proof.head;
        }
        Err(breaks) => verified.flaws.extend(breaks.iter().map(ToString::to_string)),
    }
    screen.verified(&verified)?;
    Ok(verified.flaws.is_empty())
}

async fn verify_one(stack: &Stack<'_>, incident: &Incident) -> Result<Verified, Failure> {
    let records = stack.audit.records(&incident.id).await.map_err(stack.failed())?;
    let mut verified = Verified { incident: incident.id.clone(), ..Verified::default() };
    match audit::verify(&records) {
        Ok(proof) => {
            verified.records = proof.records;
            verified.sealed = proof.sealed;
            verified.head = proof.head;
            verified.flaws.extend(missing_end(incident, &records));
        }
        Err(breaks) => verified.flaws.extend(breaks.iter().map(ToString::to_string)),
    }
    let (assessments, flaws) = assessments(stack, &records).await?;
    verified.assessments = assessments;
    verified.flaws.extend(flaws);
    Ok(verified)
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

/// The findings name the hash of each event's assessment record: a chain of its own that has to be there and to fit.
async fn assessments(stack: &Stack<'_>, records: &[AuditRecord]) -> Result<(usize, Vec<String>), Failure> {
    let (mut good, mut flaws) = (0, Vec::new());
    for (dedupe_id, hash) in named(records) {
        let chain = stack.audit.records(&audit::call_chain(&dedupe_id)).await.map_err(stack.failed())?;
        let flaw = match audit::verify(&chain) {
            Err(breaks) => Some(breaks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
            Ok(_) if chain.is_empty() => Some("is missing".to_owned()),
            // An event may have been assessed again by a later policy; the finding names the record that it rests on.
            Ok(_) if !chain.iter().any(|record| record.hash == hash) => {
                Some("is not the one that the finding names".to_owned())
            }
            Ok(_) => None,
        };
        match flaw {
            None => good += 1,
            Some(flaw) => flaws.push(format!("assessment record of event {dedupe_id}: {flaw}")),
        }
    }
    Ok((good, flaws))
}

/// Hash of the assessment record by event, as the findings name it. A record that cannot be read is told by the chain's own check.
fn named(records: &[AuditRecord]) -> BTreeMap<String, String> {
    let bodies = records.iter().filter_map(|record| Body::read(record.kind, &record.body).ok());
    let findings = bodies.filter_map(|body| if let Body::Finding(finding) = body { Some(finding) } else { None });
    findings.flat_map(|finding| finding.events).map(|event| (event.dedupe_id, event.record_hash)).collect()
}
