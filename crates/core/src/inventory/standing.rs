//! What the inventory says about a principal.

use super::model::Inventory;
use super::pattern::{ArnPattern, is_wild, parts};
use crate::approval::CallerIdentity;
use crate::cloudtrail::{Principal, PrincipalKind};
use crate::facts::Standing;

/// The roles by which an organisation and AWS Control Tower get back into an account, whatever else is denied there.
const WAYS_BACK: [&str; 2] = ["role/OrganizationAccountAccessRole", "role/AWSControlTowerExecution"];

impl Inventory {
    /// The account is one of the organisation.
    #[must_use]
    pub fn owns(&self, account: &str) -> bool {
        self.organization.accounts.iter().any(|ours| ours == account)
    }

    /// The first pattern of a list that grants something and matches this ARN.
    ///
    /// A pattern whose account is a wildcard counts for the accounts of the organisation alone: everybody can make a role of
    /// the same name in an account of their own. The root user is listed only by a pattern whose resource is `root`.
    #[must_use]
    pub fn listed<'p>(&self, patterns: &'p [ArnPattern], arn: &str) -> Option<&'p ArnPattern> {
        let [_, _, _, account, resource] = parts(arn)?;
        patterns.iter().find(|pattern| {
            let account_counts = pattern.account().is_some() || self.owns(account);
            let root_is_named = resource != "root" || pattern.resource() == Some("root");
            account_counts && root_is_named && pattern.matches(arn)
        })
    }

    /// What the inventory says about this principal. `own_roles` are the exact ARNs of the roles that layerguard's functions
    /// run with; they are protected like those of `[principals] protected`. So are who is on call, and the ways back into an account.
    ///
    /// A federated user is listed as the user that issued it: its own name is chosen by whoever asks for its credentials. It is
    /// protected, or a workload, by either.
    #[must_use]
    pub fn standing_of(&self, principal: &Principal, own_roles: &[String]) -> Standing {
        let arn = listed_arn(principal);
        let either = [principal.arn.as_deref(), arn];
        let lists = &self.principals;
        let listed = |patterns: &[ArnPattern]| arn.is_some_and(|arn| self.listed(patterns, arn).is_some());
        let shielded = |patterns: &[ArnPattern]| {
            either.iter().flatten().any(|arn| patterns.iter().any(|pattern| pattern.matches_widely(arn)))
        };
        let own = arn.is_some_and(|arn| own_roles.iter().any(|role| role == arn));
        let way_back = arn.and_then(parts).is_some_and(|[.., resource]| WAYS_BACK.contains(&resource));
        Standing {
            in_organization: account_of(principal).map(|account| self.owns(account)),
            image_puller: listed(&lists.image_pullers),
            administrator: listed(&lists.administrators),
            service_puller: self.pulls_by_itself(principal),
            workload: shielded(&lists.workloads),
            protected: own || way_back || shielded(&lists.protected) || shielded(&lists.on_call),
            own,
            layer_reader: self.layers.readers.as_ref().is_some_and(|readers| listed(readers)),
        }
    }

    /// A listed AWS service, or a listed role of one. `invokedBy` counts only where the record says that the service
    /// itself called: on an ordinary principal it says nothing about trust (AWS facts, section 0.1).
    fn pulls_by_itself(&self, principal: &Principal) -> bool {
        let pullers = &self.principals.service_pullers;
        match (principal.kind, &principal.invoked_by) {
            (PrincipalKind::AwsService, Some(service)) => pullers.iter().any(|pattern| pattern.as_str() == service),
            (PrincipalKind::AwsService, None) => false,
            _ => listed_arn(principal).is_some_and(|arn| self.listed(pullers, arn).is_some()),
        }
    }

    /// Whether this caller, as STS returned it, is on call.
    ///
    /// STS's answer has a role's name without its path. Names are unique within an account whatever their path, so a
    /// pattern's account and last segment decide; only a pattern that names a path and has a wildcard in its last segment
    /// cannot be decided from that, and does not match. Users are matched by their whole ARN.
    #[must_use]
    pub fn is_on_call(&self, identity: &CallerIdentity) -> bool {
        let patterns = &self.principals.on_call;
        let Some([partition, service, _, account, resource]) = parts(&identity.arn) else { return false };
        if account != identity.account {
            return false;
        }
        let Some(session) = resource.strip_prefix("assumed-role/").filter(|_| service == "sts") else {
            // A federated user's name is chosen by whoever asks for its credentials.
            return service != "sts" && self.listed(patterns, &identity.arn).is_some();
        };
        let Some((role, _)) = session.split_once('/') else { return false };
        patterns.iter().any(|pattern| {
            let Some(path) = pattern.resource().and_then(path_that_decides) else { return false };
            let arn = format!("arn:{partition}:iam::{account}:role/{path}{role}");
            self.listed(std::slice::from_ref(pattern), &arn).is_some()
        })
    }
}

/// The ARN by which a principal is listed: its own, of a federated user that of its issuer.
pub(crate) fn listed_arn(principal: &Principal) -> Option<&str> {
    match principal.kind {
        PrincipalKind::FederatedUser => principal.session.as_ref()?.issuer_arn.as_deref(),
        _ => principal.arn.as_deref(),
    }
}

/// The account of a principal: as recorded, else as its ARN says.
pub(crate) fn account_of(principal: &Principal) -> Option<&str> {
    let from_arn = || parts(principal.arn.as_deref()?).map(|[_, _, _, account, _]| account);
    principal.account.as_deref().or_else(from_arn).filter(|account| !account.is_empty())
}

/// The path with which a role's bare name is to be put to a pattern: the pattern's own, so that only the name is
/// compared. `None` when the pattern is not about roles, or cannot be decided without knowing the path.
pub(super) fn path_that_decides(resource: &str) -> Option<String> {
    let (kind, rest) = resource.split_once('/')?;
    let (path, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let any_path = path.is_empty() || path.split('/').all(|segment| segment == "**");
    if kind != "role" || (is_wild(name) && !any_path) {
        return None;
    }
    // With `**` in the pattern, no path at all is among what it matches; any other segment matches itself, wildcards included.
    let segments = path.split('/').filter(|segment| !segment.is_empty() && *segment != "**");
    Some(segments.map(|segment| format!("{segment}/")).collect())
}
