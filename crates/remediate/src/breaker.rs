//! The breaker, where it cannot be overrun: an action counts itself before it looks at the count. However many incidents are decided at
//! the same moment, no more than the inventory's number of steps runs without a person.

use jiff::Timestamp;
use layerguard_core::action::{self, Touches};
use layerguard_core::plan::{MOST_REPAIRS, Mode, REPAIRS_WITHIN, Step, breaker_scopes, repair_scope};

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
        self.measures.count_action(&counted_under(step), at.incident, at.step, now).await.map_err(port)?;
        let from = now.checked_sub(breaker.window).unwrap_or(Timestamp::MIN);
        for (scope, most) in scopes.iter().zip([breaker.overall, breaker.per_account, breaker.per_role]) {
            let counted = self.measures.actions_since(scope, from).await.map_err(port)?;
            if counted > most {
                return Ok(Err(Refusal::Breaker { scope: scope.clone(), counted, most }.into()));
            }
        }
        if is_repair(step) {
            let scope = repair_scope(step);
            let from = now.checked_sub(REPAIRS_WITHIN).unwrap_or(Timestamp::MIN);
            let counted = self.measures.actions_since(&scope, from).await.map_err(port)?;
            if counted > MOST_REPAIRS {
                return Ok(Err(Refusal::Repeated { counted, most: MOST_REPAIRS }.into()));
            }
        }
        Ok(Ok(()))
    }
}

fn is_repair(step: &Step) -> bool {
    action::by_name(&step.action).is_some_and(|action| action.touches() == Touches::Configuration)
}

/// Every scope under which a step is counted: those of the breaker, and a repair under what it repairs too.
pub(crate) fn counted_under(step: &Step) -> Vec<String> {
    let mut scopes = breaker_scopes(step.target.principal_arn(), step.target.account());
    scopes.extend(is_repair(step).then(|| repair_scope(step)));
    scopes
}
