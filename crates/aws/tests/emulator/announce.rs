//! The event bus, and how far each incident was announced.

use aws_sdk_eventbridge::Client;
use jiff::Timestamp;
use layerguard_core::announcement::{Announcement, Kind};
use layerguard_core::ports::{Announced, Bus, Outbox, PortErrorKind, mark_due};
use serde_json::json;

use crate::world::World;

const ID: &str = "0011223344556677-1";

#[tokio::test]
async fn what_was_announced_is_kept_once_and_listed_while_it_is_due() {
    let Some(world) = World::open("what_was_announced_is_kept_once").await else { return };
    let store = world.state().await;
    assert_eq!(store.announced(ID).await.unwrap(), Announced::nothing(ID));
    mark_due(&store, ID).await.unwrap();
    let marked = store.announced(ID).await.unwrap();
    assert_eq!(marked, Announced { incident: ID.to_owned(), upto: None, due: true, revision: 1 });
    assert_eq!(store.due_announcements().await.unwrap(), [ID]);
    // Somebody marks it again while another is about to take the mark away.
    mark_due(&store, ID).await.unwrap();
    let late = Announced { upto: Some(7), due: false, ..marked };
    assert_eq!(store.keep_announced(&late).await.unwrap_err().kind, PortErrorKind::Conflict);
    let now = store.announced(ID).await.unwrap();
    store.keep_announced(&Announced { upto: Some(7), due: false, ..now }).await.unwrap();
    assert_eq!(store.due_announcements().await.unwrap(), Vec::<String>::new());
    assert_eq!(store.announced(ID).await.unwrap().upto, Some(7));
}

#[tokio::test]
async fn announcements_are_taken_by_the_bus_that_is_named() {
    let Some(world) = World::open("announcements_are_taken_by_the_bus").await else { return };
    let name = world.name("bus");
    Client::new(&world.sdk).create_event_bus().name(&name).send().await.unwrap();
    let time: Timestamp = "2026-11-20T09:31:30Z".parse().unwrap();
    let some = |count: u64| -> Vec<Announcement> {
        (0..count)
            .map(|seq| Announcement {
                id: format!("{ID}/{seq}"),
                kind: Kind::IncidentOpened,
                time,
                detail: json!({ "id": format!("{ID}/{seq}") }),
            })
            .collect()
    };
    let bus = world.aws.announcement_bus(&name);
    bus.announce(&some(1)).await.unwrap();
    bus.announce(&some(10)).await.unwrap();
}
