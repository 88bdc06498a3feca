//! What a pattern drops is clear, whatever else is true.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::assess::Assessor;
use crate::cloudtrail;
use crate::engine::{Bundle, Verdict};
use crate::facts::Own;
use crate::history::{Earlier, History, Pulled};
use crate::inventory::{Inventory, Login};

const INVENTORY: &str = r#"
[organization]
id = "o-exampleorgid"
accounts = ["111122223333", "444455556666"]

[[network]]
name = "office"
cidrs = ["192.0.2.0/24"]
vpc_endpoints = ["vpce-0123456789abcdef0"]

[principals]
image_pullers = ["arn:aws:iam::*:role/eks-node", "arn:aws:iam::111122223333:role/ci/*"]
workloads = ["arn:aws:iam::*:role/eks-node"]
"#;

const BREADTH: [&str; 2] = ["ecr_pull_breadth", "new_credential_then_pull"];
const NETWORK: &str = "ecr_layer_download_untrusted_network";

fn assessor(inventory: &str) -> Assessor {
    let inventory = Inventory::from_toml(inventory).unwrap();
    let own = Own::somewhere_in(&inventory.organization.accounts);
    Assessor::new(Bundle::embedded().unwrap(), inventory, own).unwrap()
}

fn blind(rules: &[&str]) -> BTreeSet<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

fn compiled(assessor: &Assessor, traffic: &Traffic, rules: &[&str]) -> Compiled {
    compile(&Order { assessor, traffic, blind: &blind(rules), stack: "layerguard" })
}

fn record(name: &str, change: &[(&str, Value)]) -> Value {
    let mut record = json!({
        "eventVersion": "1.11",
        "eventID": "22222222-2222-4222-8222-222222222222",
        "eventTime": "2026-11-20T09:31:00Z",
        "eventSource": "ecr.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "recipientAccountId": "111122223333",
        "sourceIPAddress": "AWS Internal",
        "vpcEndpointId": "vpce-0123456789abcdef0",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:i-0123",
            "arn": "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123",
            "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": { "sessionIssuer": {
                "type": "Role",
                "arn": "arn:aws:iam::111122223333:role/eks-node",
                "accountId": "111122223333",
                "userName": "eks-node",
            }},
        },
        "requestParameters": { "repositoryName": "team/app", "registryId": "111122223333", "layerDigest": "sha256:00" },
        "resources": [{ "accountId": "111122223333", "ARN": "arn:aws:ecr:eu-central-1:111122223333:repository/team/app" }],
    });
    for (path, value) in change {
        set(&mut record, path, value.clone());
    }
    record
}

/// Null takes away.
fn set(record: &mut Value, path: &str, value: Value) {
    let (above, name) = path.rsplit_once('/').unwrap();
    let Some(place) = record.pointer_mut(above).and_then(Value::as_object_mut) else { return };
    if value.is_null() {
        place.remove(name);
    } else {
        place.insert(name.to_owned(), value);
    }
}

fn envelope(record: &Value) -> Value {
    json!({ "source": "aws.ecr", "detail-type": "AWS API Call via CloudTrail", "detail": record })
}

fn drops(compiled: &Compiled, record: &Value) -> bool {
    !matches(&compiled.pattern, &envelope(record))
}

const ISSUER: &str = "/userIdentity/sessionContext/sessionIssuer/arn";

#[test]
fn without_leave_nothing_is_dropped_that_a_rule_over_many_calls_reads() {
    let compiled = compiled(&assessor(INVENTORY), &Traffic::default(), &[]);
    for name in ["GetDownloadUrlForLayer", "BatchGetImage"] {
        assert!(!drops(&compiled, &record(name, &[])), "{}", compiled.text());
    }
    assert!(drops(&compiled, &record("UploadLayerPart", &[])), "{}", compiled.text());
    assert!(drops(&compiled, &record("GetAuthorizationToken", &[])));
    assert!(compiled.text().len() < 1500, "{}", compiled.text().len());
    let inspector = json!({ "type": "AWSService", "invokedBy": "inspector2.amazonaws.com" });
    assert!(drops(&compiled, &record("BatchGetImage", &[("/userIdentity", inspector)])));
    assert_eq!(compiled.blinded, [].into());
    let node = compiled.kept.iter().find(|kept| kept.caller == "arn:aws:iam::444455556666:role/eks-node").unwrap();
    assert_eq!(
        node.needs,
        blind(&["ecr_layer_download_untrusted_network", "ecr_pull_breadth", "new_credential_then_pull"])
    );
}

