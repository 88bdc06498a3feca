//! Actions and the function that carries them out: documents, authority, faults at every call, undo to the letter.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test leans on outside its own body; there a panic is the report"
)]

mod authority;
mod documents;
mod faults;
mod guard;
mod lifting;
mod properties;
mod rivals;
mod scene;
