//! `audit verify --all --note FILE --noted FILE`.

use std::path::Path;

use layerguard_cli::command::audit;
use layerguard_cli::command::heads::Noting;
use layerguard_cli::exit::Exit;
use layerguard_core::audit::digest;
use serde_json::Value;

use crate::house::House;
use crate::{Ended, refused, verify};

/// Verifies everything with these files; what was noted, and what was said.
async fn noting(house: &House, noted: Option<&Path>, to: Option<&Path>) -> Ended {
    house.with(async |stack, screen| audit::verify_all(stack, Noting::of(noted, to)?, screen).await).await
}

#[tokio::test(start_paused = true)]
async fn heads_that_were_noted_show_what_a_whole_chain_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let (noted, again) = (folder.path().join("heads.json"), folder.path().join("again.json"));
    let house = House::contained().await;
    let first = noting(&house, None, Some(&noted)).await;
    assert_eq!(first.0, Ok(Exit::Done), "{}", first.1);
    let sound = house.world.chain(&house.id);
    let mut heads: Value = serde_json::from_str(&std::fs::read_to_string(&noted).unwrap()).unwrap();
    assert_eq!(heads["chains"][&house.id]["head"], sound.last().unwrap().hash.as_str());
    assert_eq!((&heads["stack"], &heads["form"]), (&"layerguard".into(), &1.into()));
    let second = noting(&house, Some(&noted), Some(&again)).await;
    assert_eq!(second.0, Ok(Exit::Done), "{}", second.1);
    assert!(refused(&noting(&house, None, Some(&again)).await).message.contains("is there already"));

    // Another comment, and every hash computed anew: the chain is whole.
    let mut anew = sound.clone();
    for at in 3..anew.len() {
        anew[at].body = anew[at].body.replace("alice", "mallory");
        anew[at].prev = anew[at - 1].hash.clone();
        anew[at].hash = digest(&anew[at]);
    }
    house.world.tamper(&house.id, anew);
    assert_eq!(verify(&house, None).await.0, Ok(Exit::Done), "by itself nothing shows");
    let third = folder.path().join("third.json");
    let altered = noting(&house, Some(&noted), Some(&third)).await;
    assert!(altered.0 == Ok(Exit::No) && altered.1.contains("the chain was written anew"), "{}", altered.1);
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&third).unwrap()).unwrap();
    assert_eq!(kept["chains"][&house.id], heads["chains"][&house.id], "what does not verify stands as it was noted");
    let other = |noted: &Value| noted["chains"].as_object().unwrap().len();
    assert!(other(&kept) >= other(&heads), "and what does is noted all the same");

    house.world.tamper(&house.id, sound[..5].to_vec());
    let shorter = noting(&house, Some(&noted), None).await;
    assert!(
        shorter.0 == Ok(Exit::No) && shorter.1.contains("7 records when its head was noted, and 5"),
        "{}",
        shorter.1
    );

    // An incident of which neither row nor record is left.
    house.world.tamper(&house.id, sound);
    heads["chains"]["ffffffffffffffff-1"] = heads["chains"][&house.id].clone();
    std::fs::write(&noted, heads.to_string()).unwrap();
    let gone = noting(&house, Some(&noted), None).await;
    assert!(
        gone.0 == Ok(Exit::No) && gone.1.contains("7 records when its head was noted, and 0 are there"),
        "{}",
        gone.1
    );
}

#[tokio::test(start_paused = true)]
async fn heads_that_cannot_be_used_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.json");
    let house = House::contained().await;
    assert_eq!(refused(&noting(&house, Some(&path), None).await).exit, Exit::Unreachable);
    for (text, said) in [
        ("{}", "holds no heads"),
        (r#"{"form":2,"account":"1","region":"r","stack":"s","at":"2026-11-20T09:31:00Z","chains":{}}"#, "form 2"),
        (r#"{"form":1,"account":"1","region":"r","stack":"s","at":"2026-11-20T09:31:00Z","chains":{}}"#, "another one"),
    ] {
        std::fs::write(&path, text).unwrap();
        let ended = noting(&house, Some(&path), None).await;
        assert!(refused(&ended).exit == Exit::Usage && refused(&ended).message.contains(said), "{ended:?}");
    }
}
