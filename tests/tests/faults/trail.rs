//! A trail in memory whose files hold what the stack heard and what it did not.

use std::io::Write;

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{PortResult, Triage};
use layerguard_core::reconcile::rules::{HEARS_ALL, rules};
use layerguard_core::reconcile::{Delivery, Desk, Place};
use layerguard_reconcile::{ACTOR, Answer, Error, Pace, Reconcile};
use layerguard_testkit::World;
use serde_json::{Value, json};

use crate::machine::{ACCOUNT, Chain};

/// The bucket and prefix of the trail.
pub(crate) fn delivery() -> Delivery {
    Delivery::new("trail-of-ours", "logs")
}

pub(crate) fn place() -> Place {
    Place { account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() }
}

/// The key of a file of the organisation's trail that was delivered at this moment.
pub(crate) fn key(delivered: Timestamp, unique: &str) -> String {
    let time = delivered.to_string();
    let (day, minute) = (time[..10].replace('-', "/"), time[..16].replace(['-', ':'], ""));
    let folder = format!("logs/AWSLogs/o-exampleorgid/{ACCOUNT}/CloudTrail/eu-central-1/{day}");
    format!("{folder}/{ACCOUNT}_CloudTrail_eu-central-1_{minute}Z_{unique}.json.gz")
}

/// A log file with these events' records.
pub(crate) fn packed(events: &[Value]) -> Vec<u8> {
    let records: Vec<&Value> = events.iter().map(|event| &event["detail"]).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json!({ "Records": records }).to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// All rules of the stack hear everything.
pub(crate) fn listen(world: &World) {
    for rule in rules() {
        world.set_rule_state(&format!("layerguard-{}", rule.name), HEARS_ALL);
    }
}

/// Triage: what is started is judged at once. That an answer is lost keeps nothing from being judged.
pub(crate) struct Started<'a>(pub(crate) &'a Chain);

#[async_trait]
impl Triage for Started<'_> {
    async fn judge(&self, name: &str, event: &str) -> PortResult<()> {
        let before = self.0.world.judged().len();
        let answered = self.0.world.judge(name, event).await;
        if self.0.world.judged().len() > before {
            self.0.triage(&serde_json::from_str(event).unwrap()).await;
        }
        answered
    }
}

struct AtOnce;

#[async_trait]
impl Pace for AtOnce {
    async fn wait(&self, _span: SignedDuration) {}
}

/// One invocation of the function.
pub(crate) async fn invoke(chain: &Chain, triage: &dyn Triage) -> Result<Answer, Error> {
    let world = &chain.world;
    let desk = Desk {
        stack: "layerguard",
        actor: ACTOR,
        policy: None,
        files: world,
        calls: world,
        log: world,
        triage,
        rules: world,
        clock: world,
    };
    let (delivery, place) = (delivery(), place());
    let reconcile =
        Reconcile { desk, delivery: &delivery, place: &place, hours: world, pace: &AtOnce, figures: &chain.figures };
    reconcile.answer(&json!({"task": "reconcile"})).await
}
