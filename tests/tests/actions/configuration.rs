//! Events by which somebody weakened a configuration, and the account in which they did.

use layerguard_core::action::{self, Cause, Occasion};
use layerguard_core::cloudtrail::{Event, Principal, PrincipalKind};
use layerguard_core::inventory::Expected;
use layerguard_core::ports::{Clock, LayerGrant, Replication, ReplicationRule, TagMutability};
use layerguard_testkit::{HOME, Repository, World, drive};
use serde::Deserialize;
use serde_json::{Value, json};

use super::scene::{Gives, INVENTORY, at, session, with_tools};

const RECORD: &str = include_str!("../../fixtures/actions/download.json");
pub(crate) const FOREIGN: &str = "arn:aws:iam::999988887777:root";

pub(crate) fn event(name: &str, parameters: &Value) -> Event {
    let mut record: Value = serde_json::from_str(RECORD).unwrap();
    record["eventName"] = json!(name);
    record["requestParameters"] = parameters.clone();
    record["readOnly"] = json!(false);
    record["eventSource"] = json!(if name.contains("Layer") { "lambda.amazonaws.com" } else { "ecr.amazonaws.com" });
    layerguard_core::cloudtrail::parse(&record).unwrap()
}

/// Somebody wrote a policy that lets an outsider pull.
pub(crate) fn repository_policy_written() -> Event {
    let policy = policy(&[allow("outsider", &json!({ "AWS": FOREIGN }))]);
    event(
        "SetRepositoryPolicy",
        &json!({"registryId": HOME, "repositoryName": "team/app", "policyText": policy.to_string()}),
    )
}

/// The same for the whole registry.
pub(crate) fn registry_policy_written() -> Event {
    let policy = policy(&[allow("outsider", &json!({ "AWS": FOREIGN }))]);
    event("PutRegistryPolicy", &json!({"policyText": policy.to_string()}))
}

/// A session of Identity Center pulled.
pub(crate) fn pulled_from_identity_center() -> Event {
    let role = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef";
    let mut principal = Principal {
        kind: PrincipalKind::IdentityCenterRole,
        arn: Some(role.into()),
        name: Some("AWSReservedSSO_Dev_0123456789abcdef".into()),
        ..session()
    };
    if let Some(session) = &mut principal.session {
        session.arn = Some("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada".into());
    }
    principal.event()
}

pub(crate) fn allow(sid: &str, principal: &Value) -> Value {
    json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "ecr:BatchGetImage"})
}

pub(crate) fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2008-10-17", "Id": "team", "Statement": statements})
}

/// A lifecycle policy that keeps enough.
fn keeps() -> Value {
    json!({"rules": [{"rulePriority": 1, "selection": {
        "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 30
    }, "action": {"type": "expire"}}]})
}

