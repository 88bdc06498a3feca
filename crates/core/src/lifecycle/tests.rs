use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const LIMITS: Limits = Limits { least_images: 5, least_days: 14 };

fn asked(policy: &Value) -> Destruction {
    read(&policy.to_string()).expect("a policy").destruction(&LIMITS)
}

/// A rule with `expire`, from its priority and its selection.
fn expire(priority: u64, selection: Value) -> Value {
    json!({ "rulePriority": priority, "selection": selection, "action": { "type": "expire" } })
}

fn all(kind: &str, number: u64) -> Value {
    json!({ "tagStatus": "any", "countType": kind, "countUnit": "days", "countNumber": number })
}

fn patterns(list: &[&str], kind: &str, number: u64) -> Value {
    json!({ "tagStatus": "tagged", "tagPatternList": list, "countType": kind, "countUnit": "days", "countNumber": number })
}

fn prefixes(list: &[&str], kind: &str, number: u64) -> Value {
    json!({ "tagStatus": "tagged", "tagPrefixList": list, "countType": kind, "countUnit": "days", "countNumber": number })
}

const COUNT: &str = "imageCountMoreThan";
const PUSHED: &str = "sinceImagePushed";
const PULLED: &str = "sinceImagePulled";
const ARCHIVED: &str = "sinceImageTransitioned";

fn with(mut selection: Value, key: &str, value: Value) -> Value {
    selection[key] = value;
    selection
}

#[test]
fn a_policy_that_keeps_too_little_of_tagged_images_destroys() {
    let table = [
        (all(COUNT, 1), "rule 1 keeps only 1 of all images, fewer than 5"),
        (all(COUNT, 0), "rule 1 keeps only 0 of all images, fewer than 5"),
        (all(COUNT, 4), "rule 1 keeps only 4 of all images, fewer than 5"),
        (all(PUSHED, 1), "rule 1 deletes all images 1 day after their push, fewer than 14"),
        (all(PULLED, 3), "rule 1 deletes all images that were not pulled for 3 days, fewer than 14"),
        (patterns(&["prod*"], COUNT, 2), "rule 1 keeps only 2 of the images tagged `prod*`, fewer than 5"),
        (patterns(&["latest"], COUNT, 0), "rule 1 keeps only 0 of the images tagged `latest`, fewer than 5"),
        (
            patterns(&["latest"], PUSHED, 1),
            "rule 1 deletes the images tagged `latest` 1 day after their push, fewer than 14",
        ),
        (prefixes(&["v", "w"], COUNT, 2), "rule 1 keeps only 2 of the images tagged `v*` and `w*`, fewer than 5"),
        (prefixes(&["latest"], COUNT, 1), "rule 1 keeps only 1 of the images tagged `latest*`, fewer than 5"),
        (patterns(&["a\u{202e}*"], COUNT, 1), "rule 1 keeps only 1 of the images tagged `a\\u{202e}*`, fewer than 5"),
        (with(all(COUNT, 1), "countNumber", json!("1")), "rule 1 keeps only 1 of all images, fewer than 5"),
        (with(all(COUNT, 1), "countNumber", json!(1.0)), "rule 1 keeps only 1 of all images, fewer than 5"),
        (with(all(COUNT, 1), "storageClass", json!("standard")), "rule 1 keeps only 1 of all images, fewer than 5"),
        (with(all(COUNT, 1), "storageClass", json!(null)), "rule 1 keeps only 1 of all images, fewer than 5"),
        (with(all(COUNT, 1), "tagPrefixList", json!(["a"])), "rule 1 keeps only 1 of all images, fewer than 5"),
        (with(all(COUNT, 1), "tagStatus", json!("tagged")), "rule 1 keeps only 1 of the tagged images, fewer than 5"),
        (
            with(patterns(&["a*"], COUNT, 1), "tagPrefixList", json!(["a"])),
            "rule 1 keeps only 1 of the tagged images, fewer than 5",
        ),
        (
            patterns(&["a*", "b*", "c*", "d*", "e*"], COUNT, 1),
            "rule 1 keeps only 1 of the images tagged `a*` and `b*` and `c*` and 2 more, fewer than 5",
        ),
    ];
    for (selection, words) in table {
        let policy = json!({ "rules": [expire(1, selection)] });
        assert_eq!(asked(&policy), Destruction::Yes(vec![words.to_owned()]), "{policy}");
    }
}

