//! ECR images: `BatchGetImage`, the manifests that begin every pull.

use super::request::Request;
use super::{Call, Family};

/// See the module.
pub(super) const FAMILY: Family = Family { source: "ecr.amazonaws.com", calls: &[("BatchGetImage", batch_get)] };

fn batch_get(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::BatchGetImage { repository: request.repository(flaws), images: request.images(flaws) }
}
