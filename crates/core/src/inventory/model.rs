//! The shape of `inventory.toml`.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::pattern::ArnPattern;
use crate::engine::Severity;
use crate::lifecycle;
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
    /// `[replication]`
    pub replication: Replication,
    /// `[layers]`
    pub layers: Layers,
    /// `[thresholds]`
    pub thresholds: Thresholds,
    /// `[breaker]`
    pub breaker: Breaker,
    /// `[approval]`
    pub approval: Approval,
    /// `[expected]`
    pub expected: Expected,
    /// `[audit]`
    pub audit: Audit,
    /// `[response]`
    pub response: Response,
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
    /// Outside the organisation, and grants to them are in order.
    pub partners: Vec<Partner>,
    /// When `accounts` was last taken from AWS Organizations; `None` for a list that is kept by hand and complete.
    pub accounts_refreshed: Option<Timestamp>,
    /// How old the list may grow before an account that it does not name is neither ours nor foreign.
    pub accounts_stale_after: SignedDuration,
}

/// Whom a grant may go to although it is outside the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partner {
    /// A whole account: 12 digits.
    Account(String),
    /// Principals of one account, which the pattern names.
    Principals(ArnPattern),
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

/// Patterns over principal ARNs. In the lists that grant something a wildcard account stands for the accounts of the
/// organisation, never for everybody's: ask with [`Inventory::listed`], not with the patterns alone.
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
    /// Accounts whose registries AWS or a vendor runs for everybody, and what each serves; the built-in ones included.
    pub service_owned: BTreeMap<String, String>,
}

/// Where images may be replicated to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replication {
    /// None: any account of the organisation, in any region.
    pub approved_destinations: Vec<Destination>,
}

/// An account and a region.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination {
    /// 12 digits.
    pub account: String,
    /// For example `eu-central-1`.
    pub region: String,
}

/// Lambda layers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layers {
    /// Accounts outside the organisation whose layers may be used and with which ours may be shared.
    pub approved_accounts: Vec<String>,
    /// Who may download layers; `None` when nobody is watched for it.
    pub readers: Option<Vec<ArnPattern>>,
    /// Accounts from which AWS gives layers to everybody, and what each serves. Built in. Their layers may be used; with
    /// them ours may not be shared. A layer `arn:<partition>:lambda:::awslayer:<name>` has no account and is AWS's too.
    pub service_owned: BTreeMap<String, String>,
}

/// How much is too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// Distinct repositories that one session pulls from.
    pub pull_breadth: Breadth,
    /// The same for all sessions of one role, and for all sessions that one source issued.
    pub pull_breadth_role: u32,
    /// The same for everybody of one account who is no workload.
    pub pull_breadth_account: u32,
    /// Distinct repositories that one session is refused, in the same window.
    pub denied_pulls: u32,
    /// Distinct repositories in which one principal destroys images.
    pub destruction_breadth: Breadth,
    /// Images that one principal deletes by name, in the same window.
    pub destruction_images: u32,
    /// What a lifecycle policy has to leave.
    pub lifecycle: lifecycle::Limits,
}

/// So many distinct things within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breadth {
    /// The number that is too much.
    pub limit: u32,
    /// The window, by event time.
    pub window: SignedDuration,
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
    /// So many incidents are told one by one within a quarter of an hour; further ones are summed up.
    pub storm: u32,
}

/// Approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// From asking to expiry.
    pub timeout: SignedDuration,
    /// Between reminders.
    pub reminder: SignedDuration,
    /// So long before expiry people are asked for the last time, louder.
    pub escalate_before: SignedDuration,
    /// Severities at which two different people must approve.
    pub second_approver_for: BTreeSet<Severity>,
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

/// What repositories should have; `None` where the inventory expects nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// ECR's `imageTagMutability`.
    pub tag_mutability: Option<TagMutability>,
    /// ECR's `scanOnPush`.
    pub scan_on_push: Option<bool>,
    /// ECR's `encryptionType`.
    pub encryption: Option<Encryption>,
    /// There is a lifecycle policy.
    pub lifecycle: Option<bool>,
}

/// Whether a tag may be moved to another image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagMutability {
    /// `IMMUTABLE`
    Immutable,
    /// `MUTABLE`
    Mutable,
}

/// How a repository is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// `AES256`: with a key that Amazon S3 keeps.
    Aes256,
    /// `KMS`: with a key of AWS KMS.
    Kms,
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
    /// Its path in the inventory, for example `exception[0]`.
    pub path: String,
    /// The line where it begins, counted from 1.
    pub line: usize,
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

    /// How many different people must approve at this severity: 1 or 2.
    #[must_use]
    pub fn approvers(&self, severity: Option<Severity>) -> u32 {
        if severity.is_some_and(|severity| self.second_approver_for.contains(&severity)) { 2 } else { 1 }
    }
}
