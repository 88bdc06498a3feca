//! What the rules need and the record does not say, and what the inventory made of the principal, in words.

use super::Owner;
use crate::call::Call;
use crate::cloudtrail::{Event, Member, Origin, Principal, PrincipalKind};
use crate::inventory::{ArnPattern, Inventory, account_of, listed_arn, parts};

/// Facts without which no rule can decide about this call, each a sentence that holds no text of the record: it keys the incident.
/// Empty for what nobody watches, and for what is watched as context alone: no rule asks who logs in or who gets a key. A registry that is
/// run for everybody may be pulled from by anybody; only that it is one must be readable.
pub(super) fn of(event: &Event, inventory: &Inventory, owner: Owner) -> Vec<String> {
    let Some(call) = event.call.as_ref().filter(|call| !call.is_context()) else { return Vec::new() };
    let version = event
        .cannot_read(Member::EventVersion)
        .then_some("the record's major version is not known, so nothing in it can be relied on");
    let error = event
        .cannot_read(Member::ErrorCode)
        .then_some("the record's error code cannot be read, so it cannot be told whether the call failed");
    let of_pull = call.is_pull();
    // Of a call that failed nothing has to be known: nothing left and nothing changed. Denied ones mostly come without their request.
    if event.error_code.is_some() || (of_pull && owner == Owner::ServiceOwned) {
        return version.into_iter().map(str::to_owned).collect();
    }
    let registry = (of_pull && owner == Owner::Unknown)
        .then_some("the record names no registry, or names it in a way that cannot be read");
    let of_layer = matches!(call, Call::GetLayerVersion { .. }) && inventory.layers.readers.is_some();
    let principal = if of_pull || of_layer { of_principal(&event.principal, inventory) } else { None };
    let layer = (of_layer && owner == Owner::Unknown)
        .then_some("the record names no layer, or names it in a way that cannot be read");
    let sentences = [version, registry, layer, principal, error];
    sentences.into_iter().flatten().map(str::to_owned).collect()
}

/// What is missing to tell where the call came from. CloudTrail states a source address in every record, so an absent one is as
/// bad as an unreadable one; a mask or a service's name is read, and says that nothing is known. An endpoint that was read decides
/// without the address, and an unreadable one decides nothing, whatever the address says: it may be somebody else's.
pub(super) fn of_network(event: &Event, inventory: &Inventory, owner: Owner) -> Option<&'static str> {
    if event.error_code.is_some()
        || !event.call.as_ref().is_some_and(Call::is_pull_or_login)
        || owner == Owner::ServiceOwned
        || inventory.networks.is_empty()
    {
        return None;
    }
    if event.cannot_read(Member::VpcEndpoint) {
        return Some("the record's VPC endpoint cannot be read, so it cannot be told where the call came from");
    }
    if event.vpc_endpoint.is_some() || event.origin != Origin::Unknown {
        return None;
    }
    Some(if event.cannot_read(Member::SourceAddress) {
        "the record's source address cannot be read, so it cannot be told where the call came from"
    } else {
        "the record names no source address, so it cannot be told where the call came from"
    })
}

/// What is missing to tell whether this principal is listed.
pub(super) fn of_principal(principal: &Principal, inventory: &Inventory) -> Option<&'static str> {
    let account = account_of(principal);
    let arn = principal.arn.as_deref().map(parts);
    if let (Some(Some([_, _, _, of_arn, _])), Some(account)) = (arn, account)
        && of_arn != account
    {
        return Some("it cannot be told who called: the recorded account and the recorded ARN name different accounts");
    }
    match principal.kind {
        // Only a pattern that names it lists the root user, and it is of exactly this account.
        PrincipalKind::Root => None,
        PrincipalKind::AwsService => {
            let known = principal.invoked_by.as_deref().is_some_and(|service| service.contains('.'));
            (!known).then_some("the record does not say which AWS service called")
        }
        _ if account.is_some_and(|account| !could_be_listed(account, inventory)) => None,
        PrincipalKind::Unknown => Some("it cannot be told who called: the identity is absent or of an unknown type"),
        PrincipalKind::AwsAccount => {
            let names_one = arn.flatten().is_some_and(|[.., resource]| resource.contains('/'));
            (!names_one).then_some(
                "this copy of the record names the account that called, and not which principal of it called",
            )
        }
        PrincipalKind::FederatedUser if arn.is_some() && listed_arn(principal).is_none() => {
            Some("the record does not name the user that issued the federated user's credentials")
        }
        kind => match arn {
            Some(Some(_)) => None,
            Some(None) => Some("the ARN that the record names for the principal cannot be read"),
            None => Some(without_arn(kind)),
        },
    }
}

/// What it means that a principal of this kind comes without an ARN.
const fn without_arn(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::RoleSession | PrincipalKind::IdentityCenterRole | PrincipalKind::ServiceLinkedRole => {
            "the record does not name the ARN of the session's role"
        }
        PrincipalKind::Role => "the record does not name the ARN of the role",
        PrincipalKind::IamUser | PrincipalKind::FederatedUser => "the record does not name the ARN of the user",
        PrincipalKind::Directory => {
            "an identity of the type `Directory` carries no ARN, so it cannot be told whether it is listed"
        }
        PrincipalKind::SamlUser => {
            "an identity of the type `SAMLUser` carries no ARN, so it cannot be told whether it is listed"
        }
        PrincipalKind::WebIdentityUser => {
            "an identity of the type `WebIdentityUser` carries no ARN, so it cannot be told whether it is listed"
        }
        PrincipalKind::IdentityCenterUser => {
            "an identity of the type `IdentityCenterUser` carries no ARN, so it cannot be told whether it is listed"
        }
        PrincipalKind::Root | PrincipalKind::AwsService | PrincipalKind::AwsAccount | PrincipalKind::Unknown => {
            "the record does not name the ARN of the principal"
        }
    }
}

/// Whether a principal of this account may be in a list that lets it pull: it is of the organisation, or a pattern
/// names the account outright. A principal of any other account needs no ARN to be unlisted.
fn could_be_listed(account: &str, inventory: &Inventory) -> bool {
    let lists = &inventory.principals;
    let named = |pattern: &ArnPattern| pattern.account() == Some(account);
    inventory.owns(account)
        || [&lists.image_pullers, &lists.administrators, &lists.service_pullers].into_iter().flatten().any(named)
        || inventory.layers.readers.iter().flatten().any(named)
}
