//! IAM: somebody new can act as a user or role.

use super::request::Request;
use super::{Call, Family, IdentityKind, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "iam.amazonaws.com",
    calls: &[
        ("CreateAccessKey", create_key),
        ("CreateLoginProfile", create_login),
        ("UpdateLoginProfile", update_login),
        ("UpdateAssumeRolePolicy", update_trust),
    ],
};

/// Without a user name the key is for the caller itself, whom the response names, if it is no root user.
fn create_key(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let key = response.object("accessKey", "responseElements.accessKey", flaws);
    let asked = request.optional("userName", flaws);
    let answered = member::text(key, "userName", flaws);
    let before = flaws.len();
    let access_key = member::text(key, "accessKeyId", flaws);
    if access_key.is_none() && flaws.len() == before && !request.failed {
        flaws.push("`responseElements.accessKey.accessKeyId` is missing".to_owned());
    }
    let named = asked.or(answered).or_else(|| own_name(request));
    Call::CredentialsChanged { identity: request.identity(IdentityKind::User, named), access_key }
}

fn create_login(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let profile = response.object("loginProfile", "responseElements.loginProfile", flaws);
    let asked = request.optional("userName", flaws);
    let named = asked.or_else(|| member::text(profile, "userName", flaws)).or_else(|| own_name(request));
    Call::CredentialsChanged { identity: request.identity(IdentityKind::User, named), access_key: None }
}

fn update_login(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let named = request.required("userName", flaws);
    Call::CredentialsChanged { identity: request.identity(IdentityKind::User, named), access_key: None }
}

fn update_trust(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let named = request.role(flaws);
    Call::CredentialsChanged { identity: request.identity(IdentityKind::Role, named), access_key: None }
}

/// The caller, where it is a user and the request names nobody: a request that was not recorded, or not readable, says nothing about whom.
fn own_name(request: &Request<'_>) -> Option<String> {
    if request.is_silent() || request.parameters.is_stated("userName") {
        return None;
    }
    let caller = request.record.object("userIdentity", "userIdentity", &mut Vec::new());
    let is_user = caller.text("type", &mut Vec::new()).as_deref() == Some("IAMUser");
    caller.text("userName", &mut Vec::new()).filter(|_| is_user)
}
