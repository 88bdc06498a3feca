//! The Open Cybersecurity Schema Framework: a Detection Finding, class 2004, with the cloud profile (AWS facts, section 12).

use serde_json::{Map, Value, json};

use super::{Case, Progress, Thing, ThingKind, techniques};
use crate::cloudtrail::{Origin, PrincipalKind};
use crate::engine::Severity;
use crate::incident::IncidentEvent;
use crate::message::Summary;
use crate::text::{escape, escape_to};

/// The version of the schema that findings are written in.
pub const OCSF_VERSION: &str = "1.8.0";

const CATEGORY: u32 = 2;
const CLASS: u32 = 2004;
/// A longer list says no more; the record holds all.
const MOST_EVIDENCES: usize = 100;
const MOST_TEXT: usize = 4_096;

/// The finding of an incident.
#[must_use]
pub fn ocsf(case: &Case<'_>) -> Value {
    let summary = case.summary();
    let (activity_id, activity) = activity(case);
    let (severity_id, severity) = severity(case.severity());
    let (status_id, status) = status(case.progress());
    let mut finding = json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + activity_id,
        "type_name": format!("Detection Finding: {activity}"),
        "time": case.updated_at().as_millisecond(),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "status_code": case.incident.status.as_str(),
        "is_alert": true,
        "message": case.description(&summary, MOST_TEXT),
        "metadata": metadata(case),
        "cloud": {
            "provider": "AWS",
            "region": case.home.region,
            "cloud_partition": case.home.partition,
            "account": { "uid": case.home.account, "type_id": 10, "type": "AWS Account" },
        },
        "finding_info": info(case, &summary),
        "remediation": { "desc": case.remediation(MOST_TEXT) },
        "resources": case.things().iter().map(|thing| resource(case, thing)).collect::<Vec<_>>(),
        "unmapped": unmapped(case, &summary),
    });
    let evidences: Vec<Value> = case.events.iter().take(MOST_EVIDENCES).map(evidence).collect();
    if let Some(object) = finding.as_object_mut() {
        if !evidences.is_empty() {
            object.insert("evidences".to_owned(), Value::Array(evidences));
        }
        if let Some((first, last)) = summary.span {
            object.insert("start_time".to_owned(), json!(first.as_millisecond()));
            object.insert("end_time".to_owned(), json!(last.as_millisecond()));
        }
    }
    finding
}

/// Created, changed since, closed.
const fn activity(case: &Case<'_>) -> (u32, &'static str) {
    match case.progress() {
        Progress::New => (1, "Create"),
        Progress::Told => (2, "Update"),
        Progress::Resolved => (3, "Close"),
    }
}

/// An undecided incident has a severity of its own in the schema: unknown, not informational.
const fn severity(severity: Option<Severity>) -> (u32, &'static str) {
    match severity {
        None => (0, "Unknown"),
        Some(Severity::Low) => (2, "Low"),
        Some(Severity::Medium) => (3, "Medium"),
        Some(Severity::High) => (4, "High"),
        Some(Severity::Critical) => (5, "Critical"),
    }
}

const fn status(progress: Progress) -> (u32, &'static str) {
    match progress {
        Progress::New => (1, "New"),
        Progress::Told => (2, "In Progress"),
        Progress::Resolved => (4, "Resolved"),
    }
}

fn metadata(case: &Case<'_>) -> Value {
    json!({
        "version": OCSF_VERSION,
        "uid": escape(&case.id()),
        "profiles": ["cloud"],
        "product": {
            "name": "layerguard",
            "vendor_name": "layerguard",
            "uid": "layerguard",
            "version": case.home.version,
        },
    })
}

fn info(case: &Case<'_>, summary: &Summary) -> Value {
    let mut info = json!({
        "uid": escape(&case.id()),
        "title": case.title(summary),
        "desc": case.description(summary, MOST_TEXT),
        "types": [escape(&case.incident.key.family)],
        "created_time": case.created_at().as_millisecond(),
        "modified_time": case.updated_at().as_millisecond(),
        "analytic": {
            "type_id": 1,
            "type": "Rule",
            "uid": escape(&case.generator(summary)),
            "name": case.title(summary),
            "version": escape(case.history.policy_version()),
        },
    });
    let Some(object) = info.as_object_mut() else { return info };
    if let Some((first, last)) = summary.span {
        object.insert("first_seen_time".to_owned(), json!(first.as_millisecond()));
        object.insert("last_seen_time".to_owned(), json!(last.as_millisecond()));
    }
    let attacks: Vec<Value> = techniques(&summary.rules).iter().map(|id| attack(id)).collect();
    if !attacks.is_empty() {
        object.insert("attacks".to_owned(), Value::Array(attacks));
    }
    let others: Vec<Value> = summary
        .rules
        .iter()
        .skip(1)
        .map(|rule| json!({ "type_id": 1, "type": "Rule", "uid": escape(&rule.id), "name": escape(&rule.title) }))
        .collect();
    if !others.is_empty() {
        object.insert("related_analytics".to_owned(), Value::Array(others));
    }
    info
}

/// `T1078.004` is a sub-technique of `T1078`.
fn attack(id: &str) -> Value {
    match id.split_once('.') {
        Some((technique, _)) => {
            json!({ "technique": { "uid": escape(technique) }, "sub_technique": { "uid": escape(id) } })
        }
        None => json!({ "technique": { "uid": escape(id) } }),
    }
}

