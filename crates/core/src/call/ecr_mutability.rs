//! Whether tags may be overwritten.

use super::request::Request;
use super::{Call, Family, member};
use crate::cloudtrail::field::{Fields, kind};

/// See the module.
pub(super) const FAMILY: Family = Family { source: "ecr.amazonaws.com", calls: &[("PutImageTagMutability", put)] };

/// A setting whose exclusions cannot be read is not known.
fn put(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let repository = request.repository(flaws);
    let mutability = request.required("imageTagMutability", flaws);
    let before = flaws.len();
    let exclusions = exclusions(request, flaws);
    let are_read = flaws.len() == before;
    Call::PutImageTagMutability { repository, mutability: mutability.filter(|_| are_read), exclusions }
}

fn exclusions(request: &Request<'_>, flaws: &mut Vec<String>) -> Vec<String> {
    const PATH: &str = "requestParameters.imageTagMutabilityExclusionFilters[]";
    let mut patterns = Vec::new();
    for value in request.list("imageTagMutabilityExclusionFilters") {
        let Some(fields) = Fields::member(value, PATH) else {
            flaws.push(format!("`{PATH}` is {}, not an object", kind(value)));
            continue;
        };
        let before = flaws.len();
        match member::text(fields, "filter", flaws) {
            Some(pattern) => patterns.push(pattern),
            None if flaws.len() == before => flaws.push(format!("`{PATH}.filter` is missing")),
            None => {}
        }
    }
    patterns
}
