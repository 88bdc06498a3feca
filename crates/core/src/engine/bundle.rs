//! The bundle: rules, the policies of all three questions, and playbooks, loaded from files.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cedar_policy::{Effect, Policy, PolicySet, Schema};
use sha2::{Digest, Sha256};

use super::assess::BASELINE_ID;
use super::compiled::Compiled;
use super::files::{self, APPROVAL, APPROVAL_SCHEMA, BASELINE, Files, PLAYBOOKS, RESPONSE, RESPONSE_SCHEMA, SCHEMA};
use super::playbook::{Playbook, Playbooks};
use super::problem::{BundleErrors, Problem};
use super::respond::{APPROVAL_BLANKS, RESPONSE_BLANKS};
use super::rule::Rule;
use super::situation::Question;
use super::source::{Source, annotation, together, validate};
use crate::inventory::Inventory;

/// A loaded bundle. Pure: the same question gets the same answer.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The first question.
    pub(super) calls: Question,
    /// The second.
    pub(super) response: Question,
    /// The third.
    pub(super) approval: Question,
    /// Rules by id.
    pub(super) rules: BTreeMap<String, Rule>,
    /// `@reason` of the policies of the second and third question, by their id.
    pub(super) reasons: BTreeMap<String, String>,
    playbooks: BTreeMap<String, Playbook>,
    /// All files are in it; the inventory's hash completes it.
    hasher: Sha256,
    /// The hash of the inventory that was asked about first, and the version with it.
    versioned: OnceLock<(String, String)>,
}

impl Bundle {
    /// The default bundle. It was validated when layerguard was tested, so this only parses it: a Lambda starts with it.
    ///
    /// # Errors
    /// None for a tested build.
    pub fn embedded() -> Result<Self, BundleErrors> {
        Self::load(&files::embedded(), Checks::Parse, Vec::new())
    }

    /// The default bundle with a user's files laid over it, strictly validated. Names are those of the default bundle:
    /// `rules/<rule id>.cedar` replaces the rule of that id or adds one, and `baseline.cedar`, `response.cedar`, `approval.cedar` and
    /// `playbooks.toml` replace the whole file. What is not given stays as it is: a rule cannot be dropped by leaving it out,
    /// an exception in the inventory is for that. Schemas belong to the program and cannot be changed. Files that are neither
    /// policies nor TOML are ignored, and so are `inventory*.toml` and `service_owned.toml`.
    ///
    /// # Errors
    /// Everything that is wrong with the files, each with its place.
    pub fn from_files(given: &BTreeMap<String, String>) -> Result<Self, BundleErrors> {
        let mut problems = Vec::new();
        let files = files::overlay(given, &mut problems);
        Self::load(&files, Checks::Validate, problems)
    }

    /// A whole bundle, every file of it, as it was published. Its rules, playbooks and policies are taken as they are; the schemas are
    /// those of this program, because the program fills in what they declare. Where it was published under others, it is validated once more.
    /// What decided is named by the files as they were published.
    ///
    /// # Errors
    /// What does not fit this program, each with its place.
    pub fn of_package(whole: &BTreeMap<String, String>) -> Result<Self, BundleErrors> {
        let files = files::with_own_schemas(whole);
        let checks = if files == *whole { Checks::Parse } else { Checks::Validate };
        let bundle = Self::load(&files, checks, Vec::new())?;
        Ok(Self { hasher: hashed(whole), ..bundle })
    }

    /// Reads now what the first question needs, which else the first event that is assessed would wait for.
    pub fn prepare(&self) {
        // Why it could not be read is said where the question is put.
        let _said_later = self.calls.schema();
    }

    /// The playbook of this id.
    #[must_use]
    pub fn playbook(&self, id: &str) -> Option<&Playbook> {
        self.playbooks.get(id)
    }

    /// The ids of all playbooks, in order.
    pub fn playbook_ids(&self) -> impl Iterator<Item = &str> {
        self.playbooks.keys().map(String::as_str)
    }

