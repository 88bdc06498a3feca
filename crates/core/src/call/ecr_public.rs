//! ECR Public: the same calls under another service, whose registry is the account too. What lies there is for everybody, so
//! pulls from it are no events; what puts something there, or takes it away, is.

use super::{Family, ecr_login, ecr_policy, ecr_push, ecr_repository, ecr_setting};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr-public.amazonaws.com",
    calls: &[
        ("GetAuthorizationToken", ecr_login::authorization_token),
        ("BatchCheckLayerAvailability", ecr_push::check_layers),
        ("InitiateLayerUpload", ecr_push::upload),
        ("UploadLayerPart", ecr_push::upload),
        ("CompleteLayerUpload", ecr_push::upload),
        ("PutImage", ecr_push::put_image),
        ("SetRepositoryPolicy", ecr_policy::set),
        ("DeleteRepositoryPolicy", ecr_policy::delete),
        ("CreateRepository", ecr_repository::create),
        ("DeleteRepository", ecr_repository::delete),
        ("BatchDeleteImage", ecr_repository::delete_images),
        ("TagResource", ecr_setting::tag),
        ("UntagResource", ecr_setting::untag),
    ],
};
