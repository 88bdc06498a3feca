//! `layerguard explain`, from the program's arguments to its exit status: the contract that tools outside rely on.

#[path = "explain/input.rs"]
mod input;
#[path = "explain/program.rs"]
mod program;
#[path = "explain/reasons.rs"]
mod reasons;

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::program::{event, explain, fixtures, layer, lines, login};

fn rules(object: &Value) -> Vec<&str> {
    object["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect()
}

fn incidents(objects: &[Value]) -> BTreeSet<&str> {
    objects.iter().map(|object| object["incident"].as_str().unwrap()).collect()
}

#[test]
fn a_masked_pull_is_of_unknown_network_and_a_violation_by_the_principal_alone() {
    let run = explain(&lines(&[layer(&[])]));
    assert_eq!(run.code, 1, "{}", run.err);
    let object = run.object();
    assert_eq!(object["event_id"], "22222222-2222-4222-8222-222222222222");
    assert_eq!(object["call"], "ecr:GetDownloadUrlForLayer");
    assert_eq!(object["assessment"], "violation");
    assert_eq!(object["network"], "unknown");
    assert_eq!(rules(&object), ["ecr_layer_download_unlisted_principal"]);
    assert_eq!(object["severity"], "high");
    let principal = json!({"kind": "role_session", "arn": "arn:aws:iam::111122223333:role/ci/builder", "account": "111122223333", "session": "mallory"});
    assert_eq!(object["principal"], principal);
    assert_eq!(object["resource"]["repository"], "team/app");
    assert_eq!(object["decision"], "ask");
    assert_eq!(object["plan"][0]["action"], "deny_session");
    assert_eq!(object["plan"][0]["mode"], "ask");
    assert!(object["plan"][0]["target"].as_str().unwrap().ends_with("role/ci/builder session mallory"));
    assert!(object["incident"].as_str().unwrap().ends_with("-1"));
    assert_eq!(object["errors"], json!([]));
}

#[test]
fn every_field_of_the_contract_is_there_whatever_the_record() {
    let fields = [
        "event_id",
        "call",
        "assessment",
        "rules",
        "severity",
        "network",
        "principal",
        "resource",
        "decision",
        "plan",
        "incident",
        "reasons",
        "errors",
    ];
    let unwatched = layer(&[("/eventName", json!("DescribeImages"))]);
    let run = explain(&lines(&[layer(&[]), unwatched, layer(&[("/userIdentity", Value::Null)])]));
    for object in run.objects() {
        let found: BTreeSet<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, BTreeSet::from(fields));
    }
}

#[test]
fn a_trusted_endpoint_is_inside_and_another_one_is_outside() {
    for (endpoint, network) in [("vpce-0123456789abcdef0", "inside"), ("vpce-0fedcba9876543210", "outside")] {
        let object = explain(&lines(&[layer(&[("/vpcEndpointId", json!(endpoint))])])).object();
        assert_eq!(object["network"], network);
    }
}

#[test]
fn a_listed_node_that_pulls_is_clear() {
    let role = json!("arn:aws:iam::111122223333:role/eks/node");
    let run = explain(&lines(&[layer(&[("/userIdentity/sessionContext/sessionIssuer/arn", role)])]));
    assert_eq!(run.code, 0, "{}", run.err);
    let object = run.object();
    assert_eq!(
        (&object["assessment"], &object["decision"], &object["incident"]),
        (&json!("clear"), &json!("none"), &Value::Null)
    );
}

#[test]
fn a_registry_that_aws_runs_for_everybody_is_clear() {
    let record = layer(&[
        ("/requestParameters/registryId", json!("602401143452")),
        ("/requestParameters/repositoryName", json!("eks/coredns")),
        (
            "/resources",
            json!([{"ARN": "arn:aws:ecr:eu-central-1:602401143452:repository/eks/coredns", "accountId": "602401143452"}]),
        ),
    ]);
    let run = explain(&lines(&[record]));
    assert_eq!((run.code, &run.object()["assessment"]), (0, &json!("clear")));
}

#[test]
fn a_denied_call_is_an_attempt_without_containment() {
    let object = explain(&lines(&[layer(&[("/errorCode", json!("AccessDenied"))])])).object();
    assert_eq!(object["decision"], "none");
    assert_eq!(object["plan"], json!([]));
    assert!(object["reasons"].as_array().unwrap().iter().any(|reason| reason.as_str().unwrap().contains("attempt")));
}

#[test]
fn a_record_without_an_identity_is_undecided() {
    let run = explain(&lines(&[layer(&[("/userIdentity", Value::Null)])]));
    assert_eq!(run.code, 1);
    let object = run.object();
    assert_eq!((&object["assessment"], &object["decision"]), (&json!("undecided"), &json!("observe")));
    assert!(!object["errors"].as_array().unwrap().is_empty() && object["incident"].is_string());
}

