//! Rules against their fixtures, and what holds for every rule. Rules and fixtures are found by their files.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use layerguard_core::call::{Call, Repository};
use layerguard_core::cloudtrail::{Event, Origin, Principal, PrincipalKind};
use layerguard_core::engine::{Bundle, Severity, Verdict};
use layerguard_core::facts::Facts;
use layerguard_core::inventory::Inventory;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    facts: Value,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    verdict: Verdict,
    rules: Vec<String>,
    /// The weightiest, where a fact may raise it.
    severity: Option<Severity>,
    #[serde(default)]
    reasons_contain: Vec<String>,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files of a directory with this extension, by their stems.
fn files(directory: &Path, extension: &str) -> BTreeMap<String, PathBuf> {
    fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("could not read {}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// Rule ids, from the rules' files.
fn rules() -> BTreeMap<String, PathBuf> {
    files(&workspace().join("crates/core/policy/rules"), "cedar")
}

fn cases(rule: &str) -> BTreeMap<String, Case> {
    files(&workspace().join("tests/fixtures/rules").join(rule), "json")
        .into_iter()
        .map(|(name, path)| {
            let case = serde_json::from_str(&fs::read_to_string(&path).unwrap());
            (name, case.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect()
}

/// What a fixture's facts are laid over.
fn default_facts() -> Value {
    json!({
        "call": "ecr:GetDownloadUrlForLayer",
        "attempt": false,
        "network": "unknown",
        "standing": {
            "in_organization": true,
            "image_puller": false,
            "administrator": false,
            "service_puller": false,
            "workload": false,
            "protected": false,
            "own": false,
            "layer_reader": false,
        },
        "owner": "ours",
        "registry": "111122223333",
        "repository": "team/app",
        "about": { "kind": "plain" },
        "pulled": { "session": 1, "role": 1, "lineage": 1, "account": 1, "refused": 0 },
        "destroyed": { "repositories": 0, "images": 0 },
        "new_credentials": false,
        "weakened": false,
        "reasons": ["the source is masked"],
        "missing": [],
    })
}

fn lay_over(base: &mut Value, over: &Value, name: &str) {
    for (key, value) in over.as_object().unwrap_or_else(|| panic!("{name}: facts must be objects")) {
        match base.get_mut(key).unwrap_or_else(|| panic!("{name}: there is no fact `{key}`")) {
            nested @ Value::Object(_) if key != "about" => lay_over(nested, value, name),
            plain => *plain = value.clone(),
        }
    }
}

fn facts(case: &Case, name: &str) -> Facts {
    let mut facts = default_facts();
    lay_over(&mut facts, &case.facts, name);
    serde_json::from_value(facts).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An event that fits the facts.
fn event(facts: &Facts) -> Event {
    let (_, name) = facts.call.split_once(':').unwrap();
    let repository =
        Repository { registry: facts.registry.clone(), name: facts.repository.clone(), ..Repository::default() };
    let call = match name {
        "GetDownloadUrlForLayer" => Call::GetDownloadUrlForLayer { repository, layer_digest: None },
        "BatchGetImage" => Call::BatchGetImage { repository, images: Vec::new() },
        "GetAuthorizationToken" => Call::GetAuthorizationToken { registry: facts.registry.clone() },
        // Policies see facts alone: which of the other calls it is stands in their name.
        _ => Call::LayerUpload { repository },
    };
    Event {
        event_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        dedupe_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        is_shared: false,
        time: "2026-11-20T09:00:00Z".parse().unwrap(),
        source_service: "ecr.amazonaws.com".to_owned(),
        name: name.to_owned(),
        region: Some("eu-central-1".to_owned()),
        recipient_account: Some("111122223333".to_owned()),
        principal: Principal {
            kind: PrincipalKind::RoleSession,
            arn: Some("arn:aws:iam::111122223333:role/ci".to_owned()),
            account: Some("111122223333".to_owned()),
            user_id: Some("AROAEXAMPLEID:build".to_owned()),
            ..Principal::unknown()
        },
        origin: Origin::Masked,
        vpc_endpoint: None,
        user_agent: None,
        error_code: facts.attempt.then(|| "AccessDenied".to_owned()),
        call: Some(call),
        flaws: Vec::new(),
        unreadable: Vec::new(),
    }
}

fn inventory() -> Inventory {
    Inventory::from_toml("[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"]\n").unwrap()
}

#[test]
fn every_case_comes_out_as_it_says() {
    let (bundle, inventory) = (Bundle::embedded().unwrap(), inventory());
    let mut wrong = Vec::new();
    for rule in rules().keys() {
        for (name, case) in cases(rule) {
            let name = format!("{rule}/{name}");
            let facts = facts(&case, &name);
            let assessment = bundle.assess(&event(&facts), &facts, &inventory);
            let fired: Vec<_> = assessment.rules.iter().map(|rule| rule.id.clone()).collect();
            if (assessment.verdict, &fired) != (case.expect.verdict, &case.expect.rules) {
                wrong.push(format!("{name}: {:?} by {fired:?}", assessment.verdict));
            }
            if case.expect.severity.is_some() && assessment.severity() != case.expect.severity {
                wrong.push(format!("{name}: severity {:?}", assessment.severity()));
            }
            for words in &case.expect.reasons_contain {
                if !assessment.reasons.iter().any(|reason| reason.contains(words)) {
                    wrong.push(format!("{name}: no reason says `{words}`: {:?}", assessment.reasons));
                }
            }
            assert_eq!(assessment.errors, facts.missing, "{name}");
            assert!(
                facts.reasons.iter().all(|reason| assessment.reasons.contains(reason)),
                "{name} keeps the facts' reasons"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_cases_of_both_kinds_and_their_names_say_which() {
    for rule in rules().keys() {
        let cases = cases(rule);
        for prefix in ["fires-", "quiet-"] {
            assert!(cases.keys().any(|name| name.starts_with(prefix)), "rule `{rule}` has no fixture `{prefix}*.json`");
        }
        for (name, case) in cases {
            let fires = case.expect.rules.contains(rule);
            let prefix = if fires { "fires-" } else { "quiet-" };
            assert!(name.starts_with(prefix), "{rule}/{name}: by what it expects it is one of `{prefix}*`");
        }
    }
}

#[test]
fn every_folder_of_fixtures_belongs_to_a_rule() {
    let folders: BTreeSet<_> = fs::read_dir(workspace().join("tests/fixtures/rules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(folders, rules().into_keys().collect());
}

#[test]
fn the_embedded_bundle_has_every_rule_file_and_each_is_complete() {
    let bundle = Bundle::from_files(&BTreeMap::new()).unwrap();
    let ids: BTreeSet<_> = bundle.rules().map(|rule| rule.id.clone()).collect();
    assert_eq!(ids, rules().into_keys().collect(), "a rule file is not embedded");
    assert!(!ids.is_empty());
    for rule in bundle.rules() {
        assert!(bundle.playbook(&rule.playbook).is_some(), "playbook of `{}`", rule.id);
        assert!(rule.attack.split(", ").all(is_technique), "@attack of `{}`: {}", rule.id, rule.attack);
        assert!(rule.title.starts_with(char::is_uppercase) && !rule.title.ends_with('.'), "@title of `{}`", rule.id);
        assert!(!rule.reads.is_empty(), "rule `{}` reads no fact", rule.id);
    }
}

#[test]
fn every_rule_says_on_top_what_it_sees_misses_and_looks_like() {
    for (rule, path) in rules() {
        let text = fs::read_to_string(path).unwrap();
        let comment: Vec<_> = text.lines().take_while(|line| line.starts_with("//")).collect();
        for word in ["// Sees: ", "// Misses: ", "// Looks alike: "] {
            assert!(comment.iter().any(|line| line.starts_with(word)), "rule `{rule}` has no `{word}` on top");
        }
    }
}

/// `T1530`, or `T1078.004` for a sub-technique.
fn is_technique(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "T0000" || shape == "T0000.000"
}
