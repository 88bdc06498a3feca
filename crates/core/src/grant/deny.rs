//! What the Deny statements of a policy take away from everybody outside, where that can be proven. AWS lets an explicit
//! Deny win over every Allow.

use std::collections::BTreeMap;

use super::action::{Actions, Service};
use super::condition;
use super::document::{Condition, Kind, Named, Statement};
use super::principal;
use super::reach::{Judge, Reach};

/// The actions that nobody outside has left, whatever is allowed.
#[derive(Debug, Default)]
pub(super) struct Denied {
    everywhere: Actions,
    by_resource: BTreeMap<String, Actions>,
}

impl Denied {
    /// Reads the statements once, so that every Allow is compared with one sum and not with every Deny.
    pub(super) fn of(statements: &[Statement], service: Service, judge: Judge<'_>) -> Self {
        let mut denied = Self::default();
        for statement in statements.iter().filter(|statement| keeps_everybody_out(statement, judge)) {
            let actions = Actions::of(&statement.actions, service);
            match &statement.resources {
                None => denied.everywhere = denied.everywhere.and(actions),
                Some(Named::Only(resources)) if resources.iter().any(|resource| resource == "*") => {
                    denied.everywhere = denied.everywhere.and(actions);
                }
                Some(Named::Only(resources)) => {
                    for resource in resources {
                        let sum = denied.by_resource.entry(resource.clone()).or_default();
                        *sum = sum.and(actions);
                    }
                }
                Some(Named::Except(_)) => {}
            }
        }
        denied
    }

    /// What an Allow leaves to those outside. Resources are compared as they are written.
    pub(super) fn left(&self, actions: Actions, statement: &Statement) -> Actions {
        let left = actions.without(self.everywhere);
        let Some(Named::Only(resources)) = &statement.resources else { return left };
        let of = |resource: &String| self.by_resource.get(resource).copied().unwrap_or_default();
        match resources.iter().map(of).reduce(Actions::shared) {
            Some(denied) => left.without(denied),
            None => left,
        }
    }
}

/// A Deny in one of the forms that provably leave nobody outside: everybody, or everybody but ours, without a condition; or everybody,
/// where the organisation or the account of the caller is not ours. Services and anonymous callers have neither, and a
/// negated comparison holds for what is absent.
pub(super) fn keeps_everybody_out(statement: &Statement, judge: Judge<'_>) -> bool {
    if statement.allows {
        return false;
    }
    let conditions = statement.conditions.as_slice();
    match (&statement.principals, conditions) {
        (Named::Except(spared), []) => spared.iter().all(|spared| ours(principal::reach(spared, judge).0)),
        (Named::Only(denied), conditions) => {
            let everybody = denied.iter().any(|denied| denied.kind == Kind::Aws && denied.text == "*");
            match conditions {
                [] => everybody,
                [only] => everybody && spares_only_ours(only, judge),
                _ => false,
            }
        }
        _ => false,
    }
}

fn spares_only_ours(negated: &Condition, judge: Judge<'_>) -> bool {
    let keys = ["aws:principalorgid", "aws:principalaccount"];
    let operator = match negated.operator.strip_suffix("IfExists").unwrap_or(&negated.operator) {
        "StringNotEquals" => "StringEquals",
        "StringNotEqualsIgnoreCase" => "StringEqualsIgnoreCase",
        _ => return false,
    };
    // It spares whom the opposite would let in.
    let opposite = Condition {
        operator: operator.to_owned(),
        key: negated.key.to_ascii_lowercase(),
        values: negated.values.clone(),
    };
    keys.contains(&opposite.key.as_str()) && ours(condition::reach(&opposite, judge).0)
}

fn ours(reach: Reach) -> bool {
    reach <= Reach::Ours
}
