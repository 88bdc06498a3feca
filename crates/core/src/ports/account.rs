//! An account that containment changes: its IAM, its registry, its Lambda layers.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PortResult;

/// The accounts that can be changed: the one that layerguard runs in, and others of the organisation through the role
/// `layerguard-responder` there.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account, for things of this region (`None`: of the own region; IAM has none). `Denied` when its role does not let us in.
    async fn enter(&self, account: &str, region: Option<&str>) -> PortResult<Arc<dyn Account>>;
}

/// What is changed in one account.
pub trait Account: Send + Sync {
    /// Its IAM.
    fn iam(&self) -> &dyn Iam;
    /// Its registry in the region.
    fn ecr(&self) -> &dyn Ecr;
    /// Its Lambda layers in the region.
    fn layers(&self) -> &dyn Layers;
}

/// IAM, as far as containment needs it. Reading a policy answers `None` when it is not there, also because its role or user is gone
/// (IAM uses one code for both); a put, and reading a key, answers `NotFound` then.
#[async_trait]
pub trait Iam: Send + Sync {
    /// The document of an inline policy of a role.
    async fn role_policy(&self, role: &str, policy: &str) -> PortResult<Option<String>>;
    /// Write an inline policy of a role (a blind upsert: AWS facts, section 0.10).
    async fn put_role_policy(&self, role: &str, policy: &str, document: &str) -> PortResult<()>;
    /// Delete an inline policy of a role; absent is success.
    async fn delete_role_policy(&self, role: &str, policy: &str) -> PortResult<()>;
    /// The document of an inline policy of a user.
    async fn user_policy(&self, user: &str, policy: &str) -> PortResult<Option<String>>;
    /// Write an inline policy of a user.
    async fn put_user_policy(&self, user: &str, policy: &str, document: &str) -> PortResult<()>;
    /// Delete an inline policy of a user; absent is success.
    async fn delete_user_policy(&self, user: &str, policy: &str) -> PortResult<()>;
    /// Whether the access key is active; `None` when the user has no such key.
    async fn access_key_active(&self, user: &str, key: &str) -> PortResult<Option<bool>>;
    /// Activate or deactivate an access key.
    async fn set_access_key_active(&self, user: &str, key: &str, active: bool) -> PortResult<()>;
    /// Whether the managed policy is attached to the role. `NotFound` when there is no such role.
    async fn role_has_policy(&self, role: &str, policy_arn: &str) -> PortResult<bool>;
    /// Attach a managed policy to a role; attached already is success.
    async fn attach_role_policy(&self, role: &str, policy_arn: &str) -> PortResult<()>;
    /// Detach a managed policy from a role; not attached, and a role that is gone, are success.
    async fn detach_role_policy(&self, role: &str, policy_arn: &str) -> PortResult<()>;
    /// Whether the managed policy is attached to the user. `NotFound` when there is no such user.
    async fn user_has_policy(&self, user: &str, policy_arn: &str) -> PortResult<bool>;
    /// Attach a managed policy to a user; attached already is success.
    async fn attach_user_policy(&self, user: &str, policy_arn: &str) -> PortResult<()>;
    /// Detach a managed policy from a user; not attached, and a user that is gone, are success.
    async fn detach_user_policy(&self, user: &str, policy_arn: &str) -> PortResult<()>;
}

/// A private registry and its repositories. What names a repository answers `NotFound` when there is no such repository.
#[async_trait]
pub trait Ecr: Send + Sync {
    /// The repository's policy, if it has one.
    async fn repository_policy(&self, repository: &str) -> PortResult<Option<String>>;
    /// Replace the repository's policy (a whole document, without a revision: AWS facts, section 6).
    async fn set_repository_policy(&self, repository: &str, policy: &str) -> PortResult<()>;
    /// Delete the repository's policy; none is success.
    async fn delete_repository_policy(&self, repository: &str) -> PortResult<()>;
    /// The registry's policy, if it has one.
    async fn registry_policy(&self) -> PortResult<Option<String>>;
    /// Replace the registry's policy.
    async fn put_registry_policy(&self, policy: &str) -> PortResult<()>;
    /// Delete the registry's policy; none is success.
    async fn delete_registry_policy(&self) -> PortResult<()>;
    /// The registry's replication configuration; no rules where nothing is replicated.
    async fn replication(&self) -> PortResult<Replication>;
    /// Replace the registry's replication configuration, whole.
    async fn put_replication(&self, replication: &Replication) -> PortResult<()>;
    /// How the repository is set up.
    async fn repository(&self, repository: &str) -> PortResult<RepositorySettings>;
    /// Set whether tags may be moved.
    async fn set_tag_mutability(&self, repository: &str, mutability: &TagMutability) -> PortResult<()>;
    /// Set whether images are scanned when they are pushed.
    async fn set_scan_on_push(&self, repository: &str, scan: bool) -> PortResult<()>;
    /// The repository's lifecycle policy, if it has one.
    async fn lifecycle_policy(&self, repository: &str) -> PortResult<Option<String>>;
    /// Replace the repository's lifecycle policy.
    async fn put_lifecycle_policy(&self, repository: &str, policy: &str) -> PortResult<()>;
    /// Delete the repository's lifecycle policy; none is success.
    async fn delete_lifecycle_policy(&self, repository: &str) -> PortResult<()>;
}

/// How a repository is set up, as far as it is repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySettings {
    /// Whether tags may be moved.
    pub tag_mutability: TagMutability,
    /// Images are scanned when they are pushed.
    pub scan_on_push: bool,
}

/// Whether tags may be moved, in ECR's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagMutability {
    /// `IMMUTABLE`, `MUTABLE`, `IMMUTABLE_WITH_EXCLUSION` or `MUTABLE_WITH_EXCLUSION`.
    pub value: String,
    /// The tags for which the opposite holds, as patterns with `*`; empty without exclusions.
    pub exclusions: Vec<String>,
}

/// A registry's replication configuration (AWS facts, section 7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// Its rules, at most 25.
    pub rules: Vec<ReplicationRule>,
}

/// One rule: what is replicated, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationRule {
    /// Account and region of each destination.
    pub destinations: Vec<(String, String)>,
    /// Prefixes of repository names; none: all repositories.
    pub prefixes: Vec<String>,
    /// What else the rule says, in the API's words, such as `deleteReplication`: a write replaces the whole, so it is written back.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub other: Map<String, Value>,
}

/// Lambda layers. A layer is named by its name, its version by a number.
#[async_trait]
pub trait Layers: Send + Sync {
    /// The policy of a layer version, if it has one.
    async fn layer_policy(&self, layer: &str, version: i64) -> PortResult<Option<LayerPolicy>>;
    /// Remove one statement. `Conflict` when the policy has another revision by now; a statement that is gone is success.
    async fn remove_layer_permission(
        &self,
        layer: &str,
        version: i64,
        statement: &str,
        revision: &str,
    ) -> PortResult<()>;
    /// Add one statement; the same one already there is success.
    async fn add_layer_permission(&self, layer: &str, version: i64, grant: &LayerGrant) -> PortResult<()>;
}

/// The policy of a layer version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPolicy {
    /// The document.
    pub document: String,
    /// Its revision, which a removal names so that it does not go against another edit.
    pub revision: String,
}

/// One statement of a layer version's policy, as the API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerGrant {
    /// The statement's id.
    pub statement: String,
    /// `*`, an account, or the ARN of its root.
    pub principal: String,
    /// Only accounts of this organisation.
    pub organization: Option<String>,
}
