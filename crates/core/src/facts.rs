//! Facts: what is known about one call, typed and honest. Rules see nothing else.

use serde::{Deserialize, Serialize};

/// Whether the call came from a network of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Through a listed VPC endpoint or from a listed address.
    Inside,
    /// Through an endpoint or from an address that is not listed.
    Outside,
    /// Cannot be told. Neither trusted nor suspicious by itself.
    Unknown,
}

/// Whose registry the call touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// An account of the organisation.
    Ours,
    /// A registry that AWS or a vendor runs for everybody (EKS add-ons and the like).
    ServiceOwned,
    /// A known account outside the organisation.
    Foreign,
    /// The record does not say.
    Unknown,
}

/// What the inventory says about the principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// Its account is one of the organisation; `None` when the record names no account.
    pub in_organization: Option<bool>,
    /// Matches `image_pullers`.
    pub image_puller: bool,
    /// Matches `administrators`.
    pub administrator: bool,
    /// A known AWS service or service role that pulls by itself.
    pub service_puller: bool,
    /// Matches `workloads`.
    pub workload: bool,
    /// Matches `protected`, or is one of layerguard's own roles.
    pub protected: bool,
}

/// Everything that a rule may ask about one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `ecr:GetDownloadUrlForLayer` and so on.
    pub call: String,
    /// The call failed: an attempt.
    pub attempt: bool,
    /// Where it came from.
    pub network: Network,
    /// What the inventory says about the principal.
    pub standing: Standing,
    /// Whose registry it touched.
    pub owner: Owner,
    /// Registry account, if known.
    pub registry: Option<String>,
    /// Repository name, if any.
    pub repository: Option<String>,
    /// Why each fact is as it is, in words for a person: network first.
    pub reasons: Vec<String>,
    /// Facts that the rules need and that could not be established. Any of them makes the answer undecided.
    pub missing: Vec<String>,
}
