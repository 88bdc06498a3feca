//! A false positive becomes an exception: ready to be appended to the inventory, as narrow as the incident, with an owner and an end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::Timestamp;
use thiserror::Error;

use super::exception::{covering, resource_arn};
use super::{FiredRule, Verdict};
use crate::cloudtrail::PrincipalKind;
use crate::incident::IncidentEvent;
use crate::inventory::{Inventory, InventoryErrors};

/// Rules of which no exception is proposed: whoever is excepted from it can take layerguard away unseen.
const NEVER: [&str; 1] = ["layerguard_tampering"];
/// Rules that are about who called and not about what: their exceptions name no resource.
const BY_WHO: [&str; 4] =
    ["ecr_pull_breadth", "ecr_denied_pulls", "ecr_login_untrusted_network", "new_credential_then_pull"];
/// An exception is written for each resource up to so many of a rule and principal; of more, only the principal is named.
const MOST_RESOURCES: usize = 5;

/// What a person says of the exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms<'a> {
    /// Why.
    pub reason: &'a str,
    /// Who answers for it.
    pub owner: &'a str,
    /// The first moment at which they do not count any more; a whole day of UTC is written.
    pub until: Timestamp,
}

/// Exceptions that were proposed, and what they would have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// One for each rule, principal and resource.
    pub exceptions: Vec<Proposed>,
    /// All of them, as text to append to the inventory.
    pub text: String,
    /// Events of the incident that would have been no violation.
    pub suppressed: usize,
    /// Events that are violations all the same.
    pub remaining: usize,
}

/// One proposed exception.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proposed {
    /// The rule's id.
    pub rule: String,
    /// Exactly this principal.
    pub principal: Option<String>,
    /// Exactly this repository or layer; `None`: whatever the principal does.
    pub resource: Option<String>,
    /// Events of the incident that it would have covered.
    pub covers: usize,
}

/// Why no exception is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotProposed {
    /// No rule fired; something was missing instead.
    #[error("the incident is undecided: no rule fired, so there is nothing to except")]
    Undecided,
    /// A rule that nobody is to be excepted from.
    #[error("an exception of `{0}` would let somebody take layerguard away unseen")]
    Dangerous(String),
    /// The root user: no exception is narrow that covers whoever gets hold of it.
    #[error("an exception for a root user would cover whoever gets hold of it")]
    Root,
    /// Neither principal nor resource are known exactly.
    #[error("the records name neither exactly who called nor what, so that every exception of `{0}` would be wide")]
    Wide(String),
    /// The inventory would not take it.
    #[error("the inventory would not take what would be proposed")]
    Refused(#[source] InventoryErrors),
}

/// Proposes exceptions for every rule that these events broke. What is proposed was read back as an inventory.
///
/// # Errors
/// Why there is nothing to propose.
pub fn propose(events: &[IncidentEvent], terms: &Terms<'_>) -> Result<Proposal, NotProposed> {
    let violating: Vec<&IncidentEvent> =
        events.iter().filter(|joined| joined.assessment.verdict == Verdict::Violation).collect();
    if violating.is_empty() {
        return Err(NotProposed::Undecided);
    }
    if violating.iter().any(|joined| joined.event.principal.kind == PrincipalKind::Root) {
        return Err(NotProposed::Root);
    }
    let mut exceptions = wanted(&violating)?;
    let text = exceptions.iter().map(|exception| written(exception, terms)).collect::<Vec<_>>().join("\n");
    let inventory = Inventory::from_toml(&format!("{SMALLEST}\n{text}")).map_err(NotProposed::Refused)?;
    for exception in &mut exceptions {
        exception.covers = violating.iter().filter(|joined| is_covered(exception, joined)).count();
    }
    let suppressed = violating.iter().filter(|joined| is_suppressed(joined, &inventory)).count();
    Ok(Proposal { exceptions, text, suppressed, remaining: violating.len().saturating_sub(suppressed) })
}

/// An inventory that says nothing: exceptions without wildcards mean the same in every other.
const SMALLEST: &str = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";

type Pair = (Option<String>, Option<String>);

fn wanted(violating: &[&IncidentEvent]) -> Result<Vec<Proposed>, NotProposed> {
    let mut by_rule: BTreeMap<&str, BTreeSet<Pair>> = BTreeMap::new();
    for joined in violating {
        for rule in joined.assessment.violations() {
            if NEVER.contains(&rule.id.as_str()) {
                return Err(NotProposed::Dangerous(rule.id.clone()));
            }
            let pair = named(joined, &rule.id);
            if pair == (None, None) {
                return Err(NotProposed::Wide(rule.id.clone()));
            }
            by_rule.entry(&rule.id).or_default().insert(pair);
        }
    }
    let mut all = Vec::new();
    for (rule, pairs) in by_rule {
        let named = |(principal, resource): Pair| Proposed { rule: rule.to_owned(), principal, resource, covers: 0 };
        all.extend(narrowed(pairs).into_iter().map(named));
    }
    Ok(all)
}

/// Who and what of an event, as far as they are known exactly.
fn named(joined: &IncidentEvent, rule: &str) -> Pair {
    let exact = |arn: &String| !arn.contains(['*', '?']);
    let principal = joined.event.principal.arn.clone().filter(exact);
    let about_what = !BY_WHO.contains(&rule);
    let resource = joined.facts.as_ref().filter(|_| about_what).and_then(|facts| resource_arn(&joined.event, facts));
    (principal, resource.filter(exact))
}

/// A principal with many resources is named without them: nobody reads an inventory of hundreds of exceptions.
fn narrowed(pairs: BTreeSet<Pair>) -> BTreeSet<Pair> {
    let mut counts: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for (principal, _) in &pairs {
        *counts.entry(principal.clone()).or_default() += 1;
    }
    let many = |principal: &Option<String>| {
        principal.is_some() && counts.get(principal).is_some_and(|count| *count > MOST_RESOURCES)
    };
    pairs.into_iter().map(|(who, what)| if many(&who) { (who, None) } else { (who, what) }).collect()
}

fn is_covered(exception: &Proposed, joined: &IncidentEvent) -> bool {
    let (principal, resource) = named(joined, &exception.rule);
    joined.assessment.violations().any(|rule| rule.id == exception.rule)
        && (exception.principal.is_none() || exception.principal == principal)
        && (exception.resource.is_none() || exception.resource == resource)
}

/// Whether every rule that the event broke would have been excepted, had these exceptions been in force then.
fn is_suppressed(joined: &IncidentEvent, inventory: &Inventory) -> bool {
    let Some(facts) = &joined.facts else { return false };
    let excepted =
        |rule: &FiredRule| covering(rule, &joined.event, facts, inventory).is_some_and(|exception| exception.in_force);
    joined.assessment.violations().all(excepted)
}

fn written(exception: &Proposed, terms: &Terms<'_>) -> String {
    let mut text = format!("[[exception]]\nrule = {}\n", quoted(&exception.rule));
    let named = [("principal", &exception.principal), ("resource", &exception.resource)];
    for (key, value) in named.into_iter().filter_map(|(key, value)| value.as_ref().map(|value| (key, value))) {
        // Writing to a `String` does not fail.
        let _written = writeln!(text, "{key} = {}", quoted(value));
    }
    let until = terms.until.strftime("%Y-%m-%d");
    let _written =
        writeln!(text, "reason = {}\nowner = {}\nuntil = {until}", quoted(terms.reason), quoted(terms.owner));
    text
}

/// A TOML string in printable ASCII: the value is the same, and no character of it can act on a terminal.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            other => {
                let _written = write!(quoted, "\\U{:08X}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}
