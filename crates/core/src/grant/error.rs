//! Why a policy cannot be read.

use thiserror::Error;

use crate::error::{Class, Classified};

/// Why a policy cannot be read. The sentences hold places and words of the policy language alone, nothing that its author
/// chose.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Not JSON, or nested deeper than any policy.
    #[error("the policy is not JSON: line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A name stands twice in one object: which of the two counts depends on the reader.
    #[error("the policy has a name twice in one object: line {line}, column {column}")]
    Twice {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Something other than an object.
    #[error("the policy is not a JSON object")]
    NotAnObject,
    /// No `Statement`, or one that is neither an object nor a list of objects.
    #[error("the policy has no `Statement` that can be read")]
    NoStatement,
    /// An element beside those of the policy language, whose meaning nobody knows. Names are case-sensitive.
    #[error("the policy has an element that the policy language does not know")]
    UnknownElement,
    /// A statement with such an element.
    #[error("statement {statement} has an element that the policy language does not know")]
    UnknownIn {
        /// Counted from 1.
        statement: usize,
    },
    /// An effect that is neither `Allow` nor `Deny`. Case counts, as it does for AWS.
    #[error("statement {statement}: `Effect` is neither `Allow` nor `Deny`")]
    Effect {
        /// Counted from 1.
        statement: usize,
    },
    /// An element that every statement of a resource policy has.
    #[error("statement {statement} has no `{element}`")]
    Missing {
        /// Counted from 1.
        statement: usize,
        /// Its name.
        element: &'static str,
    },
    /// An element and its opposite.
    #[error("statement {statement} has both `{element}` and `Not{element}`")]
    Both {
        /// Counted from 1.
        statement: usize,
        /// Its name, without `Not`.
        element: &'static str,
    },
    /// An element of a shape that it cannot have.
    #[error("statement {statement}: `{element}` cannot be read")]
    Malformed {
        /// Counted from 1.
        statement: usize,
        /// Its name.
        element: &'static str,
    },
}

impl Classified for PolicyError {
    fn class(&self) -> Class {
        Class::InvalidInput
    }
}
