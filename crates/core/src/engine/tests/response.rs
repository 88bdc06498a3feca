//! The second question as a table: one line per case.

use crate::action::{Reach, Touches};
use crate::cloudtrail::PrincipalKind;
use crate::engine::{Bundle, Place, ResponseQuestion, Severity};
use crate::facts::Standing;
use crate::plan::Mode::{self, Act, Ask, Observe};

/// A narrow action on an ordinary session of ours, for a high incident, nothing in its way.
fn plain() -> ResponseQuestion {
    ResponseQuestion {
        action: "deny_session".to_owned(),
        touches: Touches::Principal,
        reach: Reach::Narrow,
        writes_inline: true,
        principal_kind: PrincipalKind::RoleSession,
        principal_arn: "arn:aws:iam::111122223333:role/ci".to_owned(),
        standing: Standing {
            in_organization: Some(true),
            image_puller: false,
            administrator: false,
            service_puller: false,
            workload: false,
            protected: false,
            own: false,
            layer_reader: false,
        },
        place: Place::Home,
        severity: Severity::High,
        undecided: false,
        ceiling: Act,
        inline_deny: true,
        breaker_open: false,
        repeated: false,
    }
}

type Change = fn(&mut ResponseQuestion);

/// What is different from `plain`, the mode, whether it may run when the approval has expired, words of a reason.
const CASES: &[(&str, Change, Mode, bool, &str)] = &[
    ("high and narrow", |_| {}, Act, true, ""),
    ("critical and narrow", |q| q.severity = Severity::Critical, Act, true, ""),
    ("low", |q| q.severity = Severity::Low, Ask, false, "the severity is low"),
    ("medium", |q| q.severity = Severity::Medium, Ask, false, "the severity is medium"),
    ("wide", |q| q.reach = Reach::Wide, Ask, false, "`deny_session` reaches a whole role or user: a person decides"),
    ("workload", |q| q.standing.workload = true, Ask, false, "runs workloads"),
    ("service puller", |q| q.standing.service_puller = true, Ask, false, "runs workloads"),
    ("breaker open", |q| q.breaker_open = true, Ask, false, "too many actions"),
    ("repaired twice already", |q| q.repeated = true, Ask, false, "the same was repaired twice of late"),
    (
        "repair of what somebody protected changed",
        |q| (q.touches, q.standing.protected) = (Touches::Configuration, true),
        Ask,
        false,
        "changed by a principal that is protected",
    ),
    ("ceiling ask", |q| q.ceiling = Ask, Ask, true, "the mode is ask"),
    ("ceiling ask, wide", |q| (q.ceiling, q.reach) = (Ask, Reach::Wide), Ask, false, "reaches a whole role"),
    ("ceiling ask, workload", |q| (q.ceiling, q.standing.workload) = (Ask, true), Ask, false, "runs workloads"),
    ("ceiling ask, medium", |q| (q.ceiling, q.severity) = (Ask, Severity::Medium), Ask, false, "severity is medium"),
    ("ceiling ask, breaker", |q| (q.ceiling, q.breaker_open) = (Ask, true), Ask, false, "too many actions"),
    ("ceiling observe", |q| q.ceiling = Observe, Observe, false, "the mode is observe"),
    ("undecided", |q| q.undecided = true, Observe, false, "the incident is undecided"),
    ("protected", |q| q.standing.protected = true, Observe, false, "is protected"),
    ("management account", |q| q.place = Place::Management, Observe, false, "management account"),
    ("foreign account", |q| q.place = Place::Outside, Observe, false, "outside the organisation"),
    (
        "a repair of what a protected principal did",
        |q| (q.touches, q.standing.protected) = (Touches::Configuration, true),
        Ask,
        false,
        "by a principal that is protected",
    ),
    (
        "a repair of what root did",
        |q| (q.touches, q.principal_kind) = (Touches::Configuration, PrincipalKind::Root),
        Act,
        true,
        "",
    ),
    (
        "a repair of what a workload did",
        |q| (q.touches, q.standing.workload) = (Touches::Configuration, true),
        Act,
        true,
        "",
    ),
    (
        "a repair in the management account",
        |q| (q.touches, q.place) = (Touches::Configuration, Place::Management),
        Observe,
        false,
        "management account",
    ),
    (
        "a repair that came back",
        |q| (q.touches, q.repeated) = (Touches::Configuration, true),
        Ask,
        false,
        "again and again",
    ),
    (
        "at one resource, protected",
        |q| (q.touches, q.standing.protected) = (Touches::Access, true),
        Observe,
        false,
        "is protected",
    ),
    (
        "at one resource, from Identity Center",
        |q| (q.touches, q.principal_kind) = (Touches::Access, PrincipalKind::IdentityCenterRole),
        Act,
        true,
        "",
    ),
    (
        "at one resource, a workload",
        |q| (q.touches, q.standing.workload) = (Touches::Access, true),
        Ask,
        false,
        "runs workloads",
    ),
    ("member account", |q| q.place = Place::Member, Act, true, ""),
    ("inline not allowed", |q| q.inline_deny = false, Observe, false, "`deny_session` writes an inline policy"),
    ("no inline needed", |q| (q.writes_inline, q.inline_deny) = (false, false), Act, true, ""),
    (
        "repair of what a protected principal changed",
        |q| (q.touches, q.standing.protected) = (Touches::Configuration, true),
        Ask,
        false,
        "changed by a principal that is protected",
    ),
    ("repaired twice of late", |q| q.repeated = true, Ask, false, "repaired twice of late"),
    ("administrator", |q| q.standing.administrator = true, Act, true, ""),
    ("account not known", |q| q.standing.in_organization = None, Act, true, ""),
    ("role", |q| q.principal_kind = PrincipalKind::Role, Act, true, ""),
    ("user", |q| q.principal_kind = PrincipalKind::IamUser, Act, true, ""),
    ("federated user", |q| q.principal_kind = PrincipalKind::FederatedUser, Act, true, ""),
    (
        "identity center role",
        |q| q.principal_kind = PrincipalKind::IdentityCenterRole,
        Observe,
        false,
        "Identity Center",
    ),
    (
        "identity center user",
        |q| q.principal_kind = PrincipalKind::IdentityCenterUser,
        Observe,
        false,
        "Identity Center",
    ),
    ("service-linked role", |q| q.principal_kind = PrincipalKind::ServiceLinkedRole, Observe, false, "service-linked"),
    ("root", |q| q.principal_kind = PrincipalKind::Root, Observe, false, "root user"),
    ("AWS service", |q| q.principal_kind = PrincipalKind::AwsService, Observe, false, "AWS service"),
    ("AWS account", |q| q.principal_kind = PrincipalKind::AwsAccount, Observe, false, "not known how to contain"),
    ("directory", |q| q.principal_kind = PrincipalKind::Directory, Observe, false, "not known how to contain"),
    ("SAML user", |q| q.principal_kind = PrincipalKind::SamlUser, Observe, false, "not known how to contain"),
    ("web identity", |q| q.principal_kind = PrincipalKind::WebIdentityUser, Observe, false, "not known how to contain"),
    ("unknown kind", |q| q.principal_kind = PrincipalKind::Unknown, Observe, false, "not known how to contain"),
];

