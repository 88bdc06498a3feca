//! ECR images: `BatchGetImage`, the manifests that begin every pull.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family};
use crate::cloudtrail::field::{Fields, kind};

/// See the module.
pub(super) const FAMILY: Family = Family { source: "ecr.amazonaws.com", names: &["BatchGetImage"], read: batch_get };

fn batch_get(_name: &str, request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let repository = request.repository(flaws);
    let ids = request.list("imageIds");
    let images: Vec<String> = ids.iter().flat_map(|id| image(id, flaws)).collect();
    if ids.is_empty() {
        flaws.push("`requestParameters.imageIds` is missing".to_owned());
    }
    Call::BatchGetImage { repository, images }
}

/// Tag and digest of one image; published records also hold a bare text.
fn image(id: &Value, flaws: &mut Vec<String>) -> Vec<String> {
    if let Some(fields) = Fields::member(id, "requestParameters.imageIds[]") {
        return ["imageTag", "imageDigest"].iter().filter_map(|key| fields.text(key, flaws)).collect();
    }
    match id {
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        other => {
            flaws.push(format!("`requestParameters.imageIds[]` is {}, not an object", kind(other)));
            Vec::new()
        }
    }
}
