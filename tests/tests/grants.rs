//! Grants, case by case: `fixtures/grants/*.json` hold policies and what they must come to; and what holds for all of them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test leans on outside its own body; there a panic is the report"
)]

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{fs, path::PathBuf};

use jiff::Timestamp;
use layerguard_core::grant::{Grants, PolicyError, narrowings, of_layer, of_policy};
use layerguard_core::inventory::Inventory;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    policy: Option<Value>,
    layer: Option<Layer>,
    at: Option<Timestamp>,
    #[serde(default = "owner")]
    owner: Option<String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    principal: Option<String>,
    organization: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Everything that holds; what is not named must not hold.
    holds: Option<BTreeSet<String>>,
    #[serde(default)]
    unsettled: Vec<String>,
    #[serde(default)]
    says: Vec<String>,
    error: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn owner() -> Option<String> {
    Some("111122223333".to_owned())
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/grants")
}

fn inventory() -> &'static Inventory {
    static READ: LazyLock<Inventory> =
        LazyLock::new(|| Inventory::from_toml(&fs::read_to_string(folder().join("inventory.toml")).unwrap()).unwrap());
    &READ
}

fn written() -> Timestamp {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".json") {
            let text = fs::read_to_string(folder().join(&name)).unwrap();
            let list: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            cases.extend(list.into_iter().map(|case| (name.clone(), case)));
        }
    }
    cases
}

fn judged(case: &Case, inventory: &Inventory) -> Result<Grants, PolicyError> {
    let at = case.at.unwrap_or_else(written);
    let owner = case.owner.as_deref();
    match (&case.policy, &case.layer) {
        (Some(Value::String(text)), None) => of_policy(text, owner, inventory, at),
        (Some(policy), None) => of_policy(&policy.to_string(), owner, inventory, at),
        (None, Some(layer)) => {
            Ok(of_layer(layer.principal.as_deref(), layer.organization.as_deref(), owner, inventory, at))
        }
        _ => panic!("{}: either a policy or a layer", case.what),
    }
}

fn holding(grants: &Grants) -> BTreeSet<String> {
    let all = [
        ("public", grants.public),
        ("external", grants.external),
        ("push", grants.push),
        ("denies", grants.denies),
        ("allows_outside_only", grants.allows_outside_only),
    ];
    all.iter().filter(|(_, holds)| *holds).map(|(name, _)| (*name).to_owned()).collect()
}

#[test]
fn every_case_comes_out_as_it_says() {
    let inventory = inventory();
    let cases = cases();
    assert!(cases.len() >= 180, "only {} cases were found", cases.len());
    for (file, case) in &cases {
        let at = format!("{file}: {}", case.what);
        let result = judged(case, inventory);
        if let Some(error) = &case.expect.error {
            let shown = result.expect_err(&at).to_string();
            assert!(shown.contains(error.as_str()), "{at}: `{shown}` does not say `{error}`");
            continue;
        }
        let grants = result.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(Some(holding(&grants)), case.expect.holds, "{at}: {grants:#?}");
        assert_eq!(grants.unsettled.len(), case.expect.unsettled.len(), "{at}: {grants:#?}");
        for (unsettled, part) in grants.unsettled.iter().zip(&case.expect.unsettled) {
            assert!(unsettled.contains(part.as_str()), "{at}: `{unsettled}` does not say `{part}`");
        }
        for part in &case.expect.says {
            assert!(
                grants.words.iter().any(|words| words.contains(part.as_str())),
                "no word says `{part}`: {at}: {grants:#?}"
            );
        }
        assert!(grants.words.iter().all(|words| !words.contains(char::is_control)), "{at}: {grants:#?}");
    }
}

/// A policy that takes long to judge would hold up everything behind it.
#[test]
fn large_and_deep_policies_are_judged_in_time() {
    let inventory = inventory();
    let judge = |text: &str| {
        let started = Instant::now();
        let result = of_policy(text, Some("111122223333"), inventory, written());
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "{} bytes took {took:?}", text.len());
        result
    };
    for depth in [50, 100_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(judge(&nested).is_err());
        assert!(judge(&format!("{{\"Statement\":{nested}}}")).is_err());
        assert!(judge(&"{\"a\":".repeat(depth)).is_err());
    }
    let pattern = "*a".repeat(20_000);
    let names: Vec<String> = (0..20_000).map(|number| format!("arn:aws:iam::{number:012}:root")).collect();
    let one = json!({"Effect": "Allow", "Principal": {"AWS": names}, "Action": [pattern, "ecr:*"]});
    assert!(judge(&json!({ "Statement": one }).to_string()).unwrap().external);
    let of = |effect: &str, number: usize| {
        let condition = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}});
        json!({"Effect": effect, "Principal": "*", "Action": "ecr:*", "Resource": [format!("r{number}")], "Condition": condition})
    };
    let many: Vec<Value> = (0..4_000).flat_map(|number| [of("Allow", number), of("Deny", number + 1)]).collect();
    let grants = judge(&json!({ "Statement": many }).to_string()).unwrap();
    assert!(grants.public && grants.words.len() < 50);
}

/// The statements of all cases that can be read, one by one.
fn statements() -> &'static [Value] {
    static READ: LazyLock<Vec<Value>> = LazyLock::new(read_statements);
    &READ
}

