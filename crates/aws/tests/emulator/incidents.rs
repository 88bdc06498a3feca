//! One pull is one incident, whatever arrives when and how often.

use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::{Incident, Status};
use layerguard_core::ports::{IncidentStore, Listing, PortErrorKind};

use crate::world::{World, at, incident_key, violation};

const NINE: &str = "2026-11-20T09:00:00Z";

async fn close(store: &dyn IncidentStore, id: &str) -> Incident {
    let open = store.incident(id).await.unwrap().unwrap();
    let closed = Incident { status: Status::Contained, closed_at: Some(at("2026-11-20T09:30:00Z")), ..open.clone() };
    store.update(&closed, open.revision).await.unwrap();
    store.incident(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn thirty_layers_at_once_are_one_incident() {
    let Some(world) = World::open("thirty_layers_at_once_are_one_incident").await else { return };
    let store = world.state().await;
    let mut joins = tokio::task::JoinSet::new();
    for layer in 0..30 {
        let store = store.clone();
        joins.spawn(async move {
            let event = violation(&format!("layer-{layer:02}"), &format!("2026-11-20T09:00:{layer:02}Z"));
            store.join(&incident_key("docker"), &event).await.unwrap()
        });
    }
    let joined = joins.join_all().await;
    let id = incident_key("docker").incident_id(1);
    assert!(joined.iter().all(|joined| joined.incident == id && joined.pending), "{joined:?}");
    assert_eq!(joined.iter().filter(|joined| joined.opened).count(), 1);
    let incident = store.incident(&id).await.unwrap().unwrap();
    assert_eq!((incident.evidence, incident.revision), (30, 30));
    let ids: Vec<_> = store.events(&id).await.unwrap().into_iter().map(|joined| joined.event.event_id).collect();
    let expected: Vec<_> = (0..30).map(|layer| format!("layer-{layer:02}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(store.open().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_duplicate_adds_nothing_even_after_closing() {
    let Some(world) = World::open("a_duplicate_adds_nothing_even_after_closing").await else { return };
    let store = world.state().await;
    let key = incident_key("docker");
    let first = store.join(&key, &violation("a", NINE)).await.unwrap();
    assert!(first.opened && first.pending);
    assert_eq!(store.join(&key, &violation("a", NINE)).await.unwrap(), first);
    let closed = close(&store, &first.incident).await;
    assert_eq!(closed.evidence, 1);
    let again = store.join(&key, &violation("a", NINE)).await.unwrap();
    assert_eq!((again.incident, again.pending), (first.incident.clone(), false));
    assert_eq!(store.incident(&first.incident).await.unwrap().unwrap(), closed);
    assert!(store.open().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_event_after_closing_opens_the_next_generation() {
    let Some(world) = World::open("an_event_after_closing_opens_the_next_generation").await else { return };
    let store = world.state().await;
    let key = incident_key("docker");
    let first = store.join(&key, &violation("a", NINE)).await.unwrap();
    close(&store, &first.incident).await;
    let second = store.join(&key, &violation("b", "2026-11-20T09:31:00Z")).await.unwrap();
    assert!(second.opened && second.pending);
    assert_eq!(second.incident, key.incident_id(2));
    let listed = |incidents: Vec<Incident>| incidents.into_iter().map(|incident| incident.id).collect::<Vec<_>>();
    assert_eq!(listed(store.open().await.unwrap()), [key.incident_id(2)]);
    assert_eq!(listed(store.closed(10).await.unwrap()), [key.incident_id(1)]);
    assert!(store.closed(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn items_that_others_put_into_the_index_are_passed_over() {
    let Some(world) = World::open("items_that_others_put_into_the_index_are_passed_over").await else { return };
    let store = world.state().await;
    let key = incident_key("docker");
    let first = store.join(&key, &violation("a", NINE)).await.unwrap().incident;
    close(&store, &first).await;
    let second = store.join(&key, &violation("b", "2026-11-20T09:31:00Z")).await.unwrap().incident;
    for listing in ["open", "closed"] {
        let sort = format!("a {listing} row");
        let answer =
            [("pk", "answer#x"), ("sk", sort.as_str()), ("listing", listing), ("listed_at", NINE), ("doc", "{")];
        world.put(&answer).await;
        // A true row that cannot be read hides no other.
        let broken = format!("incident#broken-{listing}");
        world
            .put(&[("pk", broken.as_str()), ("sk", "row"), ("listing", listing), ("listed_at", NINE), ("doc", "{")])
            .await;
    }
    let listed = |incidents: Vec<Incident>| incidents.into_iter().map(|incident| incident.id).collect::<Vec<_>>();
    assert_eq!(listed(store.open().await.unwrap()), [second]);
    assert_eq!(listed(store.closed(10).await.unwrap()), [first]);
}

#[tokio::test]
async fn the_window_is_an_hour_of_event_time_on_both_sides() {
    let Some(world) = World::open("the_window_is_an_hour_of_event_time_on_both_sides").await else { return };
    let store = world.state().await;
    let key = incident_key("docker");
    let join = async |id: &str, time: &str| store.join(&key, &violation(id, time)).await.unwrap().incident;
    let (first, second) = (key.incident_id(1), key.incident_id(2));
    assert_eq!(join("a", NINE).await, first);
    assert_eq!(join("exactly an hour later", "2026-11-20T10:00:00Z").await, first);
    assert_eq!(join("exactly an hour earlier", "2026-11-20T08:00:00Z").await, first);
    assert_eq!(join("an hour and a bit later", "2026-11-20T10:00:00.001Z").await, second);
    // Late records of the first hour find their incident, and the second one keeps its own.
    assert_eq!(join("late", "2026-11-20T08:10:00Z").await, first);
    assert_eq!(join("on time", "2026-11-20T10:59:00Z").await, second);
    assert_eq!(store.incident(&first).await.unwrap().unwrap().evidence, 4);
    assert_eq!(store.open().await.unwrap().len(), 2);
}

#[tokio::test]
async fn closing_loses_against_an_event_that_joined_meanwhile() {
    let Some(world) = World::open("closing_loses_against_an_event_that_joined_meanwhile").await else { return };
    let store = world.state().await;
    let key = incident_key("docker");
    let id = store.join(&key, &violation("a", NINE)).await.unwrap().incident;
    let seen = store.incident(&id).await.unwrap().unwrap();
    store.join(&key, &violation("b", NINE)).await.unwrap();
    let closed = Incident { status: Status::Contained, ..seen.clone() };
    let error = store.update(&closed, seen.revision).await.unwrap_err();
    assert_eq!((error.kind.clone(), error.class()), (PortErrorKind::Conflict, Class::Retryable));
    let now = store.incident(&id).await.unwrap().unwrap();
    assert_eq!((now.status, now.evidence), (Status::Pending, 2));
}

#[tokio::test]
async fn events_and_closing_at_once_leave_no_event_without_an_open_or_counted_incident() {
    let Some(world) = World::open("events_and_closing_at_once").await else { return };
    let store = world.state().await;
    let key = incident_key("docker");
    let first = store.join(&key, &violation("a", NINE)).await.unwrap().incident;
    let seen = store.incident(&first).await.unwrap().unwrap();
    let mut joins = tokio::task::JoinSet::new();
    for event in 0..10 {
        let (store, key) = (store.clone(), key.clone());
        joins.spawn(async move { store.join(&key, &violation(&format!("b{event}"), NINE)).await.unwrap() });
    }
    let closed = Incident { status: Status::Contained, ..seen.clone() };
    let won = store.update(&closed, seen.revision).await.is_ok();
    joins.join_all().await;
    let mut counted = 0;
    for generation in 1..=2 {
        let id = key.incident_id(generation);
        let Some(incident) = store.incident(&id).await.unwrap() else { continue };
        let events = store.events(&id).await.unwrap().len();
        assert_eq!(u64::try_from(events).unwrap(), incident.evidence, "generation {generation}");
        counted += events;
    }
    assert_eq!(counted, 11);
    // If closing won, it closed exactly what it had seen, and all later events stand in the next generation.
    let first = store.incident(&first).await.unwrap().unwrap();
    assert_eq!(first.status == Status::Contained, won);
    assert_eq!(first.evidence == 1, won);
}

#[tokio::test]
async fn an_unknown_incident_is_none_and_cannot_be_updated() {
    let Some(world) = World::open("an_unknown_incident_is_none_and_cannot_be_updated").await else { return };
    let store = world.state().await;
    assert_eq!(store.incident("0011223344556677-1").await.unwrap(), None);
    assert!(store.events("0011223344556677-1").await.unwrap().is_empty());
    let incident = Incident::open(&incident_key("x"), 1, &violation("a", NINE), at(NINE));
    assert_eq!(store.update(&incident, 1).await.unwrap_err().kind, PortErrorKind::Conflict);
}

#[tokio::test]
async fn a_listing_is_read_in_pages_and_nothing_twice() {
    let Some(world) = World::open("a_listing_is_read_in_pages_and_nothing_twice").await else { return };
    let store = world.state().await;
    for number in 0..7 {
        let joined =
            store.join(&incident_key(&format!("session-{number}")), &violation(&format!("e{number}"), NINE)).await;
        let id = joined.unwrap().incident;
        if number % 2 == 0 {
            close(&store, &id).await;
        }
    }
    for (open, count) in [(true, 3), (false, 4)] {
        let mut listing = Listing { open, since: None, until: None, after: None, limit: 2 };
        let mut rows = Vec::new();
        loop {
            let page = store.page(&listing).await.unwrap();
            assert!(page.incidents.len() <= 2);
            rows.extend(page.incidents);
            listing.after = page.next;
            if listing.after.is_none() {
                break;
            }
        }
        assert_eq!(rows.len(), count);
        assert!(rows.iter().all(|row| row.status.is_open() == open));
        let opened: Vec<_> = rows.iter().map(|row| row.opened_at).collect();
        assert!(if open { opened.is_sorted() } else { opened.iter().rev().is_sorted() }, "{opened:?}");
        let from = opened[1].max(opened[0]);
        let since = Listing { open, since: Some(from), until: Some(from), after: None, limit: 9 };
        let page = store.page(&since).await.unwrap();
        assert!(!page.incidents.is_empty() && page.incidents.iter().all(|row| row.opened_at == from), "{page:?}");
    }
}
