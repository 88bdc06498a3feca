//! What AWS runs by itself: registries and layers for everybody, and services that pull. Data in
//! `policy/service_owned.toml`, so that a new region is a line there and not a change of code.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::{ArnPattern, is_account};

const DATA: &str = include_str!("../../policy/service_owned.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(rename = "registry")]
    registries: Vec<Vendor>,
    #[serde(rename = "layer_vendor")]
    layer_vendors: Vec<Vendor>,
    #[serde(rename = "puller")]
    pullers: Vec<Puller>,
}

/// A product of AWS that is given away from accounts of AWS.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendor {
    serves: String,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "kept in the data for whoever checks it, and required to be there")
    )]
    source: String,
    /// Account to the regions in which it serves.
    accounts: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Puller {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "kept in the data for whoever checks it, and required to be there")
    )]
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
    by_account(data()?.registries)
}

/// Accounts from which AWS gives Lambda layers to everybody, and what each serves.
pub(super) fn layer_vendors() -> Result<BTreeMap<String, String>, String> {
    by_account(data()?.layer_vendors)
}

fn by_account(vendors: Vec<Vendor>) -> Result<BTreeMap<String, String>, String> {
    let mut served: BTreeMap<String, String> = BTreeMap::new();
    for vendor in vendors {
        for account in vendor.accounts.into_keys() {
            if !is_account(&account) {
                return Err(format!("the built-in list names `{account}`, which is no account"));
            }
            let serves = served.entry(account).or_default();
            if !serves.is_empty() {
                serves.push_str(", ");
            }
            serves.push_str(&vendor.serves);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{EXAMPLE, Inventory};

    #[test]
    fn every_entry_says_what_it_serves_by_whose_word_and_where() {
        let data = data().unwrap();
        for vendor in data.registries.iter().chain(&data.layer_vendors) {
            assert!(!vendor.serves.is_empty() && !vendor.source.is_empty(), "{}", vendor.serves);
            assert!(!vendor.accounts.is_empty(), "{}", vendor.serves);
            for (account, regions) in &vendor.accounts {
                assert!(!regions.is_empty(), "{account}");
                assert!(regions.iter().all(|region| region.split('-').count() >= 3), "{account}: {regions:?}");
            }
        }
        assert!(data.pullers.iter().all(|puller| !puller.source.is_empty()));
    }

    /// A region of one product is served from one account, except where a product has several: Powertools.
    #[test]
    fn no_region_of_a_product_has_two_accounts_by_a_slip() {
        let data = data().unwrap();
        for vendor in data.registries.iter().chain(&data.layer_vendors) {
            if vendor.serves.starts_with("Powertools") {
                continue;
            }
            let mut regions: Vec<_> = vendor.accounts.values().flatten().collect();
            let all = regions.len();
            regions.sort();
            regions.dedup();
            assert_eq!(regions.len(), all, "{}", vendor.serves);
        }
    }

    #[test]
    fn an_inventory_knows_the_layers_of_aws_apart_from_the_registries() {
        let layers = Inventory::from_toml(EXAMPLE).unwrap().layers;
        let serves = |account: &str| layers.service_owned.get(account).map(String::as_str);
        assert_eq!(serves("580247275435"), Some("Lambda Insights"));
        assert_eq!(serves("017000801446"), Some("Powertools for AWS Lambda"));
        assert_eq!(serves("602401143452"), None, "an account of EKS add-ons gives no layers");
        assert_eq!(serves("111122223333"), None);
        assert!(layers.approved_accounts.is_empty(), "what AWS gives away is not an account to share ours with");
    }
}