#[test]
fn what_keeps_enough_or_touches_nothing_in_use_does_not_destroy() {
    let untagged = |kind, number| with(all(kind, number), "tagStatus", json!("untagged"));
    let table = [
        all(COUNT, 5),
        all(PUSHED, 14),
        all(PULLED, 90),
        patterns(&["prod*"], COUNT, 100),
        prefixes(&["v"], PUSHED, 365),
        // The whole tag: there is one such image.
        patterns(&["latest"], COUNT, 1),
        patterns(&["release-*", "latest"], COUNT, 1),
        untagged(COUNT, 1),
        untagged(PUSHED, 1),
        with(all(ARCHIVED, 90), "storageClass", json!("archive")),
        all(ARCHIVED, 1),
        with(all(PUSHED, 1), "storageClass", json!("archive")),
        with(all(COUNT, 5), "somethingNew", json!({ "countNumber": 1 })),
    ];
    for selection in table {
        let policy = json!({ "rules": [expire(1, selection)], "version": 2 });
        assert_eq!(asked(&policy), Destruction::No, "{policy}");
    }
    assert_eq!(asked(&json!({ "rules": [] })), Destruction::No);
}

#[test]
fn what_decides_and_cannot_be_read_is_unsettled() {
    let new_action = |action: Value| json!({ "rulePriority": 1, "selection": all(COUNT, 100), "action": action });
    let table = [
        (new_action(json!({ "type": "purge" })), "an action that is not known"),
        (new_action(json!({})), "an action that is not known"),
        (new_action(json!("expire")), "an action that is not known"),
        (
            new_action(json!({ "type": "transition", "targetStorageClass": "glacier" })),
            "moves images to a storage class",
        ),
        (new_action(json!({ "type": "transition" })), "moves images to a storage class"),
        (json!({ "rulePriority": 1, "action": { "type": "expire" } }), "counts in a way that is not known"),
        (expire(1, all("sinceImageScanned", 1)), "counts in a way that is not known"),
        (expire(1, with(all(COUNT, 1), "countNumber", json!(null))), "no `countNumber`"),
        (expire(1, with(all(COUNT, 1), "countNumber", json!(-1))), "no `countNumber`"),
        (expire(1, with(all(COUNT, 1), "countNumber", json!(2.5))), "no `countNumber`"),
        (expire(1, with(all(COUNT, 1), "countNumber", json!("many"))), "no `countNumber`"),
        (expire(1, with(all(COUNT, 1), "countNumber", json!(""))), "no `countNumber`"),
        (expire(1, with(all(PUSHED, 30), "countUnit", json!("hours"))), "a unit that is not days"),
        (expire(1, with(all(PUSHED, 30), "countUnit", json!(null))), "a unit that is not days"),
        (expire(1, with(all(COUNT, 1), "tagStatus", json!("signed"))), "a `tagStatus` that is not known"),
        (expire(1, with(all(COUNT, 1), "tagStatus", json!(null))), "a `tagStatus` that is not known"),
        (expire(1, with(all(COUNT, 1), "storageClass", json!("cold"))), "a `storageClass` that is not known"),
        (json!("expire everything"), "a rule of the lifecycle policy cannot be read"),
    ];
    for (rule, words) in table {
        let policy = json!({ "rules": [rule, expire(2, all(COUNT, 100))] });
        let Destruction::Unsettled(sentences) = asked(&policy) else { panic!("{policy}: {:?}", asked(&policy)) };
        assert_eq!(sentences.len(), 1, "{policy}: {sentences:?}");
        assert!(sentences[0].contains(words), "{policy}: {sentences:?}");
    }
}

#[test]
fn one_destructive_rule_is_a_yes_whatever_else_cannot_be_read() {
    let policy = json!({ "rules": [expire(1, all("sinceImageScanned", 1)), expire(2, all(COUNT, 1)), 7] });
    assert!(matches!(asked(&policy), Destruction::Yes(rules) if rules.len() == 1));
}

#[test]
fn the_same_sentence_is_said_once() {
    let policy = json!({ "rules": [expire(1, all("a", 1)), expire(2, all("b", 1)), 7, 8] });
    assert!(matches!(asked(&policy), Destruction::Unsettled(sentences) if sentences.len() == 2));
}

