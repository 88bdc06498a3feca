//! Actions and the function that carries them out: documents, authority, faults at every call, undo to the letter.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test leans on outside its own body; there a panic is the report"
)]

mod authority;
mod by_hand;
mod causes;
mod configuration;
mod documents;
mod full;
mod guard;
mod lifting;
mod policies;
mod properties;
mod rivals;
mod scene;
mod shared;
