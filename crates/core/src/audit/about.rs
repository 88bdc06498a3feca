//! Whom and what the incident of a record is about: what the record can be found by.
//!
//! This is told by the findings of the chain and by nothing else. The table keeps a short copy beside each record, out of which an index
//! is made; the copy is not hashed. What counts is the chain: whoever finds a record by its copy reads the chain and asks again.

use std::collections::BTreeSet;

use wildmatch::WildMatch;

use super::body::Resume;
use super::{BUNDLE_PREFIX, Body, CALL_PREFIX, History};

/// How many bytes the copies of one kind have together, so that an entry of the index stays below a kilobyte, which is what one write
/// unit pays for.
const ROOM: usize = 256;

/// What a record is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// ARNs, and `aws:userid`s of sessions: the accused, and in an answer's record whoever answered.
    pub principals: BTreeSet<String>,
    /// The accounts in which it happened.
    pub accounts: BTreeSet<String>,
    /// Ids of the rules that fired.
    pub rules: BTreeSet<String>,
    /// Not everything found room.
    pub partial: bool,
}

impl About {
    /// What a record with this content is about, after these records; `None` in the chain of a single call, which is found by its
    /// incident alone: ten million clear calls a day must not pay for an index.
    #[must_use]
    pub fn of(chain: &str, history: &History, body: &Body) -> Option<Self> {
        if chain.starts_with(CALL_PREFIX) || chain.starts_with(BUNDLE_PREFIX) {
            return None;
        }
        let mut about = Self::default();
        for earlier in history.entries() {
            about.add_finding(&earlier.body);
        }
        about.add_finding(body);
        about.principals.extend(person(body).map(str::to_owned));
        if let Body::Reconciliation(account) = body {
            about.accounts.insert(account.account.clone());
        }
        Some(about)
    }

    fn add_finding(&mut self, body: &Body) {
        let Body::Finding(finding) = body else { return };
        self.principals.extend(finding.principals.iter().cloned());
        self.accounts.extend(finding.accounts.iter().cloned());
        self.rules.extend(finding.events.iter().flat_map(|event| event.rules.iter().cloned()));
    }

    /// The part that fits into an entry of the index.
    #[must_use]
    pub fn short(&self) -> Self {
        let mut partial = self.partial;
        let mut fit = |all: &BTreeSet<String>| {
            let mut room = ROOM;
            let mut fitting = BTreeSet::new();
            for text in all {
                match room.checked_sub(text.len()) {
                    Some(left) => {
                        room = left;
                        fitting.insert(text.clone());
                    }
                    None => partial = true,
                }
            }
            fitting
        };
        let (principals, accounts, rules) = (fit(&self.principals), fit(&self.accounts), fit(&self.rules));
        Self { principals, accounts, rules, partial }
    }

    /// A principal is like this: `*` stands for any characters, `?` for one.
    #[must_use]
    pub fn has_principal(&self, pattern: &str) -> bool {
        let pattern = WildMatch::new(pattern);
        self.principals.iter().any(|principal| pattern.matches(principal))
    }
}

/// Who answered, paused or resumed.
fn person(body: &Body) -> Option<&str> {
    match body {
        Body::ApprovalAccepted(answer) | Body::Resume(Resume::Person(answer)) => Some(&answer.approver_arn),
        Body::ApprovalRefused(answer) => answer.approver.as_ref().map(|approver| approver.arn.as_str()),
        Body::Pause(set) => Some(&set.pause.by),
        Body::Published(next) => Some(&next.answer.approver_arn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_finds_no_room_is_said() {
        let about = About { principals: set(&["a", "b"]), rules: set(&["x"]), ..About::default() };
        assert_eq!(about.short(), about);
        let long = "l".repeat(200);
        let crowded = About { principals: set(&[&long, &long.replace('l', "m"), "z"]), ..about.clone() };
        let short = crowded.short();
        assert!(short.partial && short.principals == set(&[&long, "z"]), "{short:?}");
        assert_eq!(short.short(), short, "a short one stays as it is");
    }

    #[test]
    fn a_principal_is_found_by_a_pattern() {
        let about = About {
            principals: set(&["arn:aws:iam::111122223333:role/ci/builder", "AROAEXAMPLEID:mallory"]),
            ..About::default()
        };
        for pattern in ["*:mallory", "arn:aws:iam::111122223333:role/ci/*", "AROAEXAMPLEID:mallor?", "*"] {
            assert!(about.has_principal(pattern), "{pattern}");
        }
        for pattern in ["mallory", "arn:aws:iam::444455556666:*", ""] {
            assert!(!about.has_principal(pattern), "{pattern}");
        }
    }

    #[test]
    fn the_chain_of_a_call_is_in_no_index() {
        let body = Body::Escalation(super::super::body::Escalation { step: None, reason: String::new(), error: None });
        assert_eq!(About::of("call#e-1", &History::default(), &body), None);
        assert_eq!(About::of("0011223344556677-1", &History::default(), &body), Some(About::default()));
    }
}