#[test]
fn every_kind_of_identity_gets_an_answer() {
    let expected = [
        ("aws_account", "violation ask"),
        ("aws_service", "clear none"),
        ("directory", "undecided observe"),
        ("federated_user", "violation ask"),
        ("iam_user", "violation ask"),
        ("identity_center_role", "undecided observe"),
        ("identity_center_role", "violation ask"),
        ("identity_center_user", "undecided observe"),
        ("role", "violation observe"),
        ("role_session", "undecided observe"),
        ("role_session", "violation ask"),
        ("root", "violation observe"),
        ("saml_user", "undecided observe"),
        ("service_linked_role", "clear none"),
        ("unknown", "undecided observe"),
        ("web_identity_user", "undecided observe"),
    ];
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(fixtures().join("records")).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_str().unwrap().starts_with("identity_") {
            continue;
        }
        let fixture: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let run = explain(&lines(&[fixture["record"].clone()]));
        let object = run.object();
        assert!(run.code <= 1 && run.err.is_empty(), "{}: {}", path.display(), run.err);
        let answer = format!("{} {}", object["assessment"].as_str().unwrap(), object["decision"].as_str().unwrap());
        found.insert((object["principal"]["kind"].as_str().unwrap().to_owned(), answer));
    }
    let expected = expected.map(|(kind, answer)| (kind.to_owned(), answer.to_owned()));
    assert_eq!(found, BTreeSet::from(expected));
}

#[test]
fn thirty_layers_of_one_pull_are_one_incident_whatever_their_order() {
    let mut records: Vec<Value> = (0..30).map(|number| event(number, i64::from(number), &[])).collect();
    let objects = explain(&lines(&records)).objects();
    assert_eq!((objects.len(), incidents(&objects).len()), (30, 1));
    records.reverse();
    let reversed = explain(&lines(&records)).objects();
    assert_eq!(incidents(&objects), incidents(&reversed));
    assert_eq!(reversed[0]["event_id"], objects[29]["event_id"], "objects are in the order of the input");
}

#[test]
fn an_hour_of_event_time_bounds_an_incident_whatever_the_order() {
    let ordered = [event(0, 0, &[]), event(1, 3_600, &[]), event(2, 3_601, &[]), event(3, 9_000, &[])];
    let suffixes = |records: &[Value]| -> Vec<(String, String)> {
        let mut found: Vec<_> = explain(&lines(records))
            .objects()
            .iter()
            .map(|object| {
                let incident = object["incident"].as_str().unwrap();
                (object["event_id"].as_str().unwrap().to_owned(), incident.rsplit('-').next().unwrap().to_owned())
            })
            .collect();
        found.sort();
        found
    };
    let generations: Vec<String> = suffixes(&ordered).into_iter().map(|(_, generation)| generation).collect();
    assert_eq!(generations, ["1", "1", "2", "3"]);
    let shuffled = [ordered[3].clone(), ordered[1].clone(), ordered[0].clone(), ordered[2].clone()];
    assert_eq!(suffixes(&shuffled), suffixes(&ordered));
}

#[test]
fn a_duplicate_joins_the_same_incident() {
    let shared = ("/sharedEventID", json!("33333333-3333-4333-8333-333333333333"));
    let callers = event(1, 0, std::slice::from_ref(&shared));
    let owners = event(2, 0, &[shared, ("/recipientAccountId", json!("444455556666"))]);
    for records in [[callers.clone(), owners.clone()], [owners, callers.clone()]] {
        let objects = explain(&lines(&records)).objects();
        assert_eq!(incidents(&objects).len(), 1);
    }
    let twice = explain(&lines(&[callers.clone(), callers])).objects();
    assert_eq!((twice.len(), incidents(&twice).len()), (2, 1));
}

#[test]
fn a_login_tells_where_a_masked_pull_came_from_even_when_it_stands_later_in_the_input() {
    let cases = [
        ("192.0.2.7", 0, "inside"),
        ("203.0.113.7", 0, "outside"),
        ("203.0.113.7", -43_201, "unknown"),
        ("203.0.113.7", 120, "unknown"),
    ];
    for (address, second, network) in cases {
        let objects = explain(&lines(&[event(1, 60, &[]), login(2, second, address)])).objects();
        assert_eq!(objects[0]["network"], network, "{address} at {second}");
    }
}

#[test]
fn a_refused_login_tells_nothing() {
    let mut refused = login(2, 0, "192.0.2.7");
    refused["errorCode"] = json!("AccessDenied");
    assert_eq!(explain(&lines(&[event(1, 60, &[]), refused])).objects()[0]["network"], "unknown");
}
