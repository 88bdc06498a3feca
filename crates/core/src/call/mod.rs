//! Watched calls: request parameters become a typed call. One file per API family.

mod control;
mod ecr_cache;
mod ecr_image;
mod ecr_layer;
mod ecr_lifecycle;
mod ecr_login;
mod ecr_mutability;
mod ecr_policy;
mod ecr_public;
mod ecr_push;
mod ecr_replication;
mod ecr_repository;
mod ecr_scanning;
mod ecr_setting;
mod iam_credentials;
mod iam_permissions;
mod kinds;
mod lambda_function;
mod lambda_layer;
mod layer;
mod member;
mod repository;
mod request;
mod selectors;
mod signin;
mod sts;
mod things;
mod trail;

use serde_json::{Map, Value};

pub use kinds::Call;
use request::Request;
pub use things::{Identity, IdentityKind, Layer, ReplicationDestination, Repository, ScanRule};

/// Every watched family. A new one is a file of its own and a line here.
const FAMILIES: &[Family] = &[
    ecr_layer::FAMILY,
    ecr_image::FAMILY,
    ecr_login::FAMILY,
    ecr_push::FAMILY,
    ecr_policy::FAMILY,
    ecr_replication::FAMILY,
    ecr_repository::FAMILY,
    ecr_mutability::FAMILY,
    ecr_scanning::FAMILY,
    ecr_lifecycle::FAMILY,
    ecr_cache::FAMILY,
    ecr_setting::FAMILY,
    ecr_public::FAMILY,
    lambda_layer::FAMILY,
    lambda_function::FAMILY,
    sts::FAMILY,
    iam_credentials::FAMILY,
    iam_permissions::FAMILY,
    signin::FAMILY,
    trail::FAMILY,
    control::RULES,
    control::FUNCTIONS,
    control::TABLES,
    control::MACHINES,
    control::QUEUES,
    control::TOPICS,
    control::ROLES,
    control::LOGS,
];

/// `eventSource` of Lambda, whose event names carry the date of the API.
const LAMBDA: &str = "lambda.amazonaws.com";

/// Reads one call; what it cannot read it names as a flaw.
type Read = fn(request: &Request<'_>, flaws: &mut Vec<String>) -> Call;

/// Calls of one API that belong together.
struct Family {
    /// `eventSource` of the service.
    source: &'static str,
    /// The event names that are watched, exactly as recorded but for Lambda's date, and how each is read.
    calls: &'static [(&'static str, Read)],
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
        let plain = plain_name(source, name);
        let of_source = FAMILIES.iter().filter(|family| family.source == source);
        let (family, read) = of_source
            .flat_map(|family| family.calls.iter().map(move |(name, read)| (family, name, read)))
            .find_map(|(family, name, read)| (*name == plain).then_some((family, read)))?;
        let request = Request::of(record, family.source, caller, flaws);
        Some(read(&request, flaws))
    }

    /// `eventSource` and event name of every watched call. Lambda's names are without the date of the API, which its events may
    /// carry (`AddLayerVersionPermission20181031`).
    pub fn watched() -> impl Iterator<Item = (&'static str, &'static str)> {
        FAMILIES.iter().flat_map(|family| family.calls.iter().map(|(name, _)| (family.source, *name)))
    }
}

/// The event name without the date of the API, which Lambda appends as eight digits and perhaps a version: `20150331v2`
/// (AWS facts, section 8).
pub(crate) fn plain_name<'a>(source: &str, name: &'a str) -> &'a str {
    if source != LAMBDA {
        return name;
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let dated = name.rsplit_once('v').filter(|(_, version)| is_number(version)).map_or(name, |(dated, _)| dated);
    let plain = dated.trim_end_matches(|character: char| character.is_ascii_digit());
    if !plain.is_empty() && dated.len() - plain.len() == 8 { plain } else { name }
}

/// `eventSource` of every service with a watched call.
fn watched_sources() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|family| family.source)
}

#[cfg(test)]
mod tests;
