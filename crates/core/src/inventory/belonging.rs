//! Whose an account is, as far as the list of accounts can tell at a moment.

use jiff::Timestamp;

use super::model::{Inventory, Partner};
use super::pattern::{ArnPattern, is_wild, parts};
use super::standing::path_that_decides;

/// Whose an account, or a principal of it, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Belonging {
    /// Of the organisation.
    Ours,
    /// Outside, and grants to it are in order.
    Partner,
    /// Outside.
    Foreign,
    /// Not listed, and the list is too old to tell.
    Unsettled,
}

impl Inventory {
    /// Whose this account is, at the time of an event.
    ///
    /// Only accounts of which the whole is a partner are one here; for principals ask [`Self::belonging_of_principal`].
    #[must_use]
    pub fn belonging(&self, account: &str, at: Timestamp) -> Belonging {
        let partner = |partner: &Partner| matches!(partner, Partner::Account(theirs) if theirs == account);
        if self.owns(account) {
            Belonging::Ours
        } else if self.organization.partners.iter().any(partner) {
            Belonging::Partner
        } else if self.accounts_are_stale(at) {
            Belonging::Unsettled
        } else {
            Belonging::Foreign
        }
    }

    /// Whether images may be replicated to this account and region, at the time of an event; `None` where it cannot be told.
    #[must_use]
    pub fn takes_replicas(&self, account: &str, region: &str, at: Timestamp) -> Option<bool> {
        let approved = &self.replication.approved_destinations;
        if approved.iter().any(|known| known.account == account && known.region == region) {
            return Some(true);
        }
        match self.belonging(account, at) {
            Belonging::Unsettled => None,
            Belonging::Ours => Some(approved.is_empty()),
            Belonging::Partner | Belonging::Foreign => Some(false),
        }
    }

    /// Whose this principal is, at the time of an event: `None` where its ARN does not say of which account it is.
    #[must_use]
    pub fn belonging_of_principal(&self, arn: &str, at: Timestamp) -> Option<Belonging> {
        let [_, _, _, account, _] = parts(arn)?;
        if !super::is_account(account) {
            return None;
        }
        let partner = |partner: &Partner| match partner {
            Partner::Account(_) => false,
            Partner::Principals(pattern) => names(pattern, arn),
        };
        Some(match self.belonging(account, at) {
            Belonging::Foreign | Belonging::Unsettled if self.organization.partners.iter().any(partner) => {
                Belonging::Partner
            }
            other => other,
        })
    }

    /// The list of accounts was older than it may be. A list without a date is kept by hand and never is.
    fn accounts_are_stale(&self, at: Timestamp) -> bool {
        let organization = &self.organization;
        organization
            .accounts_refreshed
            .is_some_and(|refreshed| at.duration_since(refreshed) > organization.accounts_stale_after)
    }
}

/// Whether a partner's pattern names this principal. The root user stands for the whole account, so no wildcard reaches it;
/// a session is its role, whose path its ARN does not tell; and an ARN with wildcards may stand for more than the pattern.
fn names(pattern: &ArnPattern, arn: &str) -> bool {
    let Some([partition, service, _, account, resource]) = parts(arn) else { return false };
    if resource == "root" || is_wild(arn) {
        return false;
    }
    let session = resource.strip_prefix("assumed-role/").filter(|_| service == "sts");
    match session.and_then(|session| session.split_once('/')) {
        Some((role, _)) => pattern
            .resource()
            .and_then(path_that_decides)
            .is_some_and(|path| pattern.matches(&format!("arn:{partition}:iam::{account}:role/{path}{role}"))),
        None => pattern.matches(arn),
    }
}
