//! The first question: was this call authorised?

use super::bundle::Bundle;
use super::reads::CountsRead;
use super::situation::{Answer, Situation};
use super::{Assessment, Verdict, call, exception, explain};
use crate::cloudtrail::Event;
use crate::facts::{self, Facts};
use crate::history::Pulled;
use crate::inventory::Inventory;

/// The id of the one permit of the first question.
pub(super) const BASELINE_ID: &str = "baseline";

impl Bundle {
    /// Assess one call. Clear only when the baseline permit alone decided, nothing failed and no fact was missing; whatever
    /// kept it from being decided stands in [`Assessment::errors`], in words that are the same for every call that fails alike.
    pub fn assess(&self, event: &Event, facts: &Facts, inventory: &Inventory) -> Assessment {
        let mut assessment = Assessment {
            verdict: Verdict::Unwatched,
            rules: Vec::new(),
            reasons: Vec::new(),
            errors: Vec::new(),
            policy_version: self.version(inventory),
        };
        if event.call.is_none() {
            assessment.reasons.push(format!("`{}` is not watched", event.call_name()));
            return assessment;
        }
        assessment.reasons.clone_from(&facts.reasons);
        assessment.errors.clone_from(&facts.missing);
        let situation = call::situation(facts, inventory);
        match self.calls.ask(&situation) {
            Ok(answer) => {
                let is_identified = facts::is_identified(&event.principal, inventory);
                self.read_answer(&answer, &situation, is_identified, &mut assessment);
            }
            Err(error) => {
                assessment.errors.push("the facts do not fit the schema of the policies".to_owned());
                assessment.reasons.push(error);
            }
        }
        except(&mut assessment, event, facts, inventory);
        // These could only add to what is decided against the call; nothing else may rest on them.
        let decided = assessment.errors.is_empty() && assessment.violations().next().is_some();
        let list = if decided { &mut assessment.reasons } else { &mut assessment.errors };
        list.extend(facts.missing_network.iter().chain(&facts.open).cloned());
        assessment.verdict = verdict(&assessment);
        assessment
    }

    /// What the rules make of the counts of pulls.
    pub(crate) fn counts_read(&self, inventory: &Inventory) -> CountsRead {
        self.calls.counts_read(call::pull(&Pulled::default(), false, &inventory.thresholds))
    }

    /// Take Cedar's answer over: rules that fired, and everything that is not as it must be. A rule that asks who called has not
    /// fired where nobody knows who called: its facts are then what was not found out.
    fn read_answer(&self, answer: &Answer, situation: &Situation, is_identified: bool, assessment: &mut Assessment) {
        for (policy, error) in &answer.failed {
            assessment.errors.push(format!("policy `{policy}` could not be evaluated"));
            assessment.reasons.push(error.clone());
        }
        if answer.allowed {
            if !matches!(answer.because.as_slice(), [only] if only == BASELINE_ID) {
                assessment.errors.push("something else than the baseline permit allowed the call".to_owned());
            }
            return;
        }
        if answer.because.is_empty() {
            assessment.errors.push("no policy decided the call".to_owned());
        }
        let mut fired = Vec::new();
        for id in &answer.because {
            match self.rules.get(id) {
                Some(rule) => fired.push(rule),
                None => assessment.errors.push(format!("policy `{id}` forbade the call and is not a rule")),
            }
        }
        let (fired, open): (Vec<_>, Vec<_>) =
            fired.into_iter().partition(|rule| is_identified || !rule.reads_the_principal());
        if !open.is_empty() && assessment.errors.is_empty() {
            assessment.errors.push("whether a rule fires depends on who called, and that cannot be told".to_owned());
        }
        assessment.reasons.extend(open.into_iter().map(explain::why_open));
        assessment.reasons.extend(fired.iter().map(|rule| explain::why_fired(rule, situation)));
        assessment.rules = fired.into_iter().map(|rule| rule.fired(situation)).collect();
        assessment.rules.sort_by_key(|rule| std::cmp::Reverse(rule.severity));
    }
}

/// Attach exceptions to the rules that fired.
fn except(assessment: &mut Assessment, event: &Event, facts: &Facts, inventory: &Inventory) {
    for rule in &mut assessment.rules {
        rule.exception = exception::covering(rule, event, facts, inventory);
        if let Some(exception) = &rule.exception {
            assessment.reasons.push(exception::in_words(&rule.id, exception));
        }
    }
}

fn verdict(assessment: &Assessment) -> Verdict {
    if !assessment.errors.is_empty() {
        Verdict::Undecided
    } else if assessment.violations().next().is_some() {
        Verdict::Violation
    } else {
        Verdict::Clear
    }
}
