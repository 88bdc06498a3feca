//! Repositories come and go, and images with them.

use super::request::Request;
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[("CreateRepository", create), ("DeleteRepository", delete), ("BatchDeleteImage", delete_images)],
};

pub(super) fn create(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let created = request.response(flaws).object("repository", "responseElements.repository", flaws);
    let asked = request.optional("imageTagMutability", flaws);
    Call::CreateRepository {
        repository: request.repository(flaws),
        mutability: asked.or_else(|| member::text(created, "imageTagMutability", flaws)),
    }
}

/// Without `force` only an empty repository goes. Where it cannot be read, the images count as gone.
pub(super) fn delete(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let is_stated = request.parameters.is_stated("force");
    Call::DeleteRepository {
        repository: request.repository(flaws),
        force: member::flag(request.parameters, "force", flaws).unwrap_or(is_stated),
    }
}

pub(super) fn delete_images(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let mut images = request.images(flaws);
    // Single images fail without an error code of the call: the answer names them.
    let failed = request.failed_images(flaws);
    images.retain(|image| !failed.contains(image));
    Call::BatchDeleteImage { repository: request.repository(flaws), images }
}
