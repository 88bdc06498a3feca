//! The shapes of single values, each with a message for the person who wrote it otherwise.

use std::net::IpAddr;

use ipnet::IpNet;

use super::model::{Destination, Partner};
use super::pattern::{ArnPattern, is_account, is_organization, is_wild, parts};

/// An account id.
pub(super) fn account(text: &str) -> Result<String, String> {
    if is_account(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not an account id of 12 digits", shown(text)))
    }
}

/// An organisation id.
pub(super) fn organization_id(text: &str) -> Result<String, String> {
    if is_organization(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not an organisation id such as `o-exampleorgid`", shown(text)))
    }
}

/// A network in CIDR notation.
pub(super) fn cidr(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(format!("`{text}` is an address; for this one address alone write `{}`", IpNet::from(address)));
    }
    let net: IpNet = text
        .parse()
        .map_err(|_| format!("`{}` is not a network such as `192.0.2.0/24` or `2001:db8::/32`", shown(text)))?;
    if net.prefix_len() == 0 {
        return Err(format!("`{text}` is every address there is"));
    }
    if net != net.trunc() {
        return Err(format!("`{text}` has bits set beyond its prefix; the network is `{}`", net.trunc()));
    }
    match net {
        IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some() => {
            Err(format!("`{text}` is an IPv4 network in IPv6 form; write it as an IPv4 network"))
        }
        _ => Ok(net),
    }
}

/// The id of a VPC or of a VPC endpoint.
pub(super) fn vpc_id(text: &str, prefix: &str) -> Result<String, String> {
    let id = text.strip_prefix(prefix).is_some_and(is_lower_alphanumeric);
    if id {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not an id such as `{prefix}0123456789abcdef0`", shown(text)))
    }
}

/// The address of an upstream registry: a host, without a scheme.
pub(super) fn upstream(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err(format!("`{}` has a scheme; write the host alone, such as `registry.example.com`", shown(text)));
    }
    let host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:/_".contains(&byte);
    if text.contains('.') && text.bytes().all(host) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not a host such as `registry.example.com`", shown(text)))
    }
}

/// A replication destination: `account/region`.
pub(super) fn destination(text: &str) -> Result<Destination, String> {
    let pair = text.split_once('/').filter(|(account, region)| is_account(account) && is_region(region));
    pair.map(|(account, region)| Destination { account: account.to_owned(), region: region.to_owned() })
        .ok_or_else(|| format!("`{}` is not `account/region`, such as `111122223333/eu-central-1`", shown(text)))
}

/// A rule's id.
pub(super) fn rule(text: &str) -> Result<String, String> {
    let id = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if id {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not a rule's id such as `ecr_layer_download_unlisted_principal`", shown(text)))
    }
}

/// A pattern over principals in a list that grants something.
pub(super) fn principal(text: &str) -> Result<ArnPattern, String> {
    let pattern = ArnPattern::new(text).map_err(|error| error.to_string())?;
    can_be_a_principal(text)?;
    Ok(pattern)
}

/// A partner: an account, or a pattern over principals of one account. The root user stands for its whole account, as it
/// does in a resource policy.
pub(super) fn partner(text: &str) -> Result<Partner, String> {
    if is_account(text) {
        return Ok(Partner::Account(text.to_owned()));
    }
    let pattern = match principal(text) {
        Err(_) if parts(text).is_none() => {
            return Err(format!(
                "`{}` is neither an account id of 12 digits nor an ARN pattern such as `arn:aws:iam::111122223333:role/ci`",
                shown(text)
            ));
        }
        other => other?,
    };
    match pattern.account() {
        None => Err(format!("`{}` does not say of which account; name it with its 12 digits", shown(text))),
        Some(account) if pattern.resource() == Some("root") => Ok(Partner::Account(account.to_owned())),
        Some(_) => Ok(Partner::Principals(pattern)),
    }
}

/// A pattern over principals in a list that shields.
pub(super) fn shielded(text: &str) -> Result<ArnPattern, String> {
    let pattern = ArnPattern::arn_or_everything(text).map_err(|error| error.to_string())?;
    can_be_a_principal(text)?;
    Ok(pattern)
}

/// A pattern over roles, or the name of an AWS service.
pub(super) fn service_puller(text: &str) -> Result<ArnPattern, String> {
    let pattern = ArnPattern::arn_or_service(text).map_err(|error| error.to_string())?;
    can_be_a_principal(text)?;
    Ok(pattern)
}

/// A pattern over repositories.
pub(super) fn resource(text: &str) -> Result<ArnPattern, String> {
    let pattern = ArnPattern::new(text).map_err(|error| match error {
        super::PatternError::Everything(_) => {
            format!("`{text}` would cover everything; name the repositories, for example `{REPOSITORY}`")
        }
        other => other.to_string(),
    })?;
    match parts(text) {
        Some([_, service, ..]) if !is_wild(service) && !["ecr", "lambda"].contains(&service) => Err(format!(
            "`{text}` is of `{service}`; a resource is a repository or a layer, for example `{REPOSITORY}`"
        )),
        _ => Ok(pattern),
    }
}

const REPOSITORY: &str = "arn:aws:ecr:eu-central-1:111122223333:repository/team/*";

/// Refuses patterns that look right and can never match a principal: they would silently grant or shield nothing.
fn can_be_a_principal(text: &str) -> Result<(), String> {
    let Some([_, service, region, account, resource]) = parts(text) else { return Ok(()) };
    let first = resource.split('/').next().unwrap_or_default();
    if service == "sts" && first == "assumed-role" {
        return Err(format!(
            "`{text}` is a session; sessions are matched by their role, written `arn:aws:iam::111122223333:role/path/name`"
        ));
    }
    if service == "sts" && first == "federated-user" {
        return Err(format!(
            "`{text}` is a federated user, whose name anybody chooses who asks for its credentials; it is matched by the user \
             that issued it, written `arn:aws:iam::111122223333:user/path/name`"
        ));
    }
    if !is_wild(service) && !["iam", "sts"].contains(&service) {
        return Err(format!("`{text}` is of `{service}`; principals are roles and users of `iam`"));
    }
    if !region.is_empty() && !is_wild(region) {
        return Err(format!(
            "`{text}` names a region; principals have none, as in `arn:aws:iam::111122223333:role/ci`"
        ));
    }
    if account.is_empty() {
        return Err(format!("`{text}` names no account"));
    }
    if !is_wild(first) && !["role", "user", "root"].contains(&first) {
        return Err(format!("`{text}` is neither a `role/...`, a `user/...` nor `root`"));
    }
    Ok(())
}

/// A text as it may be shown: control characters made visible.
fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}

fn is_lower_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let labels: Vec<&str> = text.split('-').collect();
    labels.len() >= 3
        && labels.iter().all(|label| is_lower_alphanumeric(label))
        && labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}
