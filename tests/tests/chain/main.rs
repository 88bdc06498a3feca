//! The whole chain in memory: events in, an account changed and restored, records that prove it.

mod answers;
mod faults;
mod machine;
mod story;
mod sweep;
mod world;
