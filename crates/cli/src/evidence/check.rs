//! Verifies a bundle with nothing else at hand: its files against their hashes, its records against their chains, and everything that is
//! told again against the records. What is wrong is located: file, line, record.

use std::collections::BTreeMap;

use layerguard_core::audit::{AuditRecord, Break};
use serde::Deserialize;

use super::manifest::{Chain, FORMAT, FORMAT_VERSION, Manifest};
use super::pack::{CALLS, INCIDENT, MANIFEST, SUMS, TOOL_VERSION, chain, sha256};
use super::{Evidence, Examined, Files, derived, examine, originals, policies};

/// So many flaws are named; a broken bundle must not flood a terminal.
const MOST_FLAWS: usize = 100;

/// What checking a bundle came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What the bundle says of itself, where that can be read.
    pub manifest: Option<Manifest>,
    /// What its records came to.
    pub examined: Examined,
    /// What is wrong. Not escaped.
    pub flaws: Vec<String>,
    /// What could not be checked although nothing is wrong.
    pub notes: Vec<String>,
}

/// Checks the files of a bundle.
#[must_use]
pub fn check(files: &Files) -> Checked {
    let mut checked = Checked::default();
    checked.sums(files);
    checked.read_manifest(files);
    let incident = checked.read_records(files, INCIDENT);
    let calls = checked.read_records(files, CALLS);
    let (policies, flaws) = policies::read(files);
    checked.flaws.extend(flaws);
    let evidence = Evidence { records: records(&incident), calls: by_chain(&calls), policies };
    checked.examined = examine(&evidence);
    checked.locate(&incident, &calls);
    if let Some(manifest) = checked.manifest.clone() {
        checked.compare(files, &evidence, &manifest);
    }
    let more = checked.flaws.len().saturating_sub(MOST_FLAWS);
    if more > 0 {
        checked.flaws.truncate(MOST_FLAWS);
        checked.flaws.push(format!("and {more} more"));
    }
    checked
}

/// A record and where it stands.
struct Line {
    number: usize,
    record: AuditRecord,
}

fn records(lines: &[Line]) -> Vec<AuditRecord> {
    lines.iter().map(|line| line.record.clone()).collect()
}

/// Records by chain, in the order in which they stand.
fn by_chain(lines: &[Line]) -> BTreeMap<String, Vec<AuditRecord>> {
    let mut chains: BTreeMap<String, Vec<AuditRecord>> = BTreeMap::new();
    for line in lines {
        chains.entry(line.record.incident.clone()).or_default().push(line.record.clone());
    }
    chains
}

impl Checked {
    fn flaw(&mut self, text: impl Into<String>) {
        self.flaws.push(text.into());
    }

