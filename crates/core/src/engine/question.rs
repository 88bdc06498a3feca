//! The second and third question: what is asked of `response.cedar` and `approval.cedar`.

use serde::{Deserialize, Serialize};

use super::Severity;
use crate::action::{Reach, Touches};
use crate::approval::Verb;
use crate::cloudtrail::PrincipalKind;
use crate::facts::Standing;
use crate::plan::Mode;

/// "May this action run without a person?" Asked with and without approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseQuestion {
    /// The action's name.
    pub action: String,
    /// What it changes.
    pub touches: Touches,
    /// How far it reaches.
    pub reach: Reach,
    /// It writes an inline policy.
    pub writes_inline: bool,
    /// What kind of principal gave cause. Unless a configuration is repaired, it is what the action is done to.
    pub principal_kind: PrincipalKind,
    /// ARN of that principal.
    pub principal_arn: String,
    /// What the inventory says about that principal.
    pub standing: Standing,
    /// Whose account is changed.
    pub place: Place,
    /// Weightiest severity of the incident.
    pub severity: Severity,
    /// The incident is undecided: nothing is known that would justify a change.
    pub undecided: bool,
    /// The ceiling: the lower of the inventory's and the deployment's mode.
    pub ceiling: Mode,
    /// The owner allows inline denies.
    pub inline_deny: bool,
    /// Too many actions of late: everything asks.
    pub breaker_open: bool,
    /// The same repair was done twice of late: something makes the change again and again.
    pub repeated: bool,
}

/// Whose account an action changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The account that layerguard runs in.
    Home,
    /// Another account of the organisation.
    Member,
    /// The organisation's management account.
    Management,
    /// Not of the organisation, or not known.
    Outside,
}

/// The answer to the second question.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseAnswer {
    /// Allowed at once: act. Allowed only with approval: ask. Never: observe.
    pub mode: Mode,
    /// Whether it may run when the time for approval has expired and the inventory says `contain` for that.
    pub on_expiry: bool,
    /// Which policies led to it, in words for a person.
    pub reasons: Vec<String>,
    /// Any error makes the mode observe, and the incident is escalated.
    pub errors: Vec<String>,
}

/// "May this person give this answer?"
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalQuestion {
    /// What the person answers.
    pub verb: Verb,
    /// ARN as STS returned it.
    pub approver_arn: String,
    /// Matches `on_call`.
    pub on_call: bool,
    /// Is the accused session or principal itself.
    pub accused: bool,
    /// Is a session of the accused's role: the same role id, or the same role name in the same account.
    pub same_lineage: bool,
    /// Is the same person by the session's name, or by the name of the accused user.
    pub same_person: bool,
    /// Is one of layerguard's own roles.
    pub own_role: bool,
    /// Has approved this very plan before, as the same person under whichever session: see [`crate::approval::same_person`].
    pub approved_before: bool,
}

/// The answer to the third question.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalVerdict {
    /// The answer counts.
    pub allowed: bool,
    /// Which policies led to it, in words for a person.
    pub reasons: Vec<String>,
    /// Any error means not allowed.
    pub errors: Vec<String>,
}
