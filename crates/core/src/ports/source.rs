//! Where sessions come from: the roles behind them, and the sources of those that were contained.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::PortResult;
use crate::workload::RoleDescription;

/// How long it is remembered that a source gave a session that was contained: the longest life of temporary credentials
/// (AWS facts, section 3).
pub const LINEAGE_KEPT: SignedDuration = SignedDuration::from_hours(36);

/// Describes roles.
#[async_trait]
pub trait Roles: Send + Sync {
    /// The role of this name in the account; `None` when there is none, or the account is not the one that these credentials reach.
    ///
    /// An account of the organisation that does not let layerguard read its roles is `Denied`.
    async fn role(&self, account: &str, role: &str) -> PortResult<Option<RoleDescription>>;
}

/// The sources of contained sessions. A source is a text that its writer and its reader make the same way.
#[async_trait]
pub trait LineageStore: Send + Sync {
    /// Note that a session of this source was contained by the incident at this time. Idempotent: an incident is noted once for each
    /// source. Kept for [`LINEAGE_KEPT`].
    async fn note(&self, source: &str, incident: &str, at: Timestamp) -> PortResult<()>;
    /// Which incidents contained a session of this source, and when. What is older than [`LINEAGE_KEPT`] may still be among them.
    async fn of(&self, source: &str) -> PortResult<Vec<(String, Timestamp)>>;
}
