//! Answers that Cedar gave before. A question is a pure function of the facts that the policies read, and in a day of pulls the same few
//! sets of them come again and again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cedar_policy::PolicySet;

use super::reads::Reads;
use super::situation::{Answer, Situation};

/// Answers that are kept. Forgotten all at once when there are more: whoever chooses facts may make up new ones without end.
const MOST: usize = 4096;

/// Answers by what the policies read of the situation.
#[derive(Debug)]
pub(super) struct Memo {
    pub(super) reads: Reads,
    answers: Mutex<HashMap<Situation, Answer>>,
}

/// A copy of a bundle starts without answers.
impl Clone for Memo {
    fn clone(&self) -> Self {
        Self { reads: self.reads.clone(), answers: Mutex::default() }
    }
}

impl Memo {
    pub(super) fn of(policies: &PolicySet) -> Self {
        Self { reads: Reads::of(policies), answers: Mutex::default() }
    }

    /// The answer from before, or what `put` answers now. A question that cannot be put is not remembered.
    pub(super) fn answer(
        &self,
        situation: &Situation,
        put: impl FnOnce(&Situation) -> Result<Answer, String>,
    ) -> Result<Answer, String> {
        let key = self.reads.of_situation(situation);
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
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::Bundle;
    use crate::engine::situation::{Thing, Value};

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
        let key = |flag, network, repository, session| {
            memo.reads.of_situation(&situation(flag, network, repository, session))
        };
        assert_eq!(key(true, "inside", "a", 1), key(true, "outside", "b", 1));
        assert_ne!(key(true, "inside", "a", 3), key(true, "inside", "a", 4));
        assert_ne!(key(true, "inside", "a", 1), key(false, "inside", "a", 1));
    }

    #[test]
    fn a_number_that_is_only_compared_counts_by_its_side() {
        let compared = memo("context.pulled.session > 3 && 9 == context.pulled.session");
        let session = |memo: &Memo, number| memo.reads.of_situation(&situation(true, "inside", "a", number));
        for (one, other, alike) in
            [(0, 2, true), (2, 3, false), (3, 4, false), (4, 8, true), (8, 9, false), (10, 99, true)]
        {
            assert_eq!(session(&compared, one) == session(&compared, other), alike, "{one} {other}");
        }
        let computed = memo("context.pulled.session > 3 && context.pulled.session + 1 == 9");
        assert_ne!(session(&computed, 5), session(&computed, 6));
        // Of two that are compared with each other, both count.
        let both = memo("context.pulled.session > context.pulled.role");
        assert_ne!(session(&both, 5), session(&both, 6));
    }

    #[test]
    fn who_reads_a_whole_reads_all_that_is_in_it() {
        for conditions in
            ["context == context", "[context.call].contains(context.call)", "context.pulled == {\"session\": 3}"]
        {
            let memo = memo(conditions);
            let key = |network, session| memo.reads.of_situation(&situation(true, network, "a", session));
            assert!(key("inside", 1) != key("outside", 1) || key("inside", 1) != key("inside", 2), "{conditions}");
        }
    }

    #[test]
    fn what_is_there_counts_although_its_value_does_not() {
        let memo = memo("resource has repository");
        let mut without = situation(true, "inside", "a", 1);
        without.resource.attributes.clear();
        assert_ne!(memo.reads.of_situation(&without), memo.reads.of_situation(&situation(true, "inside", "a", 1)));
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
