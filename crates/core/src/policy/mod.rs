//! A policy as a whole: the files that are laid over the default bundle, and the inventory. What is checked before it counts, how it
//! is published, and which one is in force.

mod case;
mod changes;
pub mod check;
mod in_force;
mod package;

pub use case::{Answer, Case, CaseError, Expect};
pub use changes::changes;
pub use check::{Found, Weight, check};
pub use in_force::{EVERY, Looked, NotRecorded, Policy, PolicySource, State, recorded};
pub use package::{MOST_PACKED, Package, PackageError};
