//! The ports against a live emulator. Runs only where `LAYERGUARD_TEST_ENDPOINT` names one, such as `http://127.0.0.1:4566`; it must
//! enforce IAM (`AUTH=true`), because a proof of identity means nothing where every signature passes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "in a test a panic is the report")]

mod accounts;
mod announce;
mod audit;
mod iam;
mod identity;
mod incidents;
mod layers;
mod lineage;
mod machine;
mod registry;
mod roles;
mod shared;
mod state;
mod world;
