//! STS: who got temporary credentials. Only the access key's id is kept, never the secret or the session token.

use super::request::Request;
use super::{Call, Family, member};

/// See the module.
pub(super) const FAMILY: Family = Family {
    source: "sts.amazonaws.com",
    calls: &[
        ("AssumeRole", assume),
        ("AssumeRoleWithSAML", assume),
        ("AssumeRoleWithWebIdentity", assume),
        ("AssumeRoot", assume_root),
        ("GetFederationToken", federate),
        ("GetSessionToken", session_token),
    ],
};

/// Where a response names the new session: the object, its place, and its member for `aws:userid`.
type User = (&'static str, &'static str, &'static str);

const ROLE_SESSION: User = ("assumedRoleUser", "responseElements.assumedRoleUser", "assumedRoleId");
const FEDERATED_USER: User = ("federatedUser", "responseElements.federatedUser", "federatedUserId");

fn assume(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let role = request.required("roleArn", flaws);
    issued(request, Some(ROLE_SESSION), role, flaws)
}

/// The root user of the account `targetPrincipal`: no role, and a session without a name.
fn assume_root(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    request.required("targetPrincipal", flaws);
    issued(request, None, None, flaws)
}

fn federate(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    issued(request, Some(FEDERATED_USER), None, flaws)
}

/// The new credentials are of the same user.
fn session_token(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    issued(request, None, None, flaws)
}

fn issued(request: &Request<'_>, user: Option<User>, role: Option<String>, flaws: &mut Vec<String>) -> Call {
    let response = request.response(flaws);
    let before = flaws.len();
    let credentials = response.object("credentials", "responseElements.credentials", flaws);
    let access_key = member::text(credentials, "accessKeyId", flaws);
    if access_key.is_none() && flaws.len() == before && !request.failed {
        flaws.push("`responseElements.credentials.accessKeyId` is missing".to_owned());
    }
    let user = user.map(|(key, path, id)| (response.object(key, path, flaws), id));
    Call::CredentialsIssued {
        access_key,
        user_id: user.and_then(|(user, id)| member::text(user, id, flaws)),
        session: user.and_then(|(user, _)| member::text(user, "arn", flaws)),
        role,
    }
}
