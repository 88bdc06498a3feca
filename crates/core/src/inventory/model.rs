//! The shape of `inventory.toml`.

use std::collections::BTreeMap;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::pattern::ArnPattern;
use crate::engine::Severity;
use crate::plan::Mode;

/// What is ours, and how far layerguard may go. See `policy/inventory.example.toml` for every key in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// `[organization]`
    pub organization: Organization,
    /// `[[network]]`
    pub networks: Vec<TrustedNetwork>,
    /// `[principals]`
    pub principals: Principals,
    /// `[registries]`
    pub registries: Registries,
    /// `[breaker]`
    pub breaker: Breaker,
    /// `[approval]`
    pub approval: Approval,
    /// `[response]`
    pub response: Response,
    /// `[audit]`
    pub audit: Audit,
    /// `[[exception]]`
    pub exceptions: Vec<Exception>,
    /// SHA-256 of the text, hexadecimal: part of the policy version.
    pub hash: String,
}

/// The organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// `o-...`
    pub id: String,
    /// 12-digit ids of its accounts.
    pub accounts: Vec<String>,
    /// The management account, which is never touched.
    pub management_account: Option<String>,
}

/// A network of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedNetwork {
    /// For people.
    pub name: String,
    /// Address ranges.
    pub cidrs: Vec<IpNet>,
    /// VPC ids.
    pub vpcs: Vec<String>,
    /// VPC endpoint ids.
    pub vpc_endpoints: Vec<String>,
}

/// Patterns over principal ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principals {
    /// May pull.
    pub image_pullers: Vec<ArnPattern>,
    /// May pull too.
    pub administrators: Vec<ArnPattern>,
    /// Node, task and execution roles: containment always asks.
    pub workloads: Vec<ArnPattern>,
    /// Never touched.
    pub protected: Vec<ArnPattern>,
    /// May approve.
    pub on_call: Vec<ArnPattern>,
    /// Service names (`inspector2.amazonaws.com`) and role ARN patterns that pull by themselves, the built-in ones included.
    pub service_pullers: Vec<ArnPattern>,
}

/// Registries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registries {
    /// Upstreams of pull-through caches that are approved.
    pub approved_upstreams: Vec<String>,
    /// Accounts whose registries AWS or a vendor runs for everybody, the built-in ones included.
    pub service_owned: Vec<String>,
}

/// The breaker: at most so many actions in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// The window.
    pub window: SignedDuration,
    /// On one role or user.
    pub per_role: u32,
    /// In one account.
    pub per_account: u32,
    /// Everywhere.
    pub overall: u32,
}

/// Approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// From asking to expiry.
    pub timeout: SignedDuration,
    /// Between reminders.
    pub reminder: SignedDuration,
    /// What expiry means, per severity.
    pub on_expiry: BTreeMap<Severity, OnExpiry>,
}

/// What happens when nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExpiry {
    /// Close as expired and escalate.
    Escalate,
    /// Carry out the narrow steps (as far as `response.cedar` allows it), and escalate.
    Contain,
}

/// How far layerguard may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The ceiling.
    pub mode: Mode,
    /// May session-precise inline denies be written.
    pub inline_deny: bool,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Clear calls one by one (`each`), or counted (`count`).
    pub clear: RecordClear,
}

/// How clear calls are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordClear {
    /// One small record each.
    Each,
    /// Counts, summed up every hour.
    Count,
}

/// An exception: suppressed, recorded, expiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The rule's id.
    pub rule: String,
    /// Whom it covers.
    pub principal: Option<ArnPattern>,
    /// Which repository ARN it covers.
    pub resource: Option<ArnPattern>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub until: Timestamp,
}

impl Approval {
    /// What expiry means for this severity; escalate unless said otherwise.
    #[must_use]
    pub fn expiry(&self, severity: Option<Severity>) -> OnExpiry {
        severity.and_then(|severity| self.on_expiry.get(&severity).copied()).unwrap_or(OnExpiry::Escalate)
    }
}
