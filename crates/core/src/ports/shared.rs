//! What incidents share: measures with several holders, and the stop switch.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::PortResult;

/// Who holds a measure that incidents share, such as an attached quarantine or a deactivated key. The measure goes with its last holder.
#[async_trait]
pub trait Holders: Send + Sync {
    /// Who holds the measure now, the longest first; read after every write that was answered before.
    async fn holders(&self, measure: &str) -> PortResult<Vec<Holder>>;
    /// Become a holder. Idempotent: who holds it already keeps what was found then.
    async fn hold(&self, measure: &str, holder: &Holder) -> PortResult<()>;
    /// Let go; not holding it is success.
    async fn release(&self, measure: &str, by: &str) -> PortResult<()>;
}

/// One holder of a shared measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The incident.
    pub by: String,
    /// How things stood before the first holder changed them, in the action's own shape.
    pub found: Value,
}

/// The stop switch of the whole deployment. Whoever reads it and cannot, takes it as thrown.
#[async_trait]
pub trait Switch: Send + Sync {
    /// The pause, if there is one; it may have run out.
    async fn pause(&self) -> PortResult<Option<Pause>>;
}

/// The hand on the stop switch: a person throws it, and only Decide puts it back before its time.
#[async_trait]
pub trait Lever: Send + Sync {
    /// Throw the switch; over whatever it says.
    async fn throw(&self, pause: &Pause) -> PortResult<()>;
    /// Put it back, if it still says this; saying something else, or nothing, is success and changes nothing.
    async fn put_back(&self, pause: &Pause) -> PortResult<()>;
}

/// The longest pause: the command line sets none that is longer, and one that somebody wrote there otherwise ends after it.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// How far the clock of whoever throws the switch may be ahead of ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(15);

/// layerguard changes nothing until then; taking back still works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it is to end by itself; [`Pause::ends_at`] says when it does.
    pub until: Timestamp,
    /// When it was set.
    pub since: Timestamp,
    /// Who set it, as the one who set it says; escape it always.
    pub by: String,
    /// Why, in the words of whoever set it; escape it always.
    pub reason: String,
}

impl Pause {
    /// Whether it holds at this moment. Whoever writes the switch's row can write any time there, so neither a far end nor a start that
    /// is yet to come makes a pause longer than [`LONGEST_PAUSE`].
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        let ahead = now.checked_add(CLOCKS_APART).unwrap_or(Timestamp::MAX);
        self.since <= ahead && now < self.ends_at()
    }

    /// When it ends by itself: as it says, and not later than [`LONGEST_PAUSE`] after its start.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.until.min(self.since.checked_add(LONGEST_PAUSE).unwrap_or(Timestamp::MAX))
    }

    /// It claims to last longer than a pause may.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.until > self.ends_at()
    }

    /// What a person signs who ends this very pause: SHA-256 over all of it, hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let (until, since) = (self.until.to_string(), self.since.to_string());
        let mut hasher = Sha256::new();
        for part in [until.as_str(), &since, &self.by, &self.reason] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hex::encode(hasher.finalize())
    }
}
