//! Fakes and fault injection for the tests of layerguard.
//!
//! [`World`] is the outside in memory: it implements every port of the core, faithfully to what `layerguard_core::ports` documents. Its
//! [`Fault`]s make one call fail before or after it took effect, or end the process there; [`every_fault`] tries them all.

mod approvals;
mod audit;
mod drive;
mod fault;
mod harness;
mod iam;
mod incidents;
mod measures;
mod outside;
mod world;

pub use drive::drive;
pub use fault::{Call, Fault};
pub use harness::{Tally, Verdict, every_fault};
pub use iam::{IamSnapshot, Role, User};
pub use world::World;
