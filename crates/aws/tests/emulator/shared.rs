//! Holders of shared measures, and the stop switch.

use layerguard_core::ports::{Holder, Holders, Lever, Pause, PortErrorKind, Switch};
use serde_json::json;

use crate::world::{World, at};

fn holder(incident: &str, attached: bool) -> Holder {
    Holder { by: incident.to_owned(), found: json!({ "attached": attached }) }
}

#[tokio::test]
async fn a_holder_keeps_what_it_found_first_and_the_longest_comes_first() {
    let Some(world) = World::open("a_holder_keeps_what_it_found_first").await else { return };
    let store = world.state().await;
    let measure = "quarantine#arn:aws:iam::111122223333:role/ci";
    assert!(store.holders(measure).await.unwrap().is_empty());
    store.hold(measure, &holder("ff11223344556677-1", false)).await.unwrap();
    store.hold(measure, &holder("0011223344556677-1", true)).await.unwrap();
    store.hold(measure, &holder("ff11223344556677-1", true)).await.unwrap();
    let expected = [holder("ff11223344556677-1", false), holder("0011223344556677-1", true)];
    assert_eq!(store.holders(measure).await.unwrap(), expected);
    assert!(store.holders("quarantine#another").await.unwrap().is_empty());
    store.release(measure, "ff11223344556677-1").await.unwrap();
    store.release(measure, "ff11223344556677-1").await.unwrap();
    assert_eq!(store.holders(measure).await.unwrap(), [holder("0011223344556677-1", true)]);
}

#[tokio::test]
async fn a_pause_is_read_and_one_that_cannot_be_read_is_an_error() {
    let Some(world) = World::open("a_pause_is_read").await else { return };
    let store = world.state().await;
    assert_eq!(store.pause().await.unwrap(), None);
    let row = [("pk", "switch#pause"), ("sk", "row"), ("since", "2026-11-20T09:00:00Z"), ("by", "ada")];
    world.put(&[&row[..], &[("reason", "a release"), ("until", "2026-11-20T10:00:00Z")]].concat()).await;
    let pause = store.pause().await.unwrap().unwrap();
    assert_eq!((pause.until.to_string().as_str(), pause.by.as_str()), ("2026-11-20T10:00:00Z", "ada"));
    world.put(&[&row[..], &[("reason", "a release"), ("until", "soon")]].concat()).await;
    let error = store.pause().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unreadable("attribute `until`".to_owned()));
}

#[tokio::test]
async fn the_switch_is_thrown_over_whatever_it_says_and_put_back_only_from_what_was_read() {
    let Some(world) = World::open("the_switch_is_thrown").await else { return };
    let store = world.state().await;
    let pause = |since: &str, until: &str| Pause {
        until: at(until),
        since: at(since),
        by: "ada".to_owned(),
        reason: "a release: \u{e4} \"quoted\"".to_owned(),
    };
    let first = pause("2026-11-20T09:00:00.25Z", "2026-11-20T10:00:00Z");
    let second = pause("2026-11-20T09:30:00Z", "2026-11-20T11:00:00Z");
    store.put_back(&first).await.unwrap();
    assert_eq!(store.pause().await.unwrap(), None, "nothing to put back is success");
    store.throw(&first).await.unwrap();
    assert_eq!(store.pause().await.unwrap(), Some(first.clone()));
    store.throw(&second).await.unwrap();
    store.put_back(&first).await.unwrap();
    assert_eq!(store.pause().await.unwrap(), Some(second.clone()), "another pause has begun meanwhile");
    store.put_back(&second).await.unwrap();
    assert_eq!(store.pause().await.unwrap(), None);
    store.put_back(&second).await.unwrap();
}
