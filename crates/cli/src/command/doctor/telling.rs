//! Whether people would learn of anything: the queue of failed events, the topic, the alarms.

use jiff::SignedDuration;
use layerguard_core::metric::{ALARMS as OF_THE_TEMPLATE, Made};
use layerguard_core::ports::{Queue, Topic};
use layerguard_core::text::escape;
use serde_json::Value;

use super::estate::Estate;
use super::finding::{Check, Finding};

const QUEUE: Check = Check {
    name: "failed_events",
    why: "what waits there was not judged: it may hold the one pull that matters",
    needs: &["sqs:GetQueueUrl", "sqs:GetQueueAttributes"],
};
const TOPIC: Check = Check {
    name: "alert_topic",
    why: "findings and requests for approval go there: without a confirmed subscriber nobody is asked and nobody learns",
    needs: &["sns:GetTopicAttributes", "lambda:GetFunctionConfiguration"],
};
const ALARMS: Check = Check {
    name: "alarms",
    why: "they are how people learn that layerguard itself is in trouble",
    needs: &["cloudwatch:DescribeAlarms"],
};

/// The key that AWS manages for topics.
const MANAGED: &str = "alias/aws/sns";

/// The least time that a message should be kept: somebody is away for a weekend and a holiday.
const LEAST_KEPT: SignedDuration = SignedDuration::from_hours(4 * 24);

/// The queue, the topic, the alarms.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let mut findings = match &estate.queue {
        Ok(found) => queue(estate, found),
        Err(error) => vec![QUEUE.unread("the failed-events queue", error, &estate.place.stack)],
    };
    findings.push(match &estate.topic {
        Some(Ok(found)) => topic(estate, found),
        Some(Err(error)) => TOPIC.unread("the alert topic", error, &estate.place.stack),
        None => TOPIC.unchecked(
            "which topic it is could not be read from function `decide`",
            format!("allow {}, or see to that function first", TOPIC.needs.join(", ")),
        ),
    });
    findings.extend(alarms(estate));
    findings
}

fn queue(estate: &Estate, queue: &Queue) -> Vec<Finding> {
    let stack = &estate.place.stack;
    let depth = if queue.depth == 0 {
        QUEUE.ok("no failed event waits")
    } else {
        QUEUE.failed(
            format!("about {} failed events wait", queue.depth),
            format!("`layerguard dlq list --stack {stack}` says why, `layerguard dlq redrive --stack {stack}` runs them again"),
        )
    };
    let again = "deploy the template again";
    let keeps = if !lets_rules_in(queue.policy.as_deref()) {
        QUEUE.failed("the queue's policy does not let EventBridge in: what cannot be delivered is dropped", again)
    } else if queue.kept_for < LEAST_KEPT {
        let hours = queue.kept_for.as_hours();
        QUEUE.warning(format!("messages are kept for {hours} h only"), again)
    } else {
        QUEUE.ok(format!("the rules may fill the queue; it keeps for {} days", queue.kept_for.as_hours() / 24))
    };
    vec![depth, keeps]
}

