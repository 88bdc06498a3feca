//! What is layerguard's own, by name.

use std::collections::BTreeSet;

/// The name of the stack where nobody says otherwise, as the template and the guides have it.
const STACK: &str = "layerguard";

/// What the names of the stack's roles end with; a test holds the template to it.
const OWN_ROLES: [&str; 7] = ["calls", "triage", "respond", "detect", "decide", "remediate", "reconcile"];
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// The roles of a stack, by what their ARNs begin with: `arn:aws:iam::111122223333:role/layerguard-`.
#[must_use]
pub fn own_roles(prefix: &str) -> Vec<String> {
    OWN_ROLES.iter().map(|name| format!("{prefix}{name}")).collect()
}

/// The role in other accounts of the organisation that lets Remediate in, as `infra/member.yaml` makes it.
pub const RESPONDER: &str = "layerguard-responder";

/// The role there that lets Decide read roles, as the same template makes it.
pub const READER: &str = "layerguard-reader";

/// These roles, and the role of this deployment in each of these accounts that lets Remediate in.
#[must_use]
pub fn with_responders(mut roles: Vec<String>, accounts: &[String]) -> Vec<String> {
    let partitions: BTreeSet<String> =
        roles.iter().filter_map(|role| role.split(':').nth(1)).map(str::to_owned).collect();
    for partition in partitions {
        roles.extend(accounts.iter().map(|account| format!("arn:{partition}:iam::{account}:role/{RESPONDER}")));
    }
    roles
}

/// What is layerguard's own in the account it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Exact ARNs of the roles that its functions, machines and rules run with.
    pub roles: Vec<String>,
    /// The stack's name, with which the name of everything that the template makes begins.
    pub stack: String,
    /// The exact ARN of the role that plays the intruder in drills, where the deployment has one. It is none of layerguard's own roles.
    pub drill: Option<String>,
}

impl Own {
    /// A stack of the usual name in any of these accounts. Offline nobody can say in which of them it runs; the deployed functions know
    /// their roles by exact ARN.
    #[must_use]
    pub fn somewhere_in(accounts: &[String]) -> Self {
        let of_account = |account: &String| {
            PARTITIONS.map(|partition| own_roles(&format!("arn:{partition}:iam::{account}:role/{STACK}-"))).concat()
        };
        accounts.iter().flat_map(of_account).collect::<Vec<_>>().into()
    }
}

impl Default for Own {
    fn default() -> Self {
        Vec::new().into()
    }
}

/// These roles, of a stack of the usual name.
impl From<Vec<String>> for Own {
    fn from(roles: Vec<String>) -> Self {
        Self { roles, stack: STACK.to_owned(), drill: None }
    }
}

/// What the name of every temporary measure begins with, whatever the stack is called.
const MEASURE: &str = "layerguard-";

/// A name or ARN that belongs to the stack of this name: one of its parts is the stack's name, or begins with it and a dash, as every
/// name in the template does.
pub(super) fn is_own(resource: &str, stack: &str) -> bool {
    resource
        .split([':', '/'])
        .any(|part| part.strip_prefix(stack).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

/// The name of a policy that layerguard attaches to whom it contains: `layerguard-<incident id>`.
pub(super) fn is_measure(policy: &str) -> bool {
    policy.rsplit('/').next().is_some_and(|name| {
        name.strip_prefix(MEASURE).is_some_and(|id| {
            let hash = id.split('-').next().unwrap_or_default();
            hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}