#[test]
fn a_member_that_is_written_twice_is_unsettled() {
    let text = |number: &str| {
        format!(
            r#"{{"rules": [{{"rulePriority": 1, "action": {{"type": "expire"}},
                "selection": {{"tagStatus": "any", "countType": "imageCountMoreThan", {number}}}}}]}}"#
        )
    };
    let table = [
        (r#""countNumber": 1, "countNumber": 100"#, false),
        (r#""countNumber": 1, "count\u004eumber": 100"#, false),
        (r#""countNumber": 100, "countNumber": 1"#, true),
    ];
    for (number, destroys) in table {
        let answer = read(&text(number)).expect("a policy").destruction(&LIMITS);
        let expected =
            if destroys { matches!(answer, Destruction::Yes(_)) } else { matches!(answer, Destruction::Unsettled(_)) };
        assert!(expected, "{number}: {answer:?}");
    }
    let answer = read(&text(r#""countNumber": 100, "note": 1, "note": 2"#)).expect("a policy").destruction(&LIMITS);
    assert_eq!(answer, Destruction::No);
}

#[test]
fn an_earlier_rule_keeps_its_images_from_later_ones() {
    let keep = |selection| expire(1, selection);
    let archive = json!({ "rulePriority": 1, "selection": patterns(&["*"], PULLED, 30),
        "action": { "type": "transition", "targetStorageClass": "archive" } });
    let table = [
        (keep(patterns(&["*"], COUNT, 100)), all(COUNT, 1), false),
        (keep(patterns(&["*", "**"], COUNT, 100)), all(PUSHED, 1), false),
        (keep(patterns(&["*"], PUSHED, 3650)), prefixes(&["prod"], COUNT, 1), false),
        (keep(patterns(&["prod*"], COUNT, 100)), prefixes(&["prod-"], COUNT, 1), false),
        (keep(prefixes(&["prod"], COUNT, 100)), patterns(&["prod-*", "v*"], COUNT, 1), false),
        (archive, all(PUSHED, 1), false),
        // These take only some of the images.
        (keep(patterns(&["prod*"], COUNT, 100)), all(COUNT, 1), true),
        (keep(patterns(&["prod*"], COUNT, 100)), patterns(&["*"], COUNT, 1), true),
        (keep(patterns(&["*", "latest"], COUNT, 100)), all(COUNT, 1), true),
        (keep(prefixes(&["prod-"], COUNT, 100)), prefixes(&["prod"], COUNT, 1), true),
        (keep(prefixes(&["*"], COUNT, 100)), all(COUNT, 1), true),
        (keep(patterns(&[], COUNT, 100)), all(COUNT, 1), true),
        // These are about other images.
        (keep(with(all(COUNT, 100), "tagStatus", json!("untagged"))), all(COUNT, 1), true),
        (keep(with(patterns(&["*"], ARCHIVED, 90), "storageClass", json!("archive"))), all(COUNT, 1), true),
        // This one has to come last, and does not.
        (keep(all(COUNT, 100)), patterns(&["v*"], COUNT, 1), true),
    ];
    for (first, second, destroys) in table {
        let policy = json!({ "rules": [expire(2, second), first] });
        let answer = asked(&policy);
        let expected = if destroys { matches!(answer, Destruction::Yes(_)) } else { answer == Destruction::No };
        assert!(expected, "{policy}: {answer:?}");
    }
}

#[test]
fn a_later_or_equal_priority_keeps_nothing() {
    for priority in [json!(2), json!(3), json!(null), json!("first")] {
        let keeps = with(expire(2, patterns(&["*"], COUNT, 100)), "rulePriority", priority);
        let policy = json!({ "rules": [keeps, expire(2, all(COUNT, 1))] });
        assert!(matches!(asked(&policy), Destruction::Yes(_)), "{policy}");
    }
}

#[test]
fn many_rules_are_told_in_the_order_of_their_priority_and_in_few_lines() {
    let rules: Vec<Value> = (1..=60).rev().map(|priority| expire(priority, prefixes(&["v"], COUNT, 1))).collect();
    // The first rule takes the images of all others, but only the first 50 rules of a text are compared.
    let Destruction::Yes(told) = asked(&json!({ "rules": rules })) else { panic!("destructive") };
    assert!(told[0].starts_with("rule 1 "), "{told:?}");
    assert!(told.len() <= 11, "{told:?}");
}

#[test]
fn moving_images_in_use_to_the_archive_is_told_and_destroys_nothing() {
    let policy = json!({ "rules": [{ "rulePriority": 1, "selection": all(PULLED, 1),
        "action": { "type": "transition", "targetStorageClass": "archive" } }] });
    assert_eq!(asked(&policy), Destruction::No);
    let notes = read(&policy.to_string()).expect("a policy").notes();
    assert_eq!(
        notes,
        ["rule 1 moves all images to the archive; it deletes nothing, but they cannot be pulled until restored"]
    );
}

#[test]
fn a_text_that_is_no_policy_is_an_error_in_fixed_words() {
    let table = [
        ("", "the lifecycle policy is not JSON"),
        ("{", "the lifecycle policy is not JSON"),
        ("[]", "the lifecycle policy is not a JSON object"),
        ("{}", "the lifecycle policy has no list of `rules`"),
        (r#"{"rules": {}}"#, "the lifecycle policy has no list of `rules`"),
        (r#"{"Rules": []}"#, "the lifecycle policy has no list of `rules`"),
    ];
    for (text, words) in table {
        let error = read(text).expect_err(text);
        assert_eq!(error.sentence(), words, "{text}");
        assert_eq!(error.to_string(), words, "{text}");
    }
}

/// A selection that is mostly sound.
fn selections() -> impl Strategy<Value = Value> {
    let status = prop::sample::select(vec!["tagged", "tagged", "untagged", "any", "odd"]);
    let list = prop::sample::select(vec!["tagPatternList", "tagPrefixList"]);
    let tags = prop::collection::vec(prop::sample::select(vec!["*", "prod*", "prod", "v*", "latest", ""]), 0..3);
    let kind = prop::sample::select(vec![COUNT, COUNT, PUSHED, PULLED, ARCHIVED, "odd"]);
    let class = prop::sample::select(vec![json!(null), json!(null), json!("standard"), json!("archive"), json!("odd")]);
    (status, list, tags, kind, class, 0_u64..30).prop_map(|(status, list, tags, kind, class, number)| {
        json!({ "tagStatus": status, list: tags, "countType": kind, "countUnit": "days", "countNumber": number,
            "storageClass": class })
    })
}

fn rules() -> impl Strategy<Value = Vec<Value>> {
    let action = prop::sample::select(vec![
        json!({ "type": "expire" }),
        json!({ "type": "expire" }),
        json!({ "type": "expire" }),
        json!({ "type": "transition", "targetStorageClass": "archive" }),
        json!({ "type": "odd" }),
    ]);
    let rule = (1_u64..5, selections(), action).prop_map(
        |(priority, selection, action)| json!({ "rulePriority": priority, "selection": selection, "action": action }),
    );
    prop::collection::vec(rule, 0..5)
}

/// The same value with every object's members turned around, whole numbers as text, and white space.
fn rewritten(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().rev().map(|(key, value)| format!("\n\t{} : {}", json!(key), rewritten(value))).collect();
            format!("{{{} }}", members.join(" ,"))
        }
        Value::Array(values) => {
            format!("[ {}\r\n]", values.iter().map(rewritten).collect::<Vec<_>>().join(" , "))
        }
        Value::Number(number) => format!("\"{number}\""),
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn order_white_space_and_numbers_as_text_change_nothing(rules in rules()) {
        let policy = json!({ "rules": rules });
        let again = read(&rewritten(&policy)).expect("a policy");
        prop_assert_eq!(asked(&policy), again.destruction(&LIMITS));
    }

    #[test]
    fn the_order_in_which_rules_are_written_does_not_decide(rules in rules()) {
        let turned: Vec<&Value> = rules.iter().rev().collect();
        let (one, other) = (asked(&json!({ "rules": rules })), asked(&json!({ "rules": turned })));
        prop_assert_eq!(std::mem::discriminant(&one), std::mem::discriminant(&other));
    }

    #[test]
    fn keeping_less_never_turns_a_yes_into_a_no(rules in rules(), at in any::<prop::sample::Index>(), less in 0_u64..30) {
        prop_assume!(!rules.is_empty());
        let mut lowered = rules.clone();
        let number = &mut lowered[at.index(rules.len())]["selection"]["countNumber"];
        *number = json!(number.as_u64().unwrap_or_default().min(less));
        if let Destruction::Yes(_) = asked(&json!({ "rules": rules })) {
            let answer = asked(&json!({ "rules": lowered }));
            prop_assert!(matches!(answer, Destruction::Yes(_)), "{:?}", answer);
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), images in any::<u32>(), days in any::<u32>()) {
        let wrapped = format!(r#"{{"rules": [{{"rulePriority": 1, "selection": {{"tagStatus": {text}}}}}]}}"#);
        let quoted = json!({ "rules": [expire(1, patterns(&[&text], &text, 1)), { &text: &text }] }).to_string();
        for text in [text, wrapped, quoted] {
            if let Ok(policy) = read(&text) {
                let _ = policy.notes();
                let _ = policy.destruction(&Limits { least_images: images, least_days: days });
            }
        }
    }
}
