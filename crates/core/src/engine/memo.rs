//! Answers that Cedar gave before. A question is a pure function of the facts that the policies read, and in a day of pulls the same few
//! sets of them come again and again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use cedar_policy::PolicySet;

use super::explain;
use super::situation::{Answer, Attributes, Situation, Thing, Value};

/// Answers that are kept. Forgotten all at once when there are more: whoever chooses facts may make up new ones without end.
const MOST: usize = 4096;

/// Answers by what the policies read of the situation.
#[derive(Debug)]
pub(super) struct Memo {
    reads: Reads,
    answers: Mutex<HashMap<Situation, Answer>>,
}

/// A copy of a bundle starts without answers.
impl Clone for Memo {
    fn clone(&self) -> Self {
        Self { reads: self.reads.clone(), answers: Mutex::default() }
    }
}

/// What the policies read, as paths.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reads {
    /// It cannot be told, so everything counts.
    All,
    /// These, what lies below them, and whether what lies above them is there.
    Paths(Read),
}

/// What is read of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Read {
    /// All of it.
    whole: bool,
    /// Or what is read of its attributes.
    of: BTreeMap<String, Read>,
}

impl Read {
    fn add(&mut self, path: &str) {
        match path.split_once('.') {
            Some((name, rest)) => self.of.entry(name.to_owned()).or_default().add(rest),
            None => self.of.entry(path.to_owned()).or_default().whole = true,
        }
    }
}

impl Memo {
    pub(super) fn of(policies: &PolicySet) -> Self {
        let mut paths = BTreeSet::new();
        let mut reads = None;
        for policy in policies.policies() {
            match explain::facts_read(policy) {
                Ok(read) => paths.extend(read),
                Err(_) => reads = Some(Reads::All),
            }
        }
        let mut tree = Read::default();
        paths.iter().for_each(|path: &String| tree.add(path));
        Self { reads: reads.unwrap_or(Reads::Paths(tree)), answers: Mutex::default() }
    }

    /// The answer from before, or what `put` answers now. A question that cannot be put is not remembered.
    pub(super) fn answer(
        &self,
        situation: &Situation,
        put: impl FnOnce(&Situation) -> Result<Answer, String>,
    ) -> Result<Answer, String> {
        let key = self.read_of(situation);
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers().get(&key) {
            return Ok(answer.clone());
        }
        let answer = put(situation)?;
        let mut answers = answers();
        if answers.len() >= MOST {
            answers.clear();
        }
        answers.insert(key, answer.clone());
        Ok(answer)
    }

    /// The situation without the values that no policy reads. Which attributes there are, and of which type, stays: the schema is asked
    /// about that.
    fn read_of(&self, situation: &Situation) -> Situation {
        let Reads::Paths(tree) = &self.reads else { return situation.clone() };
        let thing = |thing: &Thing, name: &str| Thing {
            kind: thing.kind,
            id: thing.id,
            attributes: masked(&thing.attributes, tree.of.get(name)),
        };
        Situation {
            principal: thing(&situation.principal, "principal"),
            action: situation.action.clone(),
            resource: thing(&situation.resource, "resource"),
            context: masked(&situation.context, tree.of.get("context")),
        }
    }
}

