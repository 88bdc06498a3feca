//! The whole chain in memory: events in, an account changed and restored, records that prove it.

mod announcements;
mod answers;
mod faults;
mod guardrails;
mod machine;
mod principals;
mod repairs;
mod shape;
mod story;
mod sweep;
mod switch;
mod world;