#[test]
fn each_case_has_its_mode_and_says_why_it_is_not_more() {
    let bundle = Bundle::embedded().unwrap();
    for (name, change, mode, on_expiry, words) in CASES {
        let mut question = plain();
        change(&mut question);
        let answer = bundle.response(&question);
        assert_eq!((answer.mode, answer.on_expiry), (*mode, *on_expiry), "{name}: {:?}", answer.reasons);
        assert_eq!(answer.errors, Vec::<String>::new(), "{name}");
        assert!(words.is_empty() == answer.reasons.is_empty(), "{name}: {:?}", answer.reasons);
        assert!(answer.reasons.iter().any(|reason| reason.contains(words)) || words.is_empty(), "{name}: {answer:?}");
    }
}

#[test]
fn every_forbid_stands_in_the_way_of_some_case() {
    let bundle = Bundle::embedded().unwrap();
    let mut seen: Vec<String> = Vec::new();
    for (_, change, ..) in CASES {
        let mut question = plain();
        change(&mut question);
        seen.extend(bundle.response(&question).reasons);
    }
    for policy in bundle.response.policies.policies().filter(|policy| policy.effect() == cedar_policy::Effect::Forbid) {
        let reason = policy.annotation("reason").unwrap();
        let words = reason.split(['{', '}']).max_by_key(|part| part.len()).unwrap();
        assert!(seen.iter().any(|reason| reason.contains(words)), "{}", policy.id());
    }
}

#[test]
fn reasons_name_everything_that_stands_in_the_way() {
    let mut question = plain();
    question.reach = Reach::Wide;
    question.severity = Severity::Low;
    assert_eq!(Bundle::embedded().unwrap().response(&question).reasons.len(), 2);
}

#[test]
fn an_error_makes_it_observe() {
    let broken = super::bundle_with(
        "response.cedar",
        r#"@id("respond") permit (principal, action, resource);
        @id("broken") @reason("never") forbid (principal, action, resource)
        when { 9223372036854775807 + 1 == 0 && resource.workload };"#,
    );
    let answer = broken.response(&plain());
    assert_eq!((answer.mode, answer.on_expiry), (Observe, false));
    assert_eq!(answer.errors.len(), 1, "{:?}", answer.errors);
}

#[test]
fn what_no_policy_permits_is_an_error_and_not_silence() {
    let narrow = super::bundle_with(
        "response.cedar",
        r#"@id("respond") permit (principal, action, resource) when { context.breaker_open };"#,
    );
    let answer = narrow.response(&plain());
    assert_eq!(answer.mode, Observe);
    assert_eq!(answer.errors, ["no policy decided the question"]);
}
