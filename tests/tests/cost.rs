//! The table of what an event uses against what Detect really asks of the tables, and the figures that come of it.

use layerguard_core::assess::Assessor;
use layerguard_core::audit::packed;
use layerguard_core::cost::{Assumptions, BUILD_PULLS_IMAGE, CLEAR_PULL, Counted, NODE_PULLS_IMAGE, Prices, bill};
use layerguard_core::engine::Verdict;
use layerguard_core::history::Kept;
use layerguard_core::metric::Figures;
use layerguard_detect::Detect;
use layerguard_testkit::{World, drive};
use serde_json::json;

const INVENTORY: &str = r#"
[organization]
id = "o-exampleorgid"
accounts = ["111122223333"]

[[network]]
name = "office"
cidrs = ["192.0.2.0/24"]

[principals]
image_pullers = ["arn:aws:iam::111122223333:role/puller", "arn:aws:iam::111122223333:role/node"]
workloads = ["arn:aws:iam::111122223333:role/node"]
"#;

/// A call of a pull through the registry, whose address is masked; the login before it shows one.
fn call(role: &str, number: u32, name: &str, parameters: serde_json::Value) -> serde_json::Value {
    let address = if name == "GetAuthorizationToken" { "192.0.2.10" } else { "AWS Internal" };
    json!({
        "eventVersion": "1.11", "eventID": format!("11111111-0000-4000-8000-{number:012}"), "eventType": "AwsApiCall",
        "eventSource": "ecr.amazonaws.com", "eventName": name, "eventTime": format!("2026-11-20T09:31:{:02}Z", number / 7),
        "awsRegion": "eu-central-1", "sourceIPAddress": address, "userAgent": "AWS Internal",
        "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROA{role}EXAMPLE:i-0abc"), "accountId": "111122223333",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/i-0abc"), "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": format!("AROA{role}EXAMPLE"), "accountId": "111122223333",
                    "arn": format!("arn:aws:iam::111122223333:role/{role}"), "userName": role,
                },
                "attributes": {"creationDate": "2026-11-20T09:00:00Z"},
            },
        },
        "requestParameters": parameters,
    })
}

/// An image of ten layers: login, manifest and layers within two seconds.
fn image(role: &str) -> Vec<serde_json::Value> {
    let ours = |more: serde_json::Value| {
        let mut parameters = json!({"registryId": "111122223333", "repositoryName": "team/app"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameters
    };
    let mut calls = vec![
        call(role, 0, "GetAuthorizationToken", json!({})),
        call(role, 1, "BatchGetImage", ours(json!({"imageIds": [{"imageTag": "1.4.2"}]}))),
    ];
    for layer in 2..12 {
        let digest = json!({"layerDigest": format!("sha256:{layer:064}")});
        calls.push(call(role, layer, "GetDownloadUrlForLayer", ours(digest)));
    }
    calls
}

/// What one process asks of the tables for these calls, all of which are clear.
fn counted(calls: &[serde_json::Value]) -> Counted {
    let world = World::at("2026-11-20T09:32:00Z".parse().unwrap());
    let policy = Assessor::load(INVENTORY, Vec::<String>::new()).map_err(|error| error.to_string());
    let (kept, figures) = (Kept::default(), Figures::default());
    let (activity, figures) = (&kept.over(&world), &figures);
    let detect = Detect { policy: &policy, audit: &world, incidents: &world, activity, clock: &world, figures };
    for call in calls {
        let found = drive(detect.handle(call)).unwrap();
        assert_eq!(found.assessment, Verdict::Clear, "{call}");
    }
    assert!(figures.take().is_empty(), "a clear pull tells no figure: ten million lines of a log a day are not free");
    // The fake counts each item that is put, as the table does.
    let count = |operation: &str| u32::try_from(world.count(operation)).unwrap();
    let counted = Counted {
        events: u32::try_from(calls.len()).unwrap(),
        traces_put: count("activity.remember"),
        state_queries: count("activity.traces"),
        audit_queries: count("audit.records"),
        records: count("audit.insert"),
    };
    let known = counted.traces_put + counted.state_queries + counted.audit_queries + counted.records;
    let every: Vec<String> = world.calls().iter().map(|call| call.operation.to_owned()).collect();
    assert_eq!(u32::try_from(every.len()).unwrap(), known, "and nothing else: {every:?}");
    counted
}

#[test]
fn clear_pulls_use_what_the_table_says() {
    assert_eq!(counted(&image("node")[11..]), CLEAR_PULL);
    assert_eq!(counted(&image("node")), NODE_PULLS_IMAGE);
    assert_eq!(counted(&image("puller")), BUILD_PULLS_IMAGE);
}

/// DynamoDB asks for each begun kilobyte of a record that is written.
#[test]
fn the_record_of_a_clear_call_takes_one_unit_with_room_to_spare() {
    for role in ["node", "puller", &"a-role-with-a-long-name-of-its-own".repeat(3)] {
        let world = World::at("2026-11-20T09:32:00.123456789Z".parse().unwrap());
        let inventory = INVENTORY.replace("role/puller", "role/*");
        let policy = Assessor::load(&inventory, Vec::<String>::new()).map_err(|error| error.to_string());
        let figures = &Figures::default();
        let detect =
            Detect { policy: &policy, audit: &world, incidents: &world, activity: &world, clock: &world, figures };
        for call in image(role) {
            drive(detect.handle(&call)).unwrap();
        }
        for record in world.chains().iter().flat_map(|chain| world.chain(chain)) {
            let packed = packed::pack(&record).unwrap();
            let (text, bytes) =
                (packed::item_bytes(&record, record.body.len()), packed::item_bytes(&record, packed.len()));
            assert!(text > 1024 && bytes < 800, "{text} {bytes} {}", record.body);
            assert_eq!(packed::unpack(&packed, &record.incident, &record.policy_version).as_ref(), Some(&record.body));
        }
    }
}

/// The goals are $1.60 and $0.15. The second is met; the first is missed: executions of triage and invocations alone come to $1.43, and each pull reads three tracks
/// besides. What comes of today's code is held here on both sides, so that a change shows either way.
#[test]
fn a_million_pulls_cost_what_is_said() {
    let bill = bill(&Prices::embedded().unwrap(), &Assumptions::default()).unwrap();
    let (all, some, records) = (bill.per_million, bill.per_million_with_pattern, bill.clear_records_per_million);
    println!("per million pulls: {all:.3}, with a pattern: {some:.3}, records of clear calls: {records:.3}");
    assert!((2.6..3.0).contains(&all), "{all}");
    assert!((0.12..0.15).contains(&some), "{some}");
    assert!((records - 0.625).abs() < 1e-9, "{records}");
}
