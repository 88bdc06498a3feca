//! The inventory: what is ours. Read from `inventory.toml`.

mod model;
mod pattern;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use model::{
    Approval, Audit, Breaker, Exception, Inventory, OnExpiry, Organization, Principals, RecordClear, Registries,
    Response, TrustedNetwork,
};
pub use pattern::ArnPattern;

/// A registry login of the recent past, as far as the network question needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Event time of the `GetAuthorizationToken` call.
    pub time: Timestamp,
    /// Its address, when it was a real one.
    pub address: Option<IpAddr>,
    /// Its VPC endpoint, if it went through one.
    pub vpc_endpoint: Option<String>,
}
