//! Identities that are incomplete or contradict themselves. The ordinary ones are fixtures of the test package.

use serde_json::{Value, json};

use super::super::field::Fields;
use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/Puller";

fn read(identity: &Value) -> (Principal, Vec<String>) {
    let record = json!({ "userIdentity": identity });
    let mut flaws = Vec::new();
    let principal = Principal::read(Fields::record(record.as_object().expect("an object")), &mut flaws);
    (principal, flaws)
}

fn role_session(issuer: &Value) -> (Principal, Vec<String>) {
    read(&json!({
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEID:ci-1",
        "arn": "arn:aws:sts::111122223333:assumed-role/Puller/ci-1",
        "accountId": "111122223333",
        "sessionContext": { "sessionIssuer": issuer },
    }))
}

#[test]
fn an_identity_of_a_wrong_type_is_unknown_and_said_once() {
    for identity in [json!("root"), json!([]), json!(7), json!(null)] {
        let (principal, flaws) = read(&identity);
        assert_eq!(principal, Principal::unknown());
        assert_eq!(flaws.len(), 1, "{flaws:?}");
    }
}

#[test]
fn the_role_is_never_cut_out_of_the_assumed_role_arn() {
    for issuer in [
        json!(null),
        json!({}),
        json!([]),
        json!({ "arn": "" }),
        json!({ "arn": 7 }),
        json!({ "arn": "arn:aws:iam::111122223333:user/x" }),
    ] {
        let (principal, flaws) = role_session(&issuer);
        assert_eq!(principal.arn, None, "{issuer}");
        assert_eq!(principal.name.as_deref(), Some("Puller"));
        assert!(!flaws.is_empty(), "{issuer}");
    }
    assert_eq!(role_session(&json!({ "arn": ROLE })).0.arn.as_deref(), Some(ROLE));
}

#[test]
fn roles_that_nobody_may_edit_are_told_even_without_their_arn() {
    let kind = |issuer: Value| role_session(&issuer).0.kind;
    assert_eq!(kind(json!({ "userName": "AWSReservedSSO_Admin_0123456789abcdef" })), PrincipalKind::IdentityCenterRole);
    assert_eq!(kind(json!({ "userName": "AWSServiceRoleForECRReplication" })), PrincipalKind::ServiceLinkedRole);
    let path = "arn:aws-cn:iam::111122223333:role/aws-service-role/ecr.amazonaws.com/X";
    assert_eq!(kind(json!({ "arn": path })), PrincipalKind::ServiceLinkedRole);
    assert_eq!(
        kind(json!({ "arn": "arn:aws:iam::111122223333:role/AWSReservedSSO_x" })),
        PrincipalKind::IdentityCenterRole
    );
    // The name alone does not protect an ordinary role whose path is known.
    assert_eq!(
        kind(json!({ "arn": "arn:aws:iam::111122223333:role/AWSServiceRoleForMe" })),
        PrincipalKind::RoleSession
    );
}

#[test]
fn the_account_comes_from_the_identity_then_its_issuer_then_its_arn() {
    let account = |identity: Value| read(&identity).0.account;
    let issuer = json!({ "sessionIssuer": { "accountId": "444455556666" } });
    let arn = "arn:aws:iam::111122223333:user/alice";
    let all = json!({ "type": "IAMUser", "arn": arn, "accountId": "111122223333", "sessionContext": issuer });
    assert_eq!(account(all).as_deref(), Some("111122223333"));
    assert_eq!(account(json!({ "type": "Unknown", "sessionContext": issuer })).as_deref(), Some("444455556666"));
    assert_eq!(account(json!({ "type": "IAMUser", "arn": arn })).as_deref(), Some("111122223333"));
    // An unreadable account is not replaced by a guess.
    assert_eq!(account(json!({ "type": "IAMUser", "arn": arn, "accountId": "ANONYMOUS_PRINCIPAL" })), None);
}

#[test]
fn an_id_of_an_unknown_form_is_kept_and_one_of_another_type_is_not() {
    let id = |kind: &str, id: &str| read(&json!({ "type": kind, "principalId": id })).0.user_id;
    assert_eq!(id("IAMUser", "EX_PRINCIPAL_ID").as_deref(), Some("EX_PRINCIPAL_ID"));
    assert_eq!(id("AssumedRole", "EXAMPLEID:me").as_deref(), Some("EXAMPLEID:me"));
    assert_eq!(id("IAMUser", "AROAEXAMPLEID:me"), None);
    assert_eq!(id("AssumedRole", "AIDAEXAMPLEID"), None);
    assert_eq!(id("FederatedUser", "111122223333:AIDA").as_deref(), Some("111122223333:AIDA"));
}

#[test]
fn a_federated_user_of_root_or_of_nobody() {
    let federated = |issuer: &str| {
        read(&json!({
            "type": "FederatedUser",
            "arn": "arn:aws:sts::111122223333:federated-user/bob",
            "sessionContext": { "sessionIssuer": { "arn": issuer } },
        }))
    };
    let issuer = |(principal, _): (Principal, Vec<String>)| principal.session.and_then(|session| session.issuer_arn);
    let root = "arn:aws:iam::111122223333:root";
    assert_eq!(issuer(federated(root)).as_deref(), Some(root));
    for odd in ["", ROLE, "root"] {
        let (principal, flaws) = federated(odd);
        assert_eq!(flaws.len(), 1, "{flaws:?}");
        assert_eq!(issuer((principal, flaws)), None);
    }
}
