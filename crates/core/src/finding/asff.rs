//! The AWS Security Finding Format, as `BatchImportFindings` of Security Hub takes it (AWS facts, section 12).

use serde_json::{Map, Value, json};

use super::{Case, Progress, Thing, ThingKind, techniques};
use crate::engine::Severity;
use crate::message::{Summary, severity_word};
use crate::text::escape_to;

/// The most findings of one import.
pub const MOST_IN_BATCH: usize = 100;

/// What Security Hub cuts or refuses longer texts of.
const MOST_ID: usize = 512;
const MOST_DESCRIPTION: usize = 1024;
const MOST_REMEDIATION: usize = 512;
const MOST_FIELD: usize = 1024;
/// Of a resource: 32 of them with everything else stay below the 240 KB that a finding may have, whatever the characters.
const MOST_DETAIL: usize = 256;
/// Partitions that the format knows.
const PARTITIONS: [&str; 5] = ["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b"];

/// The finding of an incident. Its account and product are those of the stack: Security Hub takes findings of one's own account only. What
/// it found in another account stands among the resources.
#[must_use]
pub fn asff(case: &Case<'_>) -> Value {
    let summary = case.summary();
    let home = case.home;
    let mut finding = json!({
        "SchemaVersion": "2018-10-08",
        "Id": escape_to(&case.id(), MOST_ID),
        "ProductArn": format!(
            "arn:{}:securityhub:{}:{}:product/{}/default", home.partition, home.region, home.account, home.account
        ),
        "ProductName": "layerguard",
        "CompanyName": "layerguard",
        "Region": home.region,
        "GeneratorId": escape_to(&format!("layerguard/{}", case.generator(&summary)), MOST_ID),
        "AwsAccountId": home.account,
        "CreatedAt": case.created_at().to_string(),
        "UpdatedAt": case.updated_at().to_string(),
        "Title": case.title(&summary),
        "Description": case.description(&summary, MOST_DESCRIPTION),
        "FindingProviderFields": {
            "Severity": { "Label": label(case.severity()), "Original": case.severity().map_or("undecided", severity_word) },
            "Types": types(case),
        },
        "Remediation": { "Recommendation": { "Text": case.remediation(MOST_REMEDIATION) } },
        "Resources": case.things().iter().map(|thing| resource(case, thing)).collect::<Vec<_>>(),
        "Workflow": { "Status": workflow(case.progress()) },
        "RecordState": if case.progress() == Progress::Resolved { "ARCHIVED" } else { "ACTIVE" },
        "ProductFields": fields(case, &summary),
    });
    if let (Some((first, last)), Some(object)) = (summary.span, finding.as_object_mut()) {
        object.insert("FirstObservedAt".to_owned(), json!(first.to_string()));
        object.insert("LastObservedAt".to_owned(), json!(last.to_string()));
    }
    finding
}

/// An undecided incident needs a look; it is never told as harmless.
const fn label(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Critical) => "CRITICAL",
        Some(Severity::High) => "HIGH",
        Some(Severity::Medium) | None => "MEDIUM",
        Some(Severity::Low) => "LOW",
    }
}

/// Security Hub takes this on the first import; later it is the user's.
const fn workflow(progress: Progress) -> &'static str {
    match progress {
        Progress::New => "NEW",
        Progress::Told => "NOTIFIED",
        Progress::Resolved => "RESOLVED",
    }
}

/// Namespace, category and classifier, out of those that the format lists; the family is the classifier.
fn types(case: &Case<'_>) -> Vec<String> {
    let family = case.incident.key.family.as_str();
    let of_family = match family {
        "exfiltration" => &["TTPs/Collection", "Effects/Data Exfiltration"][..],
        "exposure" => &["Effects/Data Exposure"],
        "destruction" => &["Effects/Data Destruction"],
        "tampering" | "weakening" => &["TTPs/Defense Evasion"],
        "supply_chain" => &["TTPs/Initial Access"],
        _ => &["Unusual Behaviors/Other"],
    };
    of_family.iter().map(|types| escape_to(&format!("{types}/{family}"), MOST_ID)).collect()
}

fn resource(case: &Case<'_>, thing: &Thing) -> Value {
    let kind = match thing.kind {
        ThingKind::Role => "AwsIamRole",
        ThingKind::User => "AwsIamUser",
        ThingKind::Account => "AwsAccount",
        ThingKind::OtherPrincipal => "Other",
        ThingKind::Repository => "AwsEcrRepository",
        ThingKind::LayerVersion => "AwsLambdaLayerVersion",
    };
    let mut resource =
        Map::from_iter([("Type".to_owned(), json!(kind)), ("Id".to_owned(), json!(said(&thing.id, MOST_ID)))]);
    if PARTITIONS.contains(&case.home.partition) {
        resource.insert("Partition".to_owned(), json!(case.home.partition));
    }
    if let Some(region) = &thing.region {
        resource.insert("Region".to_owned(), json!(said(region, 16)));
    }
    let mut other = Map::new();
    for (key, text) in [("account", &thing.account), ("name", &thing.name)] {
        if let Some(text) = text {
            other.insert(key.to_owned(), json!(said(text, MOST_DETAIL)));
        }
    }
    if !other.is_empty() {
        resource.insert("Details".to_owned(), json!({ "Other": other }));
    }
    Value::Object(resource)
}

fn fields(case: &Case<'_>, summary: &Summary) -> Value {
    let rules: Vec<&str> = summary.rules.iter().map(|rule| rule.id.as_str()).collect();
    let session = case.incident.principal.session.as_ref().and_then(|session| session.name.clone());
    let fields = [
        ("stack", Some(case.home.stack.to_owned())),
        ("incident", Some(case.incident.id.clone())),
        ("status", Some(case.incident.status.as_str().to_owned())),
        ("events", Some(case.incident.evidence.to_string())),
        ("rules", Some(rules.join(" "))),
        ("attack", Some(techniques(&summary.rules).join(" "))),
        ("session", session),
        ("policy_version", Some(case.history.policy_version().to_owned())),
        ("exposed_until", summary.exposed_until.map(|until| until.to_string())),
        ("version", Some(case.home.version.to_owned())),
    ];
    let said =
        fields.into_iter().filter_map(|(key, text)| text.filter(|text| !text.is_empty()).map(|text| (key, text)));
    Value::Object(said.map(|(key, text)| (format!("layerguard/{key}"), json!(escape_to(&text, MOST_FIELD)))).collect())
}

/// A text that says something: the format refuses one of blanks.
fn said(text: &str, most: usize) -> String {
    if text.trim().is_empty() { "unknown".to_owned() } else { escape_to(text, most) }
}
