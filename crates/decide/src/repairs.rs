//! Repairs that are called for again and again.

use jiff::Timestamp;
use layerguard_core::plan::{MOST_REPAIRS, Plan, REPAIRS_WITHIN, Target, repair_scope};

use crate::view::is_repair;
use crate::{Decide, DecideError};

impl Decide<'_> {
    /// Repairs of this plan that were done as often as they may of late: whoever makes the change again and again is not answered by
    /// one more repair, and a person decides. Taking a repair back does not make the count smaller.
    pub(crate) async fn repeated(&self, plan: &Plan) -> Result<Vec<(String, Target)>, DecideError> {
        let from = self.ports.clock.now().checked_sub(REPAIRS_WITHIN).unwrap_or(Timestamp::MIN);
        let mut repeated = Vec::new();
        for step in plan.steps.iter().filter(|step| is_repair(&step.action)) {
            let counted = self.ports.measures.actions_since(&repair_scope(step), from).await;
            let counted = counted.map_err(|source| DecideError::Port { incident: plan.incident.clone(), source })?;
            if counted >= MOST_REPAIRS {
                repeated.push((step.action.clone(), step.target.clone()));
            }
        }
        Ok(repeated)
    }
}
