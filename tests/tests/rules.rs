//! Rules against their fixtures, and what holds for every rule. Rules and fixtures are found by their files.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use layerguard_core::engine::Bundle;
use layerguard_core::inventory::Inventory;
use layerguard_core::policy::{Answer, Case};

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
            let case = Case::read(&fs::read_to_string(&path).unwrap());
            (name, case.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect()
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
            let (facts, event) =
                Case::established(case.facts.as_ref().unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
            let assessment = bundle.assess(&event, &facts, &inventory);
            let told = case.expect.differences(&Answer::of(&assessment));
            wrong.extend(told.iter().map(|told| format!("{name}: {told}")));
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
