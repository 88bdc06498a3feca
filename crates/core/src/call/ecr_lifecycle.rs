//! Lifecycle policies, and what they did.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family, member};
use crate::cloudtrail::field::{Fields, kind};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[("PutLifecyclePolicy", put), ("DeleteLifecyclePolicy", delete), ("PolicyExecutionEvent", executed)],
};

const RULES: &str = "serviceEventDetails.lifecycleEventPolicy.lifecycleEventRules[]";
const ACTIONS: &str = "serviceEventDetails.lifecycleEventImageActions";

fn put(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::PutLifecyclePolicy {
        repository: request.repository(flaws),
        policy: request.required_document("lifecyclePolicyText", flaws),
    }
}

fn delete(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    Call::DeleteLifecyclePolicy {
        repository: request.repository(flaws),
        deleted: member::document(response, "lifecyclePolicyText", flaws),
    }
}

/// ECR writes this event without anybody calling: what happened stands in its details.
fn executed(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let repository = request.repository_of_event(flaws);
    let details = request.details(flaws);
    let images = match details.get("lifecycleEventImageActions") {
        Some(Value::Array(actions)) => {
            let kept = keeping_rules(details, flaws);
            let removed = actions.iter().filter(|action| !kept.iter().any(|rule| is_of_rule(action, rule)));
            u64::try_from(removed.count()).ok()
        }
        Some(other) => {
            flaws.push(format!("`{ACTIONS}` is {}, not a list", kind(other)));
            None
        }
        None => {
            flaws.push(format!("`{ACTIONS}` is missing"));
            None
        }
    };
    Call::PolicyExecutionEvent { repository, images }
}

/// The priorities of the rules that move images to another storage class instead of removing them.
fn keeping_rules(details: Fields<'_>, flaws: &mut Vec<String>) -> Vec<Value> {
    let policy = details.object("lifecycleEventPolicy", "serviceEventDetails.lifecycleEventPolicy", flaws);
    let rules = member::list(policy, "lifecycleEventRules").iter().filter_map(|rule| Fields::member(rule, RULES));
    let kept = rules.filter(|rule| match rule.get("action") {
        Some(Value::String(action)) => action.eq_ignore_ascii_case("transition"),
        _ => false,
    });
    kept.filter_map(|rule| rule.get("rulePriority").cloned()).collect()
}

fn is_of_rule(action: &Value, priority: &Value) -> bool {
    action.get("rulePriority") == Some(priority)
}