fn read_statements() -> Vec<Value> {
    let inventory = inventory();
    let readable = cases().into_iter().filter(|(_, case)| case.policy.is_some() && judged(case, inventory).is_ok());
    let mut statements = Vec::new();
    for (_, case) in readable {
        let policy = match case.policy.unwrap() {
            Value::String(text) => serde_json::from_str(&text).unwrap(),
            policy => policy,
        };
        match policy.get("Statement").cloned().unwrap() {
            Value::Array(list) => statements.extend(list),
            one => statements.push(one),
        }
    }
    statements
}

fn policy_of(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A few of the statements, by their numbers.
fn some(all: &[Value], picked: &[prop::sample::Index]) -> Vec<Value> {
    picked.iter().map(|index| index.get(all).clone()).collect()
}

/// The same value with its members in another order: `serde_json` keeps the order in which they are inserted.
fn shuffled(value: &Value, turn: usize) -> Value {
    match value {
        Value::Object(members) => {
            let mut list: Vec<_> = members.iter().map(|(name, value)| (name.clone(), shuffled(value, turn))).collect();
            let middle = if list.is_empty() { 0 } else { turn % list.len() };
            list.rotate_left(middle);
            if turn % 2 == 1 {
                list.reverse();
            }
            Value::Object(list.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| shuffled(item, turn)).collect()),
        other => other.clone(),
    }
}

fn picked() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_white_space_change_nothing(picked in picked(), turn in 0_usize..12, stale in any::<bool>()) {
        let inventory = inventory();
        let at = if stale { "2026-12-20T00:00:00Z".parse().unwrap() } else { written() };
        let policy = json!({"Version": "2012-10-17", "Id": "x", "Statement": some(statements(), &picked)});
        let turned = shuffled(&policy, turn);
        let compact = of_policy(&policy.to_string(), Some("111122223333"), inventory, at).unwrap();
        let pretty = serde_json::to_string_pretty(&turned).unwrap().replace('\n', "\r\n\t");
        prop_assert_eq!(compact, of_policy(&pretty, Some("111122223333"), inventory, at).unwrap());
    }

    #[test]
    fn more_grants_never_weigh_less(picked in picked(), more in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), stale in any::<bool>()) {
        let inventory = inventory();
        let at = if stale { "2026-12-20T00:00:00Z".parse().unwrap() } else { written() };
        let all = statements();
        let allows: Vec<Value> = all.iter().filter(|statement| statement.get("Effect") == Some(&json!("Allow"))).cloned().collect();
        let mut list = some(all, &picked);
        let before = of_policy(&policy_of(&list), Some("111122223333"), inventory, at).unwrap();
        list.insert(place.index(list.len() + 1), more.get(&allows).clone());
        let after = of_policy(&policy_of(&list), Some("111122223333"), inventory, at).unwrap();
        prop_assert!(before.public <= after.public && before.external <= after.external && before.push <= after.push);
        prop_assert!(before.unsettled.iter().all(|unsettled| after.unsettled.contains(unsettled)));
    }

    #[test]
    fn what_is_narrowed_lets_nobody_outside_in_and_takes_nothing_from_ours(picked in picked()) {
        let inventory = inventory();
        let narrow = |list: &[Value]| narrowings(&policy_of(list), Some("111122223333"), inventory, written()).unwrap();
        let before = some(statements(), &picked);
        let found = narrow(&before);
        let weighs = of_policy(&policy_of(&before), Some("111122223333"), inventory, written()).unwrap();
        prop_assert_eq!(weighs.public || weighs.external, !found.is_empty());
        let mut left: Vec<Option<Value>> = before.iter().cloned().map(Some).collect();
        for narrowing in &found {
            prop_assert_eq!(&before[narrowing.index], &narrowing.before);
            prop_assert_eq!(narrowing.before.get("Effect"), Some(&json!("Allow")));
            left[narrowing.index] = narrowing.after.clone();
        }
        let left: Vec<Value> = left.into_iter().flatten().collect();
        let grants = of_policy(&policy_of(&left), Some("111122223333"), inventory, written()).unwrap();
        prop_assert!(!grants.public && !grants.external, "{:#?}", grants);
        prop_assert_eq!(narrow(&left), Vec::new());
        prop_assert_eq!(weighs.unsettled, grants.unsettled);
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), inside in "[\\[\\]{}:,\" a-zA-Z0-9*?$/.\u{202e}-]{0,80}") {
        let inventory = inventory();
        let _ = of_policy(&text, None, inventory, written());
        let _ = of_policy(&inside, None, inventory, written());
        let _ = of_layer(Some(&text), Some(&inside), Some(&text), inventory, written());
        for statement in [
            json!({"Effect": "Allow", "Principal": {"AWS": text, "Service": inside}, "Action": [inside, text]}),
            json!({"Effect": text, "Principal": "*", "Action": "*"}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Sid": text, "Condition": {"StringLike": {"aws:PrincipalArn": [text, inside], "aws:PrincipalOrgPaths": inside}}}),
            json!({"Effect": "Deny", "NotPrincipal": inside, "NotAction": text, "Resource": inside, "Condition": {inside.clone(): {text.clone(): []}}}),
        ] {
            let result = of_policy(&policy_of(&[statement]), Some(&inside), inventory, written());
            if let Ok(grants) = result {
                prop_assert!(grants.words.iter().all(|words| !words.contains(char::is_control)));
            }
        }
    }
}
