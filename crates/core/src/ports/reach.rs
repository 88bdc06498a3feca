//! Whether Remediate gets into the other accounts of the organisation.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortResult;

/// What came of trying to enter an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// 12 digits.
    pub account: String,
    /// When it was tried last.
    pub at: Timestamp,
    /// Why it was not let in, in words; `None` where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What is known about it: Remediate alone can try, and people want to know before something has to be contained there.
#[async_trait]
pub trait ReachStore: Send + Sync {
    /// The latest try of each account that was ever tried.
    async fn reaches(&self) -> PortResult<Vec<Reach>>;
    /// Remember a try, in place of the one before.
    async fn note_reach(&self, reach: &Reach) -> PortResult<()>;
}