#[test]
fn with_leave_the_listed_pull_is_dropped_and_nobody_elses() {
    let assessor = assessor(INVENTORY);
    let compiled = compiled(&assessor, &Traffic::default(), &BREADTH);
    let pull = |change: &[(&str, Value)]| drops(&compiled, &record("GetDownloadUrlForLayer", change));
    assert!(pull(&[]), "{}", compiled.text());
    let other = json!("arn:aws:iam::111122223333:role/eks-node-2");
    for (path, value) in [
        (ISSUER, other),
        (ISSUER, Value::Null),
        ("/vpcEndpointId", json!("vpce-0ffffffffffffffff")),
        ("/vpcEndpointId", Value::Null),
        ("/errorCode", json!("AccessDenied")),
        ("/eventVersion", json!("2.0")),
        ("/userIdentity/type", json!("FederatedUser")),
        ("/userIdentity/accountId", json!("999988887777")),
        ("/resources", json!([])),
        ("/resources", json!([{ "ARN": "arn:aws:s3:::bucket" }])),
        ("/sharedEventID", json!("s-1")),
    ] {
        assert!(!pull(&[(path, value.clone())]), "{path} = {value}");
    }
    let hidden = blind(&["arn:aws:iam::111122223333:role/eks-node", "arn:aws:iam::444455556666:role/eks-node"]);
    assert_eq!(compiled.blinded.get("ecr_pull_breadth"), Some(&hidden));
}

#[test]
fn masked_pulls_are_dropped_only_where_logins_may_be_forgotten() {
    let assessor = assessor(INVENTORY);
    let masked = record("GetDownloadUrlForLayer", &[("/vpcEndpointId", Value::Null)]);
    assert!(!drops(&compiled(&assessor, &Traffic::default(), &BREADTH), &masked));
    let compiled = compiled(&assessor, &Traffic::default(), &[BREADTH[0], BREADTH[1], NETWORK]);
    assert!(drops(&compiled, &masked), "{}", compiled.text());
    let shown =
        record("GetDownloadUrlForLayer", &[("/vpcEndpointId", Value::Null), ("/sourceIPAddress", json!("192.0.2.1"))]);
    assert!(!drops(&compiled, &shown));
}

#[test]
fn layerguards_own_pushes_pass() {
    let compiled = compiled(&assessor(INVENTORY), &Traffic::default(), &[]);
    let own = json!("arn:aws:iam::111122223333:role/layerguard-remediate");
    assert!(!drops(&compiled, &record("UploadLayerPart", &[(ISSUER, own)])));
    let responder = json!("arn:aws:iam::444455556666:role/layerguard-responder");
    assert!(!drops(&compiled, &record("UploadLayerPart", &[(ISSUER, responder)])));
}

#[test]
fn a_rule_that_reads_a_name_keeps_all_its_calls() {
    let rule = r#"
@id("ours_secret")
@family("exfiltration")
@title("A secret image was pulled")
@severity("high")
@attack("T1530")
@controls("none")
@playbook("exfiltration")
forbid (principal, action == Action::"ecr:BatchGetImage", resource)
when { resource has repository && resource.repository like "secret/*" };
"#;
    let files = [("rules/ours_secret.cedar".to_owned(), rule.to_owned())].into();
    let bundle = Bundle::from_files(&files).unwrap();
    let assessor = Assessor::new(bundle, Inventory::from_toml(INVENTORY).unwrap(), Own::default()).unwrap();
    let compiled = compiled(&assessor, &Traffic::default(), &BREADTH);
    assert!(!drops(&compiled, &record("BatchGetImage", &[])));
    assert!(compiled.kept.iter().any(|kept| kept.why == "rule `ours_secret` reads `resource.repository`"));
}

