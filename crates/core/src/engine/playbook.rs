//! `playbooks.toml`: what is done about a violation.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::files::PLAYBOOKS;
use super::problem::{Problem, did_you_mean};
use crate::action::{self, ACTIONS};

/// The key of the list of families, beside the playbooks.
const FAMILIES: &str = "families";

/// What is done about a violation, in order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// For people.
    pub title: String,
    /// In the order in which they run.
    pub steps: Vec<PlaybookStep>,
    /// What a person does, in short lines.
    pub runbook: String,
    /// Where that can be read at length: the one link that messages have, so only `https` and nothing that a client could read otherwise.
    #[serde(default)]
    pub runbook_url: Option<String>,
}

/// One step of a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookStep {
    /// The action's name.
    pub action: String,
    /// When it is part of the plan.
    pub when: When,
}

/// When a step is part of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// In the first plan already.
    Always,
    /// Only when an earlier containment of the same principal did not hold, or the session is not known.
    NotHeld,
    /// Only where no inline policy may be written, or there is no room for one.
    InlineImpossible,
}

/// The content of `playbooks.toml`.
#[derive(Debug, Clone, Default)]
pub(super) struct Playbooks {
    pub(super) families: Vec<String>,
    pub(super) by_id: BTreeMap<String, Playbook>,
}

impl Playbooks {
    /// Read `playbooks.toml`; the problems say what is wrong. `None` when it cannot be read at all: then nothing is known about
    /// the names that rules use.
    pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let entries = match toml::from_str::<BTreeMap<String, Entry>>(text) {
            Ok(entries) => entries,
            Err(error) => {
                let message = error.message().to_owned();
                problems.push(match error.span() {
                    Some(span) => Problem::at(PLAYBOOKS, text, span.start, message),
                    None => Problem::whole(PLAYBOOKS, message),
                });
                return None;
            }
        };
        let mut playbooks = Self::default();
        for (key, entry) in entries {
            match entry {
                Entry::Families(families) if key == FAMILIES => playbooks.families = families,
                Entry::Families(_) => problems.push(
                    Problem::whole(PLAYBOOKS, format!("`{key}` is a list where a playbook is expected"))
                        .with_help(did_you_mean(&key, [FAMILIES])),
                ),
                Entry::Playbook(playbook) => {
                    playbook.check(&key, problems);
                    playbooks.by_id.insert(key, playbook);
                }
            }
        }
        Some(playbooks)
    }
}

impl Playbook {
    fn check(&self, id: &str, problems: &mut Vec<Problem>) {
        for (name, text) in [("title", &self.title), ("runbook", &self.runbook)] {
            if text.trim().is_empty() {
                problems.push(Problem::whole(PLAYBOOKS, format!("playbook `{id}` has an empty `{name}`")));
            }
        }
        if let Some(reason) = self.runbook_url.as_deref().and_then(not_a_link) {
            let message = format!("playbook `{id}` has a `runbook_url` that {reason}");
            problems.push(
                Problem::whole(PLAYBOOKS, message)
                    .with_help(Some("write it like `https://wiki.example.com/runbooks/exfiltration`".to_owned())),
            );
        }
        for step in self.steps.iter().filter(|step| action::by_name(&step.action).is_none()) {
            let message = format!("playbook `{id}` names action `{}`, which does not exist", step.action);
            let help = did_you_mean(&step.action, ACTIONS.iter().map(|action| action.name()));
            problems.push(Problem::whole(PLAYBOOKS, message).with_help(help));
        }
    }
}

/// The longest link.
const MOST_URL: usize = 300;

/// Why this is not a link that messages can bear as it is; `None` when it is one.
fn not_a_link(url: &str) -> Option<&'static str> {
    let plain = |shown: char| shown.is_ascii_alphanumeric() || "-._/?=&%+,:#".contains(shown);
    let Some(rest) = url.strip_prefix("https://") else { return Some("does not start with `https://`") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if url.len() > MOST_URL {
        return Some("is longer than 300 characters");
    }
    if !url.chars().all(plain) {
        return Some("holds other characters than letters, digits and `-._/?=&%+,:#`");
    }
    (!name.split('.').all(label) || !name.contains('.')).then_some("names no host")
}

/// A top-level entry: the families, or a playbook under its id. A visitor and no untagged enum, so that errors keep their place.
enum Entry {
    Families(Vec<String>),
    Playbook(Playbook),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a playbook, or the list `families`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Entry, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Entry::Families)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        Playbook::deserialize(MapAccessDeserializer::new(map)).map(Entry::Playbook)
    }
}
