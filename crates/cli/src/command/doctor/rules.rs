//! Whether the rules hear the calls and send them on.

use layerguard_core::pattern::matches;
use layerguard_core::ports::{PortResult, Rule};
use layerguard_core::text::escape;
use serde_json::{Value, json};

use super::estate::{Estate, FUNCTIONS, WATCHING};
use super::finding::{Check, Finding, Status};

const NEEDS: &[&str] = &["events:DescribeRule", "events:ListTargetsByRule"];

/// The state in which a rule hears calls that only read (AWS facts, section 2).
const HEARS_READS: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

const WATCH: Check = Check {
    name: "rule",
    why: "a rule that is off, or in the ordinary state ENABLED, never hears GetDownloadUrlForLayer: it is read-only",
    needs: NEEDS,
};
const WORK: Check = Check {
    name: "rule",
    why: "without it open incidents stay where they are and temporary measures are not lifted",
    needs: NEEDS,
};
const GLOBAL: Check = Check {
    name: "global_events",
    why: "calls of IAM and console sign-ins arrive in one region only: elsewhere lineage and tampering stay unseen",
    needs: &["events:ListRules", "events:DescribeRule", "events:ListTargetsByRule"],
};

/// Each rule, and where calls without a region arrive.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let mut findings: Vec<Finding> = estate.rules.iter().map(|(name, rule)| one(estate, name, rule)).collect();
    findings.sort_by_key(|finding| finding.status == Status::Ok);
    findings.extend(global(estate));
    findings
}

fn one(estate: &Estate, short: &str, rule: &PortResult<Rule>) -> Finding {
    let watching = WATCHING.contains(&short);
    let check = if watching { WATCH } else { WORK };
    let name = estate.place.name(short);
    let shown = format!("rule `{}`", escape(&name));
    let rule = match rule {
        Ok(rule) => rule,
        Err(error) => return check.unread(&shown, error, &estate.place.stack),
    };
    let wanted = if watching { HEARS_READS } else { "ENABLED" };
    if rule.state == "DISABLED" && short == "sessions" {
        return check.warning(
            format!("{shown} is off"),
            "nothing, if WatchContext=disabled is wanted: it is not known then from which session a session descends",
        );
    }
    let fits = rule.state == wanted || (!watching && rule.state == HEARS_READS);
    if !fits {
        let state = escape(&rule.state);
        return check.failed(
            format!("{shown} is {state}, not {wanted}"),
            format!(
                "deploy the template again, or `aws events put-rule --name {name} --state {wanted}` with its pattern"
            ),
        );
    }
    if short == "pulls" && !hears_pulls(rule.pattern.as_deref()) {
        return check.failed(
            format!("{shown} has another pattern: it does not take a pull by a stranger"),
            "deploy the template again with an empty PullsPattern, and compile the pattern anew (`layerguard policy pattern`)",
        );
    }
    let found = targets(estate, check, &shown, short, rule);
    if short == "pulls" && found.status == Status::Ok && is_compiled(rule.pattern.as_deref()) {
        return Finding { found: format!("{}; what PullsPattern drops leaves no record", found.found), ..found };
    }
    found
}

/// Each expected target is there and keeps what it could not deliver.
fn targets(estate: &Estate, check: Check, shown: &str, short: &str, rule: &Rule) -> Finding {
    let queue = estate.place.arn("sqs", &estate.place.name("failed-events"));
    for arn in expected(estate, short) {
        let again = "deploy the template again: somebody changed the rule's targets";
        let Some(target) = rule.targets.iter().find(|target| target.arn == arn) else {
            return check.failed(format!("{shown} does not send to {}", escape(&arn)), again);
        };
        if target.dead_letters.as_deref() != Some(queue.as_str()) {
            return check.failed(format!("{shown} drops what it cannot deliver to {}", escape(&arn)), again);
        }
    }
    check.ok(format!("{shown} is {} and sends on", escape(&rule.state)))
}

fn expected(estate: &Estate, short: &str) -> Vec<String> {
    let function = |name: &str| estate.place.arn("lambda", &format!("function:{}", estate.place.name(name)));
    match short {
        "sweep" => FUNCTIONS.map(function).to_vec(),
        "execution-died" => vec![function("decide")],
        _ => vec![estate.place.started("triage")],
    }
}

/// Whether the rule takes a layer's download by somebody of another organisation. No pattern that was compiled drops that.
fn hears_pulls(pattern: Option<&str>) -> bool {
    let pattern: Value = pattern.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let event = json!({
        "source": "aws.ecr",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventVersion": "1.11",
            "eventSource": "ecr.amazonaws.com",
            "eventName": "GetDownloadUrlForLayer",
            "sourceIPAddress": "198.51.100.1",
            "userIdentity": { "type": "AWSAccount", "accountId": "999988887777" },
        },
    });
    matches(&pattern, &event)
}

/// It is not the template's own.
fn is_compiled(pattern: Option<&str>) -> bool {
    let pattern: Value = pattern.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    pattern.pointer("/detail/$or").is_some()
}

/// Whether a list of the pattern has this value.
fn names(pattern: &str, place: &str, value: &str) -> bool {
    let pattern: Value = serde_json::from_str(pattern).unwrap_or_default();
    let listed = pattern.pointer(place).and_then(Value::as_array);
    listed.is_some_and(|list| list.iter().any(|listed| listed == value))
}

/// Whether the calls that have no region get here from where they are recorded.
fn global(estate: &Estate) -> Option<Finding> {
    let elsewhere = estate.place.global_region();
    let here = &estate.place.region;
    let forwarders = match estate.forwarders.as_ref()? {
        Ok(forwarders) => forwarders,
        Err(error) => return Some(GLOBAL.unread(&format!("the rules of {elsewhere}"), error, &estate.place.stack)),
    };
    let sends = |rule: &&Rule| {
        rule.state != "DISABLED" && rule.pattern.as_deref().is_some_and(|text| names(text, "/source", "aws.iam"))
    };
    Some(match forwarders.iter().find(sends) {
        Some(rule) => GLOBAL.ok(format!("rule `{}` sends IAM's events from {elsewhere} to {here}", escape(&rule.name))),
        None => GLOBAL.warning(
            format!("no rule in {elsewhere} sends IAM's events to {here}"),
            format!("deploy infra/forwarder.yaml in {elsewhere} with the default event bus of {here} as HomeBusArn"),
        ),
    })
}
