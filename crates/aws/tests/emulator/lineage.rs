//! The sources of contained sessions.

use layerguard_core::ports::LineageStore;

use crate::world::{World, at};

const SOURCE: &str = "credentials#AKIAIOSFODNN7EXAMPLE";

#[tokio::test]
async fn a_source_is_noted_once_for_each_incident_and_no_other_source_knows() {
    let Some(world) = World::open("a_source_is_noted_once_for_each_incident").await else { return };
    let store = world.state().await;
    assert!(store.of(SOURCE).await.unwrap().is_empty());
    let (first, second) = ("0011223344556677-1", "ff11223344556677-1");
    store.note(SOURCE, second, at("2026-11-20T09:00:00.5Z")).await.unwrap();
    store.note(SOURCE, first, at("2026-11-20T09:10:00Z")).await.unwrap();
    store.note(SOURCE, first, at("2026-11-20T09:10:00Z")).await.unwrap();
    let mut noted = store.of(SOURCE).await.unwrap();
    noted.sort();
    let expected = [(first, "2026-11-20T09:10:00Z"), (second, "2026-11-20T09:00:00.5Z")];
    assert_eq!(noted, expected.map(|(incident, time)| (incident.to_owned(), at(time))));
    for other in ["credentials#AKIAIOSFODNN7EXAMPL", "session#AROAEXAMPLEID:a", ""] {
        assert!(store.of(other).await.unwrap().is_empty(), "{other}");
    }
}

#[tokio::test]
async fn a_source_that_a_stranger_named_is_kept_as_it_is() {
    let Some(world) = World::open("a_source_that_a_stranger_named_is_kept_as_it_is").await else { return };
    let store = world.state().await;
    let named = "session#AROAEXAMPLEID:a#b/c=\u{e4}@example.com";
    store.note(named, "0011223344556677-1", at("2026-11-20T09:00:00Z")).await.unwrap();
    assert_eq!(store.of(named).await.unwrap().len(), 1);
    assert!(store.of("session#AROAEXAMPLEID:a").await.unwrap().is_empty());
}
