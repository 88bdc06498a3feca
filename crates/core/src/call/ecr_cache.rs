//! Pull-through caches, which bring images in from elsewhere, and the templates of repositories that ECR creates by itself.

use super::request::Request;
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "ecr.amazonaws.com",
    calls: &[
        ("CreatePullThroughCacheRule", create_rule),
        ("UpdatePullThroughCacheRule", change_rule),
        ("DeletePullThroughCacheRule", change_rule),
        ("CreateRepositoryCreationTemplate", put_template),
        ("UpdateRepositoryCreationTemplate", put_template),
        ("DeleteRepositoryCreationTemplate", delete_template),
    ],
};

fn create_rule(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let url = request.required("upstreamRegistryUrl", flaws);
    rule(request, url, flaws)
}

fn change_rule(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    rule(request, None, flaws)
}

/// A deletion's response names the upstream.
fn rule(request: &Request<'_>, url: Option<String>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let url = url.or_else(|| member::text(response, "upstreamRegistryUrl", flaws));
    Call::PullThroughCacheRule {
        registry: request.registry(response, flaws),
        prefix: request.required("ecrRepositoryPrefix", flaws),
        upstream: url.as_deref().and_then(|url| host(url, flaws)),
        custom_role: request.optional("customRoleArn", flaws),
    }
}

/// An update may leave the policy as it is; then the response shows the one that holds.
fn put_template(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let path = "responseElements.repositoryCreationTemplate";
    let answered = response.object("repositoryCreationTemplate", path, flaws);
    let policy = member::document(request.parameters, "repositoryPolicy", flaws);
    let custom_role = request.optional("customRoleArn", flaws);
    Call::RepositoryCreationTemplate {
        registry: request.registry(response, flaws),
        prefix: request.required("prefix", flaws),
        policy: policy.or_else(|| member::document(answered, "repositoryPolicy", flaws)),
        custom_role: custom_role.or_else(|| member::text(answered, "customRoleArn", flaws)),
    }
}

/// What a deleted template would have given is given no longer.
fn delete_template(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    Call::RepositoryCreationTemplate {
        registry: request.registry(response, flaws),
        prefix: request.required("prefix", flaws),
        policy: None,
        custom_role: None,
    }
}

/// The host of an upstream, lower case, without scheme, user, path and final dot. A port stays: it is part of where the images come from.
fn host(url: &str, flaws: &mut Vec<String>) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim();
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().trim_end_matches('.').to_lowercase();
    if host.is_empty() {
        flaws.push("`upstreamRegistryUrl` names no host".to_owned());
        return None;
    }
    Some(host)
}
