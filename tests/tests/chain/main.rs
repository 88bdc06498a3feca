//! The whole chain in memory: events in, an account changed and restored, records that prove it.

mod answers;
mod asking;
mod faults;
mod guardrails;
mod machine;
mod notes;
mod principals;
mod repairs;
mod secrets;
mod spoiled;
mod story;
mod sweep;
mod switch;
mod taking_back;
mod two_people;
mod world;
