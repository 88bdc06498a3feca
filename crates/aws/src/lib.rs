//! The ports of the core over AWS. The only crate of layerguard that names the AWS SDK.
//!
//! [`config::Aws`] is loaded once and hands out one small struct per port; [`edge`] holds what the three functions' `main.rs`
//! share: logging, the environment, and errors whose type the state machines match.

pub mod config;
pub mod edge;

mod accounts;
mod activity;
mod announce;
mod approvals;
mod audit_index;
mod audit_log;
#[cfg(feature = "operations")]
mod deployment;
#[cfg(feature = "operations")]
mod drill;
mod ecr;
mod error;
mod executions;
#[cfg(feature = "operations")]
mod failed_events;
mod function;
mod hours;
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
#[cfg(feature = "trails")]
mod object;
mod policies;
mod reach;
mod roles;
mod schema;
mod sessions;
mod shared;
mod sigv4;
mod table;
#[cfg(feature = "trails")]
mod trail_files;
mod triage;
mod trust;

pub use accounts::{Home, ReachableAccounts};
pub use announce::AnnouncementBus;
pub use audit_log::AuditTable;
#[cfg(feature = "operations")]
pub use deployment::DeployedStack;
#[cfg(feature = "operations")]
pub use drill::DrillAccount;
pub use executions::RespondMachine;
#[cfg(feature = "operations")]
pub use failed_events::FailedEventsQueue;
pub use hours::BusRules;
pub use iam::AccountIam;
pub use identity::{Statement, Sts};
pub use images::RepositoryImages;
pub use names::Names;
pub use notifier::AlertTopic;
pub use roles::ReadableRoles;
pub use schema::Tables;
pub use table::StateTable;
#[cfg(feature = "trails")]
pub use trail_files::TrailBucket;
pub use triage::TriageMachine;
