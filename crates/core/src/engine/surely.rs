//! What the policies make of calls of which only some facts are fixed: asked before such calls are kept from being seen at all.

use std::collections::BTreeSet;

use cedar_policy::{ActionConstraint, EntityUid, PolicyId};

use super::assess::BASELINE_ID;
use super::{Bundle, call};
use crate::facts::Facts;
use crate::inventory::Inventory;

impl Bundle {
    /// The ids of the rules that fire on these facts. Empty only where the baseline permit alone decides: clear.
    ///
    /// # Errors
    /// Whatever else would make the answer undecided, in words.
    pub fn fires(&self, facts: &Facts, inventory: &Inventory) -> Result<BTreeSet<String>, String> {
        let answer = self.calls.ask(&call::situation(facts, inventory))?;
        if let Some((policy, _)) = answer.failed.first() {
            return Err(format!("policy `{policy}` could not be evaluated"));
        }
        if answer.allowed {
            let by_baseline = matches!(answer.because.as_slice(), [only] if only == BASELINE_ID);
            return if by_baseline {
                Ok(BTreeSet::new())
            } else {
                Err("something else than the baseline permit allows the call".to_owned())
            };
        }
        if answer.because.is_empty() {
            return Err("no policy decides the call".to_owned());
        }
        Ok(answer.because.into_iter().collect())
    }

    /// The ids of the rules on this call (`ecr:BatchGetImage`) that read this fact, a part of it, or something that it is a part of.
    #[must_use]
    pub fn rules_reading(&self, call: &str, path: &str) -> BTreeSet<String> {
        let touches = |read: &String| is_or_holds(read, path) || is_or_holds(path, read);
        let reading = self.rules().filter(|rule| rule.reads.iter().any(touches) && self.is_about(&rule.id, call));
        reading.map(|rule| rule.id.clone()).collect()
    }

    /// Whether the scope of this rule takes in the call. A scope that cannot be read takes in everything.
    fn is_about(&self, rule: &str, call: &str) -> bool {
        let names = |action: &EntityUid| AsRef::<str>::as_ref(action.id()) == call;
        // A group of actions is not looked into.
        let may_name = |action: &EntityUid| names(action) || !AsRef::<str>::as_ref(action.id()).contains(':');
        match self.calls.policies.policy(&PolicyId::new(rule)).map(cedar_policy::Policy::action_constraint) {
            Some(ActionConstraint::Eq(action)) => names(&action),
            Some(ActionConstraint::In(actions)) => actions.iter().any(may_name),
            Some(ActionConstraint::Any) | None => true,
        }
    }
}

/// `context.pulled` is, and holds, `context.pulled.session`.
fn is_or_holds(whole: &str, part: &str) -> bool {
    part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn who_reads_a_part_reads_the_whole() {
        let bundle = Bundle::embedded().unwrap();
        let pulled = ids(&["ecr_denied_pulls", "ecr_pull_breadth"]);
        assert_eq!(bundle.rules_reading("ecr:BatchGetImage", "context.pulled"), pulled);
        assert_eq!(bundle.rules_reading("ecr:BatchGetImage", "context.pulled.refused"), ids(&["ecr_denied_pulls"]));
        assert_eq!(bundle.rules_reading("ecr:PutImage", "context.pulled"), BTreeSet::new());
        assert_eq!(
            bundle.rules_reading("ecr:BatchGetImage", "context.new_credentials"),
            ids(&["new_credential_then_pull"])
        );
    }
}
