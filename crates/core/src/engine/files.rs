//! The files of a bundle: the embedded ones, and a user's laid over them.

use std::collections::BTreeMap;

use super::problem::{Problem, did_you_mean};

/// The rule of the first question that permits what no rule forbids.
pub(super) const BASELINE: &str = "baseline.cedar";
/// The policies of the second question.
pub(super) const RESPONSE: &str = "response.cedar";
/// The policies of the third question.
pub(super) const APPROVAL: &str = "approval.cedar";
/// Playbooks and families.
pub(super) const PLAYBOOKS: &str = "playbooks.toml";
/// The schema of the first question.
pub(super) const SCHEMA: &str = "schema.cedarschema";
/// The schema of the second question.
pub(super) const RESPONSE_SCHEMA: &str = "response.cedarschema";
/// The schema of the third question.
pub(super) const APPROVAL_SCHEMA: &str = "approval.cedarschema";

const REPLACEABLE: [&str; 4] = [BASELINE, RESPONSE, APPROVAL, PLAYBOOKS];
const SCHEMAS: [&str; 3] = [SCHEMA, RESPONSE_SCHEMA, APPROVAL_SCHEMA];
/// Files that stand beside a bundle without being part of it.
const NEIGHBOURS: [&str; 2] = ["inventory", "service_owned"];

/// Names and contents of the default bundle, found by the build script.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// Name to content, in order of names.
pub(super) type Files = BTreeMap<String, String>;

/// The default bundle.
pub(super) fn embedded() -> Files {
    EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// The id of the rule that a file holds, if it is a rule's file.
pub(super) fn rule_id(name: &str) -> Option<&str> {
    name.strip_prefix("rules/")?.strip_suffix(".cedar").filter(|stem| !stem.contains('/'))
}

/// The default bundle with a user's files laid over it. A rule is replaced by the one of the same name or stands; a schema
/// belongs to the program, because the program fills in what it declares.
pub(super) fn overlay(given: &Files, problems: &mut Vec<Problem>) -> Files {
    let mut files = embedded();
    for (name, text) in given {
        if rule_id(name).is_some() || REPLACEABLE.contains(&name.as_str()) {
            files.insert(name.clone(), text.clone());
        } else if SCHEMAS.contains(&name.as_str()) {
            if files.get(name).is_some_and(|own| !same_lines(own, text)) {
                let problem = Problem::whole(name, "this is not the schema of this version of layerguard");
                let help = "remove the file: a schema cannot be changed, the program fills in what it declares";
                problems.push(problem.with_help(Some(help.to_owned())));
            }
        } else if looks_like_policy(name) {
            let known = REPLACEABLE.into_iter().chain(SCHEMAS);
            let help = did_you_mean(name, known).unwrap_or_else(|| "rules are `rules/<rule id>.cedar`".to_owned());
            problems.push(Problem::whole(name, "no bundle has a file of this name").with_help(Some(help)));
        }
    }
    files
}

/// The same files with this program's schemas.
pub(super) fn with_own_schemas(whole: &Files) -> Files {
    let mut files = whole.clone();
    let own = embedded();
    files.extend(
        SCHEMAS.iter().filter_map(|name| own.get_key_value(*name)).map(|(name, text)| (name.clone(), text.clone())),
    );
    files
}

/// Whether a file that is no part of a bundle was probably meant to be one.
fn looks_like_policy(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, "cedar" | "cedarschema")) => true,
        Some((stem, "toml")) => !NEIGHBOURS.iter().any(|neighbour| stem.starts_with(neighbour)),
        _ => false,
    }
}

/// The same text, whatever the line endings.
fn same_lines(a: &str, b: &str) -> bool {
    a.trim_end().lines().eq(b.trim_end().lines())
}
