//! The first question: what a fixture of facts alone cannot say. Errors, exceptions, unwatched calls, every combination of facts.

use serde_json::json;

use super::bundle_with;
use crate::assess::Assessor;
use crate::call::{Call, Repository};
use crate::cloudtrail::{Event, Origin, Principal, PrincipalKind};
use crate::engine::{Assessment, Bundle, Severity, Verdict};
use crate::facts::{About, Facts, Network, Owner, Standing};
use crate::history::{Destroyed, Pulled};
use crate::inventory::{EXAMPLE, Inventory};

const LAYER: &str = "ecr:GetDownloadUrlForLayer";

pub(super) fn inventory(more: &str) -> Inventory {
    let text = format!("[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n\n{more}");
    Inventory::from_toml(&text).unwrap()
}

/// A layer download by an unlisted role of ours, from an unknown network.
pub(super) fn facts() -> Facts {
    Facts {
        call: LAYER.to_owned(),
        attempt: false,
        network: Network::Unknown,
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
        owner: Owner::Ours,
        registry: Some("111122223333".to_owned()),
        repository: Some("team/app".to_owned()),
        reasons: vec!["the source is masked".to_owned()],
        missing: Vec::new(),
        missing_network: None,
        open: Vec::new(),
        about: About::Plain,
        pulled: Pulled::default(),
        destroyed: Destroyed::default(),
        new_credentials: false,
        weakened: false,
        unexplained: false,
        drill: false,
    }
}

pub(super) fn event() -> Event {
    Event {
        event_id: "a".to_owned(),
        dedupe_id: "a".to_owned(),
        is_shared: false,
        time: "2026-11-20T09:00:00Z".parse().unwrap(),
        source_service: "ecr.amazonaws.com".to_owned(),
        name: "GetDownloadUrlForLayer".to_owned(),
        region: Some("eu-central-1".to_owned()),
        recipient_account: Some("111122223333".to_owned()),
        principal: Principal {
            kind: PrincipalKind::RoleSession,
            arn: Some("arn:aws:iam::111122223333:role/team/ci".to_owned()),
            account: Some("111122223333".to_owned()),
            ..Principal::unknown()
        },
        origin: Origin::Masked,
        vpc_endpoint: None,
        user_agent: None,
        error_code: None,
        call: Some(Call::GetDownloadUrlForLayer { repository: Repository::default(), layer_digest: None }),
        flaws: Vec::new(),
        unreadable: Vec::new(),
    }
}

fn assess(bundle: &Bundle, facts: &Facts) -> Assessment {
    bundle.assess(&event(), facts, &inventory(""))
}

#[test]
fn a_call_that_nobody_watches_is_unwatched() {
    let event =
        Event { call: None, name: "GetObject".to_owned(), source_service: "s3.amazonaws.com".to_owned(), ..event() };
    let assessment = Bundle::embedded().unwrap().assess(&event, &facts(), &inventory(""));
    assert_eq!(assessment.verdict, Verdict::Unwatched);
    assert_eq!(assessment.reasons, ["`s3:GetObject` is not watched"]);
}

#[test]
fn flaws_that_no_fact_needs_do_not_make_undecided() {
    let event = Event { flaws: vec!["`userAgent` is not text".to_owned()], ..event() };
    let assessment = Bundle::embedded().unwrap().assess(&event, &facts(), &inventory(""));
    assert_eq!(assessment.verdict, Verdict::Violation);
}

#[test]
fn a_missing_fact_is_undecided_and_the_rules_are_still_told() {
    let bundle = Bundle::embedded().unwrap();
    let registry = "the record names no registry, or names it in a way that cannot be read";
    let facts = Facts { missing: vec![registry.to_owned()], ..facts() };
    let assessment = assess(&bundle, &facts);
    assert_eq!(assessment.verdict, Verdict::Undecided);
    assert_eq!(assessment.errors, [registry]);
    assert_eq!(assessment.rules.len(), 1);
}

