//! The breaker, where it cannot be overrun: an action counts itself before it looks at the count. However many incidents are decided at
//! the same moment, no more than the inventory's number of steps runs without a person.

use jiff::Timestamp;
use layerguard_core::plan::{Mode, Step, breaker_scopes};

use crate::Remediate;
use crate::error::RemediateError;
use crate::guard::Refusal;
use crate::step::{At, Trouble};

impl Remediate<'_> {
    /// Count a step that runs without a person, and refuse it when there were too many. The count is a set: a retry counts once.
    pub(crate) async fn breaker(&self, at: At<'_>, step: &Step) -> Result<Result<(), Trouble>, RemediateError> {
        let (Mode::Act, Ok(inventory)) = (step.mode, &self.guard.inventory) else { return Ok(Ok(())) };
        let port = |source| RemediateError::Port { task: "apply", source };
        let (breaker, now) = (&inventory.breaker, self.clock.now());
        let scopes = breaker_scopes(step.target.principal_arn(), step.target.account());
        self.measures.count_action(&scopes, at.incident, at.step, now).await.map_err(port)?;
        let from = now.checked_sub(breaker.window).unwrap_or(Timestamp::MIN);
        for (scope, most) in scopes.iter().zip([breaker.overall, breaker.per_account, breaker.per_role]) {
            let counted = self.measures.actions_since(scope, from).await.map_err(port)?;
            if counted > most {
                return Ok(Err(Refusal::Breaker { scope: scope.clone(), counted, most }.into()));
            }
        }
        Ok(Ok(()))
    }
}
