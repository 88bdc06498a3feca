//! The table of stances says what is watched.

use std::collections::BTreeSet;

use super::*;

#[derive(serde::Deserialize)]
struct Table {
    api: Vec<Api>,
}

#[derive(serde::Deserialize)]
struct Api {
    service: String,
    name: String,
    watched: bool,
}

#[test]
fn what_the_table_calls_watched_is_read_and_nothing_else() {
    let table: Table = toml::from_str(include_str!("../../../apis.toml")).unwrap();
    let watched = table.api.into_iter().filter(|api| api.watched).map(|api| (api.service, api.name));
    let read = Call::watched().map(|(source, name)| (source.to_owned(), name.to_owned()));
    assert_eq!(watched.collect::<BTreeSet<_>>(), read.collect::<BTreeSet<_>>());
}
