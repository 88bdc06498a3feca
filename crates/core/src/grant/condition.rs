//! Conditions that confine a grant. They are a list of operators and keys; everything else does not confine, whatever it
//! looks like.

use std::net::IpAddr;

use ipnet::IpNet;

use super::document::Condition;
use super::reach::{Judge, Reach};
use crate::inventory::{is_wild, parts};

/// What the value of a key is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// An organisation id.
    Organization,
    /// A path of organisational units, which begins with an organisation id.
    Path,
    /// An account id.
    Account,
    /// The ARN of the principal that calls.
    Principal,
    /// The ARN of the resource for which a service calls.
    Source,
    /// A VPC id.
    Vpc,
    /// The id of a VPC endpoint.
    Endpoint,
    /// Address ranges.
    Address,
}

/// Keys that say who calls, for whom, or from where, in lower case: keys are case-insensitive. `aws:ResourceOrgID` and
/// `aws:ResourceAccount` are not here, as they say whose the resource is.
const KEYS: [(&str, Compared); 11] = [
    ("aws:principalorgid", Compared::Organization),
    ("aws:sourceorgid", Compared::Organization),
    ("aws:principalorgpaths", Compared::Path),
    ("aws:sourceorgpaths", Compared::Path),
    ("aws:principalaccount", Compared::Account),
    ("aws:sourceaccount", Compared::Account),
    ("aws:principalarn", Compared::Principal),
    ("aws:sourcearn", Compared::Source),
    ("aws:sourcevpc", Compared::Vpc),
    ("aws:sourcevpce", Compared::Endpoint),
    ("aws:sourceip", Compared::Address),
];

/// Operators that hold only where the key is there and has one of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    /// Safe, as all that it compares here is lower case and digits by nature.
    IgnoreCase,
    /// `*` and `?` anywhere, across colons too.
    Like,
    /// `*` and `?` within one part of an ARN.
    Arn,
    Address,
}

/// `ForAnyValue:` needs a value to be there, as the operator alone does. `ForAllValues:`, `...IfExists` and the negated
/// operators also hold where the key is absent.
fn operator(text: &str) -> Option<Operator> {
    match text.strip_prefix("ForAnyValue:").unwrap_or(text) {
        "StringEquals" => Some(Operator::Equals),
        "StringEqualsIgnoreCase" => Some(Operator::IgnoreCase),
        "StringLike" => Some(Operator::Like),
        "ArnEquals" | "ArnLike" => Some(Operator::Arn),
        "IpAddress" => Some(Operator::Address),
        _ => None,
    }
}

fn compared(key: &str) -> Option<Compared> {
    let key = key.to_ascii_lowercase();
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, compared)| *compared)
}

/// How far a grant with this condition can reach, and why.
pub(super) fn reach(condition: &Condition, judge: Judge<'_>) -> (Reach, &'static str) {
    let Some(compared) = compared(&condition.key) else {
        return (Reach::Everyone, "this key does not say who calls, for whom, or from which network");
    };
    let Some(operator) = operator(&condition.operator) else {
        return (Reach::Everyone, loose(&condition.operator));
    };
    let arn = matches!(compared, Compared::Principal | Compared::Source);
    let fits = match operator {
        Operator::Arn => arn,
        Operator::Address => compared == Compared::Address,
        Operator::Equals | Operator::IgnoreCase | Operator::Like => compared != Compared::Address,
    };
    if !fits {
        return (Reach::Everyone, "this operator does not compare this key");
    }
    // One value is enough for the condition to hold, so the widest decides.
    let values = condition.values.iter().map(|value| of_value(compared, operator, value, judge));
    let widest = values.max_by_key(|(reach, _)| *reach);
    widest.unwrap_or((Reach::Everyone, "it has no value"))
}

/// Why an operator does not confine.
fn loose(operator: &str) -> &'static str {
    if operator.ends_with("IfExists") {
        "`...IfExists` also holds where the key is absent"
    } else if operator.starts_with("ForAllValues:") {
        "`ForAllValues` also holds where there is no value"
    } else if operator.contains("Not") {
        "it keeps a few out and lets everybody else in"
    } else {
        "this operator is not among those that confine"
    }
}

const WIDE: (Reach, &str) = (Reach::Everyone, "a wildcard or a variable stands where the value should decide");

fn of_value(compared: Compared, operator: Operator, value: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    if value.contains("${") {
        return WIDE;
    }
    let folded = if operator == Operator::IgnoreCase { value.to_ascii_lowercase() } else { value.to_owned() };
    let value = folded.as_str();
    let wild = operator == Operator::Like && is_wild(value);
    let networks = &judge.inventory.networks;
    match compared {
        Compared::Path => of_path(value, judge),
        Compared::Principal | Compared::Source => of_arn(compared, operator, value, judge),
        Compared::Address => of_range(value, judge),
        _ if wild => WIDE,
        Compared::Organization => of_organization(value, judge),
        Compared::Account => judge.account(value).unwrap_or((Reach::Everyone, "a value is no account id")),
        Compared::Vpc if networks.iter().any(|network| network.vpcs.iter().any(|vpc| vpc == value)) => LISTED,
        Compared::Endpoint if networks.iter().any(|network| network.vpc_endpoints.iter().any(|id| id == value)) => {
            LISTED
        }
        Compared::Vpc | Compared::Endpoint => (Reach::Everyone, "the inventory does not list this network"),
    }
}

const LISTED: (Reach, &str) = (Reach::Ours, "a network of the inventory");

fn of_organization(value: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    match judge.organization(value) {
        Some(Reach::Ours) => (Reach::Ours, "the organisation"),
        Some(reach) => (reach, "another organisation"),
        None => (Reach::Everyone, "a value is no organisation id"),
    }
}

/// What follows the organisation's id and its slash can only narrow.
fn of_path(value: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    match value.split_once('/') {
        Some((organization, _)) => of_organization(organization, judge),
        None if is_wild(value) => WIDE,
        None => (Reach::Everyone, "a value is no path, which begins with an organisation id and a slash"),
    }
}

/// The account of an ARN decides, and it has to be spelled out.
fn of_arn(compared: Compared, operator: Operator, value: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    let Some([partition, service, region, account, _]) = parts(value) else {
        return (Reach::Everyone, "a value is no ARN");
    };
    // A wildcard of `StringLike` crosses colons, and paths of roles may have colons: before the account it could take in
    // another account. The region is no danger where a service calls, as its own ARNs have no such colons.
    let may_cross = |part: &str| operator == Operator::Like && is_wild(part);
    let region_crosses = may_cross(region) && compared == Compared::Principal;
    if may_cross(partition) || may_cross(service) || region_crosses || is_wild(account) {
        return WIDE;
    }
    let told = if compared == Compared::Principal { judge.principal(value) } else { judge.account(account) };
    told.unwrap_or((Reach::Everyone, "the ARN of a value names no account"))
}

/// A range that one of the listed networks holds, whole or in adjoining ranges.
fn of_range(value: &str, judge: Judge<'_>) -> (Reach, &'static str) {
    let Ok(range) = value.parse::<IpNet>().or_else(|_| value.parse::<IpAddr>().map(IpNet::from)) else {
        return (Reach::Everyone, "a value is no address range");
    };
    let listed: Vec<IpNet> =
        judge.inventory.networks.iter().flat_map(|network| network.cidrs.iter().copied()).collect();
    if IpNet::aggregate(&listed).iter().any(|ours| ours.contains(&range.trunc())) {
        LISTED
    } else {
        (Reach::Everyone, "the inventory does not list this network")
    }
}