/// A rule that asks who called has not fired where nobody knows who called, not even where no fact was said to be missing.
#[test]
fn no_rule_about_the_principal_fires_for_one_that_nobody_could_identify() {
    let bundle = Bundle::embedded().unwrap();
    let mut event = event();
    event.principal.arn = None;
    for missing in [vec!["the record does not name the ARN of the session's role".to_owned()], Vec::new()] {
        let facts = Facts { network: Network::Outside, missing: missing.clone(), ..facts() };
        let assessment = bundle.assess(&event, &facts, &inventory(""));
        assert_eq!(assessment.verdict, Verdict::Undecided);
        assert_eq!(assessment.errors.len(), 1);
        assert!(missing.is_empty() || assessment.errors == missing);
        assert_eq!(assessment.rules, []);
        let open = "whether rule `ecr_layer_download_unlisted_principal` (high) fires depends on who called";
        assert!(assessment.reasons.iter().any(|reason| reason == open), "{:?}", assessment.reasons);
        let claims = |reason: &String| reason.contains(" fired") || reason.contains("is not listed");
        assert!(!assessment.reasons.iter().any(claims), "{:?}", assessment.reasons);
    }
}

/// What a rule does not ask about the principal stays decided.
#[test]
fn a_rule_that_does_not_ask_who_called_fires_whoever_it_was() {
    let bundle = bundle_with(
        "rules/anybody.cedar",
        r#"@id("anybody") @family("exfiltration") @title("Anybody") @severity("low") @attack("T1530") @controls("none")
        @playbook("exfiltration")
        forbid (principal, action, resource) when { !context.call.attempt };"#,
    );
    let mut event = event();
    event.principal.arn = None;
    let assessment = bundle.assess(&event, &facts(), &inventory(""));
    let fired: Vec<_> = assessment.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!((assessment.verdict, fired), (Verdict::Undecided, vec!["anybody"]));
}

#[test]
fn an_exception_of_a_rule_that_does_not_exist_is_refused_with_the_nearest() {
    let principal = "principal = \"arn:aws:iam::111122223333:role/team/ci\"\nuntil = 2026-11-21T00:00:00Z\n";
    let good = format!("{EXCEPTION}{principal}");
    let typo = EXCEPTION.replace("unlisted", "unlist");
    let bundle = Bundle::embedded().unwrap();
    assert_eq!(bundle.check(&inventory(&good)), Ok(()));
    let errors = bundle.check(&inventory(&format!("{good}{typo}{principal}"))).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "could not read the inventory: 1 problem\n  line 13, `exception[1].rule`: there is no rule \
         `ecr_layer_download_unlist_principal`, so this would except nobody; the nearest rule is \
         `ecr_layer_download_unlisted_principal`"
    );
    let text = format!("[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n{typo}{principal}");
    let refused = Assessor::load(&text, Vec::new()).unwrap_err().to_string();
    assert!(refused.contains("the nearest rule is `ecr_layer_download_unlisted_principal`"), "{refused}");
    assert!(Assessor::load(EXAMPLE, Vec::new()).is_ok());
}

#[test]
fn an_action_that_the_schema_does_not_know_is_undecided() {
    let facts = Facts { call: "ecr:PutImage".to_owned(), ..facts() };
    let assessment = assess(&Bundle::embedded().unwrap(), &facts);
    assert_eq!(assessment.verdict, Verdict::Undecided);
    assert_eq!(assessment.errors, ["the facts do not fit the schema of the policies"]);
}

/// A rule that fails on every call: with other rules fired and without, the call is undecided and never clear.
#[test]
fn an_error_is_never_clear() {
    let bundle = bundle_with(
        "rules/broken.cedar",
        r#"@id("broken") @family("exfiltration") @title("Broken") @severity("low") @attack("T1530") @controls("none")
        @playbook("exfiltration")
        forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 && principal.workload };"#,
    );
    let unlisted = assess(&bundle, &facts());
    assert_eq!(unlisted.verdict, Verdict::Undecided);
    assert_eq!(unlisted.errors, ["policy `broken` could not be evaluated"]);
    assert_eq!(unlisted.rules.len(), 1, "the rule that fired is told");
    assert!(unlisted.reasons.iter().any(|reason| reason.contains("overflow")), "{:?}", unlisted.reasons);

    let mut listed = facts();
    listed.standing.image_puller = true;
    assert_eq!(assess(&bundle, &listed).verdict, Verdict::Undecided);
}

