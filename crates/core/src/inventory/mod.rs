//! The inventory: what is ours. Read from `inventory.toml`; `policy/inventory.example.toml` explains every key.

mod belonging;
mod cover;
mod load;
mod model;
mod pattern;
mod problem;
mod read;
mod schema;
mod sections;
mod service_owned;
mod standing;
mod values;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cloudtrail::{Event, Origin};

pub use belonging::Belonging;
pub use model::{
    Approval, Audit, Breadth, Breaker, Destination, Encryption, Exception, Expected, Inventory, Layers, OnExpiry,
    Organization, Partner, Principals, RecordClear, Registries, Replication, Response, TagMutability, Thresholds,
    TrustedNetwork,
};
pub use pattern::{ArnPattern, PatternError};
pub(crate) use pattern::{is_account, is_organization, is_wild, parts};
pub use problem::{InventoryErrors, Problem};
pub use schema::{SCHEMA, Section};
pub(crate) use standing::{account_of, listed_arn};

/// A complete inventory with every key explained: a person copies it and fills in their own.
pub const EXAMPLE: &str = include_str!("../../policy/inventory.example.toml");

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

impl Login {
    /// What a `GetAuthorizationToken` event tells about where its session is.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let address = match event.origin {
            Origin::Address(address) => Some(address),
            Origin::Masked | Origin::Service(_) | Origin::Unknown => None,
        };
        Self { time: event.time, address, vpc_endpoint: event.vpc_endpoint.clone() }
    }
}
