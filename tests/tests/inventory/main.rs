//! The inventory: what is read, what is refused and how it is said, and whom its patterns match.
#![expect(clippy::unwrap_used, reason = "what a test leans on outside its own body; there a panic is the report")]

mod belonging;
mod patterns;

use std::{fs, path::PathBuf};

use layerguard_core::approval::CallerIdentity;
use layerguard_core::cloudtrail::{Principal, PrincipalKind, Session};
use layerguard_core::engine::Severity;
use layerguard_core::inventory::{EXAMPLE, Inventory, OnExpiry, RecordClear, SCHEMA};
use layerguard_core::plan::Mode;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    line: usize,
    key: Option<String>,
    says: String,
    #[serde(default)]
    nearest: Option<String>,
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/inventory")
}

fn inventory(principals: &str) -> Inventory {
    let text =
        format!("[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n[principals]\n{principals}");
    Inventory::from_toml(&text).unwrap()
}

/// Every problem of a broken inventory is reported at once, in order, with its line, key, words and nearest key.
#[test]
fn what_is_wrong_is_said_with_its_place() {
    let mut seen = 0;
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        seen += 1;
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected: Vec<Expected> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let text = fs::read_to_string(path.with_extension("toml")).unwrap();
        let errors = Inventory::from_toml(&text).unwrap_err();
        let shown = errors.to_string();
        assert_eq!(errors.problems.len(), expected.len(), "{name}: {shown}");
        for (problem, wanted) in errors.problems.iter().zip(&expected) {
            assert_eq!((problem.line, &problem.key), (wanted.line, &wanted.key), "{name}: {problem}");
            assert!(problem.message.contains(&wanted.says), "{name}: `{problem}` does not say `{}`", wanted.says);
            assert_eq!(problem.nearest, wanted.nearest, "{name}: {problem}");
            assert!(shown.contains(&problem.to_string()), "{name}");
        }
    }
    assert!(seen >= 7, "only {seen} fixtures were found");
}

#[test]
fn the_example_reads_and_means_what_it_says() {
    let example = Inventory::from_toml(EXAMPLE).unwrap();
    assert_eq!(example.organization.management_account.as_deref(), Some("444455556666"));
    assert_eq!(example.networks.len(), 2);
    assert_eq!(example.response.mode, Mode::Observe);
    assert_eq!(example.approval.expiry(Some(Severity::Critical)), OnExpiry::Contain);
    assert_eq!(example.approval.expiry(Some(Severity::High)), OnExpiry::Escalate);
    assert_eq!(example.exceptions[0].until.to_string(), "2027-04-01T00:00:00Z");
    assert_eq!(example.layers.readers.as_ref().map(Vec::len), Some(1));
    assert_eq!(example.replication.approved_destinations[0].region, "eu-west-1");
}

#[test]
fn two_people_approve_what_the_inventory_names() {
    let with = |keys: &str| {
        let organization = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
        Inventory::from_toml(&format!("{organization}[approval]\n{keys}\n"))
    };
    let approval = with("second_approver_for = [\"critical\", \"high\"]").unwrap().approval;
    let approvers = [None, Some(Severity::Low), Some(Severity::High), Some(Severity::Critical)];
    assert_eq!(approvers.map(|severity| approval.approvers(severity)), [1, 1, 2, 2]);
    assert_eq!(with("second_approver_for = []").unwrap().approval.approvers(Some(Severity::Critical)), 1);
    let problem = |keys: &str| with(keys).unwrap_err().problems[0].clone();
    assert!(problem("second_approver_for = [\"fatal\"]").message.contains("`fatal` is not known"));
    assert_eq!(problem("second_approvers_for = []").nearest.as_deref(), Some("second_approver_for"));
}

#[test]
fn the_last_call_comes_a_while_before_the_end() {
    let with = |keys: &str| {
        let organization = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
        Inventory::from_toml(&format!("{organization}[approval]\n{keys}\n"))
    };
    let before = |keys: &str| with(keys).unwrap().approval.escalate_before.as_secs();
    assert_eq!(before(""), 20 * 60, "a third of an hour");
    assert_eq!(before("timeout = \"24h\""), 3600, "at most an hour");
    assert_eq!(before("timeout = \"30s\"\nreminder = \"10s\""), 10);
    assert_eq!(before("escalate_before = \"5m\""), 300);
    let problem = with("escalate_before = \"1h\"").unwrap_err().problems[0].clone();
    assert_eq!(problem.key.as_deref(), Some("approval.escalate_before"));
    assert_eq!(with("escalate_befor = \"5m\"").unwrap_err().problems[0].nearest.as_deref(), Some("escalate_before"));
}

