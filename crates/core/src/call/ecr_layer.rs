//! ECR layers: `GetDownloadUrlForLayer`, one event for each layer that the client had not cached.

use super::request::Request;
use super::{Call, Family};

/// See the module.
pub(super) const FAMILY: Family =
    Family { source: "ecr.amazonaws.com", calls: &[("GetDownloadUrlForLayer", download_url)] };

fn download_url(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::GetDownloadUrlForLayer {
        repository: request.repository(flaws),
        layer_digest: request.required("layerDigest", flaws),
    }
}
