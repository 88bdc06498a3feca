//! Reconciling over trails of any shape: every event is assessed, recovered or named, and never counted twice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test leans on outside its own body; there a panic is the report"
)]

#[path = "../chain/machine.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod machine;
#[path = "../chain/shape.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod shape;
#[path = "../chain/telling.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod telling;
#[path = "../faults/trail.rs"]
mod trail;
#[path = "../chain/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the chain, which use more of it")]
mod world;

mod counts;
