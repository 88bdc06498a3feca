//! The audit chain: what it proves, where it breaks, and which record may follow which.
#![expect(clippy::unwrap_used, reason = "what a test leans on outside its own body; there a panic is the report")]

mod answers;
mod append;
mod chain;
mod history;
mod legal;
mod records;
mod search;
