//! What a push consists of: the question which layers are there, the uploads, the manifest; and ECR's own copy to another registry.

use super::request::Request;
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[
        ("BatchCheckLayerAvailability", check_layers),
        ("InitiateLayerUpload", upload),
        ("UploadLayerPart", upload),
        ("CompleteLayerUpload", upload),
        ("PutImage", put_image),
        ("ReplicateImage", replicate),
    ],
};

pub(super) fn check_layers(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::BatchCheckLayerAvailability {
        repository: request.repository(flaws),
        layer_digests: request.required_texts("layerDigests", flaws),
    }
}

pub(super) fn upload(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::LayerUpload { repository: request.repository(flaws) }
}

/// Both tag and digest are optional in the request; the response names the digest.
pub(super) fn put_image(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let repository = request.repository(flaws);
    let image = request.response(flaws).object("image", "responseElements.image", flaws);
    let id = image.object("imageId", "responseElements.image.imageId", flaws);
    let mut either = |key: &str| request.optional(key, flaws).or_else(|| member::text(id, key, flaws));
    Call::PutImage { repository, tag: either("imageTag"), digest: either("imageDigest") }
}

fn replicate(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::ReplicateImage { repository: request.repository_of_event(flaws) }
}
