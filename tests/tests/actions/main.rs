//! Actions and the function that carries them out: documents, authority, faults at every call, undo to the letter.

mod authority;
mod documents;
mod faults;
mod guard;
mod lifting;
mod properties;
mod rivals;
mod scene;
