//! The class of an error: what the state machine does with it.

use serde::{Deserialize, Serialize};

/// What can be done about a failure. The Lambda edge turns the class into the `errorType` that the state machines match;
/// a test compares both lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// The same request may succeed later: throttling, a service failure, a lost connection.
    Retryable,
    /// The same request will fail again: access denied, an entity that may not be edited, a missing permission.
    Permanent,
    /// What was asked makes no sense: unknown incident, a payload that cannot be read.
    InvalidInput,
    /// The world is not as our records say. A person must look.
    Stuck,
}

impl Class {
    /// Every class, for the test that compares them with the state machines.
    pub const ALL: [Class; 4] = [Class::Retryable, Class::Permanent, Class::InvalidInput, Class::Stuck];

    /// The `errorType` of this class.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retryable => "Retryable",
            Self::Permanent => "Permanent",
            Self::InvalidInput => "InvalidInput",
            Self::Stuck => "Stuck",
        }
    }
}

/// An error that knows its [`Class`].
pub trait Classified {
    /// What can be done about this failure.
    fn class(&self) -> Class;
}
