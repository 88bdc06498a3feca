//! The stories of `fixtures/stories`, and what comes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::assess::{Assessed, Assessor};
use layerguard_core::engine::{Bundle, Verdict};
use layerguard_core::incident::IncidentKey;
use layerguard_core::inventory::Inventory;
use layerguard_core::plan::Target;
use layerguard_core::ports::IncidentStore;
use layerguard_testkit::World;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Story {
    pub(crate) what: String,
    /// Laid over the inventory of the folder.
    #[serde(default)]
    pub(crate) inventory: String,
    /// Laid over `base.json`; `repeat` makes several of one, `{n}` and the minute counted up.
    pub(crate) records: Vec<Value>,
    /// What layerguard says before that it would change; told live only.
    #[serde(default)]
    pub(crate) intended: Vec<Intended>,
    /// One for each record, in order.
    pub(crate) expect: Vec<Expect>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intended {
    /// Minutes and seconds after nine o'clock.
    pub(crate) at: String,
    pub(crate) target: Target,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) assessment: Verdict,
    #[serde(default)]
    pub(crate) rules: BTreeSet<String>,
    #[serde(default)]
    pub(crate) reasons: Vec<String>,
    #[serde(default)]
    pub(crate) errors: Vec<String>,
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories")
}

pub(crate) fn stories() -> Vec<(String, Story)> {
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

pub(crate) fn lay_over(base: &mut Value, over: &Value) {
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
pub(crate) fn records(story: &Story) -> Vec<Value> {
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
pub(crate) fn time(at: &str) -> Timestamp {
    let (minutes, seconds) = at.split_once(':').unwrap();
    let after = SignedDuration::from_secs(minutes.parse::<i64>().unwrap() * 60 + seconds.parse::<i64>().unwrap());
    "2026-11-20T09:00:00Z".parse::<Timestamp>().unwrap() + after
}

pub(crate) fn assessor(story: &Story) -> Assessor {
    let inventory = fs::read_to_string(folder().join("inventory.toml")).unwrap();
    let inventory = Inventory::from_toml(&format!("{inventory}\n{}", story.inventory)).unwrap();
    Assessor::new(BUNDLE.clone(), inventory, vec![OWN_ROLE.to_owned()]).unwrap()
}

/// Loading it is most of what an assessor costs.
pub(crate) static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::embedded().unwrap());

pub(crate) const OWN_ROLE: &str = "arn:aws:iam::111122223333:role/layerguard-remediate";

pub(crate) fn rules(assessed: &Assessed) -> BTreeSet<String> {
    assessed.assessment.violations().map(|rule| rule.id.clone()).collect()
}

/// Incidents by key, with all their rules.
pub(crate) type Incidents = BTreeMap<IncidentKey, BTreeSet<String>>;

pub(crate) fn incidents_of(answers: &[Assessed]) -> Incidents {
    let mut incidents = Incidents::new();
    for answer in answers {
        if let Some(key) = &answer.key {
            incidents.entry(key.clone()).or_default().extend(rules(answer));
        }
    }
    incidents
}

/// The incidents that stand in a world.
pub(crate) async fn incidents_in(world: &World) -> Incidents {
    let mut incidents = Incidents::new();
    for row in world.rows() {
        let found = incidents.entry(row.key.clone()).or_default();
        for joined in IncidentStore::events(world, &row.id).await.unwrap() {
            found.extend(joined.assessment.violations().map(|rule| rule.id.clone()));
        }
    }
    incidents
}

/// In order, backwards, each twice, the even ones before the odd ones.
pub(crate) fn orders(records: &[Value]) -> Vec<Vec<Value>> {
    let backwards: Vec<Value> = records.iter().rev().cloned().collect();
    let twice = records.iter().flat_map(|record| [record.clone(), record.clone()]).collect();
    let halves = records.iter().step_by(2).chain(records.iter().skip(1).step_by(2)).cloned().collect();
    vec![records.to_vec(), backwards, twice, halves]
}
