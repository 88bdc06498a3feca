//! The account and the events of the cases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use layerguard_testkit::{Role, User, World};
use serde_json::{Value, json};

use crate::machine::ACCOUNT;

/// The inventory of the cases: `mode` is the ceiling, `extra` goes to the end.
pub(crate) fn inventory(mode: &str, extra: &str) -> String {
    format!(
        r#"
[organization]
id = "o-exampleorgid"
accounts = ["{ACCOUNT}"]

[[network]]
name = "office"
cidrs = ["192.0.2.0/24"]

[principals]
image_pullers = ["arn:aws:iam::{ACCOUNT}:role/puller"]
on_call = ["arn:aws:iam::{ACCOUNT}:role/on-call"]

[response]
mode = "{mode}"
inline_deny = true
{extra}
"#
    )
}

/// A world with the role `builder` and the user `sam`, at the time of the events.
pub(crate) fn world() -> World {
    let world = World::at("2026-11-20T09:00:30Z".parse().unwrap());
    world.set_role("builder", Role::default());
    world
        .set_user("sam", User { keys: BTreeMap::from([("AKIAIOSFODNN7EXAMPLE".to_owned(), true)]), ..User::default() });
    world
}

/// One download of a layer by the session `intruder` of the role `builder`, masked as a docker pull is.
pub(crate) fn download(number: usize) -> Value {
    event(number, "GetDownloadUrlForLayer", &session("builder", "intruder"))
}

/// The same by the user `sam` with a long-term key.
pub(crate) fn download_by_user(number: usize) -> Value {
    let identity = json!({
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEID",
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/sam"),
        "accountId": ACCOUNT,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": "sam"
    });
    event(number, "GetDownloadUrlForLayer", &identity)
}

pub(crate) fn session(role: &str, name: &str) -> Value {
    json!({
        "type": "AssumedRole",
        "principalId": format!("AROA{}EXAMPLE:{name}", role.to_uppercase().replace('-', "")),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"),
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": format!("AROA{}EXAMPLE", role.to_uppercase().replace('-', "")),
                "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
                "accountId": ACCOUNT,
                "userName": role
            },
            "attributes": {"creationDate": "2026-11-20T08:30:00Z", "mfaAuthenticated": "false"}
        }
    })
}

pub(crate) fn event(number: usize, name: &str, identity: &Value) -> Value {
    let time: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    at(number, name, identity, time)
}

/// An EventBridge event.
pub(crate) fn at(number: usize, name: &str, identity: &Value, time: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": format!("00000000-0000-4000-8000-{number:012}"),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecr",
        "account": ACCOUNT,
        "time": time.to_string(),
        "region": "eu-central-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": identity,
            "eventTime": time.to_string(),
            "eventSource": "ecr.amazonaws.com",
            "eventName": name,
            "awsRegion": "eu-central-1",
            "sourceIPAddress": "AWS Internal",
            "userAgent": "AWS Internal",
            "requestParameters": {
                "registryId": ACCOUNT,
                "repositoryName": "team/app",
                "layerDigest": format!("sha256:{number:064x}")
            },
            "responseElements": null,
            "eventID": format!("11111111-0000-4000-8000-{number:012}"),
            "eventType": "AwsApiCall",
            "recipientAccountId": ACCOUNT
        }
    })
}
