//! An EventBridge pattern compiled from the policy: it drops calls that would surely be clear before anything runs for them.
//!
//! What is dropped leaves no record and no trace, so two questions decide, and both are put to the policies themselves: is the call
//! clear whatever else is true about it, and does any rule read what it tells about other calls? A pattern can compare words and nothing
//! else, so callers are named by whole ARNs, and whatever cannot be read, or is not as expected, passes.

mod candidates;
mod compile;
mod judge;
mod matches;
mod plan;
mod shape;

pub use candidates::{Seen, Traffic};
pub use compile::{Compiled, Dropped, Kept, Order, compile};
pub use matches::matches;
pub use shape::{LONGEST, WATCHED_AT_VOLUME};

#[cfg(test)]
mod tests;
