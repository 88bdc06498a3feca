//! The whole chain in memory: events in, an account changed and restored, records that prove it.

mod announcements;
mod answers;
mod asking;
mod deeds;
mod figures;
mod guardrails;
mod machine;
mod notes;
mod principals;
mod publish;
mod repairs;
mod retries;
mod secrets;
mod shape;
mod spoiled;
mod story;
mod sweep;
mod switch;
mod taking_back;
mod telling;
mod two_people;
mod world;
