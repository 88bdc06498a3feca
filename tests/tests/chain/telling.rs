//! Whether other tools were told of everything.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use layerguard_core::announcement::{self, Subject};
use layerguard_core::ports::IncidentStore;
use layerguard_decide::Reply;
use serde_json::{Value, json};

use crate::machine::{Chain, futures_lite};
use crate::shape::faults;

/// What is written for those who read the announcements.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../infra/announcement.schema.json")).unwrap());

fn assert_shape(detail: &Value, point: &str) {
    let faults = faults(&SCHEMA, detail);
    assert!(faults.is_empty(), "{point}: {faults:#?} in {detail:#}");
}

pub(crate) async fn sweep(chain: &Chain) -> u32 {
    match chain.function(json!({"task": "sweep"})).await.unwrap() {
        Reply::Swept(swept) => swept.failed,
        other => panic!("{other:?}"),
    }
}

/// After one more sweep everything that the records tell was announced, in its shape, and nobody has to look any more.
pub(crate) fn assert_all_told(chain: &Chain, point: &str) {
    assert_eq!(futures_lite(sweep(chain)), 0, "{point}");
    let told: BTreeSet<String> = chain.world.announcements().into_iter().map(|told| told.id).collect();
    let mut due = BTreeSet::new();
    for incident in chain.world.rows() {
        let events = futures_lite(chain.world.events(&incident.id)).unwrap();
        let subject = Subject {
            stack: "layerguard",
            region: "eu-central-1",
            incident: &incident,
            events: &events,
            runbook_url: None,
        };
        let all = announcement::after(None, &subject, &chain.world.chain(&incident.id)).unwrap();
        due.extend(all.into_iter().map(|announcement| announcement.id));
    }
    assert_eq!(told, due, "{point}: not everything was announced, or what no record tells");
    assert_eq!(chain.world.due(), Vec::<String>::new(), "{point}: an incident stays marked");
    for announcement in chain.world.announcements() {
        assert_shape(&announcement.detail, point);
    }
}