#[test]
fn the_busiest_find_room_first() {
    let accounts: Vec<String> = (0..60).map(|number| format!("\"1111222233{number:02}\"")).collect();
    let inventory =
        INVENTORY.replace(r#""111122223333", "444455556666""#, &format!("\"111122223333\", {}", accounts.join(", ")));
    let assessor = assessor(&inventory);
    let mut traffic = Traffic::default();
    let busy = "arn:aws:iam::111122223359:role/eks-node";
    traffic.count(&record("BatchGetImage", &[(ISSUER, json!(busy))]));
    let compiled = compiled(&assessor, &traffic, &BREADTH);
    assert!(compiled.text().len() <= LONGEST);
    let roles = &compiled.dropped.last().unwrap().callers;
    assert!(roles.contains(busy) && roles.len() > 5 && roles.len() < 30, "{roles:?}");
    assert!(compiled.kept.iter().any(|kept| kept.why.contains("longer than 2048")));
}

#[test]
fn without_networks_where_a_call_comes_from_does_not_matter() {
    let inventory: String = INVENTORY.split("[[network]]").next().unwrap().to_owned()
        + "[principals]\nimage_pullers = [\"arn:aws:iam::111122223333:role/eks-node\"]\n";
    let compiled = compiled(&assessor(&inventory), &Traffic::default(), &BREADTH);
    assert!(drops(&compiled, &record("BatchGetImage", &[("/vpcEndpointId", Value::Null)])), "{}", compiled.text());
}

static ASSESSOR: LazyLock<Assessor> = LazyLock::new(|| assessor(INVENTORY));
static SURE: LazyLock<Compiled> = LazyLock::new(|| compiled(&ASSESSOR, &Traffic::default(), &[]));
static LENIENT: LazyLock<Compiled> =
    LazyLock::new(|| compiled(&ASSESSOR, &Traffic::default(), &[BREADTH[0], BREADTH[1], NETWORK]));

fn words(path: &'static str, values: Vec<Value>) -> impl Strategy<Value = (&'static str, Value)> {
    prop::sample::select(values).prop_map(move |value| (path, value))
}

fn change() -> impl Strategy<Value = (&'static str, Value)> {
    let arn = |name: &str| json!(format!("arn:aws:iam::111122223333:role/{name}"));
    prop_oneof![
        words("/eventVersion", vec![json!("1.08"), json!("2.0"), json!(1), Value::Null]),
        words(
            "/sourceIPAddress",
            vec![
                json!("192.0.2.9"),
                json!("198.51.100.1"),
                json!("x"),
                json!(7),
                Value::Null,
                json!("ec2.amazonaws.com")
            ]
        ),
        words("/vpcEndpointId", vec![json!("vpce-0ffffffffffffffff"), json!(5), json!(""), Value::Null]),
        words("/errorCode", vec![json!("AccessDenied"), json!(3), json!("")]),
        words(
            "/userIdentity",
            vec![
                json!({}),
                json!("x"),
                Value::Null,
                json!({ "type": "AWSService", "invokedBy": "inspector2.amazonaws.com" }),
                json!({ "type": "AWSService", "invokedBy": "evil.amazonaws.com" }),
                json!({ "type": "AWSAccount", "accountId": "999988887777" })
            ]
        ),
        words("/userIdentity/type", vec![json!("IAMUser"), json!("New"), json!("FederatedUser"), Value::Null]),
        words(
            ISSUER,
            vec![
                arn("eks-node-2"),
                arn("ci/build"),
                arn("ci/x/build"),
                arn("layerguard-detect"),
                json!(1),
                Value::Null
            ]
        ),
        words("/userIdentity/accountId", vec![json!("999988887777"), Value::Null]),
        words("/requestParameters", vec![Value::Null, json!({}), json!({ "repositoryName": "x" })]),
        words("/requestParameters/registryId", vec![json!("999988887777"), json!("602401143452"), json!(1)]),
        words(
            "/resources",
            vec![
                Value::Null,
                json!([]),
                json!([{}]),
                json!("x"),
                json!([{ "ARN": "arn:aws:s3:::b" }]),
                json!([{ "ARN": "arn:aws:ecr:eu-central-1:999988887777:repository/a" }]),
                json!([{ "accountId": "111122223333" }])
            ]
        ),
        words("/sharedEventID", vec![json!("s-1")]),
    ]
}

fn history() -> impl Strategy<Value = History> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(much, new, outside)| {
        let time = "2026-11-20T09:00:00Z".parse().unwrap();
        let all = if much { 1000 } else { 1 };
        History {
            pulled: Pulled {
                session: all,
                lineage: all,
                role: all,
                account: all,
                refused: if much { 1000 } else { 0 },
            },
            new_credentials: if new { vec![Earlier { time, what: "CreateAccessKey".to_owned() }] } else { Vec::new() },
            logins: if outside {
                vec![Login { time, address: Some("198.51.100.1".parse().unwrap()), vpc_endpoint: None }]
            } else {
                Vec::new()
            },
            ..History::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    /// What is dropped without leave is clear whatever other calls tell; with leave, what keeps it from being clear are the rules that
    /// were named.
    #[test]
    fn what_is_dropped_is_clear(
        name in prop::sample::select(&WATCHED_AT_VOLUME[..]),
        changes in prop::collection::vec(change(), 0..3),
        history in history(),
    ) {
        let record = record(name, &changes);
        let Ok(event) = cloudtrail::parse(&record) else { return Ok(()) };
        if event.call.is_none() { return Ok(()) }
        for (pattern, blinds) in [(&*SURE, &[][..]), (&*LENIENT, &[BREADTH[0], BREADTH[1], NETWORK][..])] {
            if !drops(pattern, &record) { continue }
            let assessed = ASSESSOR.assess(&event, &counted(&event, &history));
            let unexpected: Vec<_> = assessed.assessment.rules.iter().filter(|rule| !blinds.contains(&rule.id.as_str())).collect();
            prop_assert!(unexpected.is_empty(), "{record} {unexpected:?}");
            prop_assert_ne!(assessed.assessment.verdict, Verdict::Undecided, "{} {:?}", record, assessed.assessment.errors);
        }
    }
}

/// Pulls of what does not count are not counted.
fn counted(event: &cloudtrail::Event, history: &History) -> History {
    let alone = ASSESSOR.assess(event, &History::default());
    let counts = alone.facts.is_some_and(|facts| facts.counts());
    History { pulled: if counts { history.pulled } else { Pulled::default() }, ..history.clone() }
}
