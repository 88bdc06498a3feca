//! `[[exception]]`: what the owner has excepted from a rule, and until when.

use std::slice;

use super::{AppliedException, Bundle, FiredRule};
use crate::call::{Layer, Repository};
use crate::cloudtrail::Event;
use crate::facts::Facts;
use crate::inventory::{Exception, Inventory, InventoryErrors, Problem};

/// The exception that covers this rule for this event. One in force goes before an expired one, a later end before an earlier.
/// Event time decides, so that a replay answers as the day itself did.
pub(super) fn covering(
    rule: &FiredRule,
    event: &Event,
    facts: &Facts,
    inventory: &Inventory,
) -> Option<AppliedException> {
    let resource = resource_arn(event, facts);
    inventory
        .exceptions
        .iter()
        .filter(|exception| exception.rule == rule.id && covers(exception, event, resource.as_deref(), inventory))
        .max_by_key(|exception| exception.until)
        .map(|exception| AppliedException {
            reason: exception.reason.clone(),
            owner: exception.owner.clone(),
            until: exception.until.to_string(),
            in_force: event.time < exception.until,
        })
}

impl Bundle {
    /// That every exception of this inventory is of a rule that this bundle has: one of any other rule covers nothing, and whoever wrote it
    /// believes that somebody is excepted.
    ///
    /// # Errors
    /// Each exception of a rule that does not exist, with its line and the nearest rule.
    pub fn check(&self, inventory: &Inventory) -> Result<(), InventoryErrors> {
        let unknown =
            inventory.exceptions.iter().filter(|exception| self.rules().all(|rule| rule.id != exception.rule));
        let problems: Vec<Problem> = unknown.map(|exception| self.no_such_rule(exception)).collect();
        if problems.is_empty() { Ok(()) } else { Err(InventoryErrors::of(problems)) }
    }

    fn no_such_rule(&self, exception: &Exception) -> Problem {
        let wanted = exception.rule.as_str();
        let nearest = self
            .rules()
            .map(|rule| (strsim::jaro_winkler(wanted, &rule.id), rule.id.as_str()))
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        let nearest = nearest.map_or_else(String::new, |(_, id)| format!("; the nearest rule is `{id}`"));
        Problem {
            key: Some(format!("{}.rule", exception.path)),
            line: exception.line,
            message: format!("there is no rule `{wanted}`, so this would except nobody{nearest}"),
            nearest: None,
        }
    }
}

/// What an exception names must match, all of it; one that names nothing covers nothing. A principal pattern with a wildcard for
/// its account covers the organisation's accounts alone, as in every list that grants something.
fn covers(exception: &Exception, event: &Event, arn: Option<&str>, inventory: &Inventory) -> bool {
    let principal = exception.principal.as_ref().map(|pattern| {
        event.principal.arn.as_deref().is_some_and(|arn| inventory.listed(slice::from_ref(pattern), arn).is_some())
    });
    let resource = exception.resource.as_ref().map(|pattern| arn.is_some_and(|arn| pattern.matches(arn)));
    (principal.is_some() || resource.is_some()) && principal.unwrap_or(true) && resource.unwrap_or(true)
}

/// The ARN of the repository or layer as recorded, else put together from what is known of it. A layer's is without its version unless the
/// record has it.
pub(super) fn resource_arn(event: &Event, facts: &Facts) -> Option<String> {
    let call = event.call.as_ref()?;
    if let Some(layer) = call.layer() {
        let Layer { account, region, name, version, arn, .. } = layer;
        let (region, account, name) = (region.as_ref()?, account.as_ref()?, name.as_ref()?);
        let version = version.as_ref().map(|version| format!(":{version}")).unwrap_or_default();
        let put_together = || format!("arn:{}:lambda:{region}:{account}:layer:{name}{version}", partition(region));
        return arn.clone().or_else(|| Some(put_together()));
    }
    let repository = call.repository()?;
    if let Some(arn) = &repository.arn {
        return Some(arn.clone());
    }
    let Repository { registry, region, name, .. } = repository;
    let region = region.as_ref().or(event.region.as_ref())?;
    let registry = registry.as_ref().or(facts.registry.as_ref())?;
    let name = name.as_ref().or(facts.repository.as_ref())?;
    Some(format!("arn:{}:ecr:{region}:{registry}:repository/{name}", partition(region)))
}

/// The partition of a region.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// What an exception did, in words.
pub(super) fn in_words(rule: &str, exception: &AppliedException) -> String {
    let AppliedException { reason, owner, until, in_force } = exception;
    if *in_force {
        format!("rule `{rule}` is excepted until {until}: {reason} ({owner} answers for it)")
    } else {
        format!(
            "the exception of rule `{rule}` ended on {until} and has no effect any more: {reason} ({owner} answered for it)"
        )
    }
}
