//! What AWS runs by itself: registries for everybody, and services that pull. Data in `policy/service_owned.toml`, so
//! that a new region is a line there and not a change of code.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::{ArnPattern, is_account};

const DATA: &str = include_str!("../../policy/service_owned.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(rename = "registry")]
    registries: Vec<Registry>,
    #[serde(rename = "puller")]
    pullers: Vec<Puller>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    serves: String,
    #[expect(dead_code, reason = "kept in the data for whoever checks it, and required to be there")]
    source: String,
    /// Account to the regions in which it serves.
    accounts: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Puller {
    #[expect(dead_code, reason = "kept in the data for whoever checks it, and required to be there")]
    source: String,
    services: Vec<String>,
    roles: Vec<String>,
}

/// The data, or why it cannot be read: it is part of the program, so a test keeps this from ever happening.
fn data() -> Result<Data, String> {
    toml::from_str(DATA).map_err(|error| format!("the built-in list cannot be read: {}", error.message()))
}

/// Accounts whose registries AWS runs for everybody, and what each serves.
pub(super) fn registries() -> Result<BTreeMap<String, String>, String> {
    let mut served: BTreeMap<String, String> = BTreeMap::new();
    for registry in data()?.registries {
        for account in registry.accounts.into_keys() {
            if !is_account(&account) {
                return Err(format!("the built-in list names `{account}`, which is no account"));
            }
            let serves = served.entry(account).or_default();
            if !serves.is_empty() {
                serves.push_str(", ");
            }
            serves.push_str(&registry.serves);
        }
    }
    Ok(served)
}

/// Services and service-linked roles that pull by themselves.
pub(super) fn pullers() -> Result<Vec<ArnPattern>, String> {
    let pullers = data()?.pullers;
    let names = pullers.iter().flat_map(|puller| puller.services.iter().chain(&puller.roles));
    names.map(|name| ArnPattern::arn_or_service(name).map_err(|error| error.to_string())).collect()
}
