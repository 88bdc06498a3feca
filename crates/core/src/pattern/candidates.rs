//! Who might be dropped, and how much traffic each makes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::shape::{ECR, WATCHED_AT_VOLUME};
use crate::inventory::{ArnPattern, Inventory, is_wild, parts};

/// Callers that are told apart. Who makes up names without end is counted together.
const MOST: usize = 20_000;

/// What was seen in logs, by caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Records of calls that come in numbers ([`WATCHED_AT_VOLUME`]).
    pub records: u64,
    callers: BTreeMap<String, Seen>,
}

/// Pulls of one caller that succeeded, by what shows where they came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Through a VPC endpoint.
    pub through_endpoint: u64,
    /// With a masked address and no endpoint.
    pub masked: u64,
    /// With an address, or the name of a service in its place.
    pub shown: u64,
}

impl Seen {
    /// From wherever.
    #[must_use]
    pub const fn all(self) -> u64 {
        self.through_endpoint + self.masked + self.shown
    }
}

impl Traffic {
    /// Count one CloudTrail record, as it is in logs and in the `detail` of events.
    pub fn count(&mut self, record: &Value) {
        let text = |path: &str| record.pointer(path).and_then(Value::as_str);
        if text("/eventSource") != Some(ECR) {
            return;
        }
        let Some(name) = text("/eventName").filter(|name| WATCHED_AT_VOLUME.contains(name)) else { return };
        self.records += 1;
        let is_pull = matches!(name, "GetDownloadUrlForLayer" | "BatchGetImage");
        if !is_pull || record.get("errorCode").is_some() {
            return;
        }
        let caller = text("/userIdentity/sessionContext/sessionIssuer/arn").or_else(|| text("/userIdentity/invokedBy"));
        let Some(caller) = caller else { return };
        if !self.callers.contains_key(caller) && self.callers.len() >= MOST {
            return;
        }
        let seen = self.callers.entry(caller.to_owned()).or_default();
        if record.get("vpcEndpointId").is_some() {
            seen.through_endpoint += 1;
        } else if text("/sourceIPAddress").is_some_and(|source| source.starts_with("AWS Internal")) {
            seen.masked += 1;
        } else {
            seen.shown += 1;
        }
    }

    /// What was seen of this caller.
    #[must_use]
    pub fn of(&self, caller: &str) -> Seen {
        self.callers.get(caller).copied().unwrap_or_default()
    }
}

/// Roles by whole ARN: those that lists of the inventory spell out, a wildcard account taken for each of ours, and those that were seen.
pub(super) fn roles(inventory: &Inventory, traffic: &Traffic) -> BTreeSet<String> {
    let lists = &inventory.principals;
    let listed = [&lists.image_pullers, &lists.administrators, &lists.service_pullers].into_iter().flatten();
    let mut roles: BTreeSet<String> = listed.flat_map(|pattern| spelled_out(pattern, inventory)).collect();
    roles.extend(traffic.callers.keys().filter(|caller| parts(caller).is_some()).cloned());
    roles.retain(|role| parts(role).is_some_and(|[.., resource]| resource.starts_with("role/")));
    roles
}

/// Services that pull by themselves.
pub(super) fn services(inventory: &Inventory) -> BTreeSet<String> {
    let pullers = inventory.principals.service_pullers.iter().map(ArnPattern::as_str);
    pullers.filter(|name| parts(name).is_none()).map(str::to_owned).collect()
}

/// A wildcard of EventBridge crosses `/` and one of the inventory does not, so only what has none can be said there.
fn spelled_out(pattern: &ArnPattern, inventory: &Inventory) -> Vec<String> {
    let Some([partition, service, region, account, resource]) = parts(pattern.as_str()) else { return Vec::new() };
    if [partition, service, region, resource].into_iter().any(is_wild) {
        return Vec::new();
    }
    let whole = |account: &str| format!("arn:{partition}:{service}:{region}:{account}:{resource}");
    match account {
        "*" => inventory.organization.accounts.iter().map(|account| whole(account)).collect(),
        account if is_wild(account) => Vec::new(),
        account => vec![whole(account)],
    }
}
