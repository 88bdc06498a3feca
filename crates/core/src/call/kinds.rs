//! The typed calls.

use serde::{Deserialize, Serialize};

use super::things::{Identity, Layer, ReplicationDestination, Repository, ScanRule};

/// A call that layerguard watches, typed as far as rules need it. What several calls share is one variant; which of them it
/// was is [`Event::call_name`](crate::cloudtrail::Event::call_name). Text is as recorded: whoever called chose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Call {
    /// A presigned URL for one layer was handed out: the layer may leave.
    GetDownloadUrlForLayer {
        /// Where the layer lives.
        repository: Repository,
        /// `sha256:...` of the layer.
        layer_digest: Option<String>,
    },
    /// Image manifests were read: the start of every pull.
    BatchGetImage {
        /// Where the images live.
        repository: Repository,
        /// Tags and digests asked for, as `tag` or `sha256:...`.
        images: Vec<String>,
    },
    /// A registry login: the one ECR call of a docker pull that shows the true source address.
    GetAuthorizationToken {
        /// The registry logged in to, when the record or the caller's account names it.
        registry: Option<String>,
    },
    /// Whether layers exist: the beginning of a push, and a way to probe for layers.
    BatchCheckLayerAvailability {
        /// Where.
        repository: Repository,
        /// `sha256:...` of each layer asked for.
        layer_digests: Vec<String>,
    },
    /// `InitiateLayerUpload`, `UploadLayerPart`, `CompleteLayerUpload`.
    LayerUpload {
        /// Where to.
        repository: Repository,
    },
    /// A manifest was written: an image pushed, a tag moved.
    PutImage {
        /// Where to.
        repository: Repository,
        /// The tag, when the image got one.
        tag: Option<String>,
        /// `sha256:...` of the image, as far as the record names it.
        digest: Option<String>,
    },
    /// ECR replicated an image by itself.
    ReplicateImage {
        /// Which repository, as far as the record names it.
        repository: Repository,
    },
    /// `SetRepositoryPolicy`.
    SetRepositoryPolicy {
        /// Whose.
        repository: Repository,
        /// The policy's text.
        policy: Option<String>,
    },
    /// `DeleteRepositoryPolicy`.
    DeleteRepositoryPolicy {
        /// Whose.
        repository: Repository,
        /// The text that was deleted, when the response shows it.
        deleted: Option<String>,
    },
    /// `PutRegistryPolicy`.
    PutRegistryPolicy {
        /// The account of the registry.
        registry: Option<String>,
        /// The policy's text.
        policy: Option<String>,
    },
    /// `DeleteRegistryPolicy`.
    DeleteRegistryPolicy {
        /// The account of the registry.
        registry: Option<String>,
        /// The text that was deleted, when the response shows it.
        deleted: Option<String>,
    },
    /// `PutReplicationConfiguration`: the whole configuration of a registry, replaced.
    PutReplicationConfiguration {
        /// The account of the registry.
        registry: Option<String>,
        /// Every destination of every rule; `None` where the configuration cannot be read. What of it cannot be read has no registry.
        destinations: Option<Vec<ReplicationDestination>>,
    },
    /// `CreateRepository`.
    CreateRepository {
        /// The new repository.
        repository: Repository,
        /// Its `imageTagMutability`, when stated.
        mutability: Option<String>,
    },
    /// `DeleteRepository`.
    DeleteRepository {
        /// Which.
        repository: Repository,
        /// With all images in it, or it cannot be read whether without them.
        force: bool,
    },
    /// `BatchDeleteImage`.
    BatchDeleteImage {
        /// Where.
        repository: Repository,
        /// Tags and digests, as `tag` or `sha256:...`.
        images: Vec<String>,
    },
    /// `PutImageTagMutability`.
    PutImageTagMutability {
        /// Whose.
        repository: Repository,
        /// `IMMUTABLE`, `MUTABLE`, `IMMUTABLE_WITH_EXCLUSION` or `MUTABLE_WITH_EXCLUSION`; `None` where it or an exclusion cannot be read.
        mutability: Option<String>,
        /// The tags that the exclusions name, as patterns with `*`.
        exclusions: Vec<String>,
    },
    /// `PutImageScanningConfiguration`, of one repository.
    PutImageScanningConfiguration {
        /// Whose.
        repository: Repository,
        /// `scanOnPush`.
        scan_on_push: Option<bool>,
    },
    /// `PutRegistryScanningConfiguration`, of a whole registry.
    PutRegistryScanningConfiguration {
        /// The account of the registry.
        registry: Option<String>,
        /// `BASIC` or `ENHANCED`.
        scan_type: Option<String>,
        /// What is scanned; `None` where the rules cannot be read. What of a rule cannot be read covers nothing.
        rules: Option<Vec<ScanRule>>,
    },
    /// `PutLifecyclePolicy`.
    PutLifecyclePolicy {
        /// Whose.
        repository: Repository,
        /// The policy's text.
        policy: Option<String>,
    },
    /// `DeleteLifecyclePolicy`.
    DeleteLifecyclePolicy {
        /// Whose.
        repository: Repository,
        /// The text that was deleted, when the response shows it.
        deleted: Option<String>,
    },
    /// `PolicyExecutionEvent`: a lifecycle policy removed images.
    PolicyExecutionEvent {
        /// Whose.
        repository: Repository,
        /// How many images it says it removed; `None` where that cannot be read. A run that removes ten or more is several events.
        images: Option<u64>,
    },
    /// `CreatePullThroughCacheRule`, `UpdatePullThroughCacheRule`, `DeletePullThroughCacheRule`.
    PullThroughCacheRule {
        /// The account of the registry.
        registry: Option<String>,
        /// `ecrRepositoryPrefix`.
        prefix: Option<String>,
        /// The upstream's host, lower case, without a scheme; an update does not always name it.
        upstream: Option<String>,
        /// The role with which ECR pulls from another ECR registry.
        custom_role: Option<String>,
    },
    /// `CreateRepositoryCreationTemplate`, `UpdateRepositoryCreationTemplate`, `DeleteRepositoryCreationTemplate`: what repositories
    /// that ECR creates by itself begin with.
    RepositoryCreationTemplate {
        /// The account of the registry.
        registry: Option<String>,
        /// `prefix`.
        prefix: Option<String>,
        /// The repository policy that such repositories get.
        policy: Option<String>,
        /// The role with which ECR creates them.
        custom_role: Option<String>,
    },
    /// `PutAccountSetting`.
    PutAccountSetting {
        /// The account of the registry.
        registry: Option<String>,
        /// The setting's name, for example `BLOB_MOUNTING`.
        setting: Option<String>,
        /// Its value.
        value: Option<String>,
    },
    /// `TagResource`, `UntagResource`.
    ResourceTags {
        /// The repository.
        repository: Repository,
        /// The tag keys.
        keys: Vec<String>,
    },
    /// `AddLayerVersionPermission`, `RemoveLayerVersionPermission`.
    LayerPermission {
        /// The layer.
        layer: Layer,
        /// To whom: `*`, an account, or a root ARN. Removals do not name it.
        principal: Option<String>,
        /// Only to accounts of this organisation.
        organization: Option<String>,
        /// The statement's id.
        statement: Option<String>,
    },
    /// `PublishLayerVersion`, `DeleteLayerVersion`.
    LayerVersion {
        /// The layer.
        layer: Layer,
    },
    /// `GetLayerVersion`, `GetLayerVersionByArn`: a presigned URL for a Lambda layer was handed out.
    GetLayerVersion {
        /// The layer.
        layer: Layer,
    },
    /// `CreateFunction`, `UpdateFunctionConfiguration`, `UpdateFunctionCode`.
    Function {
        /// The function's name or ARN.
        function: Option<String>,
        /// The layers it gets; `None` where the call does not set them. One that cannot be read has no name.
        layers: Option<Vec<Layer>>,
        /// The image that it runs, if it is one.
        image: Option<String>,
    },
    /// Context: `AssumeRole` and its kin, `AssumeRoot`, `GetFederationToken`, `GetSessionToken` handed out temporary credentials.
    CredentialsIssued {
        /// The access key id of the new credentials. Never the secret.
        access_key: Option<String>,
        /// `aws:userid` of the new session, for example `AROAEXAMPLEID:build`.
        user_id: Option<String>,
        /// The ARN of the new session.
        session: Option<String>,
        /// The role that was assumed.
        role: Option<String>,
    },
    /// Context: `CreateAccessKey`, `CreateLoginProfile`, `UpdateLoginProfile`, `UpdateAssumeRolePolicy`: somebody new can act as this user or role.
    CredentialsChanged {
        /// The user or role.
        identity: Identity,
        /// The new access key's id.
        access_key: Option<String>,
    },
    /// Context: `PutRolePolicy`, `AttachUserPolicy` and their kin: what a user or role may do was changed.
    PermissionsChanged {
        /// The user or role.
        identity: Identity,
        /// The inline policy's name, or the managed policy's ARN.
        policy: Option<String>,
    },
    /// Context: `ConsoleLogin`.
    ConsoleLogin {
        /// It succeeded; `None` where the record does not say.
        success: Option<bool>,
        /// With a second factor.
        mfa: Option<bool>,
    },
    /// `StopLogging`, `DeleteTrail`, `UpdateTrail`, `PutEventSelectors`: what layerguard sees depends on the trail.
    Trail {
        /// The trail's name or ARN.
        trail: Option<String>,
        /// What the change takes away, in fixed words; empty where the call takes nothing away.
        blinds: Vec<String>,
    },
    /// A change to something that may be layerguard's own: an EventBridge rule, function, table, state machine, queue, topic, role, policy.
    Control {
        /// Name, ARN or URL of what is changed, as the request gives it; empty where that cannot be read.
        resources: Vec<String>,
        /// It only restores, such as `UpdateContinuousBackups` that switches recovery on.
        harmless: bool,
    },
}

