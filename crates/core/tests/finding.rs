//! Findings as other tools get them. The snapshots below `tests/fixtures/findings` are what the gates hold against the published schemas.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: a panic is the report")]

use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::body::{Finding, Intent, Outcome, OutcomeResult};
use layerguard_core::audit::{AuditRecord, Body, History, body};
use layerguard_core::call::{Call, Layer, Repository};
use layerguard_core::cloudtrail::{Event, Origin, Principal, PrincipalKind, Session};
use layerguard_core::engine::{Assessment, FiredRule, Severity, Verdict};
use layerguard_core::finding::{Case, Home, MOST_IN_BATCH, asff, ocsf};
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Status};
use layerguard_core::plan::{Mode, Plan, Step, Target};
use serde_json::Value;

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/builder";
const ID: &str = "0011223344556677-1";
const KINDS: [PrincipalKind; 14] = [
    PrincipalKind::RoleSession,
    PrincipalKind::IdentityCenterRole,
    PrincipalKind::ServiceLinkedRole,
    PrincipalKind::Role,
    PrincipalKind::IamUser,
    PrincipalKind::FederatedUser,
    PrincipalKind::Root,
    PrincipalKind::AwsService,
    PrincipalKind::AwsAccount,
    PrincipalKind::Directory,
    PrincipalKind::SamlUser,
    PrincipalKind::WebIdentityUser,
    PrincipalKind::IdentityCenterUser,
    PrincipalKind::Unknown,
];
const STATUSES: [Status; 12] = [
    Status::Pending,
    Status::Deciding,
    Status::AwaitingApproval,
    Status::Containing,
    Status::Contained,
    Status::PartlyContained,
    Status::Rejected,
    Status::Expired,
    Status::Observed,
    Status::Undecided,
    Status::Escalated,
    Status::Undone,
];

fn at(seconds: i64) -> Timestamp {
    "2026-11-20T10:31:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn home() -> Home<'static> {
    Home { partition: "aws", region: "eu-central-1", account: "111122223333", stack: "layerguard", version: "0.1.0" }
}

fn principal() -> Principal {
    Principal {
        kind: PrincipalKind::RoleSession,
        arn: Some(ROLE.to_owned()),
        account: Some("111122223333".to_owned()),
        user_id: Some("AROAEXAMPLEID:mallory".to_owned()),
        name: Some("builder".to_owned()),
        access_key: Some("ASIAIOSFODNN7EXAMPLE".to_owned()),
        session: Some(Session {
            name: Some("mallory".to_owned()),
            arn: None,
            issued_at: Some(at(-600)),
            source_identity: None,
            issuer_arn: Some(ROLE.to_owned()),
        }),
        invoked_by: None,
    }
}

fn rule(id: &str, severity: Severity, attack: &str) -> FiredRule {
    FiredRule {
        id: id.to_owned(),
        title: format!("What {id} says"),
        family: "exfiltration".to_owned(),
        severity,
        playbook: "stolen_session".to_owned(),
        attack: attack.to_owned(),
        controls: "AC-4".to_owned(),
        exception: None,
    }
}

fn event(number: i64, call: Option<Call>) -> IncidentEvent {
    IncidentEvent {
        event: Event {
            event_id: format!("event-{number}"),
            dedupe_id: format!("event-{number}"),
            is_shared: false,
            time: at(number),
            source_service: "ecr.amazonaws.com".to_owned(),
            name: "GetDownloadUrlForLayer".to_owned(),
            region: Some("eu-central-1".to_owned()),
            recipient_account: Some("111122223333".to_owned()),
            principal: principal(),
            origin: Origin::Address("198.51.100.7".parse().unwrap()),
            vpc_endpoint: None,
            user_agent: None,
            error_code: None,
            call,
            flaws: Vec::new(),
            unreadable: Vec::new(),
        },
        facts: None,
        assessment: Assessment {
            verdict: Verdict::Violation,
            rules: vec![
                rule("ecr_layer_download_unlisted_principal", Severity::High, "T1530"),
                rule("new_credential_then_pull", Severity::Medium, "T1078.004, T1530"),
            ],
            reasons: Vec::new(),
            errors: Vec::new(),
            policy_version: "v1".to_owned(),
        },
        record_hash: "00".to_owned(),
    }
}

fn download(number: i64, repository: &str) -> IncidentEvent {
    let repository = Repository {
        registry: Some("111122223333".to_owned()),
        region: Some("eu-central-1".to_owned()),
        name: Some(repository.to_owned()),
        arn: None,
    };
    event(number, Some(Call::GetDownloadUrlForLayer { repository, layer_digest: Some(format!("sha256:{number}")) }))
}

