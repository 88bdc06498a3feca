//! IAM: what a user or role may do was changed.

use super::request::Request;
use super::{Call, Family, IdentityKind};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "iam.amazonaws.com",
    calls: &[
        ("PutRolePolicy", inline_of_role),
        ("DeleteRolePolicy", inline_of_role),
        ("AttachRolePolicy", managed_of_role),
        ("DetachRolePolicy", managed_of_role),
        ("PutRolePermissionsBoundary", boundary_of_role),
        ("DeleteRolePermissionsBoundary", no_boundary_of_role),
        ("PutUserPolicy", inline_of_user),
        ("DeleteUserPolicy", inline_of_user),
        ("AttachUserPolicy", managed_of_user),
        ("DetachUserPolicy", managed_of_user),
        ("PutUserPermissionsBoundary", boundary_of_user),
        ("DeleteUserPermissionsBoundary", no_boundary_of_user),
    ],
};

fn inline_of_role(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::Role, Some("policyName"), flaws)
}

fn managed_of_role(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::Role, Some("policyArn"), flaws)
}

fn boundary_of_role(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::Role, Some("permissionsBoundary"), flaws)
}

fn no_boundary_of_role(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::Role, None, flaws)
}

fn inline_of_user(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::User, Some("policyName"), flaws)
}

fn managed_of_user(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::User, Some("policyArn"), flaws)
}

fn boundary_of_user(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::User, Some("permissionsBoundary"), flaws)
}

fn no_boundary_of_user(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, IdentityKind::User, None, flaws)
}

fn changed(request: &Request<'_>, kind: IdentityKind, policy: Option<&str>, flaws: &mut Vec<String>) -> Call {
    let named = match kind {
        IdentityKind::Role => request.role(flaws),
        IdentityKind::User => request.required("userName", flaws),
    };
    let policy = policy.and_then(|key| request.required(key, flaws));
    Call::PermissionsChanged { identity: request.identity(kind, named), policy }
}
