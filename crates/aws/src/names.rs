//! Names by convention: the stack's name leads to everything else.

use layerguard_core::approval::CallerIdentity;
use layerguard_core::ports::LIVE;

/// What stands where, by the stack's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The audit table.
    pub audit_table: String,
    /// The state table.
    pub state_table: String,
    /// ARN of the respond machine's alias [`LIVE`].
    pub respond_arn: String,
}

impl Names {
    /// The names of a stack in the caller's account and this region. The partition is the caller's.
    #[must_use]
    pub fn of(stack: &str, region: &str, caller: &CallerIdentity) -> Self {
        let partition = caller.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws");
        let account = &caller.account;
        Self {
            audit_table: format!("{stack}-audit"),
            state_table: format!("{stack}-state"),
            respond_arn: format!("arn:{partition}:states:{region}:{account}:stateMachine:{stack}-respond:{LIVE}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_stack_and_the_callers_partition() {
        let caller = CallerIdentity {
            arn: "arn:aws-cn:sts::111122223333:assumed-role/on-call/ada".into(),
            user_id: "AROAEXAMPLEID:ada".into(),
            account: "111122223333".into(),
        };
        let names = Names::of("guard", "cn-north-1", &caller);
        assert_eq!(names.audit_table, "guard-audit");
        assert_eq!(names.state_table, "guard-state");
        assert_eq!(names.respond_arn, "arn:aws-cn:states:cn-north-1:111122223333:stateMachine:guard-respond:live");
    }
}
