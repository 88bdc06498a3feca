//! Settings of a registry, and tags.

use serde_json::Value;

use super::request::Request;
use super::{Call, Family, member};
use crate::cloudtrail::field::{Fields, kind};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[("PutAccountSetting", put), ("TagResource", tag), ("UntagResource", untag)],
};

const TAGS: &str = "requestParameters.tags[]";

fn put(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    Call::PutAccountSetting {
        registry: request.registry(response, flaws),
        setting: request.required("name", flaws),
        value: request.required("value", flaws),
    }
}

pub(super) fn tag(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let repository = request.repository_by_arn(flaws);
    let tags = request.list("tags");
    if tags.is_empty() && !request.is_silent() {
        flaws.push("`requestParameters.tags` is missing".to_owned());
    }
    Call::ResourceTags { repository, keys: tags.iter().filter_map(|tag| key(tag, flaws)).collect() }
}

pub(super) fn untag(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::ResourceTags { repository: request.repository_by_arn(flaws), keys: request.required_texts("tagKeys", flaws) }
}

/// The API writes `Key`, CloudTrail usually `key`.
fn key(tag: &Value, flaws: &mut Vec<String>) -> Option<String> {
    let Some(fields) = Fields::member(tag, TAGS) else {
        flaws.push(format!("`{TAGS}` is {}, not an object", kind(tag)));
        return None;
    };
    let before = flaws.len();
    let key = member::text(fields, "key", flaws).or_else(|| member::text(fields, "Key", flaws));
    if key.is_none() && flaws.len() == before {
        flaws.push(format!("`{TAGS}.key` is missing"));
    }
    key
}
