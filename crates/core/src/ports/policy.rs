//! Which policy is in force.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortResult;

/// What says which policy is in force, and where each function says which one it runs.
#[async_trait]
pub trait PolicyPointer: Send + Sync {
    /// The policy in force; `None` where none was ever published. May be a moment behind: it is read on the way of every call.
    async fn in_force(&self) -> PortResult<Option<InForce>>;
    /// Which policy a function said last that it runs; `actor` is `detect`, `decide` or `remediate`.
    async fn loaded(&self, actor: &str) -> PortResult<Option<Loaded>>;
    /// Say which policy this function runs.
    async fn note_loaded(&self, actor: &str, loaded: &Loaded) -> PortResult<()>;
}

/// Puts a policy in force. Decide alone may.
#[async_trait]
pub trait PolicyLever: Send + Sync {
    /// Put this policy in force, over whatever was. What it holds is recorded before.
    async fn put_in_force(&self, next: &InForce) -> PortResult<()>;
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Its version, or `built-in`.
    pub version: String,
    /// Since when.
    pub since: Timestamp,
    /// Who published it, as STS said.
    pub by: String,
}

/// What a function runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// The version in force when it looked.
    pub wanted: String,
    /// The version that it runs; `None` when it runs none, and every watched call is undecided.
    pub running: Option<String>,
    /// When it loaded it, or could not.
    pub at: Timestamp,
    /// Why it does not run what it should.
    pub problem: Option<String>,
    /// The build of the function itself, as [`crate::release::named`] names it; `None` from a function that did not say so yet.
    #[serde(default)]
    pub build: Option<String>,
}
