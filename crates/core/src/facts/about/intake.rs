//! What is taken in from outside: upstreams of caches, layers of functions.

use jiff::Timestamp;

use super::grants::STALE_ACCOUNTS;
use super::{About, LONGEST, Told};
use crate::call::Layer;
use crate::cloudtrail::Event;
use crate::cloudtrail::arn::is_account;
use crate::facts::own;
use crate::inventory::{Belonging, Inventory};
use crate::text::escape_to;

/// Deletions take nothing in, and an update leaves the upstream as it is.
pub(super) fn upstream_of(event: &Event, upstream: Option<&str>, inventory: &Inventory, at: Timestamp) -> Told {
    if event.plain_name() != "CreatePullThroughCacheRule" {
        return Told::plain(About::Upstream { approved: true });
    }
    let Some(host) = upstream else {
        return Told::plain(About::Upstream { approved: true }).misses("the record does not name the upstream");
    };
    let shown = escape_to(host, LONGEST);
    let approved = &inventory.registries.approved_upstreams;
    if approved.iter().any(|known| known.eq_ignore_ascii_case(host)) {
        return Told::plain(About::Upstream { approved: true })
            .says(format!("`{shown}` is among `approved_upstreams`"));
    }
    match registry_account(host).map(|account| inventory.belonging(account, at)) {
        Some(Belonging::Ours) => {
            Told::plain(About::Upstream { approved: true }).says(format!("`{shown}` is a registry of ours"))
        }
        Some(Belonging::Unsettled) => {
            Told { open: vec![STALE_ACCOUNTS.to_owned()], ..Told::plain(About::Upstream { approved: true }) }
        }
        _ => Told::plain(About::Upstream { approved: false })
            .says(format!("`{shown}` is not among `approved_upstreams`")),
    }
}

/// What the hosts of private registries end with, whole: whatever else follows is somebody else's host.
const DOMAINS: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".on.aws", ".on.amazonwebservices.com.cn"];

/// The account of a private ECR registry's host: `111122223333.dkr.ecr.eu-central-1.amazonaws.com`.
pub(super) fn registry_account(host: &str) -> Option<&str> {
    let (account, rest) = host.split_once('.')?;
    let after = rest.strip_prefix("dkr.ecr.").or_else(|| rest.strip_prefix("dkr-ecr."))?;
    let region = DOMAINS.iter().find_map(|domain| after.strip_suffix(domain))?;
    let is_region = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_region && is_account(account)).then_some(account)
}

/// AWS publishes layers for everybody, some from accounts of its own; those are data (`policy/service_owned.toml`).
pub(super) fn function_layers(
    function: Option<&str>,
    layers: Option<&[Layer]>,
    inventory: &Inventory,
    at: Timestamp,
    stack: &str,
) -> Told {
    let mut told = Told::default();
    let own = function.filter(|name| own::is_own(name, stack));
    told.words.extend(own.map(|name| format!("function `{}` is layerguard's own", escape_to(name, LONGEST))));
    let mut external_layer = false;
    for layer in layers.unwrap_or_default() {
        let shown = layer.arn.as_deref().or(layer.name.as_deref()).unwrap_or("without a name");
        let shown = escape_to(shown, 120);
        let Some(account) = layer.account.as_deref() else {
            if !layer.of_aws {
                told.open.push("a layer that the function uses cannot be read".to_owned());
            }
            continue;
        };
        let approved = inventory.layers.approved_accounts.iter().any(|approved| approved == account)
            || inventory.layers.service_owned.contains_key(account);
        match inventory.belonging(account, at) {
            _ if approved => told.words.push(format!("layer `{shown}` is of an account that is approved")),
            Belonging::Ours => told.words.push(format!("layer `{shown}` is ours")),
            Belonging::Unsettled => told.open.push(STALE_ACCOUNTS.to_owned()),
            Belonging::Partner | Belonging::Foreign => {
                external_layer = true;
                told.words.push(format!("layer `{shown}` is from an account outside the organisation"));
            }
        }
    }
    Told { about: About::Function { external_layer, own: own.is_some() }, ..told }
}
