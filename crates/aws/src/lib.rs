//! The ports of the core over AWS. The only crate of layerguard that names the AWS SDK.
//!
//! [`config::Aws`] is loaded once and hands out one small struct per port; [`edge`] holds what the three functions' `main.rs`
//! share: logging, the environment, and errors whose type the state machines match.

pub mod config;
pub mod edge;

mod accounts;
mod activity;
mod approvals;
mod audit_log;
mod ecr;
mod error;
mod executions;
mod http;
mod iam;
mod identity;
mod images;
mod incidents;
mod layers;
mod lever;
mod lineage;
mod measures;
mod names;
mod notifier;
mod roles;
mod shared;
mod table;

pub use accounts::{Home, ReachableAccounts};
pub use audit_log::AuditTable;
pub use executions::RespondMachine;
pub use iam::AccountIam;
pub use identity::{Statement, Sts};
pub use images::RepositoryImages;
pub use names::Names;
pub use notifier::AlertTopic;
pub use table::StateTable;
