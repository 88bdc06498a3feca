//! Repositories come and go, and images with them.

use serde_json::Value;

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
    let asked = request.images(flaws);
    let response = request.response(flaws);
    // The answer says which are gone: single images fail without an error code of the call.
    let failed = match response.get("failures") {
        Some(Value::Array(failures)) if response.get("imageIds").is_some() => failures.len(),
        _ => 0,
    };
    let images = asked.into_iter().skip(failed).collect();
    Call::BatchDeleteImage { repository: request.repository(flaws), images }
}