    /// Every rule, in order of their ids.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// What decided: SHA-256, in hexadecimal, over the names and contents of all files and over the inventory's hash, each
    /// preceded by its length in bytes.
    #[must_use]
    pub fn version(&self, inventory: &Inventory) -> String {
        // Each assessment names it, nearly always with the same inventory.
        let (of, version) = self.versioned.get_or_init(|| (inventory.hash.clone(), self.version_with(&inventory.hash)));
        if *of == inventory.hash { version.clone() } else { self.version_with(&inventory.hash) }
    }

    fn version_with(&self, inventory: &str) -> String {
        let mut hasher = self.hasher.clone();
        add_part(&mut hasher, inventory);
        hex::encode(hasher.finalize())
    }

    fn load(files: &Files, checks: Checks, mut problems: Vec<Problem>) -> Result<Self, BundleErrors> {
        let compiled = Compiled::embedded();
        let compiled = &mut if checks == Checks::Parse { compiled } else { compiled.of_schemas() };
        let playbooks = Playbooks::read(Source::of(files, PLAYBOOKS, &mut problems).text, &mut problems);
        let (rules, policies) = load_rules(files, playbooks.as_ref(), compiled, &mut problems);
        let mut reasons = BTreeMap::new();
        let response = load_reasoned((files, RESPONSE), &RESPONSE_BLANKS, compiled, &mut reasons, &mut problems);
        let approval = load_reasoned((files, APPROVAL), &APPROVAL_BLANKS, compiled, &mut reasons, &mut problems);
        let (calls, response, approval) = match checks {
            Checks::Parse => {
                let mut later = |schema, policies| later((files, schema), policies, compiled, &mut problems);
                (later(SCHEMA, policies), later(RESPONSE_SCHEMA, response), later(APPROVAL_SCHEMA, approval))
            }
            Checks::Validate => {
                let raising = policies.iter().filter_map(|(source, policy)| raising(*source, policy)).collect();
                let mut validated = |schema, policies| validated((files, schema), policies, compiled, &mut problems);
                let calls = validated(SCHEMA, policies);
                let (response, approval) = (validated(RESPONSE_SCHEMA, response), validated(APPROVAL_SCHEMA, approval));
                if let Some(Ok(schema)) = calls.as_ref().map(Question::schema) {
                    under(schema.clone(), raising, &mut problems);
                }
                (calls, response, approval)
            }
        };

        let hasher = hashed(files);
        BundleErrors::none_of(problems)?;
        match (calls, response, approval, playbooks) {
            (Some(calls), Some(response), Some(approval), Some(playbooks)) => Ok(Self {
                calls,
                response,
                approval,
                rules,
                reasons,
                playbooks: playbooks.by_id,
                hasher,
                versioned: OnceLock::new(),
            }),
            // A part is missing only where a problem says why; said again so that no bundle is ever half loaded.
            _ => Err(BundleErrors { problems: vec![Problem::whole(PLAYBOOKS, "a part of the bundle is missing")] }),
        }
    }
}

/// How closely a bundle is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checks {
    /// Parsed, annotations checked.
    Parse,
    /// And every policy typed against its schema.
    Validate,
}

type Sourced<'a> = Vec<(Source<'a>, Policy)>;

/// The policies of the first question: the rules and the baseline.
fn load_rules<'a>(
    files: &'a Files,
    playbooks: Option<&Playbooks>,
    compiled: &mut Compiled,
    problems: &mut Vec<Problem>,
) -> (BTreeMap<String, Rule>, Sourced<'a>) {
    let mut rules = BTreeMap::new();
    let mut policies = Vec::new();
    let baseline = Source::of(files, BASELINE, problems);
    if let Some(policy) = baseline.policy(BASELINE_ID, compiled, problems) {
        if policy.effect() != Effect::Permit {
            problems.push(Problem::whole(BASELINE, "the baseline is a `permit`"));
        }
        policies.push((baseline, policy));
    }
    for (name, stem) in files.keys().filter_map(|name| files::rule_id(name).map(|stem| (name, stem))) {
        let source = Source::of(files, name, problems);
        let Some(policy) = source.policy(stem, compiled, problems) else { continue };
        if let Some(rule) = Rule::read(source, stem, &policy, playbooks, problems) {
            rules.insert(stem.to_owned(), rule);
        }
        policies.push((source, policy));
    }
    (rules, policies)
}

