//! From text to policies and schemas, with the place of every mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use cedar_policy::{ParseErrors, Policy, PolicyId, PolicySet, Schema, ValidationError, ValidationMode, Validator};
use miette::Diagnostic;
use serde_json::Value;

use super::compiled::Compiled;
use super::files::Files;
use super::problem::Problem;
use super::situation::Question;

/// A file's name and text.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Source<'a> {
    /// A file of the bundle. One that is missing is a problem.
    pub(super) fn of(files: &'a Files, name: &'a str, problems: &mut Vec<Problem>) -> Self {
        let text = files.get(name).map(String::as_str).unwrap_or_default();
        if text.trim().is_empty() {
            problems.push(Problem::whole(name, "the bundle needs this file, and it is empty"));
        }
        Self { name, text }
    }

    fn problem(self, diagnostic: &dyn Diagnostic) -> Problem {
        Problem::of(self.name, self.text, diagnostic)
    }

    fn parse_problems(self, errors: &ParseErrors) -> impl Iterator<Item = Problem> {
        errors.iter().map(move |error| self.problem(error))
    }

    /// The schema in this file, out of what is compiled. Its text is only for people: a function has no parser of schemas.
    pub(super) fn schema(self, compiled: &mut Compiled, problems: &mut Vec<Problem>) -> Option<Schema> {
        let read = Schema::from_json_value(self.form(compiled, problems)?);
        read.map_err(|error| problems.push(self.problem(&error))).ok()
    }

    /// The same, as it is compiled.
    pub(super) fn form(self, compiled: &mut Compiled, problems: &mut Vec<Problem>) -> Option<Value> {
        let form = compiled.schema(self.text);
        if form.is_none() {
            problems.push(Problem::whole(self.name, "this schema is not among the compiled ones of this program"));
        }
        form
    }

    /// The one policy in this file, named by us, out of what is compiled where that is there.
    pub(super) fn policy(self, id: &str, compiled: &mut Compiled, problems: &mut Vec<Problem>) -> Option<Policy> {
        if let Some(policy) = compiled.policy(self.text, id) {
            return Some(policy);
        }
        match self.one() {
            Ok(policy) => Some(policy.new_id(PolicyId::new(id))),
            Err(wrong) => {
                problems.extend(wrong);
                None
            }
        }
    }

    /// The one policy in this file, under whatever id.
    pub(super) fn one(self) -> Result<Policy, Vec<Problem>> {
        let set = PolicySet::from_str(self.text).map_err(|errors| self.parse_problems(&errors).collect::<Vec<_>>())?;
        if let Some(problem) = self.template(&set) {
            return Err(vec![problem]);
        }
        let mut policies = set.policies();
        match (policies.next(), policies.next()) {
            (Some(policy), None) => Ok(policy.clone()),
            _ => {
                let count = set.num_of_policies();
                Err(vec![Problem::whole(self.name, format!("one policy is expected here, not {count}"))])
            }
        }
    }

    /// What is wrong where a policy is a template: at the first slot, because Cedar does not say where it is.
    fn template(self, set: &PolicySet) -> Option<Problem> {
        let slot = || ["?principal", "?resource"].iter().filter_map(|slot| self.text.find(slot)).min();
        let message = "templates (`?principal`, `?resource`) are not used here";
        (set.num_of_templates() > 0).then(|| Problem::at(self.name, self.text, slot().unwrap_or_default(), message))
    }

    /// The policies in this file, named by their `@id`, out of what is compiled where that is there.
    pub(super) fn policies(self, compiled: &mut Compiled, problems: &mut Vec<Problem>) -> Vec<Policy> {
        if let Some(policies) = compiled.policies(self.text) {
            return policies;
        }
        let set = match PolicySet::from_str(self.text) {
            Ok(set) => set,
            Err(errors) => {
                problems.extend(self.parse_problems(&errors));
                return Vec::new();
            }
        };
        problems.extend(self.template(&set));
        let mut policies = BTreeMap::new();
        for policy in set.policies() {
            let Some(id) = annotation(policy, "id").filter(|id| !id.is_empty()) else {
                problems.push(Problem::whole(self.name, format!("a policy has no `@id`: {}", first_line(policy))));
                continue;
            };
            if policies.insert(id.to_owned(), policy.new_id(PolicyId::new(id))).is_some() {
                problems.push(Problem::whole(self.name, format!("two policies have the id `{id}`")));
            }
        }
        policies.into_values().collect()
    }
}

/// Put policies of several files together.
pub(super) fn together<'a>(
    policies: impl IntoIterator<Item = (Source<'a>, Policy)>,
    problems: &mut Vec<Problem>,
) -> (PolicySet, BTreeMap<String, Source<'a>>) {
    let mut set = PolicySet::new();
    let mut sources = BTreeMap::new();
    for (source, policy) in policies {
        let id = policy.id().to_string();
        match set.add(policy) {
            Ok(()) => {
                sources.insert(id, source);
            }
            Err(_) => problems.push(Problem::whole(source.name, format!("the id `{id}` is taken"))),
        }
    }
    (set, sources)
}

/// Strict validation: what the validator only warns about, such as a policy that can never apply, is a problem too. A policy
/// with errors gets no warnings, because those mostly follow from the errors.
pub(super) fn validate(question: &Question, sources: &BTreeMap<String, Source<'_>>, problems: &mut Vec<Problem>) {
    // It has its schema: who validates reads it first.
    let Ok(schema) = question.schema() else { return };
    let result = Validator::new(schema.clone()).validate(&question.policies, ValidationMode::Strict);
    let wrong: BTreeSet<&PolicyId> = result.validation_errors().map(ValidationError::policy_id).collect();
    let mut add = |id: &PolicyId, diagnostic: &dyn Diagnostic| {
        let source = sources.get(<PolicyId as AsRef<str>>::as_ref(id)).copied();
        problems.push(source.unwrap_or(Source { name: "", text: "" }).problem(diagnostic));
    };
    result.validation_errors().for_each(|error| add(error.policy_id(), error));
    result
        .validation_warnings()
        .filter(|warning| !wrong.contains(warning.policy_id()))
        .for_each(|warning| add(warning.policy_id(), warning));
}

/// The annotation of this name. Cedar's own look-up parses the name, and a bundle is asked for some two hundred of them.
pub(super) fn annotation<'p>(policy: &'p Policy, name: &str) -> Option<&'p str> {
    policy.annotations().find(|(known, _)| *known == name).map(|(_, text)| text)
}

fn first_line(policy: &Policy) -> String {
    policy.to_string().lines().find(|line| !line.starts_with('@')).unwrap_or_default().to_owned()
}
