//! What policies read of a situation. Two situations that are alike in it have the same answer, so this is what answers are remembered by.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, PstConstructionError, Var};
use cedar_policy::{Policy, PolicySet};

use super::situation::{Attributes, Situation, Thing, Value};
use crate::history::Pulled;

/// Below this stand the owner's limits, which are the same in all questions about one inventory.
const LIMITS: &str = "context.limit.";

/// What the policies read, as paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reads {
    /// It cannot be told, so everything counts.
    All,
    /// These, what lies below them, and whether what lies above them is there.
    Paths(Read),
}

/// What is read of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// All of it.
    whole: bool,
    /// Or on which side of these numbers it stands.
    compared: BTreeSet<Limit>,
    /// Or what is read of its attributes.
    of: BTreeMap<String, Read>,
}

/// What a number is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Limit {
    /// A number in the policy's text.
    Literal(i64),
    /// The owner's.
    Path(String),
}

/// A fact that is read somewhere in a policy.
enum Reading {
    /// Its value.
    Value(String),
    /// Its value, beside a limit.
    Beside(String, Limit),
}

/// The facts that a policy's conditions read, as paths such as `context.call.network`, in the order of its text.
pub(super) fn facts_read(policy: &Policy) -> Result<Vec<String>, PstConstructionError> {
    let mut seen = BTreeSet::new();
    let paths = readings(policy)?.into_iter().map(|reading| match reading {
        Reading::Value(path) | Reading::Beside(path, _) => path,
    });
    Ok(paths.filter(|path| seen.insert(path.clone())).collect())
}

impl Reads {
    pub(super) fn of(policies: &PolicySet) -> Self {
        let mut tree = Read::default();
        for policy in policies.policies() {
            let Ok(readings) = readings(policy) else { return Self::All };
            readings.into_iter().for_each(|reading| tree.add(reading));
        }
        Self::Paths(tree)
    }

    /// The situation without the values that no policy reads, and with one number for all that stand between the same limits. Which
    /// attributes there are, and of which type, stays: the schema is asked about that.
    pub(super) fn of_situation(&self, situation: &Situation) -> Situation {
        let Self::Paths(tree) = self else { return situation.clone() };
        let thing = |thing: &Thing, name: &str| Thing {
            kind: thing.kind,
            id: thing.id,
            attributes: masked(&thing.attributes, tree.of.get(name), situation),
        };
        Situation {
            principal: thing(&situation.principal, "principal"),
            action: situation.action.clone(),
            resource: thing(&situation.resource, "resource"),
            context: masked(&situation.context, tree.of.get("context"), situation),
        }
    }
}

impl Read {
    fn add(&mut self, reading: Reading) {
        match reading {
            Reading::Value(path) => self.at(&path).whole = true,
            Reading::Beside(path, limit) => _ = self.at(&path).compared.insert(limit),
        }
    }

    fn at(&mut self, path: &str) -> &mut Self {
        path.split('.').fold(self, |read, name| read.of.entry(name.to_owned()).or_default())
    }
}

fn masked(attributes: &Attributes, read: Option<&Read>, situation: &Situation) -> Attributes {
    if read.is_some_and(|read| read.whole) {
        return attributes.clone();
    }
    let one = |(name, value): &(&'static str, Value)| {
        let read = read.and_then(|read| read.of.get(*name));
        let value = match value {
            value if read.is_some_and(|read| read.whole) => value.clone(),
            Value::Record(inner) => Value::Record(masked(inner, read, situation)),
            Value::Bool(_) => Value::Bool(false),
            Value::Number(number) => Value::Number(read.map_or(0, |read| beside(*number, &read.compared, situation))),
            Value::Text(_) => Value::Text(String::new()),
            // The word's type is part of the schema; the word is not.
            Value::Word(kind, _) => Value::Word(kind, ""),
        };
        (*name, value)
    };
    attributes.iter().map(one).collect()
}

/// What stands for this number; the number itself where a limit is missing.
fn beside(number: u32, limits: &BTreeSet<Limit>, situation: &Situation) -> u32 {
    resolved(limits, situation).map_or(number, |limits| lowest_alike(number, &limits))
}

/// The limits as numbers. Every count is greater than a negative limit, and none reaches one that does not fit.
fn resolved(limits: &BTreeSet<Limit>, situation: &Situation) -> Option<Vec<u32>> {
    let number = |limit: &Limit| match limit {
        Limit::Literal(number) => Some(*number),
        Limit::Path(path) => match situation.value_at(path) {
            Some(Value::Number(number)) => Some(i64::from(*number)),
            _ => None,
        },
    };
    let numbers: Option<Vec<i64>> = limits.iter().map(number).collect();
    Some(numbers?.into_iter().filter_map(|number| u32::try_from(number).ok()).collect())
}

