//! The domain of layerguard: what a CloudTrail record says, whether it was authorised, what to do about it, and the
//! record of all that. Pure: no AWS, no runtime, no environment, no files, no clock, no randomness. Time and the outside
//! world come in through arguments and the small traits of [`ports`].

pub mod action;
pub mod announcement;
pub mod approval;
pub mod assess;
pub mod audit;
pub mod behind;
pub mod brief;
pub mod call;
pub mod cloudtrail;
pub mod cost;
pub mod decision;
pub mod engine;
pub mod error;
pub mod facts;
pub mod finding;
pub mod grant;
pub mod history;
pub mod incident;
pub mod inventory;
pub mod lifecycle;
pub mod message;
pub mod metric;
pub mod pattern;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod reconcile;
pub mod release;
pub mod schema;
pub mod storm;
pub mod text;
pub mod workload;

mod standings;
