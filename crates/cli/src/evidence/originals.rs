//! The events' own CloudTrail records, as the assessments keep them.

use std::collections::BTreeSet;

use layerguard_core::audit::body::Assessment;
use layerguard_core::audit::{AuditRecord, Body, Fit};

use super::pack::sha256;
use super::{Evidence, Files};

/// The folder of a bundle that they stand in.
pub(super) const FOLDER: &str = "events/";

/// What checking the kept records came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Originals {
    /// The calls whose record is kept, has its hash, and says what layerguard read.
    pub kept: BTreeSet<String>,
    /// The calls whose record is not kept, each with the reason.
    pub absent: Vec<(String, &'static str)>,
    /// What could not be checked although nothing is wrong, each with the call.
    pub notes: Vec<(String, String)>,
}

impl Originals {
    /// Checks the assessments of one chain. What does not fit is told.
    pub(super) fn check(&mut self, chain: &str, records: &[AuditRecord]) -> Result<(), String> {
        let mut absent = None;
        for (record, assessment) in assessments(records) {
            let Some(original) = &assessment.original else {
                absent.get_or_insert("an earlier version of layerguard recorded it, or the call was clear");
                continue;
            };
            match original.check(&assessment.event).map_err(|flaw| format!("record {}: {flaw}", record.seq))? {
                Fit::Fits => drop(self.kept.insert(chain.to_owned())),
                Fit::NotKept(why) => absent = Some(why),
                Fit::ReadOtherwise { by } => {
                    self.kept.insert(chain.to_owned());
                    let note = format!("layerguard {by} read the event; this version reads the kept record otherwise");
                    self.notes.push((chain.to_owned(), note));
                }
            }
        }
        if let Some(why) = absent.filter(|_| !self.kept.contains(chain)) {
            self.absent.push((chain.to_owned(), why));
        }
        Ok(())
    }
}

/// The kept records as files, each with exactly the bytes whose hash its audit record holds.
pub(super) fn files(evidence: &Evidence) -> Files {
    let mut files = Files::new();
    for records in evidence.calls.values() {
        for (_, assessment) in assessments(records) {
            let Some(Ok(Some(text))) = assessment.original.map(|original| original.text()) else { continue };
            let stem = stem(&assessment.event.event_id);
            let names = (1_u32..).map(|number| match number {
                1 => format!("{FOLDER}{stem}.json"),
                number => format!("{FOLDER}{stem}-{number}.json"),
            });
            // The same record is one file, however often the call was assessed.
            let is_free = |name: &String| files.get(name).is_none_or(|bytes| bytes == text.as_bytes());
            if let Some(name) = names.take(1_000).find(is_free) {
                files.insert(name, text.into_bytes());
            }
        }
    }
    files
}

/// What a file is called after. An id is text from a record, and CloudTrail's are UUIDs; what could be another path is hashed.
fn stem(event_id: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !event_id.is_empty() && event_id.len() <= 50 && event_id.bytes().all(is_plain) {
        return event_id.to_owned();
    }
    let hash: String = sha256(event_id.as_bytes()).chars().take(32).collect();
    format!("id-{hash}")
}

fn assessments(records: &[AuditRecord]) -> impl Iterator<Item = (&AuditRecord, Assessment)> {
    records.iter().filter_map(|record| match Body::read(record.kind, &record.body) {
        Ok(Body::Assessment(assessment)) => Some((record, *assessment)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_of_an_event_is_a_path() {
        assert_eq!(stem("7f3c5d9e-2222-4222-8222-222222222222"), "7f3c5d9e-2222-4222-8222-222222222222");
        for id in ["../../etc/passwd", "a/b", "", ".", "sha256:00", "a\u{202e}b", &"a".repeat(51)] {
            let stem = stem(id);
            assert!(stem.starts_with("id-") && stem.len() == 35, "{stem}");
        }
    }
}