/// Each configuration action with an event that it is possible for.
pub(crate) fn every_cause() -> Vec<(&'static str, Event)> {
    let bare = |name: &str, more: &Value| {
        let mut parameters = json!({"registryId": HOME, "repositoryName": "team/bare"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event(name, &parameters)
    };
    let deleted = |name: &str, member: &str, text: &Value| {
        let mut record: Value = serde_json::from_str(RECORD).unwrap();
        record["eventName"] = json!(name);
        record["requestParameters"] = json!({"registryId": HOME, "repositoryName": "team/bare"});
        record["responseElements"] =
            json!({"registryId": HOME, "repositoryName": "team/bare", member: text.to_string()});
        layerguard_core::cloudtrail::parse(&record).unwrap()
    };
    let destination = json!([{"registryId": "999988887777", "region": "eu-central-1"}]);
    vec![
        ("remove_repository_grant", repository_policy_written()),
        ("remove_registry_grant", registry_policy_written()),
        ("deny_in_repository_policy", pulled_from_identity_center()),
        (
            "remove_replication_destination",
            event(
                "PutReplicationConfiguration",
                &json!({"replicationConfiguration": {"rules": [{"destinations": destination}]}}),
            ),
        ),
        (
            "remove_layer_grant",
            event(
                "AddLayerVersionPermission20181031",
                &json!({"layerName": "shared", "versionNumber": 1, "statementId": "outsider",
                    "principal": "999988887777", "action": "lambda:GetLayerVersion"}),
            ),
        ),
        ("restore_tag_mutability", bare("PutImageTagMutability", &json!({"imageTagMutability": "MUTABLE"}))),
        (
            "restore_scanning",
            bare("PutImageScanningConfiguration", &json!({"imageScanningConfiguration": {"scanOnPush": false}})),
        ),
        ("restore_lifecycle_policy", deleted("DeleteLifecyclePolicy", "lifecyclePolicyText", &keeps())),
        (
            "restore_repository_policy",
            deleted("DeleteRepositoryPolicy", "policyText", &policy(&[allow("ours", &json!({"AWS": HOME}))])),
        ),
    ]
}

/// The account after all of that.
pub(crate) fn weakened(world: &World) {
    let outsider = || allow("outsider", &json!({ "AWS": FOREIGN }));
    let ours = || allow("ours", &json!({"AWS": HOME}));
    world.edit_registry(|registry| {
        registry.policy = Some(policy(&[outsider()]));
        let rule = |account: &str, prefix: &str| ReplicationRule {
            destinations: vec![(account.to_owned(), "eu-central-1".to_owned())],
            prefixes: vec![prefix.to_owned()],
            ..ReplicationRule::default()
        };
        registry.replication = Replication { rules: vec![rule("999988887777", "team"), rule(HOME, "base")] };
        let app = Repository { policy: Some(policy(&[ours(), outsider()])), ..Repository::default() };
        let mut bare = Repository::default();
        bare.settings.tag_mutability = TagMutability { value: "MUTABLE".to_owned(), exclusions: Vec::new() };
        bare.settings.scan_on_push = false;
        registry.repositories = [("team/app".to_owned(), app), ("team/bare".to_owned(), bare)].into();
    });
    world.edit_layer("shared", 1, |statements| {
        let grant = |statement: &str, account: &str| LayerGrant {
            statement: statement.to_owned(),
            principal: format!("arn:aws:iam::{account}:root"),
            organization: None,
        };
        *statements = vec![grant("ours", HOME), grant("outsider", "999988887777")];
    });
}

/// One case of `configuration.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    action: String,
    event: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(rename = "requestParameters")]
    request: Value,
    #[serde(rename = "responseElements", default)]
    response: Value,
    /// By a session of Identity Center.
    #[serde(default)]
    identity_center: bool,
    /// The registry has no policy any more.
    #[serde(default)]
    empty_registry: bool,
    /// The inventory has its `[expected]`.
    #[serde(default = "yes")]
    expected: bool,
    /// What is captured, where the action is possible.
    #[serde(default)]
    captured: Option<Value>,
    /// Words of the reason, where it is not.
    #[serde(default)]
    impossible: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Case {
    fn event(&self) -> Event {
        let mut record: Value = serde_json::from_str(RECORD).unwrap();
        record["eventName"] = json!(self.event);
        record["eventSource"] = json!(self.source.as_deref().unwrap_or("ecr.amazonaws.com"));
        record["requestParameters"] = self.request.clone();
        record["responseElements"] = self.response.clone();
        let event = layerguard_core::cloudtrail::parse(&record).unwrap();
        if self.identity_center { Event { principal: pulled_from_identity_center().principal, ..event } } else { event }
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../fixtures/actions/configuration.json")).unwrap()
}

/// Which actions have cases: name, and whether it is possible.
pub(crate) fn covered() -> Vec<(String, bool)> {
    cases().into_iter().map(|case| (case.action, case.captured.is_some())).collect()
}

#[test]
fn every_configuration_case_settles_what_the_table_says() {
    for case in cases() {
        let action = action::by_name(&case.action).unwrap();
        let (event, mut inventory) = (case.event(), INVENTORY.clone());
        if !case.expected {
            inventory.expected = Expected::default();
        }
        let target = action.target(Cause { event: &event, inventory: &inventory });
        match (target, &case.captured, &case.impossible) {
            (Ok(target), Some(expected), None) => {
                let world = World::at(at("2026-11-20T09:31:30Z"));
                weakened(&world);
                if case.empty_registry {
                    world.edit_registry(|registry| registry.policy = None);
                }
                let occasion = Occasion { incident: "0011223344556677-1", target: &target };
                let captured = with_tools(&world, |tools| drive(action.capture(occasion, world.now(), tools))).unwrap();
                assert_eq!(&captured, expected, "{}: {captured}", case.name);
                assert!(action::is_consistent(&target), "{}", case.name);
            }
            (Err(why), None, Some(words)) => assert!(why.0.contains(words), "{}: {why}", case.name),
            (target, ..) => panic!("{}: {target:?}", case.name),
        }
    }
}
