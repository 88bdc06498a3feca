//! What the engine promises, question by question.

mod actions;
mod approval;
mod bundles;
mod calls;
mod proposals;
mod response;

use std::collections::BTreeMap;

use super::Bundle;

fn with_file(name: &str, text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), text.to_owned())])
}

fn bundle_with(name: &str, text: &str) -> Bundle {
    Bundle::from_files(&with_file(name, text)).unwrap()
}
