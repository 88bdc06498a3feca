//! What calls are about: repositories, destinations, layers, identities.

use serde::{Deserialize, Serialize};

/// A registry to which images are replicated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplicationDestination {
    /// Its account; `None` where it cannot be read.
    pub registry: Option<String>,
    /// Its region.
    pub region: Option<String>,
}

/// One rule of a registry's scanning configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScanRule {
    /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`.
    pub frequency: Option<String>,
    /// Repository names with `*`.
    pub filters: Vec<String>,
}

/// A Lambda layer, as far as the record names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Layer {
    /// The account that owns it; AWS's own unversioned layers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its ARN as recorded, with the version where the record names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `awslayer`: AWS publishes it for everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_aws: bool,
}

/// A user or role that a call changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The account it belongs to.
    pub account: Option<String>,
    /// `user` or `role`.
    pub kind: IdentityKind,
    /// Its friendly name.
    pub name: Option<String>,
}

/// What a call changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// An IAM user.
    #[default]
    User,
    /// An IAM role.
    Role,
}

/// A repository, as far as the record names it (`resources[]` first, then request parameters, then the caller's account).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repository {
    /// The account that owns the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// The region of the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The repository's name, for example `team/app`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The repository's ARN as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}
