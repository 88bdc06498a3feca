//! Events by which somebody weakened a configuration, and the account in which they did.

use layerguard_core::cloudtrail::{Event, Principal, PrincipalKind};
use layerguard_core::ports::{LayerGrant, Replication, ReplicationRule, TagMutability};
use layerguard_testkit::{HOME, Repository, World};
use serde_json::{Value, json};

use super::scene::{Gives, session};

pub(crate) const RECORD: &str = include_str!("../../fixtures/actions/download.json");
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
