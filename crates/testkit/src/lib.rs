//! Fakes and fault injection for the tests of layerguard.
//!
//! [`World`] is the outside in memory: it implements every port of the core, faithfully to what `layerguard_core::ports` documents. Its
//! [`Fault`]s make one call fail before or after it took effect, or end the process there; [`every_fault`] tries them all.

mod accounts;
mod announce;
mod approvals;
mod audit;
mod deployment;
mod drill;
mod drive;
mod ecr;
mod fault;
mod harness;
mod iam;
mod images;
mod incidents;
mod layers;
mod measures;
mod outside;
mod policies;
mod reach;
mod schema;
mod shared;
mod site;
mod source;
mod trail_files;
mod world;

pub use accounts::{AccountSnapshot, HOME};
pub use deployment::{Deployed, DeployedTable};
pub use drive::drive;
pub use ecr::{Registry, Repository};
pub use fault::{Call, Fault};
pub use harness::{Tally, Verdict, every_fault};
pub use iam::{IamSnapshot, Role, User};
pub use layers::{LayerStatement, Statements as LayerStatements};
pub use site::{PASSING_ON, Site};
pub use world::World;
