//! What a person is told to do where no action can contain the principal.

use layerguard_core::action::by_hand;
use layerguard_core::cloudtrail::{Principal, PrincipalKind, Session};
use serde_json::Value;

use super::scene::{federated, session, user};

const SET: &str =
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Image_Admin_0123456789abcdef";

fn of(kind: PrincipalKind, arn: &str) -> Principal {
    Principal { kind, arn: Some(arn.into()), name: None, ..session() }
}

fn identity_center() -> Principal {
    Principal {
        user_id: Some("AROAEXAMPLEID:ada@example.com".into()),
        session: Some(Session { name: Some("ada@example.com".into()), ..session().session.unwrap() }),
        ..of(PrincipalKind::IdentityCenterRole, SET)
    }
}

/// The JSON at the end of a line.
fn document(lines: &[String], words: &str) -> Value {
    let line = lines.iter().find(|line| line.contains(words)).unwrap_or_else(|| panic!("`{words}`: {lines:#?}"));
    serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap()
}

/// One line per case: the principal, words that stand in the steps, in this order.
#[test]
fn each_kind_has_its_own_steps_with_its_own_names() {
    let service = Principal { invoked_by: Some("apprunner.amazonaws.com".into()), ..Principal::unknown() };
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    let cases: &[(Principal, &[&str])] = &[
        (
            Principal {
                access_key: Some("AKIAIOSFODNN7EXAMPLE".into()),
                ..of(PrincipalKind::Root, "arn:aws:iam::111122223333:root")
            },
            &[
                "account 111122223333 as its root user",
                "delete `AKIAIOSFODNN7EXAMPLE`",
                "service control policy",
                "To take it",
            ],
        ),
        (
            identity_center(),
            &[
                "Users, `ada@example.com`",
                "Permission sets, `Image_Admin`",
                "to account 111122223333 again",
                "To take it",
            ],
        ),
        (
            of(PrincipalKind::RoleSession, SET),
            &["Permission sets, `Image_Admin`", "AROAEXAMPLEID:intruder", "To take it"],
        ),
        (
            of(PrincipalKind::ServiceLinkedRole, linked),
            &["service `ecs.amazonaws.com`", "account 111122223333", "who made it"],
        ),
        (of(PrincipalKind::RoleSession, linked), &["service `ecs.amazonaws.com`"]),
        (
            Principal {
                account: Some("999988887777".into()),
                ..of(PrincipalKind::AwsAccount, "arn:aws:sts::999988887777:assumed-role/puller/one")
            },
            &[
                "who own account 999988887777",
                "`arn:aws:sts::999988887777:assumed-role/puller/one`",
                "DenyAccount",
                "To take it",
            ],
        ),
        (Principal { kind: PrincipalKind::AwsService, ..service }, &["service `apprunner.amazonaws.com`"]),
        (
            Principal { kind: PrincipalKind::SamlUser, name: Some("ada".into()), ..session() },
            &["user `ada`", "AssumeRoleWithSAML"],
        ),
        (Principal { kind: PrincipalKind::Directory, ..session() }, &["Directory Service", "account 111122223333"]),
        (Principal { kind: PrincipalKind::IdentityCenterUser, ..session() }, &["Users, `AROAEXAMPLEID:intruder`"]),
        (
            Principal { session: None, ..federated() },
            &["`GetFederationToken` with the name `ci`", "deny everything to that user"],
        ),
        (user(), &["get-access-key-info --access-key-id AKIAIOSFODNN7EXAMPLE", "account 111122223333"]),
        (Principal::unknown(), &["the account of the principal", "Then contain that one"]),
    ];
    for (principal, wanted) in cases {
        let steps = by_hand(principal);
        let text = steps.join("\n");
        let mut from = 0;
        for words in *wanted {
            let found = text[from..].find(words);
            from += found.unwrap_or_else(|| panic!("`{words}` is not next in {steps:#?}"));
        }
    }
}

#[test]
fn the_policies_to_paste_deny_one_session_and_one_root_user() {
    let session = document(&by_hand(&identity_center()), "Inline policy");
    let condition = &session["Statement"][0]["Condition"];
    assert_eq!(condition["StringEquals"]["aws:userid"], "AROAEXAMPLEID:ada@example.com");
    assert_eq!(condition["DateLessThan"]["aws:TokenIssueTime"], "TIME");
    let root = of(PrincipalKind::Root, "arn:aws-us-gov:iam::111122223333:root");
    let root = document(&by_hand(&root), "service control policy to it");
    assert_eq!(
        root["Statement"][0]["Condition"]["ArnLike"]["aws:PrincipalArn"],
        "arn:aws-us-gov:iam::111122223333:root"
    );
    let issued = Session { issuer_arn: Some("arn:aws:iam::111122223333:root".into()), ..federated().session.unwrap() };
    let issued = by_hand(&Principal { session: Some(issued), ..federated() });
    assert!(issued[0].contains("as its root user"), "{issued:#?}");
}

#[test]
fn names_that_a_stranger_chose_forge_nothing() {
    let evil = "x\u{202e}\n}], \"Effect\": \"Allow\"".to_owned() + &"y".repeat(1000);
    let all = [
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
    let evil_arn = format!("arn:{evil}:iam::{evil}:role/{evil}");
    for kind in all {
        for arn in [SET, &evil_arn] {
            let principal = Principal {
                kind,
                arn: Some(arn.to_owned()),
                account: Some(evil.clone()),
                user_id: Some(format!("AROAEXAMPLEID:{evil}")),
                name: Some(evil.clone()),
                access_key: Some(evil.clone()),
                session: Some(Session { name: Some(evil.clone()), ..session().session.unwrap() }),
                invoked_by: Some(evil.clone()),
            };
            let steps = by_hand(&principal);
            assert!(!steps.is_empty(), "{kind:?}");
            for step in steps {
                assert!(!step.chars().any(|c| c.is_control() || c == '\u{202e}'), "{kind:?}: {step}");
                assert!(!step.contains("\"AWS\":\"arn:x"), "{kind:?}: {step}");
            }
        }
    }
}

/// A person reads at most 600 characters of a reason.
#[test]
fn what_is_to_be_pasted_is_not_cut_off() {
    let principal = Principal {
        user_id: Some(format!("AROAIOSFODNN7EXAMPLE1:{}", "n".repeat(64))),
        session: Some(Session { name: Some("n".repeat(64)), ..session().session.unwrap() }),
        ..of(PrincipalKind::IdentityCenterRole, &SET.replace("Image_Admin", &"p".repeat(32)))
    };
    let root = of(PrincipalKind::Root, "arn:aws-us-gov:iam::111122223333:root");
    let account = of(PrincipalKind::AwsAccount, "arn:aws:iam::111122223333:root");
    for step in [principal, root, account].iter().flat_map(by_hand) {
        assert!(step.chars().count() + "by hand: ".len() < 600, "{}: {step}", step.chars().count());
    }
}