fn incident(events: &[IncidentEvent]) -> Incident {
    let key = IncidentKey::of(&events[0].event, &events[0].assessment).unwrap();
    Incident { id: ID.to_owned(), ..Incident::open(&key, 1, &events[0], at(60)) }
}

/// The records of an incident that was contained.
fn contained() -> History {
    let step = Step {
        number: 0,
        action: "deny_session".to_owned(),
        target: Target::RoleSession {
            role_arn: ROLE.to_owned(),
            role_name: "builder".to_owned(),
            account: "111122223333".to_owned(),
            user_id: "AROAEXAMPLEID:mallory".to_owned(),
        },
        mode: Mode::Act,
        effect: "denies everything to session mallory".to_owned(),
        lift_after_seconds: Some(43_200),
        reasons: Vec::new(),
    };
    let plan = Plan { incident: ID.to_owned(), steps: vec![step.clone()] };
    let bodies = [
        Body::Finding(Finding { events: Vec::new(), evidence: 2, principals: Vec::new(), accounts: Vec::new() }),
        Body::Decision(Box::new(body::Decision {
            evidence: 2,
            verdict: Verdict::Violation,
            severity: Some(Severity::High),
            rules: Vec::new(),
            plan_hash: plan.hash().unwrap(),
            decision: plan.weightiest(),
            plan,
            reasons: Vec::new(),
            errors: Vec::new(),
            on_expiry: Vec::new(),
            approvers: 1,
            blast: Vec::new(),
            circumstances: body::Circumstances::default(),
        })),
        Body::Intent(Box::new(Intent { step: 0, action: step.action, target: step.target, captured: Value::Null })),
        Body::Outcome(Outcome { step: 0, result: OutcomeResult::Applied, detail: None, failure: None }),
    ];
    let record = |(seq, body): (u64, &Body)| AuditRecord {
        incident: ID.to_owned(),
        seq,
        kind: body.kind(),
        time: at(90),
        actor: "decide".to_owned(),
        policy_version: "v1".to_owned(),
        body: serde_json::to_string(body).unwrap(),
        prev: String::new(),
        hash: String::new(),
    };
    let records: Vec<AuditRecord> = (0..).zip(&bodies).map(record).collect();
    History::of(&records).unwrap()
}

/// The finding in both formats.
fn both(incident: &Incident, events: &[IncidentEvent], history: &History) -> [Value; 2] {
    let case = Case { home: home(), incident, events, history };
    [asff(&case), ocsf(&case)]
}

/// Keeps what the gates validate: one finding a line.
fn keep(name: &str, findings: &[[Value; 2]]) {
    insta::with_settings!({
        snapshot_path => "../../../tests/fixtures/findings",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (format, at) in [("asff", 0), ("ocsf", 1)] {
            let lines: Vec<String> = findings.iter().map(|both| both[at].to_string()).collect();
            insta::assert_snapshot!(format!("{format}_{name}"), lines.join("\n"));
        }
    });
}

#[test]
fn a_pull_that_was_contained() {
    let events = [download(0, "team/app"), download(1, "team/app")];
    let row = Incident { status: Status::Contained, evidence: 2, closed_at: Some(at(90)), ..incident(&events) };
    let [asff, ocsf] = both(&row, &events, &contained());
    assert_eq!(asff["Id"], "layerguard/111122223333/eu-central-1/layerguard/0011223344556677-1");
    assert_eq!(asff["ProductArn"], "arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default");
    assert_eq!((&asff["RecordState"], &asff["Workflow"]["Status"]), (&"ARCHIVED".into(), &"RESOLVED".into()));
    assert_eq!(asff["FindingProviderFields"]["Severity"]["Label"], "HIGH");
    assert_eq!(asff["Resources"][0]["Id"], ROLE);
    assert_eq!(asff["Resources"][1]["Id"], "arn:aws:ecr:eu-central-1:111122223333:repository/team/app");
    assert_eq!(asff["Resources"].as_array().unwrap().len(), 2, "each once");
    let text = asff["Remediation"]["Recommendation"]["Text"].as_str().unwrap();
    assert!(
        text.contains("deny_session on ") && text.ends_with("incidents show 0011223344556677-1 --stack layerguard."),
        "{text}"
    );
    assert_eq!((&ocsf["class_uid"], &ocsf["type_uid"], &ocsf["status_id"]), (&2004.into(), &200_403.into(), &4.into()));
    assert_eq!(ocsf["time"], at(90).as_millisecond());
    assert_eq!(ocsf["finding_info"]["attacks"][1]["sub_technique"]["uid"], "T1078.004");
    assert_eq!(ocsf["finding_info"]["uid"], asff["Id"]);
    assert_eq!(ocsf["evidences"][0]["src_endpoint"]["ip"], "198.51.100.7");
    keep("contained", &[[asff, ocsf]]);
}

