//! What records prove, wherever they come from: the table or a bundle.

use std::collections::BTreeSet;

use layerguard_core::audit::{self, AuditRecord, Break, Proof};

use super::{Evidence, Originals, named};

/// What examining the records of an incident came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// What the chain of the incident proves; `None` when it is broken.
    pub proof: Option<Proof>,
    /// How many assessment records the findings name and that fit.
    pub assessments: usize,
    /// What the kept records of the events came to.
    pub originals: Originals,
    /// Where the chain of the incident is broken.
    pub breaks: Vec<Break>,
    /// What does not fit in the chains of calls, each with its chain.
    pub flaws: Vec<(String, String)>,
}

impl Examined {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.breaks.is_empty() && self.flaws.is_empty()
    }

    /// Everything that is wrong, in words. What came from the records is not escaped.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let breaks = self.breaks.iter().map(ToString::to_string);
        breaks.chain(self.flaws.iter().map(|(chain, flaw)| in_call(chain, flaw))).collect()
    }
}

/// The flaw of a call's chain, in words.
fn in_call(chain: &str, flaw: &str) -> String {
    let event = chain.strip_prefix("call#").unwrap_or(chain);
    format!("assessment record of event {event}: {flaw}")
}

/// Examine the chain of an incident and those of its calls.
#[must_use]
pub fn examine(evidence: &Evidence) -> Examined {
    let mut examined = Examined::default();
    match audit::verify(&evidence.records) {
        Ok(proof) => examined.proof = Some(proof),
        Err(breaks) => examined.breaks = breaks,
    }
    let named = named(&evidence.records);
    for (chain, hashes) in &named {
        let records = evidence.calls.get(chain).map_or(&[][..], Vec::as_slice);
        match of_call(chain, records, hashes) {
            Ok(fitting) => examined.assessments += fitting,
            Err(flaw) => examined.flaws.push((chain.clone(), flaw)),
        }
        if let Err(flaw) = examined.originals.check(chain, records) {
            examined.flaws.push((chain.clone(), flaw));
        }
    }
    for chain in evidence.calls.keys().filter(|chain| !named.contains_key(*chain)) {
        examined.flaws.push((chain.clone(), "no finding of this incident names it".to_owned()));
    }
    examined
}

/// How many of the hashes that findings name are those of records of this whole chain.
fn of_call(chain: &str, records: &[AuditRecord], hashes: &BTreeSet<String>) -> Result<usize, String> {
    if records.is_empty() {
        return Err("is missing".to_owned());
    }
    if let Err(breaks) = audit::verify(records) {
        return Err(breaks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    }
    if records.iter().any(|record| record.incident != chain) {
        return Err("is the record of another event".to_owned());
    }
    // A call may be assessed again by a later policy; the finding names the record that it rests on.
    match hashes.iter().find(|hash| !records.iter().any(|record| record.hash == **hash)) {
        Some(_) => Err("is not the one that the finding names".to_owned()),
        None => Ok(hashes.len()),
    }
}
