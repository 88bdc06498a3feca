//! Who answers, and playbooks that nobody uses.

use std::collections::BTreeMap;

use super::{Found, Said, Subject, Weight};
use crate::engine::Bundle;
use crate::plan::Mode;

/// With nobody on call nothing that asks is ever approved, and no policy is published.
pub(super) fn nobody_on_call(subject: &Subject<'_>, found: &mut Vec<Found>) {
    if !subject.inventory.principals.on_call.is_empty() {
        return;
    }
    let mode = subject.inventory.response.mode;
    let (severity, meaning) = if mode == Mode::Observe {
        (Weight::Warning, "nobody can publish a policy, end a pause, or take back what was done")
    } else {
        (
            Weight::Error,
            "what asks is never approved, and nobody can take back what was done, end a pause, or publish a policy",
        )
    };
    let problem = format!("nobody is on call: `principals.on_call` is empty, and the mode is `{}`", mode.as_str());
    let remedy = "list the roles of those who may answer, such as `arn:aws:iam::111122223333:role/oncall`".to_owned();
    found.push(subject.at(severity, "principals.on_call", Said { problem, meaning, remedy }));
}

/// Playbooks of the user's own that no rule names.
pub(super) fn unused_playbooks(bundle: &Bundle, files: &BTreeMap<String, String>, found: &mut Vec<Found>) {
    const PLAYBOOKS: &str = "playbooks.toml";
    let Some(text) = files.get(PLAYBOOKS) else { return };
    let lines = super::places::Lines::of(text);
    for id in bundle.playbook_ids().filter(|id| bundle.rules().all(|rule| rule.playbook != *id)) {
        found.push(Found {
            severity: Weight::Warning,
            file: PLAYBOOKS.to_owned(),
            line: lines.of_key(id),
            column: None,
            problem: format!("no rule names the playbook `{id}`"),
            meaning: "its steps never run".to_owned(),
            remedy: format!("write `@playbook(\"{id}\")` on the rules that it is for, or take it out"),
        });
    }
}
