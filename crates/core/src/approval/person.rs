//! Who somebody is beside somebody else: the accused, its lineage, the same person under another name.

use super::CallerIdentity;
use crate::cloudtrail::{Principal, PrincipalKind};

/// Both are one person, as far as STS tells: the same principal, the same session, or the same name. With Identity Center the
/// session's name is the person's own, and people name their sessions after their users; case does not make another person.
#[must_use]
pub fn same_person(one: &CallerIdentity, other: &CallerIdentity) -> bool {
    let same_name = matches!((name(one), name(other)), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b));
    one.arn == other.arn || one.user_id == other.user_id || same_name
}

/// The very session or user; of a federated user also the user that issued it.
#[must_use]
pub fn is_accused(principal: &Principal, identity: &CallerIdentity) -> bool {
    issuer(principal) == Some(identity.arn.as_str())
        || principal.user_id.as_deref() == Some(identity.user_id.as_str())
        || principal.arn.as_deref() == Some(identity.arn.as_str())
}

/// Another session of the same role. Whoever holds one session of an ordinary role may hold the others; an Identity Center role
/// is shared by people, who are told apart by the session's name.
#[must_use]
pub fn shares_lineage(principal: &Principal, identity: &CallerIdentity) -> bool {
    if principal.kind == PrincipalKind::IdentityCenterRole {
        return false;
    }
    let role_id = |user_id: &str| user_id.split_once(':').map(|(role, _)| role.to_owned());
    let accused = principal.user_id.as_deref().and_then(role_id);
    let same_id = accused.is_some() && accused == role_id(&identity.user_id);
    let same_name = principal.kind != PrincipalKind::IamUser
        && principal.name.is_some()
        && principal.name.as_deref() == role_of(&identity.arn)
        && principal.account.as_deref() == Some(identity.account.as_str());
    same_id || same_name
}

/// The same name as the accused session, the accused user, or the user that issued it.
#[must_use]
pub fn is_same_person(principal: &Principal, identity: &CallerIdentity) -> bool {
    let session = principal.session.as_ref().and_then(|session| session.name.as_deref());
    let user = principal.name.as_deref().filter(|_| principal.kind == PrincipalKind::IamUser);
    let approver = name(identity);
    let same = |accused: Option<&str>| matches!((accused, approver), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b));
    same(session) || same(user) || same(issuer(principal).and_then(user_of))
}

/// The role's name in an assumed-role ARN.
#[must_use]
pub fn role_of(arn: &str) -> Option<&str> {
    arn.split_once(":assumed-role/")?.1.split('/').next()
}

/// By what a person is known: the session's name, or the user's.
fn name(identity: &CallerIdentity) -> Option<&str> {
    identity.user_id.split_once(':').map(|(_, session)| session).or_else(|| user_of(&identity.arn))
}

fn user_of(arn: &str) -> Option<&str> {
    arn.split_once(":user/").and_then(|(_, path)| path.rsplit('/').next())
}

/// Who issued the session's credentials: a role, of a federated user the user.
fn issuer(principal: &Principal) -> Option<&str> {
    principal.session.as_ref().and_then(|session| session.issuer_arn.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(account: &str, role: &str, name: &str) -> CallerIdentity {
        CallerIdentity {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
            user_id: format!("AROA{}EXAMPLE:{name}", role.to_uppercase()),
            account: account.to_owned(),
        }
    }

    fn user(name: &str) -> CallerIdentity {
        CallerIdentity {
            arn: format!("arn:aws:iam::111122223333:user/people/{name}"),
            user_id: format!("AIDA{}EXAMPLE", name.to_uppercase()),
            account: "111122223333".to_owned(),
        }
    }

    #[test]
    fn one_person_is_known_under_every_role_and_as_a_user() {
        let ada = session("111122223333", "oncall", "ada");
        for (other, same) in [
            (ada.clone(), true),
            (session("111122223333", "admin", "ada"), true),
            (session("444455556666", "oncall", "Ada"), true),
            (user("ADA"), true),
            (session("111122223333", "oncall", "grace"), false),
            (user("grace"), false),
        ] {
            assert_eq!(same_person(&ada, &other), same, "{other:?}");
            assert_eq!(same_person(&other, &ada), same, "{other:?}");
        }
    }
}
