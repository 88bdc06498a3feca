//! Measures that incidents share: a key is active or not and a policy attached or not, whoever wants it so. Each incident that wants the
//! measure holds it, and it goes with the last.
//!
//! Two things are kept about a measure: who holds it, and who is taking it back. Both are written before what they announce and removed
//! after it, so a measure that stands and that neither names was made by somebody else. And whoever has changed the account looks at the
//! holders again and changes it once more where they say otherwise by now. So it does not matter where an invocation ends, as long as it
//! is tried again, nor what another incident does meanwhile.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ActionError, Applied, Occasion, Tools, Undone};
use crate::ports::{Holder, Iam, PortError, PortErrorKind, PortResult};
use crate::text::escape;

/// How often the holders are looked at again. Each look but the first means that another incident came in between.
const LOOKS: u32 = 8;

/// A measure, the same one for every incident that wants it.
#[derive(Clone, Copy)]
pub(super) enum Measure<'a> {
    /// An access key is deactivated.
    Key { account: &'a str, user: &'a str, key: &'a str },
    /// A policy is attached to a role.
    Role { account: &'a str, role: &'a str, policy: &'a str },
    /// A policy is attached to a user.
    User { account: &'a str, user: &'a str, policy: &'a str },
}

/// How a measure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stood {
    /// It does not: the key is active, the policy is not attached.
    Open,
    /// It does. Where it is captured: by somebody else's hand.
    Shut,
    /// There is no such key, role or user any more.
    Absent,
}

#[derive(Debug, Serialize, Deserialize)]
struct Captured {
    /// How it stood before the first of the incidents that hold it.
    prior: Stood,
}

/// One measure of one action.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) action: &'static str,
    pub(super) measure: Measure<'a>,
}

impl Shared<'_> {
    /// Read how the measure stood before any incident wanted it.
    pub(super) async fn capture(&self, tools: Tools<'_>) -> Result<Value, ActionError> {
        let prior = match self.measure.stands(tools.iam()).await.map_err(|source| self.port(source))? {
            Stood::Shut if self.is_ours(tools).await? => Stood::Open,
            stood => stood,
        };
        self.written(prior)
    }

    /// Hold the measure, then make it. One that stands and is nobody's of ours is left to whoever made it.
    pub(super) async fn apply(
        &self,
        occasion: Occasion<'_>,
        captured: &Value,
        tools: Tools<'_>,
    ) -> Result<Applied, ActionError> {
        let port = |source| self.port(source);
        self.prior(captured)?;
        let stood = self.measure.stands(tools.iam()).await.map_err(port)?;
        if stood != Stood::Open && !self.is_ours(tools).await? {
            return Ok(Applied::NothingToDo);
        }
        let id = self.measure.id();
        let held = self.is_held(&id, occasion, tools).await?;
        // What an incident holds, the first of them found open.
        let holder = Holder { by: occasion.incident.to_owned(), found: self.written(Stood::Open)? };
        tools.holders.hold(&id, &holder).await.map_err(port)?;
        if stood == Stood::Absent {
            return Ok(Applied::Applied);
        }
        if let Err(source) = self.measure.set(tools.iam(), true).await {
            if !held {
                self.let_go(&id, occasion, &source, tools).await;
            }
            return Err(port(source));
        }
        self.settle(&id, true, tools).await?;
        Ok(Applied::Applied)
    }

    /// Whether the measure stands.
    pub(super) async fn holds(&self, tools: Tools<'_>) -> Result<bool, ActionError> {
        let stood = self.measure.stands(tools.iam()).await.map_err(|source| self.port(source))?;
        Ok(stood != Stood::Open)
    }

    /// Let go of the measure, and take it back where nobody else holds it.
    pub(super) async fn undo(
        &self,
        occasion: Occasion<'_>,
        captured: &Value,
        tools: Tools<'_>,
    ) -> Result<Undone, ActionError> {
        let port = |source| self.port(source);
        let prior = self.prior(captured)?;
        let (id, back) = (self.measure.id(), self.measure.back());
        let stood = match self.measure.stands(tools.iam()).await {
            // With the role or user it is gone.
            Err(error) if error.kind == PortErrorKind::NotFound => Stood::Absent,
            stood => stood.map_err(port)?,
        };
        if !self.is_held(&id, occasion, tools).await? && !self.is_held(&back, occasion, tools).await? {
            return self.not_held(&id, prior, stood, tools).await;
        }
        let mark = Holder { by: occasion.incident.to_owned(), found: self.written(Stood::Open)? };
        tools.holders.hold(&back, &mark).await.map_err(port)?;
        tools.holders.release(&id, occasion.incident).await.map_err(port)?;
        let others = tools.holders.holders(&id).await.map_err(port)?;
        let left = match (stood, others.is_empty()) {
            (Stood::Absent, _) => others,
            // As long as an incident holds it, it stands.
            (Stood::Shut, false) => others,
            (_, nobody) => {
                self.measure.set(tools.iam(), !nobody).await.map_err(port)?;
                self.settle(&id, !nobody, tools).await?
            }
        };
        tools.holders.release(&back, occasion.incident).await.map_err(port)?;
        Ok(match stood {
            Stood::Absent => Undone::NothingToDo,
            _ if !left.is_empty() => self.kept(&left),
            Stood::Shut => Undone::Undone,
            Stood::Open => Undone::NothingToDo,
        })
    }

    /// The incident holds nothing: it never did, or it let go before.
    async fn not_held(&self, id: &str, prior: Stood, stood: Stood, tools: Tools<'_>) -> Result<Undone, ActionError> {
        if (prior, stood) != (Stood::Open, Stood::Shut) {
            return Ok(Undone::NothingToDo);
        }
        let others = tools.holders.holders(id).await.map_err(|source| self.port(source))?;
        if !others.is_empty() {
            return Ok(self.kept(&others));
        }
        let what = self.measure.in_words();
        Ok(Undone::Drifted(format!("{what}, and no incident holds it: somebody else did it; it was left as it is")))
    }

    /// The account was just changed to this. Look whether the holders still say so, and change it to what they say until they do;
    /// who holds it in the end.
    async fn settle(&self, id: &str, mut stands: bool, tools: Tools<'_>) -> Result<Vec<Holder>, ActionError> {
        let port = |source| self.port(source);
        for _ in 0..LOOKS {
            let holders = tools.holders.holders(id).await.map_err(port)?;
            if stands != holders.is_empty() {
                return Ok(holders);
            }
            stands = !stands;
            self.measure.set(tools.iam(), stands).await.map_err(port)?;
        }
        let operation = format!("settle who holds `{id}`");
        Err(port(PortError { operation, kind: PortErrorKind::Conflict }))
    }

    /// A measure that was refused for a reason that says that nothing was changed is not held, as far as it is seen not to stand. That
    /// is tidying up: what remains is let go by undo.
    async fn let_go(&self, id: &str, occasion: Occasion<'_>, refused: &PortError, tools: Tools<'_>) {
        let nothing_changed = matches!(
            refused.kind,
            PortErrorKind::LimitExceeded(_)
                | PortErrorKind::NotFound
                | PortErrorKind::Unmodifiable
                | PortErrorKind::Denied(_)
        );
        if !nothing_changed {
            return;
        }
        let stands = match self.measure.stands(tools.iam()).await {
            Ok(stood) => stood == Stood::Shut,
            Err(error) => error.kind != PortErrorKind::NotFound,
        };
        if !stands {
            let _ = tools.holders.release(id, occasion.incident).await;
        }
    }

    /// An incident holds the measure, or is taking it back.
    async fn is_ours(&self, tools: Tools<'_>) -> Result<bool, ActionError> {
        let port = |source| self.port(source);
        // In this order: whoever takes it back says so before it lets go.
        Ok(!tools.holders.holders(&self.measure.id()).await.map_err(port)?.is_empty()
            || !tools.holders.holders(&self.measure.back()).await.map_err(port)?.is_empty())
    }

    async fn is_held(&self, id: &str, occasion: Occasion<'_>, tools: Tools<'_>) -> Result<bool, ActionError> {
        let holders = tools.holders.holders(id).await.map_err(|source| self.port(source))?;
        Ok(holders.iter().any(|holder| holder.by == occasion.incident))
    }

    fn kept(&self, others: &[Holder]) -> Undone {
        let incidents: Vec<_> = others.iter().map(|holder| escape(&holder.by)).collect();
        let incidents = incidents.join(", ");
        Undone::Kept(format!("{} and stays so for incident {incidents}", self.measure.in_words()))
    }

    fn prior(&self, captured: &Value) -> Result<Stood, ActionError> {
        let captured =
            Captured::deserialize(captured).map_err(|source| ActionError::Captured { action: self.action, source })?;
        Ok(captured.prior)
    }

    fn written(&self, prior: Stood) -> Result<Value, ActionError> {
        serde_json::to_value(Captured { prior }).map_err(|source| ActionError::Captured { action: self.action, source })
    }

    const fn port(&self, source: PortError) -> ActionError {
        ActionError::Port { action: self.action, source }
    }
}

