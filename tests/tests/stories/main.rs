//! Stories: several records whose answers rest on each other. Each is told in one run, as `explain` does, and live, through Detect, in
//! several orders: the same incidents and rules must come of it once all events have arrived.

#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers fail by panicking")]

mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::assess::{Assessed, Assessor};
use layerguard_core::cloudtrail;
use layerguard_core::engine::{Bundle, Verdict};
use layerguard_core::history::{COPY_WAITS, Memory, intended};
use layerguard_core::incident::IncidentKey;
use layerguard_core::inventory::Inventory;
use layerguard_core::plan::Target;
use layerguard_core::ports::{ActivityStore, IncidentStore};
use layerguard_detect::Detect;
use layerguard_testkit::World;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    what: String,
    /// Laid over the inventory of the folder.
    #[serde(default)]
    inventory: String,
    /// Laid over `base.json`; `repeat` makes several of one, `{n}` and the minute counted up.
    records: Vec<Value>,
    /// What layerguard says before that it would change; told live only.
    #[serde(default)]
    intended: Vec<Intended>,
    /// One for each record, in order.
    expect: Vec<Expect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Intended {
    /// Minutes and seconds after nine o'clock.
    at: String,
    target: Target,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    assessment: Verdict,
    #[serde(default)]
    rules: BTreeSet<String>,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    errors: Vec<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories")
}

