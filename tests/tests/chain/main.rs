//! The whole chain in memory: events in, an account changed and restored, records that prove it.

mod announcements;
mod answers;
mod deeds;
mod guardrails;
mod machine;
mod principals;
mod repairs;
mod retries;
mod shape;
mod story;
mod sweep;
mod switch;
mod telling;
mod world;