/// ARN of the stack's deny policy in the partition and account of what it is attached to.
pub(super) fn quarantine_policy(arn: &str, account: &str, stack: &str) -> String {
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:iam::{account}:policy/{stack}-quarantine")
}

impl Measure<'_> {
    /// Under what it is held. Names of roles and users are unique within an account, whatever their path.
    fn id(&self) -> String {
        match self {
            Self::Key { account, user, key } => format!("key#{account}#user/{user}#{key}"),
            Self::Role { account, role, .. } => format!("quarantine#{account}#role/{role}"),
            Self::User { account, user, .. } => format!("quarantine#{account}#user/{user}"),
        }
    }

    /// Under what those are named who take it back.
    fn back(&self) -> String {
        format!("{}#back", self.id())
    }

    fn in_words(&self) -> String {
        match self {
            Self::Key { key, .. } => format!("access key `{key}` is inactive"),
            Self::Role { role, policy, .. } => format!("policy `{policy}` is attached to role `{role}`"),
            Self::User { user, policy, .. } => format!("policy `{policy}` is attached to user `{user}`"),
        }
    }

    async fn stands(&self, iam: &dyn Iam) -> PortResult<Stood> {
        let stood = |attached| if attached { Stood::Shut } else { Stood::Open };
        match self {
            Self::Key { user, key, .. } => Ok(match iam.access_key_active(user, key).await? {
                Some(true) => Stood::Open,
                Some(false) => Stood::Shut,
                None => Stood::Absent,
            }),
            Self::Role { role, policy, .. } => iam.role_has_policy(role, policy).await.map(stood),
            Self::User { user, policy, .. } => iam.user_has_policy(user, policy).await.map(stood),
        }
    }

    async fn set(&self, iam: &dyn Iam, stands: bool) -> PortResult<()> {
        match self {
            Self::Key { user, key, .. } => iam.set_access_key_active(user, key, !stands).await,
            Self::Role { role, policy, .. } if stands => iam.attach_role_policy(role, policy).await,
            Self::Role { role, policy, .. } => iam.detach_role_policy(role, policy).await,
            Self::User { user, policy, .. } if stands => iam.attach_user_policy(user, policy).await,
            Self::User { user, policy, .. } => iam.detach_user_policy(user, policy).await,
        }
    }
}
