//! Watched calls: request parameters become a typed call. One file per API family.

mod ecr_image;
mod ecr_layer;
mod ecr_login;
mod request;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use request::Request;

/// Every watched family. A new one is a file of its own and a line here.
const FAMILIES: &[Family] = &[ecr_layer::FAMILY, ecr_image::FAMILY, ecr_login::FAMILY];

/// Calls of one API that are read alike.
struct Family {
    /// `eventSource` of the service.
    source: &'static str,
    /// The event names that are watched, exactly as recorded.
    names: &'static [&'static str],
    /// Reads the call of that name; what it cannot read it names as a flaw.
    read: fn(name: &str, request: &Request<'_>, flaws: &mut Vec<String>) -> Call,
}

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

impl Call {
    /// The typed call of a record, or `None` where no family watches it. `caller` is the account of the caller, whose own
    /// registry is the default. What should be in the request and cannot be read is added to `flaws`.
    #[must_use]
    pub fn from_record(
        record: &Map<String, Value>,
        source: &str,
        name: &str,
        caller: Option<&str>,
        flaws: &mut Vec<String>,
    ) -> Option<Self> {
        let family = FAMILIES.iter().find(|family| family.source == source && family.names.contains(&name))?;
        let request = Request::of(record, caller, flaws);
        Some((family.read)(name, &request, flaws))
    }
}

#[cfg(test)]
mod tests;
