//! The files of a bundle, made from the evidence. The same evidence of the same origin makes the same bytes.

use layerguard_core::audit::{AuditRecord, GENESIS};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::manifest::{Chain, FORMAT, FORMAT_VERSION, File, Manifest};
use super::{Evidence, Examined, Files, Origin, derived, examine, policies};

/// The records of the incident, one a line, in order.
pub(super) const INCIDENT: &str = "records/incident.jsonl";
/// The records of its calls, one a line, by chain and in order.
pub(super) const CALLS: &str = "records/calls.jsonl";
/// What the bundle says of itself.
pub(super) const MANIFEST: &str = "manifest.json";
/// Hashes of all other files, in the form that `sha256sum --check` reads.
pub(super) const SUMS: &str = "SHA256SUMS";

/// Which version made it.
pub(super) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// A bundle that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What its records came to.
    pub examined: Examined,
    /// Its files.
    pub files: Files,
}

impl Bundle {
    /// Makes the files.
    ///
    /// # Errors
    /// When something cannot be written as JSON, which no record of ours does.
    pub fn pack(id: &str, evidence: &Evidence, origin: &Origin) -> serde_json::Result<Self> {
        let examined = examine(evidence);
        let mut manifest = manifest(id, evidence, &examined, origin);
        let mut files = Files::new();
        files.insert(INCIDENT.to_owned(), lines(&evidence.records)?);
        files.insert(CALLS.to_owned(), lines(evidence.calls.values().flatten())?);
        files.extend(policies::files(&evidence.policies)?);
        files.extend(derived::files(evidence, &examined, &manifest)?);
        manifest.files = files
            .iter()
            .map(|(name, bytes)| File { name: name.clone(), bytes: bytes.len(), sha256: sha256(bytes) })
            .collect();
        files.insert(MANIFEST.to_owned(), document(&manifest)?);
        files.insert(SUMS.to_owned(), sums(&files));
        Ok(Self { manifest, examined, files })
    }
}

fn manifest(id: &str, evidence: &Evidence, examined: &Examined, origin: &Origin) -> Manifest {
    Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        tool_version: TOOL_VERSION.to_owned(),
        exported_at: origin.exported_at,
        exported_by: origin.exported_by.clone(),
        stack: origin.stack.clone(),
        account: origin.account.clone(),
        region: origin.region.clone(),
        incident: chain(id, &evidence.records),
        status: derived::closed_as(&evidence.records),
        sealed: examined.proof.as_ref().is_some_and(|proof| proof.sealed),
        calls: evidence.calls.iter().map(|(name, records)| chain(name, records)).collect(),
        flaws: examined.words(),
        events: derived::EVENTS_NOTE.to_owned(),
        files: Vec::new(),
    }
}

/// A chain in short.
pub(super) fn chain(name: &str, records: &[AuditRecord]) -> Chain {
    let head = records.last().map_or(GENESIS, |record| record.hash.as_str());
    Chain { chain: name.to_owned(), records: records.len(), head: head.to_owned() }
}

/// One record a line.
pub(super) fn lines<'a>(records: impl IntoIterator<Item = &'a AuditRecord>) -> serde_json::Result<Vec<u8>> {
    records.into_iter().try_fold(Vec::new(), |mut text, record| {
        serde_json::to_writer(&mut text, record)?;
        text.push(b'\n');
        Ok(text)
    })
}

/// JSON that a person can read too.
pub(super) fn document<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The hashes of these files but their own.
pub(super) fn sums(files: &Files) -> Vec<u8> {
    let others = files.iter().filter(|(name, _)| *name != SUMS);
    others.map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect::<String>().into_bytes()
}