/// A member that may be one thing or a list of them.
fn one_or_all(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// Whether some statement lets `events.amazonaws.com` send. Which rules it names is the template's gate to check.
fn lets_rules_in(policy: Option<&str>) -> bool {
    let policy: Value = policy.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    policy.get("Statement").map(one_or_all).unwrap_or_default().iter().any(|statement| {
        let text = |key: &str| statement.get(key).cloned().unwrap_or_default();
        let service = text("Principal").get("Service").map(one_or_all).unwrap_or_default();
        statement.get("Effect").is_some_and(|effect| effect == "Allow")
            && service.iter().any(|name| name == "events.amazonaws.com")
            && one_or_all(&text("Action")).iter().any(|action| {
                action
                    .as_str()
                    .is_some_and(|action| action.eq_ignore_ascii_case("sqs:SendMessage") || action == "sqs:*")
            })
    })
}

fn topic(estate: &Estate, topic: &Topic) -> Finding {
    let Topic { confirmed, pending, .. } = *topic;
    if let Some(refused) = topic.key.as_deref().and_then(|key| unusable(estate, key)) {
        return refused;
    }
    if confirmed == 0 {
        let waiting = if pending == 0 { String::new() } else { format!(", {pending} wait for confirmation") };
        return TOPIC.failed(
            format!("nobody is subscribed to the alert topic{waiting}"),
            "subscribe the people on call and confirm: `aws sns subscribe`, then the link in the message that comes",
        );
    }
    if pending > 0 {
        return TOPIC.warning(
            format!("{confirmed} subscribed to the alert topic, but {pending} more did not confirm"),
            "let them confirm by the message that they got, or subscribe them again: it is good for 3 days",
        );
    }
    TOPIC.ok(format!("confirmed subscriptions of the alert topic: {confirmed}"))
}

/// Whether the alarm has to be there. Whether drills are made by schedule is not known here: their alarms are looked at where they are.
fn is_due(estate: &Estate, made: Made) -> bool {
    match made {
        Made::Always => true,
        Made::Reconciling => estate.reconcile.is_ok(),
        Made::Drilling => false,
    }
}

/// What keeps the functions and the alarms from publishing to a topic with this key, if anything does.
fn unusable(estate: &Estate, key: &str) -> Option<Finding> {
    if key.ends_with(MANAGED) {
        return Some(TOPIC.failed(
            format!("the alert topic is encrypted with `{MANAGED}`, whose policy nobody can change: no alarm can publish to it"),
            "encrypt the topic with a key of yours and give the stack AlertTopicKeyArn, or without one",
        ));
    }
    match &estate.remediate_policy {
        Err(error) => Some(TOPIC.unread("whether Remediate may use the alert topic's key", error, &estate.place.stack)),
        Ok(policy) if uses(policy, key) => None,
        Ok(_) => Some(TOPIC.failed(
            format!("the alert topic is encrypted with `{}`, and the functions may not use it", escape(key)),
            "give the stack that key's ARN as AlertTopicKeyArn",
        )),
    }
}

/// Whether a policy allows to publish with this key. By an alias nobody can tell which key it is, so any key will do.
fn uses(policy: &str, key: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = policy.get("Statement").map(one_or_all).unwrap_or_default();
    let id = key.rsplit('/').next().unwrap_or(key);
    statements.iter().any(|statement| {
        let texts = |member: &str| statement.get(member).map(one_or_all).unwrap_or_default();
        texts("Action").iter().any(|action| action == "kms:GenerateDataKey")
            && (key.contains("alias/")
                || texts("Resource").iter().filter_map(Value::as_str).any(|arn| arn.ends_with(&format!("/{id}"))))
    })
}

fn alarms(estate: &Estate) -> Vec<Finding> {
    let stack = &estate.place.stack;
    let alarms = match &estate.alarms {
        // Names of another stack may begin as ours do.
        Ok(all) => all
            .iter()
            .filter(|alarm| OF_THE_TEMPLATE.iter().any(|(name, _)| alarm.name == estate.place.name(name)))
            .collect::<Vec<_>>(),
        Err(error) => return vec![ALARMS.unread("the alarms", error, stack)],
    };
    let missing: Vec<&str> = OF_THE_TEMPLATE
        .into_iter()
        .filter(|(_, made)| is_due(estate, *made))
        .map(|(name, _)| name)
        .filter(|name| !alarms.iter().any(|alarm| alarm.name == estate.place.name(name)))
        .collect();
    let mut findings = Vec::new();
    if !missing.is_empty() {
        findings.push(ALARMS.failed(format!("missing: {}", missing.join(", ")), "deploy the template again"));
    }
    for alarm in alarms.iter().filter(|alarm| !alarm.tells) {
        let name = escape(&alarm.name);
        findings.push(ALARMS.failed(
            format!("alarm `{name}` tells nobody"),
            format!("`aws cloudwatch enable-alarm-actions --alarm-names {name}`, or deploy the template again"),
        ));
    }
    for alarm in alarms.iter().filter(|alarm| alarm.state == "ALARM") {
        findings.push(ALARMS.failed(
            format!("alarm `{}` has gone off", escape(&alarm.name)),
            "infra/README.md, `When layerguard itself is in trouble`, says what it means and what to do",
        ));
    }
    if findings.is_empty() {
        findings.push(ALARMS.ok(format!("{} alarms, none has gone off", alarms.len())));
    }
    findings
}
