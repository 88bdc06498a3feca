//! Watched calls: request parameters become a typed call. One file per API family.

use serde::{Deserialize, Serialize};

/// A call that layerguard watches.
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
}

/// A repository, as far as the record names it (`resources[]` first, then request parameters, then the caller's account).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repository {
    /// The account that owns the registry.
    pub registry: Option<String>,
    /// The region of the registry.
    pub region: Option<String>,
    /// The repository's name, for example `team/app`.
    pub name: Option<String>,
    /// The repository's ARN as recorded.
    pub arn: Option<String>,
}
