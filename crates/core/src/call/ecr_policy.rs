//! Policies of repositories and registries. A deleted one stands in the response.

use super::request::Request;
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[
        ("SetRepositoryPolicy", set),
        ("DeleteRepositoryPolicy", delete),
        ("PutRegistryPolicy", put_of_registry),
        ("DeleteRegistryPolicy", delete_of_registry),
    ],
};

pub(super) fn set(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::SetRepositoryPolicy {
        repository: request.repository(flaws),
        policy: request.required_document("policyText", flaws),
    }
}

pub(super) fn delete(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    Call::DeleteRepositoryPolicy {
        repository: request.repository(flaws),
        deleted: member::document(response, "policyText", flaws),
    }
}

fn put_of_registry(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    Call::PutRegistryPolicy {
        registry: request.registry(response, flaws),
        policy: request.required_document("policyText", flaws),
    }
}

fn delete_of_registry(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    Call::DeleteRegistryPolicy {
        registry: request.registry(response, flaws),
        deleted: member::document(response, "policyText", flaws),
    }
}