/// The lowest number that stands to each of the limits as this one does.
fn lowest_alike(number: u32, limits: &[u32]) -> u32 {
    let above = limits.iter().filter(|limit| **limit < number).map(|limit| limit + 1).max().unwrap_or(0);
    if limits.contains(&number) { number } else { above }
}

/// What the policies make of the counts of pulls, for one inventory: mostly which side of its limits each stands on.
#[derive(Debug)]
pub(crate) struct CountsRead {
    /// By count; `None` where the number itself matters.
    limits: [Option<Vec<u32>>; 5],
}

impl CountsRead {
    /// Each number matters.
    pub(super) fn exact() -> Self {
        Self { limits: Default::default() }
    }

    /// `situation` is one of a pull.
    pub(super) fn of(reads: &Reads, situation: &Situation) -> Self {
        let limits = ["session", "role", "lineage", "account", "refused"].map(|count| {
            let Reads::Paths(tree) = reads else { return None };
            let mut read = Some(tree);
            for name in ["context", "pulled", count] {
                if read.is_some_and(|read| read.whole) {
                    return None;
                }
                read = read.and_then(|read| read.of.get(name));
            }
            let Some(read) = read else { return Some(Vec::new()) };
            if read.whole { None } else { resolved(&read.compared, situation) }
        });
        Self { limits }
    }

    /// Counts that every policy answers as these, the same for all such.
    pub(crate) fn alike(&self, pulled: Pulled) -> Pulled {
        let [session, role, lineage, account, refused] = &self.limits;
        let alike =
            |number, limits: &Option<Vec<u32>>| limits.as_ref().map_or(number, |limits| lowest_alike(number, limits));
        Pulled {
            session: alike(pulled.session, session),
            role: alike(pulled.role, role),
            lineage: alike(pulled.lineage, lineage),
            account: alike(pulled.account, account),
            refused: alike(pulled.refused, refused),
        }
    }
}

fn readings(policy: &Policy) -> Result<Vec<Reading>, PstConstructionError> {
    let tree = policy.to_pst()?;
    let mut readings = Vec::new();
    for clause in tree.body().clauses() {
        let (Clause::When(condition) | Clause::Unless(condition)) = clause;
        collect(condition, &mut readings);
    }
    Ok(readings)
}

fn collect(expression: &Expr, readings: &mut Vec<Reading>) {
    if let Some(path) = path_of(expression) {
        readings.push(Reading::Value(path));
        return;
    }
    match expression {
        Expr::UnaryOp { expr, .. } | Expr::GetAttr { expr, .. } | Expr::Like { expr, .. } => collect(expr, readings),
        Expr::HasAttr { expr, attrs } => match path_of(expr) {
            Some(path) => readings.push(Reading::Value(attrs.iter().fold(path, |path, attr| format!("{path}.{attr}")))),
            None => collect(expr, readings),
        },
        Expr::BinaryOp { op, left, right } => {
            for (side, other) in [(left, right), (right, left)] {
                match (path_of(side), limit_of(other)) {
                    (Some(path), Some(limit)) if compares(*op) && !path.starts_with(LIMITS) => {
                        readings.push(Reading::Beside(path, limit))
                    }
                    _ => collect(side, readings),
                }
            }
        }
        Expr::Is { expr, in_expr, .. } => {
            collect(expr, readings);
            in_expr.iter().for_each(|group| collect(group, readings));
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            [cond, then_expr, else_expr].into_iter().for_each(|part| collect(part, readings));
        }
        Expr::Set(items) => items.iter().for_each(|item| collect(item, readings)),
        Expr::Record(fields) => fields.values().for_each(|field| collect(field, readings)),
        Expr::Literal(_) | Expr::Slot(_) | Expr::Var(_) => {}
        // Nobody knows what it reads, so it counts as everything.
        _ => readings.extend(["principal", "resource", "context"].map(|all| Reading::Value(all.to_owned()))),
    }
}

/// The answer rests on which side of the other one number stands, and on nothing else about it.
const fn compares(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Greater, GreaterEq, Less, LessEq, NotEq};
    matches!(op, Eq | NotEq | Less | LessEq | Greater | GreaterEq)
}

fn limit_of(expression: &Expr) -> Option<Limit> {
    match expression {
        Expr::Literal(Literal::Long(number)) => Some(Limit::Literal(*number)),
        _ => path_of(expression).filter(|path| path.starts_with(LIMITS)).map(Limit::Path),
    }
}

/// The path that an expression spells, if it is a variable or attributes of one.
fn path_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Var(Var::Principal) => Some("principal".to_owned()),
        Expr::Var(Var::Action) => Some("action".to_owned()),
        Expr::Var(Var::Resource) => Some("resource".to_owned()),
        Expr::Var(Var::Context) => Some("context".to_owned()),
        Expr::GetAttr { expr, attr } => path_of(expr).map(|path| format!("{path}.{attr}")),
        _ => None,
    }
}
