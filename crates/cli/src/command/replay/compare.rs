//! What another policy would change.

use std::collections::HashMap;

use layerguard_core::engine::Verdict;
use serde::Serialize;

use super::tally::{what, who};
use crate::command::explain::Line;

/// Distinct changes that are told one by one, for each kind.
const MOST: usize = 500;

/// How an answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// The other policy finds what this one calls clear.
    NewlyFound,
    /// The other policy calls clear what this one finds.
    NoLongerFound,
    /// Both find it, and not the same of it: other rules, another severity, undecided instead of a violation.
    OtherFinding,
    /// Both find the same, and something else would be done.
    OtherDecision,
}

/// What changes in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) struct Same {
    pub(crate) change: Change,
    pub(crate) principal: String,
    pub(crate) call: String,
    /// The answer by this policy.
    pub(crate) here: String,
    /// The answer by the other.
    pub(crate) there: String,
}

/// So many calls, and one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Changed {
    #[serde(flatten)]
    pub(crate) same: Same,
    pub(crate) calls: u64,
    /// `eventID` of the first.
    pub(crate) event_id: String,
    /// What the first was about.
    pub(crate) resource: String,
}

/// All that changes.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    changes: HashMap<Same, (u64, String, String)>,
    counts: HashMap<Change, u64>,
}

impl Comparison {
    /// Compares the answers about one call.
    pub(super) fn add(&mut self, here: &Line, there: &Line) {
        let Some(change) = change(here, there) else { return };
        *self.counts.entry(change).or_default() += 1;
        let same = Same {
            change,
            principal: who(&here.record),
            call: here.record.call.clone(),
            here: answer(here),
            there: answer(there),
        };
        if let Some((calls, ..)) = self.changes.get_mut(&same) {
            *calls += 1;
        } else if self.changes.keys().filter(|known| known.change == change).count() < MOST {
            self.changes.insert(same, (1, here.record.event_id.clone(), what(&here.record)));
        }
    }

    /// How many calls change in this way.
    pub(super) fn count(&self, change: Change) -> u64 {
        self.counts.get(&change).copied().unwrap_or_default()
    }

    /// The changes, by kind, those of most calls first.
    pub(super) fn changes(&self) -> Vec<Changed> {
        let mut all: Vec<Changed> = self
            .changes
            .iter()
            .map(|(same, (calls, event_id, resource))| Changed {
                same: same.clone(),
                calls: *calls,
                event_id: event_id.clone(),
                resource: resource.clone(),
            })
            .collect();
        all.sort_by(|a, b| {
            a.same.change.cmp(&b.same.change).then(b.calls.cmp(&a.calls)).then_with(|| a.same.cmp(&b.same))
        });
        all
    }
}

fn change(here: &Line, there: &Line) -> Option<Change> {
    let found = |line: &Line| matches!(line.record.assessment, Verdict::Violation | Verdict::Undecided);
    match (found(here), found(there)) {
        (false, false) => None,
        (false, true) => Some(Change::NewlyFound),
        (true, false) => Some(Change::NoLongerFound),
        (true, true) if finding(here) != finding(there) => Some(Change::OtherFinding),
        (true, true) => (here.record.plan != there.record.plan).then_some(Change::OtherDecision),
    }
}

fn finding(line: &Line) -> String {
    let mut text = match line.record.assessment {
        Verdict::Clear => "clear".to_owned(),
        Verdict::Unwatched => "unwatched".to_owned(),
        Verdict::Undecided => "undecided".to_owned(),
        Verdict::Violation => {
            line.record.severity.map_or_else(|| "violation".to_owned(), |severity| severity.as_str().to_owned())
        }
    };
    let counts =
        |rule: &&crate::command::explain::Rule| !rule.exception.as_ref().is_some_and(|exception| exception.in_force);
    let rules: Vec<&str> = line.record.rules.iter().filter(counts).map(|rule| rule.id.as_str()).collect();
    if line.record.assessment == Verdict::Violation {
        text.push_str(&format!(": {}", rules.join(", ")));
    }
    text
}

fn answer(line: &Line) -> String {
    let steps: Vec<String> =
        line.record.plan.iter().map(|step| format!("{} {}", step.mode.as_str(), step.action)).collect();
    let plan = if steps.is_empty() { String::new() } else { format!("; {}", steps.join(", ")) };
    format!("{}{plan}", finding(line))
}
