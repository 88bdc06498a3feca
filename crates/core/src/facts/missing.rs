//! What the rules need and the record does not say, and what the inventory made of the principal, in words.

use super::{Owner, Standing};
use crate::call::Call;
use crate::cloudtrail::{Event, Principal, PrincipalKind};
use crate::inventory::{ArnPattern, Inventory, account_of, parts};

/// Facts without which no rule can decide about this call. Empty for what nobody watches, and for a login: no rule asks
/// who logs in. A registry that is run for everybody may be pulled from by anybody.
pub(super) fn of(event: &Event, inventory: &Inventory, owner: Owner) -> Vec<String> {
    let pulls = matches!(event.call, Some(Call::GetDownloadUrlForLayer { .. } | Call::BatchGetImage { .. }));
    if !pulls || owner == Owner::ServiceOwned {
        return Vec::new();
    }
    let registry = (owner == Owner::Unknown).then(|| "the account of the registry".to_owned());
    registry.into_iter().chain(of_principal(&event.principal, inventory)).collect()
}

/// What is missing to tell whether this principal is listed.
fn of_principal(principal: &Principal, inventory: &Inventory) -> Option<String> {
    let arn = principal.arn.as_deref();
    let account = account_of(principal);
    if let (Some(arn), Some(account)) = (arn, account) {
        let of_arn = parts(arn).map(|[_, _, _, of_arn, _]| of_arn);
        if of_arn.is_some_and(|of_arn| of_arn != account) {
            return Some("who called: the recorded account and the recorded ARN name different accounts".to_owned());
        }
    }
    match principal.kind {
        // Only a pattern that names it lists the root user, and it is of exactly this account.
        PrincipalKind::Root => None,
        PrincipalKind::AwsService => {
            let known = principal.invoked_by.as_deref().is_some_and(|service| service.contains('.'));
            (!known).then(|| "which AWS service called".to_owned())
        }
        _ if account.is_some_and(|account| !could_be_listed(account, inventory)) => None,
        PrincipalKind::Unknown => Some("who called: the identity is absent or of an unknown type".to_owned()),
        PrincipalKind::AwsAccount => {
            let names_one = arn.and_then(parts).is_some_and(|[.., resource]| resource.contains('/'));
            (!names_one).then(|| {
                "which principal of the account called: this copy of the record names the account alone".to_owned()
            })
        }
        PrincipalKind::RoleSession
        | PrincipalKind::IdentityCenterRole
        | PrincipalKind::ServiceLinkedRole
        | PrincipalKind::Role => arn.is_none().then(|| "the ARN of the session's role".to_owned()),
        PrincipalKind::IamUser
        | PrincipalKind::FederatedUser
        | PrincipalKind::Directory
        | PrincipalKind::SamlUser
        | PrincipalKind::WebIdentityUser
        | PrincipalKind::IdentityCenterUser => arn.is_none().then(|| "the ARN of the principal".to_owned()),
    }
}

/// Whether a principal of this account may be in a list that lets it pull: it is of the organisation, or a pattern
/// names the account outright. A principal of any other account needs no ARN to be unlisted.
fn could_be_listed(account: &str, inventory: &Inventory) -> bool {
    let lists = &inventory.principals;
    let named = |pattern: &ArnPattern| pattern.account() == Some(account);
    inventory.owns(account)
        || [&lists.image_pullers, &lists.administrators, &lists.service_pullers].into_iter().flatten().any(named)
}

/// What the inventory says about the principal, in words.
pub(super) fn standing_in_words(principal: &Principal, standing: &Standing, inventory: &Inventory) -> Vec<String> {
    let mut words = Vec::new();
    if let (Some(false), Some(account)) = (standing.in_organization, account_of(principal)) {
        words.push(format!("account `{}` of the principal is not of the organisation", account.escape_debug()));
    }
    let lists = &inventory.principals;
    let pulling = [
        ("image_pullers", standing.image_puller, &lists.image_pullers),
        ("administrators", standing.administrator, &lists.administrators),
        ("service_pullers", standing.service_puller, &lists.service_pullers),
    ];
    let arn = principal.arn.as_deref().unwrap_or_default();
    for (name, _, patterns) in pulling.iter().filter(|(_, holds, _)| *holds) {
        let pattern = inventory.listed(patterns, arn).map(ArnPattern::as_str);
        let by = pattern.or(principal.invoked_by.as_deref()).unwrap_or_default();
        words.push(format!("the principal is listed in `{name}` as `{}`", by.escape_debug()));
    }
    if pulling.iter().all(|(_, holds, _)| !holds) {
        words.push("the principal is in none of the lists that may pull".to_owned());
    }
    words
}
