//! What happened: a session of a role that nobody listed took three layers, and what is planned about it.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Event, Origin, Principal, PrincipalKind, Session};
use layerguard_core::engine::{Assessment, FiredRule, Severity, Verdict};
use layerguard_core::plan::{Mode, Plan, Step, Target};

use crate::house::ROLE;

pub(crate) fn download(number: u32) -> Event {
    Event {
        event_id: format!("event-{number}"),
        dedupe_id: format!("event-{number}"),
        is_shared: false,
        time: start() + SignedDuration::from_secs(i64::from(number)),
        source_service: "ecr.amazonaws.com".to_owned(),
        name: "GetDownloadUrlForLayer".to_owned(),
        region: Some("eu-central-1".to_owned()),
        recipient_account: Some("111122223333".to_owned()),
        principal: Principal {
            kind: PrincipalKind::RoleSession,
            arn: Some(ROLE.to_owned()),
            account: Some("111122223333".to_owned()),
            user_id: Some("AROAEXAMPLEID:mallory".to_owned()),
            name: Some("builder".to_owned()),
            access_key: Some("ASIAIOSFODNN7EXAMPLE".to_owned()),
            session: Some(Session {
                name: Some("mallory".to_owned()),
                arn: None,
                issued_at: Some(start()),
                source_identity: None,
                issuer_arn: Some(ROLE.to_owned()),
            }),
            invoked_by: None,
        },
        origin: Origin::Address("198.51.100.7".parse().unwrap()),
        vpc_endpoint: None,
        user_agent: None,
        error_code: None,
        call: Some(Call::GetDownloadUrlForLayer {
            repository: Repository {
                registry: Some("111122223333".to_owned()),
                region: Some("eu-central-1".to_owned()),
                name: Some("team/app".to_owned()),
                arn: None,
            },
            layer_digest: Some(format!("sha256:{number}")),
        }),
        flaws: Vec::new(),
        unreadable: Vec::new(),
    }
}

pub(crate) fn assessment() -> Assessment {
    Assessment {
        verdict: Verdict::Violation,
        rules: vec![FiredRule {
            id: "ecr_layer_download_unlisted_principal".to_owned(),
            title: "A principal that is not listed downloaded an image layer".to_owned(),
            family: "exfiltration".to_owned(),
            severity: Severity::High,
            playbook: "exfiltration".to_owned(),
            attack: "T1530".to_owned(),
            controls: "AC-3".to_owned(),
            exception: None,
        }],
        reasons: Vec::new(),
        errors: Vec::new(),
        policy_version: "v1".to_owned(),
    }
}

pub(crate) fn start() -> Timestamp {
    "2026-11-20T09:31:00Z".parse().unwrap()
}

pub(crate) fn plan(id: &str) -> Plan {
    let target = Target::RoleSession {
        role_arn: ROLE.to_owned(),
        role_name: "builder".to_owned(),
        account: "111122223333".to_owned(),
        user_id: "AROAEXAMPLEID:mallory".to_owned(),
    };
    let step = Step {
        number: 0,
        action: "deny_session".to_owned(),
        target,
        mode: Mode::Ask,
        effect: format!("denies everything to session mallory of {ROLE}; other sessions keep working"),
        lift_after_seconds: Some(43_200),
        reasons: vec!["the ceiling is `ask`".to_owned()],
    };
    let tell = Step { number: 1, action: "notify".to_owned(), target: Target::OnCall, mode: Mode::Act, ..step.clone() };
    Plan { incident: id.to_owned(), steps: vec![step, tell] }
}
