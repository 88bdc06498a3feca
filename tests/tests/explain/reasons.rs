//! Why a step asks or is not done, and how the text says it.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Run, explain_with, fixtures, layer, lines};

/// The inventory of the fixtures with another mode, or with no leave for inline denies.
fn under(from: &str, to: &str, record: &Value) -> Value {
    let text = fs::read_to_string(fixtures().join("explain/inventory.toml")).unwrap();
    assert!(text.contains(from), "{text}");
    explain_with(&text.replace(from, to), &["--format", "json"], &lines(std::slice::from_ref(record)), None).object()
}

fn text(inventory: (&str, &str), columns: Option<&str>) -> Run {
    let text = fs::read_to_string(fixtures().join("explain/inventory.toml")).unwrap();
    explain_with(&text.replace(inventory.0, inventory.1), &[], &lines(&[layer(&[])]), columns)
}

fn reasons(object: &Value) -> Vec<&str> {
    object["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap()).collect()
}

const ASK: &str = "mode = \"ask\"";
const OBSERVE: &str = "mode = \"observe\"";

#[test]
fn each_cause_of_a_step_that_asks_or_is_not_done_is_named() {
    let ordinary = layer(&[]);
    let foreign = layer(&[
        ("/userIdentity/accountId", json!("999988887777")),
        ("/userIdentity/arn", json!("arn:aws:sts::999988887777:assumed-role/builder/mallory")),
        ("/userIdentity/sessionContext/sessionIssuer/accountId", json!("999988887777")),
        ("/userIdentity/sessionContext/sessionIssuer/arn", json!("arn:aws:iam::999988887777:role/ci/builder")),
    ]);
    let cases = [
        (ASK, ASK, &ordinary, "deny_session asks: the mode is ask: a person decides"),
        (
            ASK,
            OBSERVE,
            &ordinary,
            "deny_session is not done: the mode is observe: layerguard tells and changes nothing",
        ),
        ("inline_deny = true", "inline_deny = false", &ordinary, "the inventory does not allow (`inline_deny`)"),
        (
            ASK,
            ASK,
            &foreign,
            "deny_session is not done: it is in an account outside the organisation, which layerguard cannot change",
        ),
        (ASK, ASK, &foreign, "by hand: Call the people who own account 999988887777"),
    ];
    for (from, to, record, said) in cases {
        let object = under(from, to, record);
        assert!(reasons(&object).iter().any(|reason| reason.contains(said)), "`{said}` is not in {object:#}");
    }
}

#[test]
fn the_principals_account_stands_for_a_trail_that_is_not_named() {
    let object = under(ASK, ASK, &layer(&[("/recipientAccountId", Value::Null)]));
    assert_eq!((&object["decision"], &object["plan"][0]["action"]), (&json!("ask"), &json!("deny_session")));
}

/// A federated user named like a program that may pull, with the credentials of this issuer.
fn federated(issuer: &str) -> Value {
    json!({
        "type": "FederatedUser", "principalId": "111122223333:fred", "accountId": "111122223333",
        "arn": "arn:aws:sts::111122223333:federated-user/fred", "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {"sessionIssuer": {
            "principalId": "AIDAEXAMPLEID", "arn": issuer, "accountId": "111122223333"},
            "attributes": {"creationDate": "2026-11-20T09:00:00Z"}}
    })
}

#[test]
fn a_federated_user_is_contained_at_the_user_that_issued_it() {
    let issuer = "arn:aws:iam::111122223333:user/people/bob";
    let object = under(ASK, ASK, &layer(&[("/userIdentity", federated(issuer))]));
    let steps = json!([
        {"action": "deny_user", "target": issuer, "mode": "ask"},
        {"action": "revoke_user_sessions", "target": issuer, "mode": "ask"},
    ]);
    assert_eq!(object["plan"], steps, "{object:#}");
}

#[test]
fn a_federated_user_of_root_is_told_with_what_a_person_does() {
    let object = under(ASK, ASK, &layer(&[("/userIdentity", federated("arn:aws:iam::111122223333:root"))]));
    let said = reasons(&object);
    for words in [
        "deny_user: the federated user's credentials were issued by the root user",
        "the federated user's credentials were issued by `arn:aws:iam::111122223333:root`",
        "by hand: Sign in to account 111122223333 as its root user",
        "by hand: If account 111122223333 is a member of the organisation, attach a service control policy",
    ] {
        assert_eq!(said.iter().filter(|reason| reason.starts_with(words)).count(), 1, "`{words}`: {object:#}");
    }
}

#[test]
fn what_can_be_contained_is_not_told_by_hand() {
    let object = under(ASK, ASK, &layer(&[]));
    assert!(!reasons(&object).iter().any(|reason| reason.starts_with("by hand: ")), "{object:#}");
}

#[test]
fn a_role_without_a_session_is_not_told_about_users() {
    let role = json!({"type": "Role", "principalId": "AROAEXAMPLEID", "accountId": "111122223333",
        "arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"});
    let object = under(ASK, ASK, &layer(&[("/userIdentity", role)]));
    assert!(!reasons(&object).iter().any(|reason| reason.contains("not a user")), "{object:#}");
}

#[test]
fn text_says_what_would_be_done_and_why_it_is_not() {
    let observed = text((ASK, OBSERVE), None).out;
    assert!(observed.contains("would deny everything to") && !observed.contains(" denies "), "{observed}");
    assert!(observed.contains("not done because the mode is observe"), "{observed}");
    let asked = text((ASK, ASK), None).out;
    assert!(asked.contains("because the mode is ask: a person decides"), "{asked}");
    assert_eq!(asked.matches("the mode is ask").count(), 1, "{asked}");
}

#[test]
fn text_is_wrapped_to_the_columns_and_keeps_its_indentation() {
    let wrapped = text((ASK, ASK), Some("60")).out;
    // The headline and words that are longer than a line, such as ARNs, stay whole.
    let long: Vec<&str> = wrapped.lines().skip(1).filter(|line| line.chars().count() > 60).collect();
    assert!(long.iter().all(|line| line.split_whitespace().count() <= 2), "{wrapped}");
    assert!(wrapped.contains("\n              denies everything to\n              arn:aws:iam"), "{wrapped}");
    assert!(text((ASK, ASK), None).out.lines().any(|line| line.len() > 150), "a pipe gets whole lines");
}
