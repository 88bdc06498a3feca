//! The policies that decided, as they were published: each is proved by its name, which is the hash of its content.

use std::collections::{BTreeMap, BTreeSet};

use layerguard_core::audit::{AuditRecord, Body};
use layerguard_core::policy::Package;

use super::pack::document;
use super::{Evidence, Files};

/// Below this folder each lies in a file of its version.
const FOLDER: &str = "policies/";

/// The versions by which the decisions, and the assessments that they rest on, were made.
#[must_use]
pub fn decided_by(evidence: &Evidence) -> BTreeSet<&str> {
    let decisive = |record: &&AuditRecord| {
        matches!(Body::read(record.kind, &record.body), Ok(Body::Decision(_) | Body::Assessment(_)))
    };
    let records = evidence.records.iter().chain(evidence.calls.values().flatten());
    records.filter(decisive).map(|record| record.policy_version.as_str()).collect()
}

/// The files of the policies.
pub(super) fn files(policies: &BTreeMap<String, Package>) -> serde_json::Result<Files> {
    policies.iter().map(|(version, package)| Ok((format!("{FOLDER}{version}.json"), document(package)?))).collect()
}

/// The policies among the files of a bundle, and what is wrong with them.
pub(super) fn read(files: &Files) -> (BTreeMap<String, Package>, Vec<String>) {
    let (mut policies, mut flaws) = (BTreeMap::new(), Vec::new());
    for (name, bytes) in files {
        let Some(version) = name.strip_prefix(FOLDER).and_then(|name| name.strip_suffix(".json")) else { continue };
        match serde_json::from_slice::<Package>(bytes) {
            Ok(package) if package.version() == version => drop(policies.insert(version.to_owned(), package)),
            Ok(package) => flaws.push(format!("{name}: its content is the policy `{}`", package.version())),
            Err(error) => flaws.push(format!("{name}: is no policy: {error}")),
        }
    }
    (policies, flaws)
}