fn resource(case: &Case<'_>, thing: &Thing) -> Value {
    let kind = match thing.kind {
        ThingKind::Role => "AWS::IAM::Role",
        ThingKind::User => "AWS::IAM::User",
        ThingKind::Account => "AWS::::Account",
        ThingKind::OtherPrincipal => "principal",
        ThingKind::Repository => "AWS::ECR::Repository",
        ThingKind::LayerVersion => "AWS::Lambda::LayerVersion",
    };
    let mut resource = Map::from_iter([
        ("uid".to_owned(), json!(escape_to(&thing.id, 2_048))),
        ("type".to_owned(), json!(kind)),
        ("cloud_partition".to_owned(), json!(case.home.partition)),
    ]);
    if let Some(name) = &thing.name {
        resource.insert("name".to_owned(), json!(escape(name)));
    }
    if let Some(region) = &thing.region {
        resource.insert("region".to_owned(), json!(escape(region)));
    }
    if let Some(account) = &thing.account {
        let owner = json!({ "account": { "uid": escape(account), "type_id": 10, "type": "AWS Account" } });
        resource.insert("owner".to_owned(), owner);
    }
    Value::Object(resource)
}

/// One call, who made it and from where.
fn evidence(joined: &IncidentEvent) -> Value {
    let event = &joined.event;
    let mut evidence = json!({
        "uid": escape(&event.event_id),
        "name": escape(&event.call_name()),
        "api": {
            "operation": escape(event.plain_name()),
            "service": { "name": escape(&event.source_service) },
        },
        "actor": actor(joined),
        "data": {
            "event_id": escape(&event.event_id),
            "time": event.time.to_string(),
            "record_hash": joined.record_hash,
            "rules": joined.assessment.violations().map(|rule| rule.id.clone()).collect::<Vec<_>>(),
            "network": joined.facts.as_ref().map(|facts| facts.network.as_str()),
        },
    });
    let source = match &event.origin {
        Origin::Address(address) => Some(json!({ "ip": address.to_string() })),
        Origin::Service(name) => Some(json!({ "svc_name": escape(name) })),
        // Hidden or not recorded: it is not made up.
        Origin::Masked | Origin::Unknown => None,
    };
    let Some(object) = evidence.as_object_mut() else { return evidence };
    if let Some(source) = source {
        object.insert("src_endpoint".to_owned(), source);
    }
    if let Some(code) = &event.error_code
        && let Some(api) = object.get_mut("api").and_then(Value::as_object_mut)
    {
        api.insert("response".to_owned(), json!({ "error": escape(code) }));
    }
    evidence
}

fn actor(joined: &IncidentEvent) -> Value {
    let principal = &joined.event.principal;
    let mut user = Map::from_iter([("uid".to_owned(), json!(escape_to(&principal.subject(), 2_048)))]);
    let type_id = match principal.kind {
        PrincipalKind::IamUser | PrincipalKind::FederatedUser | PrincipalKind::IdentityCenterUser => 1,
        PrincipalKind::Root => 2,
        PrincipalKind::AwsService | PrincipalKind::ServiceLinkedRole => 4,
        PrincipalKind::Unknown => 0,
        _ => 99,
    };
    user.insert("type_id".to_owned(), json!(type_id));
    if type_id == 99 {
        user.insert("type".to_owned(), json!("Role session"));
    }
    for (key, text) in [("name", &principal.name), ("credential_uid", &principal.access_key)] {
        if let Some(text) = text {
            user.insert(key.to_owned(), json!(escape(text)));
        }
    }
    if let Some(arn) = &principal.arn {
        user.insert("uid_alt".to_owned(), json!(escape_to(arn, 2_048)));
    }
    if let Some(account) = &principal.account {
        user.insert("account".to_owned(), json!({ "uid": escape(account), "type_id": 10, "type": "AWS Account" }));
    }
    let mut actor = Map::from_iter([("user".to_owned(), Value::Object(user))]);
    if let Some(session) = &principal.session {
        let mut told = Map::new();
        if let Some(name) = &session.name {
            told.insert("uid".to_owned(), json!(escape(name)));
        }
        if let Some(issuer) = &session.issuer_arn {
            told.insert("issuer".to_owned(), json!(escape_to(issuer, 2_048)));
        }
        if let Some(at) = session.issued_at {
            told.insert("created_time".to_owned(), json!(at.as_millisecond()));
        }
        if !told.is_empty() {
            actor.insert("session".to_owned(), Value::Object(told));
        }
    }
    if let Some(service) = &principal.invoked_by {
        actor.insert("invoked_by".to_owned(), json!(escape(service)));
    }
    Value::Object(actor)
}

/// What the schema has no word for.
fn unmapped(case: &Case<'_>, summary: &Summary) -> Value {
    json!({
        "layerguard": {
            "stack": case.home.stack,
            "incident": case.incident.id,
            "status": case.incident.status.as_str(),
            "verdict": case.incident.verdict,
            "events": case.incident.evidence,
            "policy_version": case.history.policy_version(),
            "exposed_until": summary.exposed_until.map(|until| until.to_string()),
            "controls": summary.rules.iter().map(|rule| rule.controls.clone()).collect::<Vec<_>>(),
        }
    })
}
