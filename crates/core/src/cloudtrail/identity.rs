//! `userIdentity`: every type of it becomes a typed principal.

mod read;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What kind of principal called. Decides which containment is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A session of an ordinary role (`AssumedRole`).
    RoleSession,
    /// A session of a role that IAM Identity Center owns (`AWSReservedSSO_*`): not editable in IAM.
    IdentityCenterRole,
    /// A session of a service-linked role: not editable in IAM.
    ServiceLinkedRole,
    /// A role itself (`Role`).
    Role,
    /// An IAM user, with a long-term key or with temporary credentials.
    IamUser,
    /// A federated user (`GetFederationToken`).
    FederatedUser,
    /// The account's root user.
    Root,
    /// An AWS service (`AWSService`).
    AwsService,
    /// Another account, seen from the resource owner's side (`AWSAccount`).
    AwsAccount,
    /// AWS Directory Service (`Directory`).
    Directory,
    /// An STS call with SAML.
    SamlUser,
    /// An STS call with a web identity.
    WebIdentityUser,
    /// An Identity Center user without a role.
    IdentityCenterUser,
    /// Absent, or of a type that this version does not know.
    Unknown,
}

/// Who called, as far as the record tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Principal {
    /// What it is.
    pub kind: PrincipalKind,
    /// The ARN to match against the inventory: for sessions the role's ARN with its path (from `sessionIssuer.arn`, never
    /// cut out of the assumed-role ARN), else the recorded ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The account the principal belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `principalId`: what IAM calls `aws:userid`, for a role session `AROA...:session-name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The friendly name of the role or user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The access key of the call; temporary ones start with `ASIA`. Identifies a login's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    /// Temporary credentials, if the call used them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// `invokedBy`. Never a reason to trust (AWS facts, section 0.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
}

/// Temporary credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Session {
    /// The session's name. Attacker-controlled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The `arn:aws:sts::...:assumed-role/Role/session` of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// When the credentials were issued (`attributes.creationDate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// `sourceIdentity`, which survives role chaining.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// `sessionIssuer.arn`: the role of a role session as recorded, the issuing user (or root) of a federated user. A federated
    /// user can only be denied through the latter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_arn: Option<String>,
}

impl Principal {
    /// A principal of which nothing is known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            kind: PrincipalKind::Unknown,
            arn: None,
            account: None,
            user_id: None,
            name: None,
            access_key: None,
            session: None,
            invoked_by: None,
        }
    }

    /// What identifies the principal in an incident's key: the session (`aws:userid`) if known, else the ARN, else the account.
    #[must_use]
    pub fn subject(&self) -> String {
        self.user_id
            .as_ref()
            .or(self.arn.as_ref())
            .or(self.account.as_ref())
            .cloned()
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// What identifies the credentials of a registry login: the access key if recorded, else the session.
    #[must_use]
    pub fn login_session(&self) -> String {
        self.access_key.clone().unwrap_or_else(|| self.subject())
    }
}