/// The fact of a rule's `@raised_when`, as a condition of the same scope: so that the validator looks at it as at any other.
fn raising<'a>(source: Source<'a>, policy: &Policy) -> Option<(Source<'a>, Policy)> {
    let (fact, id) = (annotation(policy, "raised_when")?, policy.id().clone());
    let text = format!("{} when {{ {fact} }};", policy.to_string().trim_end().trim_end_matches(';'));
    Source { text: &text, ..source }.one().ok().map(|policy| (source, policy.new_id(id)))
}

/// The policies of the second or third question: each `forbid` says in a `@reason` why.
fn load_reasoned<'a>(
    (files, name): (&'a Files, &'a str),
    blanks: &[&str],
    compiled: &mut Compiled,
    reasons: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> Sourced<'a> {
    let source = Source::of(files, name, problems);
    let policies = source.policies(compiled, problems);
    for policy in policies.iter().filter(|policy| policy.effect() == Effect::Forbid) {
        let id = policy.id().to_string();
        let Some(reason) = annotation(policy, "reason").filter(|reason| !reason.trim().is_empty()) else {
            problems.push(Problem::whole(name, format!("policy `{id}` forbids without a `@reason`")));
            continue;
        };
        let rest = blanks.iter().fold(reason.to_owned(), |rest, blank| rest.replace(blank, ""));
        if rest.contains(['{', '}']) {
            let help = format!("what can be filled in: {}", blanks.join(", "));
            let message = format!("the `@reason` of policy `{id}` has a blank that is not known");
            problems.push(Problem::whole(name, message).with_help(Some(help)));
        }
        if reasons.insert(id.clone(), reason.to_owned()).is_some() {
            problems.push(Problem::whole(name, format!("the id `{id}` is taken by the other question")));
        }
    }
    policies.into_iter().map(|policy| (source, policy)).collect()
}

/// A schema and its policies, put together and validated.
fn validated<'a>(
    (files, schema): (&'a Files, &'a str),
    policies: Sourced<'a>,
    compiled: &mut Compiled,
    problems: &mut Vec<Problem>,
) -> Option<Question> {
    let schema = Source::of(files, schema, problems).schema(compiled, problems)?;
    Some(under(schema, policies, problems))
}

/// Policies put together and validated under a schema.
fn under(schema: Schema, policies: Sourced<'_>, problems: &mut Vec<Problem>) -> Question {
    let (set, sources): (PolicySet, _) = together(policies, problems);
    let question = Question::new(schema, set);
    validate(&question, &sources, problems);
    question
}

/// The same with a schema of this program, which is read when the question is first put: no function puts all three.
fn later(
    (files, schema): (&Files, &str),
    policies: Sourced<'_>,
    compiled: &mut Compiled,
    problems: &mut Vec<Problem>,
) -> Option<Question> {
    let (set, _) = together(policies, problems);
    Source::of(files, schema, problems).form(compiled, problems).map(|form| Question::later(form, set))
}

fn hashed(files: &Files) -> Sha256 {
    let mut hasher = Sha256::new();
    for (name, text) in files {
        add_part(&mut hasher, name);
        add_part(&mut hasher, text);
    }
    hasher
}

/// What [`Bundle::version`] answers for a bundle of these files and an inventory of this text.
#[must_use]
pub fn version_of(files: &BTreeMap<String, String>, inventory: &str) -> String {
    let mut hasher = hashed(files);
    add_part(&mut hasher, &hex::encode(Sha256::digest(inventory.as_bytes())));
    hex::encode(hasher.finalize())
}

/// Every file of the default bundle with a user's laid over it, as [`Bundle::from_files`] does.
///
/// # Errors
/// Files that no bundle has.
pub fn whole(given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, BundleErrors> {
    let mut problems = Vec::new();
    let files = files::overlay(given, &mut problems);
    BundleErrors::none_of(problems).map(|()| files)
}

fn add_part(hasher: &mut Sha256, part: &str) {
    hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(part.as_bytes());
}
