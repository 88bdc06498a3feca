//! Which policy is in force, and whether every function goes by it.

use layerguard_core::approval::BUILT_IN;
use layerguard_core::inventory::Inventory;
use layerguard_core::message::moment;
use layerguard_core::ports::Loaded;
use layerguard_core::text::{escape, escape_to};

use super::estate::{Estate, FUNCTIONS};
use super::finding::{Check, Finding};

const POLICY: Check = Check {
    name: "policy",
    why: "what is published is in force within a minute in every function, or the functions answer by different policies",
    needs: &["dynamodb:GetItem"],
};
const PARAMETER: Check = Check {
    name: "parameter",
    why: "once a policy is published, the stack's Inventory parameter counts for nothing: whoever changes it believes otherwise",
    needs: &["dynamodb:GetItem", "dynamodb:Query", "lambda:GetFunctionConfiguration"],
};
const REMEDY: &str =
    "the function's log says why; `layerguard policy rollback` puts the one before in force, or publish it anew";

/// The policy in force and who runs it.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let found = match &estate.in_force {
        Err(error) => {
            return vec![POLICY.unread("the row that says which policy is in force", error, &estate.place.stack)];
        }
        Ok(found) => found,
    };
    let wanted = found.as_ref().map_or(BUILT_IN, |found| found.version.as_str());
    let mut findings = vec![POLICY.ok(match found {
        None => "the built-in policy with the stack's Inventory parameter is in force: none was published".to_owned(),
        Some(found) => format!(
            "policy {} is in force since {}, published by {}",
            short(&found.version),
            moment(found.since),
            escape_to(&found.by, 200)
        ),
    })];
    findings.extend(FUNCTIONS.into_iter().filter_map(|name| runs(estate, name, wanted)));
    findings.extend(parameter(estate, wanted));
    findings
}

/// What is not well about the policy that a function runs.
fn runs(estate: &Estate, name: &str, wanted: &str) -> Option<Finding> {
    let loaded = match estate.running.get(name)? {
        Err(error) => return Some(POLICY.unread(&format!("which policy `{name}` runs"), error, &estate.place.stack)),
        Ok(loaded) => loaded.as_ref(),
    };
    let Some(Loaded { running, problem, at, .. }) = loaded else {
        let never = format!("function `{name}` has not said yet which policy it runs");
        return Some(POLICY.unchecked(never, "it says so when it is next invoked: look again in a minute"));
    };
    match (running.as_deref(), problem) {
        (Some(running), None) if running == wanted => None,
        (_, Some(problem)) => {
            Some(POLICY.failed(format!("function `{name}`, at {}: {}", moment(*at), escape_to(problem, 300)), REMEDY))
        }
        (Some(running), None) => Some(POLICY.unchecked(
            format!("function `{name}` said last, at {}, that it runs {}", moment(*at), short(running)),
            "it looks within half a minute of its next invocation: look again in a minute",
        )),
        (None, None) => Some(POLICY.failed(format!("function `{name}` runs no policy"), REMEDY)),
    }
}

/// Whether the parameter says something else than what is published.
fn parameter(estate: &Estate, wanted: &str) -> Option<Finding> {
    if wanted == BUILT_IN {
        return None;
    }
    let deployed = estate.variable("detect", "LAYERGUARD_INVENTORY")?;
    let published = match estate.published.as_ref()? {
        Ok(published) => published,
        Err(reason) => {
            return Some(PARAMETER.failed(
                format!("the policy in force cannot be read from the record: {}", escape_to(reason, 300)),
                "`layerguard audit verify --all`; then publish it anew",
            ));
        }
    };
    let same = match (Inventory::from_toml(deployed), Inventory::from_toml(&published.inventory)) {
        (Ok(one), Ok(other)) => Inventory { hash: other.hash.clone(), ..one } == other,
        _ => false,
    };
    Some(if same {
        PARAMETER.ok("the stack's Inventory parameter says what is published")
    } else {
        PARAMETER.warning(
            "the stack's Inventory parameter is another than what is published, which counts",
            "deploy with the published inventory when you deploy next, so that nobody reads the wrong one",
        )
    })
}

/// Enough of a version to know it by.
fn short(version: &str) -> String {
    escape(&version.chars().take(12).collect::<String>())
}