#[test]
fn every_status_and_every_kind_of_principal() {
    let mut findings = Vec::new();
    for status in STATUSES {
        let events = [download(0, "team/app")];
        findings.push(both(&Incident { status, ..incident(&events) }, &events, &History::default()));
    }
    for kind in KINDS {
        let mut events = [download(0, "team/app")];
        events[0].event.principal.kind = kind;
        if matches!(kind, PrincipalKind::Unknown | PrincipalKind::AwsService) {
            events[0].event.principal = Principal { kind, ..Principal::unknown() };
        }
        findings.push(both(&incident(&events), &events, &History::default()));
    }
    for origin in [Origin::Masked, Origin::Unknown, Origin::Service("lambda.amazonaws.com".to_owned())] {
        let mut events = [download(0, "team/app")];
        events[0].event.origin = origin;
        events[0].event.error_code = Some("AccessDeniedException".to_owned());
        findings.push(both(&incident(&events), &events, &History::default()));
    }
    let layer = Layer {
        account: Some("444455556666".to_owned()),
        region: Some("eu-central-1".to_owned()),
        name: Some("tools".to_owned()),
        version: Some("3".to_owned()),
        arn: Some("arn:aws:lambda:eu-central-1:444455556666:layer:tools:3".to_owned()),
        of_aws: false,
    };
    let events = [event(0, Some(Call::GetLayerVersion { layer }))];
    findings.push(both(&incident(&events), &events, &History::default()));
    keep("every_kind", &findings);
}

#[test]
fn an_undecided_one_is_never_told_as_harmless_or_done() {
    let mut events = [event(0, None)];
    events[0].assessment.verdict = Verdict::Undecided;
    events[0].assessment.rules.clear();
    events[0].assessment.errors = vec!["the inventory cannot be read".to_owned()];
    for status in [Status::Pending, Status::Undecided, Status::Escalated] {
        let [asff, ocsf] = both(&Incident { status, ..incident(&events) }, &events, &History::default());
        assert_eq!(asff["FindingProviderFields"]["Severity"]["Original"], "undecided");
        assert_eq!(asff["FindingProviderFields"]["Severity"]["Label"], "MEDIUM");
        assert_eq!((&asff["RecordState"], &ocsf["severity_id"]), (&"ACTIVE".into(), &0.into()));
        assert!(ocsf["status_id"] != 4 && asff["Workflow"]["Status"] != "RESOLVED");
        assert!(asff["Description"].as_str().unwrap().contains("Not decided: the inventory cannot be read"));
    }
    let nothing = incident(&events);
    keep("undecided", &[both(&nothing, &events, &History::default()), both(&nothing, &[], &History::default())]);
}

#[test]
fn what_a_stranger_chose_stays_within_the_limits_and_shows_itself() {
    // Four bytes each, and characters that hide.
    let long = format!("\u{202e}\u{1b}[2J{}", "\u{1f600}".repeat(3_000));
    let mut events: Vec<IncidentEvent> = (0..200).map(|number| download(number, &format!("{number}{long}"))).collect();
    for joined in &mut events {
        joined.event.principal.name = Some(long.clone());
        joined.event.principal.session.as_mut().unwrap().name = Some(long.clone());
        joined.event.error_code = Some(long.clone());
        joined.assessment.errors = vec![long.clone()];
        joined.assessment.rules[0].title = long.clone();
    }
    let [asff, ocsf] = both(&incident(&events), &events, &contained());
    assert_eq!(asff["Resources"].as_array().unwrap().len(), 32);
    let bytes = serde_json::to_vec(&asff).unwrap().len();
    assert!(bytes < 240 * 1024, "{bytes}");
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    assert!(length(&asff["Title"]) <= 256 && length(&asff["Description"]) <= 1024);
    assert!(length(&asff["Remediation"]["Recommendation"]["Text"]) <= 512);
    for resource in asff["Resources"].as_array().unwrap() {
        assert!(length(&resource["Id"]) <= 512);
    }
    for finding in [&asff, &ocsf] {
        let text = finding.to_string();
        assert!(!text.contains('\u{202e}') && !text.contains("\\u001b"), "something hides");
    }
    assert!(ocsf["evidences"].as_array().unwrap().len() <= MOST_IN_BATCH);
    let few = &events[..2];
    let hostile = both(&incident(few), few, &contained());
    let blank = Principal { name: Some(" ".to_owned()), arn: Some(" ".to_owned()), ..principal() };
    let mut events = [download(0, "team/app")];
    events[0].event.principal = blank;
    keep("hostile", &[hostile, both(&incident(&events), &events, &History::default())]);
}
