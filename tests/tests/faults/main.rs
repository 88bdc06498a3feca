//! Every call that the functions make goes wrong in every way, one at a time: in a task by itself, and in the whole chain. Then: is there
//! a call in the sources that none of it struck?
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test leans on outside its own body; there a panic is the report"
)]

#[path = "../actions/causes.rs"]
#[allow(dead_code, reason = "shared with the tests of the actions, which use more of it")]
mod causes;
#[path = "../chain/deeds.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod deeds;
mod detect;
mod elsewhere;
#[path = "../chain/machine.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod machine;
mod policy;
mod reach;
mod reconcile;
mod run;
#[path = "../actions/scene.rs"]
#[allow(dead_code, reason = "shared with the tests of the actions, which use more of it")]
mod scene;
mod schema;
#[path = "../chain/shape.rs"]
mod shape;
mod sites;
mod sources;
mod steps;
#[path = "../stories/tale.rs"]
#[allow(dead_code, reason = "shared with the tests of the stories, which use more of it")]
mod tale;
#[path = "../chain/telling.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod telling;
mod trail;
mod watch;
mod whole;
#[path = "../chain/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod world;