impl Call {
    /// The repository that the call is about, if it is about one.
    #[must_use]
    pub const fn repository(&self) -> Option<&Repository> {
        match self {
            Self::GetDownloadUrlForLayer { repository, .. }
            | Self::BatchGetImage { repository, .. }
            | Self::BatchCheckLayerAvailability { repository, .. }
            | Self::LayerUpload { repository }
            | Self::PutImage { repository, .. }
            | Self::ReplicateImage { repository }
            | Self::SetRepositoryPolicy { repository, .. }
            | Self::DeleteRepositoryPolicy { repository, .. }
            | Self::CreateRepository { repository, .. }
            | Self::DeleteRepository { repository, .. }
            | Self::BatchDeleteImage { repository, .. }
            | Self::PutImageTagMutability { repository, .. }
            | Self::PutImageScanningConfiguration { repository, .. }
            | Self::PutLifecyclePolicy { repository, .. }
            | Self::DeleteLifecyclePolicy { repository, .. }
            | Self::PolicyExecutionEvent { repository, .. }
            | Self::ResourceTags { repository, .. } => Some(repository),
            _ => None,
        }
    }

    /// The account whose registry, layer or identity the call is about, as far as the record names it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        if let Some(repository) = self.repository() {
            return repository.registry.as_deref();
        }
        match self {
            Self::GetAuthorizationToken { registry }
            | Self::PutRegistryPolicy { registry, .. }
            | Self::DeleteRegistryPolicy { registry, .. }
            | Self::PutReplicationConfiguration { registry, .. }
            | Self::PutRegistryScanningConfiguration { registry, .. }
            | Self::PullThroughCacheRule { registry, .. }
            | Self::RepositoryCreationTemplate { registry, .. }
            | Self::PutAccountSetting { registry, .. } => registry.as_deref(),
            Self::LayerPermission { layer, .. } | Self::LayerVersion { layer } | Self::GetLayerVersion { layer } => {
                layer.account.as_deref()
            }
            Self::CredentialsChanged { identity, .. } | Self::PermissionsChanged { identity, .. } => {
                identity.account.as_deref()
            }
            _ => None,
        }
    }

    /// The Lambda layer that the call is about, if it is about one.
    #[must_use]
    pub const fn layer(&self) -> Option<&Layer> {
        match self {
            Self::LayerPermission { layer, .. } | Self::LayerVersion { layer } | Self::GetLayerVersion { layer } => {
                Some(layer)
            }
            _ => None,
        }
    }

    /// It takes content out of a registry.
    #[must_use]
    pub const fn is_pull(&self) -> bool {
        matches!(self, Self::GetDownloadUrlForLayer { .. } | Self::BatchGetImage { .. })
    }

    /// It takes content out of a registry, or logs in to do so.
    #[must_use]
    pub const fn is_pull_or_login(&self) -> bool {
        self.is_pull() || matches!(self, Self::GetAuthorizationToken { .. })
    }

    /// It is watched for what it tells about other calls.
    #[must_use]
    pub const fn is_context(&self) -> bool {
        matches!(
            self,
            Self::CredentialsIssued { .. }
                | Self::CredentialsChanged { .. }
                | Self::PermissionsChanged { .. }
                | Self::ConsoleLogin { .. }
        )
    }
}
