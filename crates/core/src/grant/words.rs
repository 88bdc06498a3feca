//! What a policy grants, in sentences for people.

use std::cmp::Reverse;

use super::action::{Actions, Service};
use super::deny::{Denied, keeps_everybody_out};
use super::document::{Condition, Named, Statement};
use super::reach::{Judge, Reach};
use super::{Allowed, condition, principal};
use crate::cloudtrail::field::excerpt;

/// More statements than a person reads are counted.
const STATEMENTS: usize = 40;
/// More names than a person reads in one sentence are counted.
const NAMES: usize = 4;

/// One sentence for each statement, up to a limit.
pub(super) fn of(statements: &[Statement], service: Service, denied: &Denied, judge: Judge<'_>) -> Vec<String> {
    let told = statements.iter().take(STATEMENTS);
    let mut words: Vec<String> = told.map(|statement| sentence(statement, service, denied, judge)).collect();
    if let Some(more) = statements.len().checked_sub(STATEMENTS).filter(|more| *more > 0) {
        words.push(format!("and {more} more statements"));
    }
    words
}

fn sentence(statement: &Statement, service: Service, denied: &Denied, judge: Judge<'_>) -> String {
    let number = statement.number;
    let sid = statement.sid.as_ref().map_or_else(String::new, |sid| format!(" (`{}`)", excerpt(sid)));
    let actions = actions(statement);
    let who = who(statement, judge);
    if !statement.allows {
        let effect = if keeps_everybody_out(statement, judge) {
            "this takes away from everybody outside what it names"
        } else {
            "this does not provably keep everybody outside, so it takes nothing away here"
        };
        return format!("statement {number}{sid} denies {actions} to {who}: {effect}");
    }
    let all = Actions::of(&statement.actions, service);
    let allowed = Allowed::of(statement, service, denied, judge);
    let mut sentence = format!("statement {number}{sid} allows {actions} to {who}: {}", weight(&allowed));
    for condition in conditions(statement, judge) {
        sentence.push_str("; ");
        sentence.push_str(&condition);
    }
    if allowed.left != all {
        let taken = if allowed.left.is_empty() { "all" } else { "a part" };
        sentence.push_str(&format!("; a Deny of the policy takes {taken} of it away from everybody outside"));
    }
    sentence
}

/// What the farthest of its reaches means.
fn weight(allowed: &Allowed) -> &'static str {
    let push = allowed.left.write();
    match allowed.reaches.last() {
        None | Some(Reach::Nobody) => "nobody gets anything",
        Some(Reach::Ours) => "confined to ours",
        Some(Reach::Unsettled(_)) => "it cannot be told whether that is confined to ours",
        Some(Reach::Outside) if push => "external, and they can change something",
        Some(Reach::Outside) => "external",
        Some(Reach::Everyone) if push => "public, and everybody can change something",
        Some(Reach::Everyone) => "public",
    }
}

fn who(statement: &Statement, judge: Judge<'_>) -> String {
    match &statement.principals {
        Named::Only(principals) if principals.is_empty() => "nobody".to_owned(),
        Named::Only(principals) => {
            let mut told: Vec<_> = principals.iter().map(|named| (principal::reach(named, judge), named)).collect();
            // Of many the farthest are told.
            told.sort_by_key(|((reach, _), _)| Reverse(*reach));
            several(&told, |((_, what), named)| format!("`{}` ({what})", excerpt(&named.text)))
        }
        Named::Except(principals) if principals.is_empty() => "everybody".to_owned(),
        Named::Except(principals) => {
            format!("everybody but {}", several(principals, |principal| format!("`{}`", excerpt(&principal.text))))
        }
    }
}

fn actions(statement: &Statement) -> String {
    let names = several(statement.actions.items(), |action| format!("`{}`", excerpt(action)));
    match &statement.actions {
        Named::Only(actions) if actions.is_empty() => "nothing".to_owned(),
        Named::Only(_) => names,
        Named::Except(actions) if actions.is_empty() => "everything".to_owned(),
        Named::Except(_) => format!("everything but {names}"),
    }
}

/// Those that confine come first, since they decide.
fn conditions(statement: &Statement, judge: Judge<'_>) -> Vec<String> {
    let mut told: Vec<_> =
        statement.conditions.iter().map(|condition| (condition::reach(condition, judge), condition)).collect();
    told.sort_by_key(|((reach, _), _)| *reach);
    let word = |((reach, why), condition): &((Reach, &str), &Condition)| {
        let verb = if *reach == Reach::Everyone { "does not confine it" } else { "confines it" };
        format!("`{}` of `{}` {verb}: {why}", excerpt(&condition.operator), excerpt(&condition.key))
    };
    let mut words: Vec<String> = told.iter().take(NAMES).map(word).collect();
    if let Some(more) = told.len().checked_sub(NAMES).filter(|more| *more > 0) {
        words.push(format!("and {more} more conditions"));
    }
    words
}

/// `a, b, c, d and 3 more`.
fn several<T>(items: &[T], word: impl Fn(&T) -> String) -> String {
    let told: Vec<String> = items.iter().take(NAMES).map(word).collect();
    match items.len().saturating_sub(NAMES) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}
