//! Which principals can be changed in IAM at all, and why the others cannot.

use super::Impossible;
use crate::cloudtrail::arn::last_segment;
use crate::cloudtrail::{Principal, PrincipalKind};
use crate::plan::Target;

/// Why an action on roles is not for a user.
pub(super) const NOT_A_ROLE: &str = "the principal is a user, not a role";
/// Why an action on users is not for a role.
pub(super) const NOT_A_USER: &str = "the principal is a role, not a user";

/// A role or user that can be edited.
pub(super) struct Editable<'a> {
    pub(super) arn: &'a str,
    pub(super) name: &'a str,
    pub(super) account: &'a str,
}

impl Editable<'_> {
    /// A user as a target.
    pub(super) fn into_user(self) -> Target {
        Target::User {
            user_arn: self.arn.to_owned(),
            user_name: self.name.to_owned(),
            account: self.account.to_owned(),
        }
    }
}

fn no<T>(why: &str) -> Result<T, Impossible> {
    Err(Impossible(why.to_owned()))
}

/// The role behind a role session, or the role itself.
pub(super) fn role(principal: &Principal) -> Result<Editable<'_>, Impossible> {
    match principal.kind {
        PrincipalKind::RoleSession | PrincipalKind::Role => {}
        PrincipalKind::IamUser => return no(NOT_A_ROLE),
        other => return Err(why_not(other)),
    }
    let role = editable(principal, "role/")?;
    // Told by the ARN even where the record's kind did not tell.
    if is_identity_center(principal) {
        return Err(why_not(PrincipalKind::IdentityCenterRole));
    }
    if is_service_linked(principal) {
        return Err(why_not(PrincipalKind::ServiceLinkedRole));
    }
    Ok(role)
}

/// The role's ARN is one of IAM Identity Center.
pub(super) fn is_identity_center(principal: &Principal) -> bool {
    let arn = principal.arn.as_deref().unwrap_or_default();
    arn.contains(":role/aws-reserved/") || last_segment(arn).starts_with("AWSReservedSSO_")
}

/// The role's ARN is that of a service-linked one.
pub(super) fn is_service_linked(principal: &Principal) -> bool {
    principal.arn.as_deref().is_some_and(|arn| arn.contains(":role/aws-service-role/"))
}

/// The user.
pub(super) fn user(principal: &Principal) -> Result<Editable<'_>, Impossible> {
    match principal.kind {
        PrincipalKind::IamUser => editable(principal, "user/"),
        PrincipalKind::RoleSession | PrincipalKind::Role => no(NOT_A_USER),
        other => Err(why_not(other)),
    }
}

/// The user; of a federated user the one that issued it, whose policies hold for it too (AWS facts, section 3).
pub(super) fn user_or_issuer(principal: &Principal) -> Result<Editable<'_>, Impossible> {
    if principal.kind != PrincipalKind::FederatedUser {
        return user(principal);
    }
    let issuer = principal.session.as_ref().and_then(|session| session.issuer_arn.as_deref());
    let (Some(arn), Some(account)) = (issuer, principal.account.as_deref()) else {
        return no("the record does not name the user that issued the federated user's credentials");
    };
    if arn.ends_with(":root") {
        return no(
            "the federated user's credentials were issued by the root user, which cannot be restricted from within its \
                   account",
        );
    }
    let Some(name) = entity_name(arn, account, "user/") else {
        return no("the ARN of the user that issued the federated user's credentials is not one of its account");
    };
    Ok(Editable { arn, name, account })
}

/// `aws:userid` of a role session, if it is one that a policy can name to the letter. STS allows `[\w+=,.@-]` in session names, so
/// neither wildcards nor policy variables can stand there (AWS facts, section 3); anything else is not written into a policy.
pub(super) fn session_id(principal: &Principal) -> Result<&str, Impossible> {
    let Some(user_id) = principal.user_id.as_deref() else {
        return no("the record does not name the session");
    };
    let plain =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    match user_id.split_once(':') {
        Some((role, session)) if plain(role) && plain(session) => Ok(user_id),
        Some(_) => no("the session's name has characters that no session of AWS has"),
        None => no("the record names the role but not the session"),
    }
}

/// The name is taken from the ARN, because the ARN is what is matched against the inventory: changed is what was checked.
fn editable<'a>(principal: &'a Principal, resource: &str) -> Result<Editable<'a>, Impossible> {
    let (Some(arn), Some(account)) = (principal.arn.as_deref(), principal.account.as_deref()) else {
        return no("the record does not name the principal's ARN and account");
    };
    let Some(name) = entity_name(arn, account, resource) else {
        return no("the principal's ARN is not one of IAM in its account");
    };
    if principal.name.as_deref().is_some_and(|recorded| recorded != name) {
        return no("the principal's name and its ARN contradict each other");
    }
    Ok(Editable { arn, name, account })
}

/// The name in `arn:<partition>:iam::<account>:<resource>[path/]<name>`.
pub(super) fn entity_name<'a>(arn: &'a str, account: &str, resource: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let fixed = [parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let [scheme, _, service, region, owner] = fixed;
    let path = parts.next()?.strip_prefix(resource)?;
    let name = path.rsplit('/').next()?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    (scheme == "arn" && service == "iam" && region.is_empty() && owner == account && plain).then_some(name)
}

fn why_not(kind: PrincipalKind) -> Impossible {
    let why = match kind {
        PrincipalKind::RoleSession | PrincipalKind::Role | PrincipalKind::IamUser => "it is of another kind",
        PrincipalKind::IdentityCenterRole => {
            "the role belongs to IAM Identity Center, and IAM does not let anybody edit it; revoke the session there"
        }
        PrincipalKind::ServiceLinkedRole => "only AWS may edit a service-linked role; look at the service that uses it",
        PrincipalKind::FederatedUser => "a federated user has no policies of its own; deny the user that issued it",
        PrincipalKind::Root => "the root user cannot be restricted from within its account",
        PrincipalKind::AwsService => "an AWS service called by itself",
        PrincipalKind::AwsAccount => {
            "the principal belongs to another account, and the record does not say which role or user it is"
        }
        PrincipalKind::Directory => "AWS Directory Service called by itself",
        PrincipalKind::SamlUser | PrincipalKind::WebIdentityUser => {
            "the call came from an identity provider's user before it had a role"
        }
        PrincipalKind::IdentityCenterUser => "an Identity Center user has no policies in IAM",
        PrincipalKind::Unknown => "the record does not say who called",
    };
    Impossible(why.to_owned())
}