    /// Each file against `SHA256SUMS`, both ways.
    fn sums(&mut self, files: &Files) {
        let Some(sums) = files.get(SUMS) else { return self.flaw(format!("{SUMS}: is missing")) };
        let text = String::from_utf8_lossy(sums);
        let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            match line.split_once("  ") {
                Some((hash, name)) => drop(listed.insert(name, hash)),
                None => self.flaw(format!("{SUMS}: line {number} is not a hash and a name")),
            }
        }
        for (name, hash) in &listed {
            match files.get(*name) {
                None => self.flaw(format!("{name}: is missing")),
                Some(bytes) if sha256(bytes) != *hash => {
                    self.flaw(format!("{name}: was altered, its SHA-256 is not the one in {SUMS}"));
                }
                Some(_) => {}
            }
        }
        for name in files.keys().filter(|name| *name != SUMS && !listed.contains_key(name.as_str())) {
            self.flaw(format!("{name}: does not belong into the bundle, {SUMS} does not name it"));
        }
        if *sums != super::pack::sums(files) && self.flaws.is_empty() {
            self.flaw(format!("{SUMS}: was altered"));
        }
    }

    fn read_manifest(&mut self, files: &Files) {
        #[derive(Deserialize)]
        struct Version {
            format: String,
            format_version: u32,
        }
        let Some(bytes) = files.get(MANIFEST) else {
            if !files.contains_key(SUMS) {
                self.flaw(format!("{MANIFEST}: is missing"));
            }
            return;
        };
        match serde_json::from_slice::<Version>(bytes) {
            Ok(version) if version.format != FORMAT => {
                return self.flaw(format!("{MANIFEST}: the format is `{}`, not `{FORMAT}`", version.format));
            }
            Ok(version) if !(1..=FORMAT_VERSION).contains(&version.format_version) => {
                let found = version.format_version;
                return self.flaw(format!(
                    "{MANIFEST}: version {found} of the format; this layerguard reads versions up to {FORMAT_VERSION}"
                ));
            }
            Ok(_) => {}
            Err(error) => return self.flaw(format!("{MANIFEST}: cannot be read: {error}")),
        }
        match serde_json::from_slice(bytes) {
            Ok(manifest) => self.manifest = Some(manifest),
            Err(error) => self.flaw(format!("{MANIFEST}: cannot be read: {error}")),
        }
    }

    /// The records of a file. A line that is no record, or not written as layerguard writes it, is a flaw.
    fn read_records(&mut self, files: &Files, name: &str) -> Vec<Line> {
        let mut lines = Vec::new();
        let Some(bytes) = files.get(name) else {
            if !files.contains_key(SUMS) {
                self.flaw(format!("{name}: is missing"));
            }
            return lines;
        };
        if bytes.last().is_some_and(|last| *last != b'\n') {
            self.flaw(format!("{name}: ends within a line, its end is missing"));
        }
        for (number, text) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            match serde_json::from_slice::<AuditRecord>(text) {
                Ok(record) => {
                    if serde_json::to_vec(&record).ok().as_deref() != Some(text) {
                        self.flaw(format!(
                            "{name}: line {number}, record {} of `{}`: was altered, it is not written as it was exported",
                            record.seq, record.incident
                        ));
                    }
                    lines.push(Line { number, record });
                }
                Err(error) => self.flaw(format!("{name}: line {number}: is no audit record: {error}")),
            }
        }
        lines
    }

    /// Where in the files the chains are broken.
    fn locate(&mut self, incident: &[Line], calls: &[Line]) {
        for broken in self.examined.breaks.clone() {
            self.flaw(format!("{INCIDENT}: {}{broken}", line_of(incident, None, &broken)));
        }
        for (chain, flaw) in self.examined.flaws.clone() {
            let lines: Vec<String> =
                calls.iter().filter(|line| line.record.incident == chain).map(|line| line.number.to_string()).collect();
            let place = if lines.is_empty() { String::new() } else { format!("line {}, ", lines.join(" and ")) };
            self.flaw(format!("{CALLS}: {place}chain `{chain}`: {flaw}"));
        }
    }

    /// What the manifest says, and what is told again, against the records.
    fn compare(&mut self, files: &Files, evidence: &Evidence, manifest: &Manifest) {
        for file in &manifest.files {
            match files.get(&file.name) {
                None if files.contains_key(SUMS) => {}
                None => self.flaw(format!("{}: is missing", file.name)),
                Some(bytes) if bytes.len() != file.bytes || sha256(bytes) != file.sha256 => {
                    self.flaw(format!("{}: was altered, its SHA-256 is not the one in {MANIFEST}", file.name));
                }
                Some(_) => {}
            }
        }
        for name in files.keys().filter(|name| *name != SUMS && *name != MANIFEST) {
            if !manifest.files.iter().any(|file| file.name == *name) {
                self.flaw(format!("{name}: does not belong into the bundle, {MANIFEST} does not name it"));
            }
        }
        self.chains(evidence, manifest);
        if self.examined.words() != manifest.flaws {
            self.flaw(format!("{MANIFEST}: what did not fit at the export is not what does not fit now"));
        }
        for (chain, note) in self.examined.originals.notes.clone() {
            self.notes.push(format!("{chain}: {note}"));
        }
        if manifest.format_version == FORMAT_VERSION {
            self.originals(files, evidence);
        }
        if manifest.tool_version != TOOL_VERSION || manifest.format_version != FORMAT_VERSION {
            self.notes.push(format!(
                "made by layerguard {} or one before it, this is {TOOL_VERSION}: whether the reports say what the records say was not checked",
                manifest.tool_version
            ));
            return;
        }
        self.told_again(files, evidence, manifest);
    }

    /// The events' own records against those that the assessments keep.
    fn originals(&mut self, files: &Files, evidence: &Evidence) {
        let kept = originals::files(evidence);
        for (name, bytes) in &kept {
            match files.get(name) {
                Some(found) if found == bytes => {}
                Some(_) => self.flaw(format!("{name}: is not the record that the assessment of the event keeps")),
                None if files.contains_key(SUMS) => {}
                None => self.flaw(format!("{name}: is missing")),
            }
        }
        for name in files.keys().filter(|name| name.starts_with(originals::FOLDER) && !kept.contains_key(*name)) {
            self.flaw(format!("{name}: no assessment of the incident keeps this record"));
        }
    }

    fn chains(&mut self, evidence: &Evidence, manifest: &Manifest) {
        let id = manifest.incident.chain.as_str();
        if let Some(other) = evidence.records.iter().find(|record| record.incident != id) {
            self.flaw(format!("{INCIDENT}: record {} is of `{}`, the bundle is of `{id}`", other.seq, other.incident));
        }
        let calls: Vec<Chain> = evidence.calls.iter().map(|(name, records)| chain(name, records)).collect();
        let found = std::iter::once(chain(id, &evidence.records)).chain(calls);
        let found: BTreeMap<String, Chain> = found.map(|chain| (chain.chain.clone(), chain)).collect();
        let said = std::iter::once(&manifest.incident).chain(&manifest.calls);
        let said: BTreeMap<&str, &Chain> = said.map(|chain| (chain.chain.as_str(), chain)).collect();
        for (name, said) in &said {
            match found.get(*name) {
                None => self.flaw(format!("{CALLS}: the {} record(s) of chain `{name}` are missing", said.records)),
                Some(found) if found.records != said.records => self.flaw(format!(
                    "chain `{name}`: {} record(s) are there, {} were exported",
                    found.records, said.records
                )),
                Some(found) if found.head != said.head => {
                    self.flaw(format!("chain `{name}`: its last record is not the one that was exported"));
                }
                Some(_) => {}
            }
        }
        for name in found.keys().filter(|name| !said.contains_key(name.as_str())) {
            self.flaw(format!("{CALLS}: chain `{name}` was not exported"));
        }
        let sealed = self.examined.proof.as_ref().is_some_and(|proof| proof.sealed);
        if (sealed, derived::closed_as(&evidence.records)) != (manifest.sealed, manifest.status) {
            self.flaw(format!("{MANIFEST}: says another end of the chain than its records"));
        }
    }

    /// Reports and extracts say what the records say: they are made anew and compared.
    fn told_again(&mut self, files: &Files, evidence: &Evidence, manifest: &Manifest) {
        let Ok(again) = derived::files(evidence, &self.examined.clone(), manifest) else {
            return self.flaw("the reports cannot be made from these records");
        };
        for (name, bytes) in again {
            if files.get(&name).is_some_and(|found| *found != bytes) {
                self.flaw(format!("{name}: does not say what the records say"));
            }
        }
        let ordered = super::pack::lines(evidence.calls.values().flatten());
        if ordered.ok().as_ref() != files.get(CALLS) && files.contains_key(CALLS) && self.flaws.is_empty() {
            self.flaw(format!("{CALLS}: its lines are not in the order in which they were exported"));
        }
    }
}

/// The line at which a break shows, where it can be told.
fn line_of(lines: &[Line], chain: Option<&str>, broken: &Break) -> String {
    let at = |line: &&Line| line.record.seq == broken.seq && chain.is_none_or(|chain| line.record.incident == chain);
    let numbers: Vec<String> = lines.iter().filter(at).map(|line| line.number.to_string()).collect();
    if numbers.is_empty() { String::new() } else { format!("line {}, ", numbers.join(" and ")) }
}
