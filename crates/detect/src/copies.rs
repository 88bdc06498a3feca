//! Copies for the owners of resources whose callers' copies did not come.
//!
//! A call between two accounts of the organisation is recorded in both trails, and the caller's copy alone names who called. Detect
//! lets the other copy wait for it; each minute this looks after those that have waited long enough. They are undecided then, and keyed
//! by that reason, so that a trail that never delivers is one incident an hour and not one for each call.

use layerguard_core::assess::{Assessed, Assessor};
use layerguard_core::history::{self, COPY_WAITS, Trace};
use layerguard_core::metric::Metric;
use serde::Serialize;

use crate::{Detect, DetectError};

/// One invocation looks after so many; the next minute brings another.
const MOST: usize = 200;

/// What came of the copies that have waited long enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The caller's copy had come.
    pub decided: u32,
    /// It had not: undecided, and joined to an incident.
    pub undecided: u32,
    /// Could not be looked after this time.
    pub failed: u32,
}

impl Detect<'_> {
    /// Look after the copies that have waited for an hour.
    ///
    /// # Errors
    /// When they cannot be listed. One that cannot be looked after does not stop the others and is tried again.
    pub async fn settle_copies(&self) -> Result<Settled, DetectError> {
        let mut settled = Settled::default();
        let Ok(assessor) = self.policy else { return Ok(settled) };
        let before = self.clock.now().checked_sub(COPY_WAITS).unwrap_or_default();
        let waiting = self.activity.traces(&history::waiting_before(before)).await.map_err(DetectError::Activity)?;
        for trace in waiting.iter().take(MOST) {
            let count = match self.settle_copy(assessor, trace).await {
                Ok(true) => &mut settled.undecided,
                Ok(false) => &mut settled.decided,
                Err(error) => {
                    tracing::error!(dedupe_id = trace.event, %error, "a waiting copy could not be looked after");
                    &mut settled.failed
                }
            };
            *count = count.saturating_add(1);
        }
        if settled.failed > 0 {
            self.figures.tell(Metric::SweepFailures, settled.failed.into());
        }
        Ok(settled)
    }

    /// Whether it stayed undecided. It is forgotten last: dying before means that it is looked after again.
    async fn settle_copy(&self, assessor: &Assessor, waiting: &Trace) -> Result<bool, DetectError> {
        let mut stays = false;
        if let Some((hash, recorded)) = self.recorded(&waiting.event).await? {
            let assessed = assessor.investigate(&recorded.event, self.activity).await.map_err(DetectError::Activity)?;
            stays = assessed.waits;
            if stays {
                self.join(recorded.event, Assessed { waits: false, ..assessed }, Some(hash)).await?;
            }
        }
        self.activity.forget(waiting).await.map_err(DetectError::Activity)?;
        Ok(stays)
    }
}