/// The example is the reference: each section and each key stands in it, with at least one comment of its section.
#[test]
fn the_example_has_every_key() {
    let table: toml::Table = EXAMPLE.parse().unwrap();
    for section in SCHEMA {
        let mut value = &toml::Value::Table(table.clone());
        for part in section.name.split('.') {
            value = value.get(part).unwrap_or_else(|| panic!("`{}` is not in the example", section.name));
        }
        let tables: Vec<&toml::Value> = value.as_array().map_or_else(|| vec![value], |array| array.iter().collect());
        for key in section.keys {
            assert!(
                tables.iter().any(|table| table.get(key).is_some()),
                "`{}.{key}` is not in the example",
                section.name
            );
        }
    }
}

/// Every known key is read by something: a value of a type that no key has is noticed at each of them.
#[test]
fn every_known_key_is_read() {
    for section in SCHEMA {
        for key in section.keys {
            let header = if section.repeated { format!("[[{}]]", section.name) } else { format!("[{}]", section.name) };
            let errors = Inventory::from_toml(&format!("{header}\n{key} = {{ odd = 1 }}\n")).unwrap_err();
            let index = if section.repeated { "[0]" } else { "" };
            let path = format!("{}{index}.{key}", section.name);
            let noticed = errors.problems.iter().any(|problem| {
                problem.key.as_deref() == Some(&path) && problem.message.contains("is a table") && problem.line == 2
            });
            assert!(noticed, "`{path}` is not read: {errors}");
        }
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = fs::read_to_string(fixtures().join("minimal.toml")).unwrap();
    let inventory = Inventory::from_toml(&text).unwrap();
    assert_eq!((inventory.response.mode, inventory.response.inline_deny), (Mode::Observe, false));
    assert_eq!(inventory.audit.clear, RecordClear::Each);
    assert_eq!((inventory.approval.timeout.as_mins(), inventory.approval.reminder.as_mins()), (60, 15));
    for severity in [Severity::Low, Severity::Medium, Severity::High, Severity::Critical] {
        assert_eq!(inventory.approval.on_expiry[&severity], OnExpiry::Escalate);
    }
    let breaker = &inventory.breaker;
    assert_eq!((breaker.per_role, breaker.per_account, breaker.overall, breaker.window.as_hours()), (3, 10, 30, 1));
    let thresholds = &inventory.thresholds;
    assert_eq!((thresholds.pull_breadth.limit, thresholds.destruction_breadth.limit), (1000, 16));
    assert_eq!((thresholds.pull_breadth.window.as_mins(), thresholds.destruction_breadth.window.as_mins()), (15, 60));
    let counts = (thresholds.pull_breadth_role, thresholds.pull_breadth_account, thresholds.denied_pulls);
    assert_eq!((counts, thresholds.destruction_images), ((8, 25, 5), 10));
    assert_eq!((thresholds.lifecycle.least_images, thresholds.lifecycle.least_days), (3, 7));
    let head = "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n";
    let bare = Inventory::from_toml(head).unwrap().thresholds;
    assert_eq!((bare.pull_breadth.limit, bare.destruction_breadth.limit), (5, 3));
    assert!(inventory.networks.is_empty() && inventory.layers.readers.is_none());
    assert!(inventory.registries.service_owned["602401143452"].contains("EKS add-ons"));
    assert_eq!(inventory.hash.len(), 64);
    assert_ne!(inventory.hash, Inventory::from_toml(&format!("{text}\n")).unwrap().hash);
}

/// A wildcard account stands for the organisation's accounts: everybody can make a role of the same name.
#[test]
fn a_wildcard_account_stays_within_the_organization() {
    let inventory =
        inventory("image_pullers = [\"arn:aws:iam::*:role/ci\", \"arn:aws:iam::444455556666:role/vendor\"]");
    let pullers = &inventory.principals.image_pullers;
    assert!(inventory.listed(pullers, "arn:aws:iam::111122223333:role/ci").is_some());
    assert!(inventory.listed(pullers, "arn:aws:iam::444455556666:role/ci").is_none());
    assert!(inventory.listed(pullers, "arn:aws:iam::444455556666:role/vendor").is_some());
}

fn role(arn: &str) -> Principal {
    Principal {
        kind: PrincipalKind::RoleSession,
        arn: Some(arn.to_owned()),
        account: arn.split(':').nth(4).map(str::to_owned),
        ..Principal::unknown()
    }
}

#[test]
fn standing_is_what_the_lists_say() {
    let inventory = inventory(
        "image_pullers = [\"arn:aws:iam::111122223333:**\"]\nprotected = [\"arn:aws:iam::*:role/deploy-*\"]\n\
         workloads = [\"arn:aws:iam::111122223333:role/node\"]",
    );
    let own = ["arn:aws:iam::111122223333:role/layerguard-remediate".to_owned()];
    let standing = |principal: &Principal| inventory.standing_of(principal, &own);

    let node = standing(&role("arn:aws:iam::111122223333:role/node"));
    assert!(node.image_puller && node.workload && !node.protected && node.in_organization == Some(true));
    assert!(standing(&role("arn:aws:iam::111122223333:role/layerguard-remediate")).protected);
    assert!(!standing(&role("arn:aws:iam::111122223333:role/layerguard-remediate-2")).protected);
    assert!(standing(&role("arn:aws:iam::111122223333:role/deploy-x/y")).protected);
    let root = Principal { kind: PrincipalKind::Root, ..role("arn:aws:iam::111122223333:root") };
    assert!(!standing(&root).image_puller, "the root user is listed only by name");
    assert_eq!(standing(&role("arn:aws:iam::444455556666:role/x")).in_organization, Some(false));
    assert_eq!(standing(&Principal::unknown()).in_organization, None);
}

/// Whom nothing touches without being listed in `protected`: who may have to answer, and the ways back into an account.
#[test]
fn who_is_on_call_and_the_ways_back_are_protected() {
    let inventory = inventory(
        "on_call = [\"arn:aws:iam::111122223333:role/security/on-call-*\", \"arn:aws:iam::*:user/people/alice\"]",
    );
    let cases = [
        (true, "111122223333:role/security/on-call-eu"),
        // As in `protected`, `*` crosses slashes: to match too much is the safe side.
        (true, "111122223333:role/security/on-call-eu/night"),
        (true, "111122223333:user/people/alice"),
        (true, "444455556666:user/people/alice"),
        (false, "444455556666:role/security/on-call-eu"),
        (false, "111122223333:role/on-call-eu"),
        (false, "111122223333:user/people/alicia"),
        (true, "111122223333:role/OrganizationAccountAccessRole"),
        (true, "111122223333:role/AWSControlTowerExecution"),
        (false, "111122223333:role/team/OrganizationAccountAccessRole"),
        (false, "111122223333:role/OrganizationAccountAccessRole2"),
        (false, "111122223333:user/AWSControlTowerExecution"),
    ];
    for (protected, arn) in cases {
        let principal = role(&format!("arn:aws:iam::{arn}"));
        assert_eq!(inventory.standing_of(&principal, &[]).protected, protected, "{arn}");
    }
}

/// A federated user chooses its name; it stands as the user that issued it.
#[test]
fn a_federated_user_stands_as_its_issuer() {
    let inventory = inventory(
        "image_pullers = [\"arn:aws:iam::111122223333:user/ci\", \"arn:aws:*::111122223333:*/ci\"]\n\
         protected = [\"arn:aws:iam::111122223333:user/deploy\", \"arn:aws:*::111122223333:*/release\"]\n\
         workloads = [\"arn:aws:iam::111122223333:user/node\"]\non_call = [\"arn:aws:iam::111122223333:user/ada\"]",
    );
    let federated = |name: &str, issuer: Option<&str>| Principal {
        kind: PrincipalKind::FederatedUser,
        arn: Some(format!("arn:aws:sts::111122223333:federated-user/{name}")),
        account: Some("111122223333".to_owned()),
        session: Some(Session {
            name: Some(name.to_owned()),
            arn: None,
            issued_at: None,
            source_identity: None,
            issuer_arn: issuer.map(|user| format!("arn:aws:iam::111122223333:{user}")),
        }),
        ..Principal::unknown()
    };
    let standing = |name, issuer| inventory.standing_of(&federated(name, issuer), &[]);
    assert!(standing("bob", Some("user/ci")).image_puller);
    assert!(!standing("ci", Some("user/bob")).image_puller, "the name is chosen");
    assert!(!standing("ci", None).image_puller);
    assert!(!standing("ci", Some("root")).image_puller, "the root user is listed only by name");
    assert!(standing("bob", Some("user/deploy")).protected && standing("bob", Some("user/ada")).protected);
    assert!(standing("release", Some("user/bob")).protected, "whatever shields counts by either");
    assert!(!standing("bob", Some("user/bob")).protected);
    assert!(standing("bob", Some("user/node")).workload);
}

/// `invokedBy` counts only where the service itself called.
#[test]
fn services_pull_by_themselves_and_nobody_in_their_name() {
    let inventory = inventory("service_pullers = [\"apprunner.amazonaws.com\"]");
    let invoked = |kind, by: &str| Principal { kind, invoked_by: Some(by.to_owned()), ..Principal::unknown() };
    let pulls = |principal: &Principal| inventory.standing_of(principal, &[]).service_puller;
    for service in ["inspector2.amazonaws.com", "lambda.amazonaws.com", "apprunner.amazonaws.com"] {
        assert!(pulls(&invoked(PrincipalKind::AwsService, service)), "{service}");
        let mut session = role("arn:aws:iam::111122223333:role/ci");
        session.invoked_by = Some(service.to_owned());
        assert!(!pulls(&session), "{service}");
    }
    assert!(!pulls(&invoked(PrincipalKind::AwsService, "AWS Internal")));
    assert!(!pulls(&invoked(PrincipalKind::AwsService, "evil.amazonaws.com")));
    let inspector = "role/aws-service-role/inspector2.amazonaws.com/AWSServiceRoleForAmazonInspector2";
    let linked = |account: &str, role_path: &str| Principal {
        kind: PrincipalKind::ServiceLinkedRole,
        ..role(&format!("arn:aws:iam::{account}:{role_path}"))
    };
    assert!(pulls(&linked("111122223333", inspector)));
    assert!(!pulls(&linked("444455556666", inspector)));
    assert!(!pulls(&linked("111122223333", "role/AWSServiceRoleForAmazonInspector2")));
}

/// One line per case: on call or not, the pattern, what STS answers.
#[test]
fn on_call_is_told_from_what_sts_answers() {
    let cases = [
        (true, "111122223333:role/on-call", "sts::111122223333:assumed-role/on-call/alice"),
        (true, "111122223333:role/security/on-call", "sts::111122223333:assumed-role/on-call/alice"),
        (true, "111122223333:role/sec*/**/on-call", "sts::111122223333:assumed-role/on-call/alice"),
        (true, "111122223333:role/**/on-call-*", "sts::111122223333:assumed-role/on-call-eu/alice"),
        (true, "111122223333:role/on-call-*", "sts::111122223333:assumed-role/on-call-eu/alice"),
        (true, "111122223333:role/**", "sts::111122223333:assumed-role/on-call/alice"),
        (true, "*:role/on-call", "sts::111122223333:assumed-role/on-call/alice"),
        (true, "111122223333:user/people/alice", "iam::111122223333:user/people/alice"),
        (true, "111122223333:root", "iam::111122223333:root"),
        (false, "111122223333:role/security/*", "sts::111122223333:assumed-role/on-call/alice"),
        (false, "111122223333:role/security/**", "sts::111122223333:assumed-role/on-call/alice"),
        (false, "111122223333:role/security/**/on-call-*", "sts::111122223333:assumed-role/on-call-eu/alice"),
        (false, "111122223333:role/on-call", "sts::444455556666:assumed-role/on-call/alice"),
        (false, "*:role/on-call", "sts::444455556666:assumed-role/on-call/alice"),
        (false, "111122223333:role/on-call", "sts::111122223333:assumed-role/intruder/on-call"),
        (false, "111122223333:role/on-call", "sts::111122223333:assumed-role/on-call"),
        (false, "111122223333:role/on-call", "sts::111122223333:federated-user/on-call"),
        (false, "111122223333:role/on-call", "iam::111122223333:user/on-call"),
        (false, "111122223333:user/people/alice", "iam::111122223333:user/alice"),
        (false, "111122223333:user/alice", "sts::111122223333:assumed-role/alice/alice"),
        (false, "111122223333:**", "iam::111122223333:root"),
    ];
    for (expected, pattern, caller) in cases {
        let inventory = inventory(&format!("on_call = [\"arn:aws:iam::{pattern}\"]"));
        let account = caller.split(':').nth(2).unwrap().to_owned();
        let mut identity =
            CallerIdentity { arn: format!("arn:aws:{caller}"), user_id: "AROAEXAMPLEID:alice".to_owned(), account };
        assert_eq!(inventory.is_on_call(&identity), expected, "`{pattern}` and `{caller}`");
        identity.account = "444455556666".to_owned();
        assert!(!inventory.is_on_call(&identity), "an answer that contradicts itself is nobody's: `{caller}`");
    }
    let federated = CallerIdentity {
        arn: "arn:aws:sts::111122223333:federated-user/on-call".to_owned(),
        user_id: "111122223333:on-call".to_owned(),
        account: "111122223333".to_owned(),
    };
    let inventory = inventory("on_call = [\"arn:aws:*::111122223333:*/on-call\"]");
    assert!(!inventory.is_on_call(&federated), "its name is chosen by whoever asks for its credentials");
}

proptest! {
    /// No text makes the reader panic, and a refusal always says something.
    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]a-z_=\" .0-9\n#{},:*/-]{0,200}") {
        if let Err(errors) = Inventory::from_toml(&text) {
            prop_assert!(!errors.problems.is_empty());
        }
    }
}
