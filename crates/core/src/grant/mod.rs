//! What a resource policy grants, and to whom: to ours, to somebody outside, to everybody. For repository and registry
//! policies of ECR, repository policies of ECR Public, and grants of Lambda layers.
//!
//! A grant counts by what it says, as far as it can be proven. Conditions that confine it are a list, and so are the forms
//! of a Deny that take it away; whatever else a policy says is read as if it were not there. What cannot be told is named in
//! [`Grants::unsettled`], never left out.

mod action;
mod condition;
mod deny;
mod document;
mod error;
mod json;
mod layer;
mod narrow;
mod principal;
mod reach;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::inventory::Inventory;
use action::{Actions, Service};
use deny::Denied;
use document::{Named, Statement};
use reach::{Judge, Reach, Unsettled};

pub use error::PolicyError;
pub use layer::of_layer;
pub use narrow::{Narrowing, narrowings, of_unlisted};

/// What a policy grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// Every AWS customer, or everybody, gets something.
    pub public: bool,
    /// A principal outside the organisation and its partners gets something.
    pub external: bool,
    /// What everybody or somebody outside gets includes an action that changes something.
    pub push: bool,
    /// It has a Deny statement.
    pub denies: bool,
    /// It has no Deny, and every Allow (there is one) goes only to everybody or to somebody outside: without the policy
    /// nobody of ours would miss anything.
    pub allows_outside_only: bool,
    /// What cannot be told, in sentences that are always the same: they hold nothing that the policy's author chose.
    pub unsettled: Vec<String>,
    /// For people, statement by statement: who gets what, and why it counts as it does. Text of the policy is escaped.
    pub words: Vec<String>,
}

/// What this policy grants. `owner` is the account whose repository or registry it protects, `at` the time at which it was
/// written: the list of accounts may have been too old by then.
///
/// # Errors
/// The text is no policy, or has something in it whose meaning is not known. What it grants is then not known either.
pub fn of_policy(text: &str, owner: Option<&str>, inventory: &Inventory, at: Timestamp) -> Result<Grants, PolicyError> {
    let statements = document::statements(text)?;
    let judge = Judge { owner, inventory, at, layers: false };
    let service = Service::of(&statements);
    let denied = Denied::of(&statements, service, judge);
    let mut grants = Grants { words: words::of(&statements, service, &denied, judge), ..Grants::default() };
    let mut unsettled = BTreeSet::new();
    let (mut allows, mut allows_ours) = (false, false);
    for statement in &statements {
        if !statement.allows {
            grants.denies = true;
            continue;
        }
        let allowed = Allowed::of(statement, service, &denied, judge);
        for reach in &allowed.reaches {
            grants.public |= *reach == Reach::Everyone;
            grants.external |= *reach == Reach::Outside;
            grants.push |= *reach >= Reach::Outside && allowed.left.write();
            allows |= *reach > Reach::Nobody;
            allows_ours |= *reach > Reach::Nobody && *reach < Reach::Outside;
            if let Reach::Unsettled(why) = reach {
                unsettled.insert(*why);
            }
        }
    }
    grants.allows_outside_only = allows && !allows_ours && !grants.denies;
    grants.unsettled = sentences(&unsettled);
    Ok(grants)
}

fn sentences(unsettled: &BTreeSet<Unsettled>) -> Vec<String> {
    unsettled.iter().map(|why| why.sentence().to_owned()).collect()
}

/// What an Allow comes to.
struct Allowed {
    /// How far it reaches through each of its principals.
    reaches: BTreeSet<Reach>,
    /// The actions that the Deny statements leave to those outside.
    left: Actions,
}

impl Allowed {
    /// How far the statement reaches at most, through whichever principal it names, and what actions are left to those outside.
    fn most(statement: &Statement, service: Service, denied: &Denied, judge: Judge<'_>) -> (Reach, Actions) {
        let actions = Actions::of(&statement.actions, service);
        let left = denied.left(actions, statement);
        // All conditions must hold, so the narrowest decides.
        let confined = statement.conditions.iter().map(|condition| condition::reach(condition, judge).0).min();
        let most = match (actions.is_empty(), left.is_empty()) {
            (true, _) => Reach::Nobody,
            (false, true) => Reach::Ours,
            (false, false) => confined.unwrap_or(Reach::Everyone),
        };
        (most, left)
    }

    fn of(statement: &Statement, service: Service, denied: &Denied, judge: Judge<'_>) -> Self {
        let (most, left) = Self::most(statement, service, denied, judge);
        let reaches = match &statement.principals {
            Named::Only(principals) => {
                principals.iter().map(|principal| principal::reach(principal, judge).0.min(most)).collect()
            }
            Named::Except(_) => BTreeSet::from([most]),
        };
        Self { reaches, left }
    }
}
