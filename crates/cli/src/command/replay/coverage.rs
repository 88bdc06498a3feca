//! What of the policy the logs never touched, and who is missing in it.

use layerguard_core::inventory::{ArnPattern, Inventory};
use serde::Serialize;

use super::side::Side;
use super::tally::Tally;

/// Principals that are proposed for the inventory.
const MOST_PROPOSED: usize = 200;

/// How much of rules and inventory the logs touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Coverage {
    /// Rules that never fired, excepted or not.
    pub(crate) silent_rules: Vec<String>,
    /// Patterns of the inventory that match nobody who was seen.
    pub(crate) idle_patterns: Vec<Idle>,
    /// Exceptions of rules that no exception ever covered a call of.
    pub(crate) idle_exceptions: Vec<Idle>,
    /// Who pulled without being listed, the busiest first.
    pub(crate) unlisted: Vec<Missing>,
    /// What would list them, to be weighed line by line. Empty when there is nobody.
    pub(crate) proposal: String,
}

/// Something of the inventory that the logs never touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Idle {
    /// Where it stands: `principals.image_pullers`.
    pub(crate) list: String,
    /// Its text.
    pub(crate) text: String,
}

/// A principal that pulled without being listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    /// Its ARN.
    pub(crate) principal: String,
    /// Its calls.
    pub(crate) pulls: u64,
    /// Of those, from networks that are not ours.
    pub(crate) outside: u64,
}

impl Coverage {
    pub(super) fn of(side: &Side) -> Self {
        let (tally, inventory) = (&side.tally, side.assessor.inventory());
        let fired = |id: &str| tally.rules.contains_key(id) || tally.excepted.has(id);
        let silent = side.assessor.bundle().rules().map(|rule| rule.id.clone()).filter(|id| !fired(id));
        let unlisted = missing(tally);
        let exceptions = inventory.exceptions.iter().filter(|exception| !tally.excepted.has(&exception.rule));
        Self {
            silent_rules: silent.collect(),
            idle_patterns: idle(inventory, tally),
            idle_exceptions: exceptions
                .map(|exception| Idle { list: exception.path.clone(), text: exception.rule.clone() })
                .collect(),
            proposal: proposal(&unlisted),
            unlisted,
        }
    }
}

/// The lists of those who may, as far as they have patterns of their own.
fn lists(inventory: &Inventory) -> Vec<(&'static str, &[ArnPattern])> {
    let principals = &inventory.principals;
    vec![
        ("principals.image_pullers", principals.image_pullers.as_slice()),
        ("principals.administrators", &principals.administrators),
        ("principals.workloads", &principals.workloads),
        ("layers.readers", inventory.layers.readers.as_deref().unwrap_or_default()),
    ]
}

fn idle(inventory: &Inventory, tally: &Tally) -> Vec<Idle> {
    let mut idle = Vec::new();
    for (list, patterns) in lists(inventory) {
        for pattern in patterns {
            let one = std::slice::from_ref(pattern);
            if !tally.seen.iter().any(|(arn, _)| inventory.listed(one, arn).is_some() || pattern.matches_widely(arn)) {
                idle.push(Idle { list: list.to_owned(), text: pattern.as_str().to_owned() });
            }
        }
    }
    idle
}

fn missing(tally: &Tally) -> Vec<Missing> {
    let mut all: Vec<Missing> = tally
        .unlisted
        .iter()
        .map(|(principal, unlisted)| Missing {
            principal: principal.clone(),
            pulls: unlisted.pulls,
            outside: unlisted.networks.get("outside").copied().unwrap_or_default(),
        })
        .collect();
    all.sort_by(|a, b| b.pulls.cmp(&a.pulls).then_with(|| a.principal.cmp(&b.principal)));
    all
}

/// TOML to copy from: who pulled from outside is there as a comment only.
fn proposal(unlisted: &[Missing]) -> String {
    let named: Vec<&Missing> =
        unlisted.iter().filter(|missing| missing.principal.starts_with("arn:")).take(MOST_PROPOSED).collect();
    if named.is_empty() {
        return String::new();
    }
    let mut text = "[principals]\nimage_pullers = [\n".to_owned();
    for missing in named {
        let arn = toml_text(&missing.principal);
        if missing.outside > 0 {
            text.push_str(&format!(
                "    # {arn},  # {} pulls, {} from outside: who is that?\n",
                missing.pulls, missing.outside
            ));
        } else {
            text.push_str(&format!("    {arn},  # {} pulls\n", missing.pulls));
        }
    }
    text.push_str("]\n");
    text
}

/// A text of TOML. An ARN has no line breaks; what a stranger wrote in its place must not make one.
fn toml_text(text: &str) -> String {
    serde_json::to_string(&layerguard_core::text::escape(text)).unwrap_or_default()
}