fn masked(attributes: &Attributes, read: Option<&Read>) -> Attributes {
    if read.is_some_and(|read| read.whole) {
        return attributes.clone();
    }
    let one = |(name, value): &(&'static str, Value)| {
        let read = read.and_then(|read| read.of.get(*name));
        let value = match value {
            value if read.is_some_and(|read| read.whole) => value.clone(),
            Value::Record(inner) => Value::Record(masked(inner, read)),
            Value::Bool(_) => Value::Bool(false),
            Value::Number(_) => Value::Number(0),
            Value::Text(_) => Value::Text(String::new()),
            // The word's type is part of the schema; the word is not.
            Value::Word(kind, _) => Value::Word(kind, ""),
        };
        (*name, value)
    };
    attributes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::Bundle;

    static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::embedded().unwrap());

    fn situation(flag: bool, network: &'static str, repository: &str, session: u32) -> Situation {
        Situation {
            principal: Thing { kind: "Caller", id: "caller", attributes: vec![("image_puller", Value::Bool(flag))] },
            action: "ecr:GetDownloadUrlForLayer".to_owned(),
            resource: Thing {
                kind: "Registry",
                id: "registry",
                attributes: vec![("repository", Value::Text(repository.to_owned()))],
            },
            context: vec![
                ("call", Value::Record(vec![("network", Value::Word("Network", network))])),
                ("pulled", Value::Record(vec![("session", Value::Number(session))])),
            ],
        }
    }

    fn memo(conditions: &str) -> Memo {
        let text = format!("forbid (principal, action, resource) when {{ {conditions} }};");
        Memo::of(&PolicySet::from_str(&text).unwrap())
    }

    #[test]
    fn what_no_policy_reads_makes_no_other_question() {
        let memo = memo("principal.image_puller && context.pulled.session > 3");
        let key = |flag, network, repository, session| memo.read_of(&situation(flag, network, repository, session));
        assert_eq!(key(true, "inside", "a", 1), key(true, "outside", "b", 1));
        assert_ne!(key(true, "inside", "a", 1), key(true, "inside", "a", 2));
        assert_ne!(key(true, "inside", "a", 1), key(false, "inside", "a", 1));
    }

    #[test]
    fn who_reads_a_whole_reads_all_that_is_in_it() {
        for conditions in
            ["context == context", "[context.call].contains(context.call)", "context.pulled == {\"session\": 3}"]
        {
            let memo = memo(conditions);
            let key = |network, session| memo.read_of(&situation(true, network, "a", session));
            assert!(key("inside", 1) != key("outside", 1) || key("inside", 1) != key("inside", 2), "{conditions}");
        }
    }

    #[test]
    fn what_is_there_counts_although_its_value_does_not() {
        let memo = memo("resource has repository");
        let mut without = situation(true, "inside", "a", 1);
        without.resource.attributes.clear();
        assert_ne!(memo.read_of(&without), memo.read_of(&situation(true, "inside", "a", 1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// The bundle's own policies, asked in a row with answers kept and each time anew.
        #[test]
        fn an_answer_from_before_is_the_answer(
            questions in prop::collection::vec((any::<[bool; 7]>(), 0..3_usize, 0..4_usize, 0..40_u32, "[a-z]{0,3}"), 1..12)
        ) {
            let kept = BUNDLE.clone();
            for (flags, network, owner, count, repository) in questions {
                let names = ["image_puller", "administrator", "service_puller", "workload", "protected", "layer_reader", "own"];
                let counts = ["session", "role", "lineage", "account", "refused"];
                let limits = ["pull_breadth", "pull_breadth_role", "pull_breadth_account", "denied_pulls"];
                let numbers = |names: &[&'static str], number| names.iter().map(|name| (*name, Value::Number(number))).collect();
                let situation = Situation {
                    principal: Thing {
                        kind: "Caller",
                        id: "caller",
                        attributes: names.into_iter().zip(flags.map(Value::Bool)).collect(),
                    },
                    action: "ecr:GetDownloadUrlForLayer".to_owned(),
                    resource: Thing {
                        kind: "Registry",
                        id: "registry",
                        attributes: vec![
                            ("owner", Value::Word("Owner", ["ours", "service_owned", "foreign", "unknown"][owner])),
                            ("repository", Value::Text(repository)),
                        ],
                    },
                    context: vec![
                        ("call", Value::Record(vec![
                            ("network", Value::Word("Network", ["inside", "outside", "unknown"][network])),
                            ("attempt", Value::Bool(flags[0] && flags[1])),
                            ("unexplained", Value::Bool(false)),
                        ])),
                        ("pulled", Value::Record(numbers(&counts, count))),
                        ("limit", Value::Record(numbers(&limits, 20))),
                        ("new_credentials", Value::Bool(flags[2] && flags[3])),
                    ],
                };
                prop_assert_eq!(kept.calls.ask(&situation).unwrap(), BUNDLE.calls.put(&situation).unwrap());
            }
        }
    }
}