/// A baseline that does not permit everything leaves calls that nobody decided.
#[test]
fn what_no_policy_decides_is_undecided() {
    let bundle = bundle_with("baseline.cedar", "permit (principal, action, resource) when { principal.workload };");
    let mut facts = facts();
    facts.standing.image_puller = true;
    let assessment = assess(&bundle, &facts);
    assert_eq!(assessment.verdict, Verdict::Undecided);
    assert_eq!(assessment.errors, ["no policy decided the call"]);
}

/// Over every combination of facts: a principal that loses all its listings is never cleared by that, a failed call never
/// violates, a missing fact is never clear, and the answer is never anything else than those of the rules.
#[test]
fn every_combination_of_facts_keeps_the_promises() {
    let bundle = Bundle::embedded().unwrap();
    let (event, inventory) = (event(), inventory(""));
    let mut asked = 0;
    for bits in 0..64_u8 {
        let bit = |place: u8| bits & (1 << place) != 0;
        let standing = Standing {
            in_organization: Some(bit(0)),
            image_puller: bit(1),
            administrator: bit(2),
            service_puller: bit(3),
            workload: bit(4),
            protected: bit(4),
            own: false,
            layer_reader: false,
        };
        for network in [Network::Inside, Network::Outside, Network::Unknown] {
            for owner in [Owner::Ours, Owner::ServiceOwned, Owner::Foreign, Owner::Unknown] {
                for call in [LAYER, "ecr:BatchGetImage", "ecr:GetAuthorizationToken"] {
                    let facts = Facts {
                        call: call.to_owned(),
                        attempt: bit(5),
                        network,
                        owner,
                        standing: standing.clone(),
                        ..facts()
                    };
                    let mut removed = facts.clone();
                    removed.standing.image_puller = false;
                    removed.standing.administrator = false;
                    removed.standing.service_puller = false;
                    let missing = Facts { missing: vec!["something".to_owned()], ..facts.clone() };
                    let ask = |facts: &Facts| bundle.assess(&event, facts, &inventory).verdict;
                    let verdict = ask(&facts);
                    assert!(matches!(verdict, Verdict::Clear | Verdict::Violation), "{facts:?}");
                    assert!(verdict == Verdict::Clear || !facts.attempt, "{facts:?}");
                    assert!(verdict == Verdict::Clear || ask(&removed) == Verdict::Violation, "{facts:?}");
                    assert_eq!(ask(&missing), Verdict::Undecided, "{facts:?}");
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 64 * 3 * 4 * 3);
}

const EXCEPTION: &str = r#"
[[exception]]
rule = "ecr_layer_download_unlisted_principal"
reason = "migration"
owner = "platform"
"#;

/// What the exception names, until when, and whether it is in force; `None`: it does not cover the call.
const EXCEPTIONS: &[(&str, &str, Option<bool>)] = &[
    (r#"principal = "arn:aws:iam::111122223333:role/team/ci""#, "2026-11-21T00:00:00Z", Some(true)),
    (r#"principal = "arn:aws:iam::*:role/team/*""#, "2026-11-21T00:00:00Z", Some(true)),
    (r#"resource = "arn:aws:ecr:eu-central-1:111122223333:repository/team/*""#, "2026-11-21T00:00:00Z", Some(true)),
    (r#"principal = "arn:aws:iam::111122223333:role/team/ci""#, "2026-11-20T09:00:00Z", Some(false)),
    (r#"principal = "arn:aws:iam::111122223333:role/team/ci""#, "2026-11-19T00:00:00Z", Some(false)),
    (r#"principal = "arn:aws:iam::111122223333:role/other""#, "2026-11-21T00:00:00Z", None),
    (r#"resource = "arn:aws:ecr:eu-central-1:111122223333:repository/other""#, "2026-11-21T00:00:00Z", None),
    (
        "principal = \"arn:aws:iam::111122223333:role/team/ci\"\nresource = \"arn:aws:ecr:*:*:repository/other\"",
        "2026-11-21T00:00:00Z",
        None,
    ),
];

#[test]
fn an_exception_suppresses_while_it_is_in_force_and_is_told_in_any_case() {
    let bundle = Bundle::embedded().unwrap();
    for (names, until, in_force) in EXCEPTIONS {
        let inventory = inventory(&format!("{EXCEPTION}{names}\nuntil = {until}\n"));
        let assessment = bundle.assess(&event(), &facts(), &inventory);
        let expected = if *in_force == Some(true) { Verdict::Clear } else { Verdict::Violation };
        assert_eq!(assessment.verdict, expected, "{names} {until}");
        assert_eq!(assessment.rules.len(), 1, "the rule is told");
        let applied = assessment.rules[0].exception.as_ref();
        assert_eq!(applied.map(|exception| exception.in_force), *in_force, "{names} {until}");
        assert_eq!(assessment.reasons.iter().any(|reason| reason.contains("migration")), in_force.is_some());
    }
}

#[test]
fn an_exception_covers_its_rule_and_no_other() {
    let principal = r#"principal = "arn:aws:iam::111122223333:role/team/ci""#;
    let inventory = inventory(&format!("{EXCEPTION}{principal}\nuntil = 2026-11-21T00:00:00Z\n"));
    let facts = Facts { network: Network::Outside, ..facts() };
    let assessment = Bundle::embedded().unwrap().assess(&event(), &facts, &inventory);
    assert_eq!(assessment.verdict, Verdict::Violation);
    assert_eq!(assessment.severity(), Some(Severity::Critical));
    let violations: Vec<_> = assessment.violations().map(|rule| rule.id.as_str()).collect();
    assert_eq!(violations, ["ecr_layer_download_untrusted_network"]);
}

#[test]
fn a_wildcard_account_excepts_nobody_outside_the_organisation() {
    let mut event = event();
    event.principal.arn = Some("arn:aws:iam::444455556666:role/team/ci".to_owned());
    event.principal.account = Some("444455556666".to_owned());
    let pattern = r#"principal = "arn:aws:iam::*:role/team/ci""#;
    let inventory = inventory(&format!("{EXCEPTION}{pattern}\nuntil = 2026-11-21T00:00:00Z\n"));
    assert_eq!(Bundle::embedded().unwrap().assess(&event, &facts(), &inventory).verdict, Verdict::Violation);
}

#[test]
fn an_assessment_reads_well() {
    let assessment = assess(&Bundle::embedded().unwrap(), &facts());
    assert_eq!(
        assessment.reasons,
        [
            "the source is masked",
            "rule `ecr_layer_download_unlisted_principal` (high) fired: A principal that is not listed downloaded an image \
             layer, because the call succeeded, the registry is ours, the principal is not listed in `image_pullers`, the \
             principal is not listed in `administrators` and it is no known AWS service puller",
        ]
    );
    let written = serde_json::to_value(&assessment.rules[0]).unwrap();
    assert_eq!(
        written,
        json!({
            "id": "ecr_layer_download_unlisted_principal",
            "title": "A principal that is not listed downloaded an image layer",
            "family": "exfiltration",
            "severity": "high",
            "playbook": "exfiltration",
            "attack": "T1530",
            "controls": "NIST SP 800-53 AC-3, AC-6, AU-6",
            "exception": null,
        })
    );
}

#[test]
fn an_unlisted_principal_is_a_violation_wherever_it_called_from() {
    let bundle = Bundle::embedded().unwrap();
    let nowhere = Some("the record names no source address".to_owned());
    let unlisted = Facts { network: Network::Unknown, missing_network: nowhere.clone(), ..facts() };
    assert_eq!(assess(&bundle, &unlisted).verdict, Verdict::Violation);
    let listed = Standing { image_puller: true, ..unlisted.standing.clone() };
    let listed = Facts { standing: listed, ..unlisted };
    assert_eq!(assess(&bundle, &listed).verdict, Verdict::Undecided);
}