fn stories() -> Vec<(String, Story)> {
    let mut found: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json") && !path.ends_with("base.json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let story = serde_json::from_str(&fs::read_to_string(&path).unwrap());
            (name.clone(), story.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn lay_over(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

/// The records of a story: each has the base's members, an id of its own, and the time `at` after nine o'clock.
fn records(story: &Story) -> Vec<Value> {
    let base: Value = serde_json::from_str(&fs::read_to_string(folder().join("base.json")).unwrap()).unwrap();
    let mut made = Vec::new();
    for (number, over) in story.records.iter().enumerate() {
        let mut record = base.clone();
        record["eventID"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
        lay_over(&mut record, over);
        let at = record.as_object_mut().unwrap().remove("at").unwrap();
        record["eventTime"] = json!(time(at.as_str().unwrap()).to_string());
        made.push(record);
    }
    made
}

/// So many minutes and seconds after nine o'clock.
fn time(at: &str) -> Timestamp {
    let (minutes, seconds) = at.split_once(':').unwrap();
    let after = SignedDuration::from_secs(minutes.parse::<i64>().unwrap() * 60 + seconds.parse::<i64>().unwrap());
    "2026-11-20T09:00:00Z".parse::<Timestamp>().unwrap() + after
}

fn assessor(story: &Story) -> Assessor {
    let inventory = fs::read_to_string(folder().join("inventory.toml")).unwrap();
    let inventory = Inventory::from_toml(&format!("{inventory}\n{}", story.inventory)).unwrap();
    Assessor::new(BUNDLE.clone(), inventory, vec![OWN_ROLE.to_owned()]).unwrap()
}

/// Loading it is most of what an assessor costs.
static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::embedded().unwrap());

const OWN_ROLE: &str = "arn:aws:iam::111122223333:role/layerguard-remediate";

async fn in_one_run(assessor: &Assessor, records: &[Value]) -> Vec<Assessed> {
    let memory = Memory::default();
    let events: Vec<_> = records.iter().map(|record| cloudtrail::parse(record).unwrap()).collect();
    events.iter().for_each(|event| memory.keep(assessor.traces(event)));
    let mut answers = Vec::new();
    for event in &events {
        answers.push(assessor.investigate(event, &memory).await.unwrap());
    }
    answers
}

fn rules(assessed: &Assessed) -> BTreeSet<String> {
    assessed.assessment.violations().map(|rule| rule.id.clone()).collect()
}

#[tokio::test]
async fn every_story_ends_as_it_says() {
    let stories = stories();
    assert!(stories.len() >= 15, "only {} stories were found", stories.len());
    let mut wrong = Vec::new();
    for (name, story) in &stories {
        let records = records(story);
        let answers = in_one_run(&assessor(story), &records).await;
        assert_eq!(answers.len(), story.expect.len(), "{name}: {}: one answer for each record", story.what);
        for (number, (answer, expect)) in answers.iter().zip(&story.expect).enumerate() {
            let at = format!("{name}, record {number} ({})", records[number]["eventName"]);
            let verdict = answer.assessment.verdict;
            if (verdict, rules(answer)) != (expect.assessment, expect.rules.clone()) {
                wrong.push(format!("{at}: {verdict:?} by {:?}: {:#?}", rules(answer), answer.assessment));
            }
            for (words, told) in
                [(&expect.reasons, &answer.assessment.reasons), (&expect.errors, &answer.assessment.errors)]
            {
                for word in words.iter().filter(|word| !told.iter().any(|text| text.contains(*word))) {
                    wrong.push(format!("{at}: nothing says `{word}`: {told:#?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Incidents by key, with all their rules.
type Incidents = BTreeMap<IncidentKey, BTreeSet<String>>;

fn incidents_of(answers: &[Assessed]) -> Incidents {
    let mut incidents = Incidents::new();
    for answer in answers {
        if let Some(key) = &answer.key {
            incidents.entry(key.clone()).or_default().extend(rules(answer));
        }
    }
    incidents
}

async fn live(assessor: Assessor, records: &[Value], said: &[Intended]) -> Incidents {
    let world = World::at("2026-11-20T10:30:00Z".parse().unwrap());
    for Intended { at, target } in said {
        let trace = intended(target, "0123456789abcdef-1", 0, time(at)).unwrap();
        world.remember(&[trace]).await.unwrap();
    }
    let policy = Ok(assessor);
    let detect = Detect { policy: &policy, audit: &world, incidents: &world, activity: &world, clock: &world };
    for record in records {
        detect.handle(record).await.unwrap();
    }
    world.advance(COPY_WAITS + SignedDuration::from_hours(24));
    detect.settle_copies().await.unwrap();
    let mut incidents = Incidents::new();
    for row in world.rows() {
        let found = incidents.entry(row.key.clone()).or_default();
        for joined in IncidentStore::events(&world, &row.id).await.unwrap() {
            found.extend(joined.assessment.violations().map(|rule| rule.id.clone()));
        }
    }
    incidents
}

/// In order, backwards, each twice, the even ones before the odd ones.
fn orders(records: &[Value]) -> Vec<Vec<Value>> {
    let backwards: Vec<Value> = records.iter().rev().cloned().collect();
    let twice = records.iter().flat_map(|record| [record.clone(), record.clone()]).collect();
    let halves = records.iter().step_by(2).chain(records.iter().skip(1).step_by(2)).cloned().collect();
    vec![records.to_vec(), backwards, twice, halves]
}

#[tokio::test]
async fn live_in_any_order_the_same_incidents_and_rules_come_of_it() {
    for (name, story) in stories() {
        let records = records(&story);
        let expected = incidents_of(&in_one_run(&assessor(&story), &records).await);
        for (number, order) in orders(&records).into_iter().enumerate() {
            let found = live(assessor(&story), &order, &story.intended).await;
            assert_eq!(found, expected, "{name}, order {number}: {}", story.what);
        }
    }
}

#[tokio::test]
async fn a_change_with_our_own_role_that_was_not_announced_is_tampering() {
    let (_, story) = stories().into_iter().find(|(name, _)| name == "tampering").unwrap();
    let records = records(&story);
    let by_own = |found: &Incidents| found.iter().any(|(key, _)| key.subject.starts_with("AROAEXAMPLEOWN"));
    assert!(!by_own(&live(assessor(&story), &records, &story.intended).await), "announced");
    for said in [
        Vec::new(),
        // About another role, and too long before.
        vec![Intended { at: "2:59".to_owned(), target: role("deployer") }],
        vec![Intended { at: "-30:00".to_owned(), target: role("builder") }],
    ] {
        assert!(by_own(&live(assessor(&story), &records, &said).await));
    }
}

fn role(name: &str) -> Target {
    Target::Role {
        role_arn: format!("arn:aws:iam::111122223333:role/{name}"),
        role_name: name.to_owned(),
        account: "111122223333".to_owned(),
        user_id: None,
    }
}
