//! How a record is written does not change what it says: order of members, white space, members that nobody knows, envelopes. And
//! whatever a record says, there is an answer.

use std::fs;

use layerguard_core::call::Call;
use layerguard_core::cloudtrail::read_records;
use layerguard_core::engine::Verdict;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::tale::{Story, folder, lay_over};
use super::*;

/// Writes JSON with the members in an order, and with white space, that `seed` chooses.
fn written(value: &Value, seed: u64, text: &mut String) {
    let space = ["", " ", "\n\t", "  \r\n"][usize::try_from(seed % 4).unwrap()];
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            let turn = usize::try_from(seed).unwrap_or(0) % members.len().max(1);
            members.rotate_left(turn);
            if seed.is_multiple_of(2) {
                members.reverse();
            }
            text.push('{');
            for (number, (key, value)) in members.into_iter().enumerate() {
                text.push_str(if number > 0 { "," } else { "" });
                text.push_str(&format!("{space}{}{space}:{space}", Value::String(key.clone())));
                written(value, seed / 3, text);
            }
            text.push_str(space);
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (number, item) in items.iter().enumerate() {
                text.push_str(if number > 0 { "," } else { "" });
                text.push_str(space);
                written(item, seed / 3, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn enveloped(texts: &[String], envelope: u8) -> String {
    match envelope {
        0 => texts.join("\n"),
        1 => format!("{{ \"Records\": [{}] }}", texts.join(",")),
        2 => format!("[{}]", texts.join(",\n")),
        _ => {
            let event =
                |text: &String| format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{text}}}");
            texts.iter().map(event).collect::<Vec<_>>().join("\n")
        }
    }
}

/// In one run, on a runtime of its own.
fn told(assessor: &Assessor, records: &[Value]) -> Vec<Assessed> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(in_one_run(assessor, records))
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec!["*", "111122223333", "arn:aws:iam::111122223333:root", "MUTABLE", "{}"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = select(vec![
            "repositoryName",
            "policyText",
            "rules",
            "destinations",
            "registryId",
            "layers",
            "name",
            "arn",
            "x",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn how_a_record_is_written_changes_no_answer(at in any::<prop::sample::Index>(), seed in any::<u64>(), envelope in 0_u8..4) {
        let stories = stories();
        let (name, story) = &stories[at.index(stories.len())];
        let (assessor, mut records) = (assessor(story), records(story));
        let expected = told(&assessor, &records);
        for record in &mut records {
            record["nobodyKnows"] = json!({ "this": [1, "two"] });
            record["userIdentity"]["norThis"] = json!(true);
        }
        let write = |record: &Value| { let mut text = String::new(); written(record, seed, &mut text); text };
        let text = enveloped(&records.iter().map(write).collect::<Vec<_>>(), envelope);
        let read: Vec<Value> = read_records(text.as_bytes()).map(|raw| raw.unwrap().value).collect();
        prop_assert_eq!(told(&assessor, &read), expected, "{}", name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A record of any watched call, whatever it holds: an answer, and one that explains itself.
    #[test]
    fn whatever_a_record_says_there_is_an_answer(
        call in select(Call::watched().collect::<Vec<_>>()),
        request in arbitrary_json(),
        response in arbitrary_json(),
        identity in prop_oneof![Just(None), arbitrary_json().prop_map(Some)],
        error in prop_oneof![Just(Value::Null), arbitrary_json()],
    ) {
        let story = Story {
            what: String::new(),
            inventory: String::new(),
            records: Vec::new(),
            intended: Vec::new(),
            expect: Vec::new(),
        };
        let base: Value = serde_json::from_str(&fs::read_to_string(folder().join("base.json")).unwrap()).unwrap();
        let mut record = base;
        lay_over(&mut record, &json!({ "eventID": "e-1", "eventTime": "2026-11-20T09:00:00Z", "eventSource": call.0, "eventName": call.1 }));
        record["requestParameters"] = request;
        record["responseElements"] = response;
        record["errorCode"] = error;
        if let Some(identity) = identity {
            record["userIdentity"] = identity;
        }
        for answer in told(&assessor(&story), &[record]) {
            let assessment = &answer.assessment;
            match assessment.verdict {
                Verdict::Clear | Verdict::Unwatched => prop_assert!(assessment.errors.is_empty() && answer.key.is_none()),
                Verdict::Violation => prop_assert!(assessment.violations().next().is_some() && assessment.errors.is_empty()),
                Verdict::Undecided => prop_assert!(!assessment.errors.is_empty() && answer.key.is_some()),
            }
            let schema = "the facts do not fit the schema of the policies";
            prop_assert!(!assessment.errors.iter().any(|error| error == schema), "{:?}", assessment);
        }
    }
}
