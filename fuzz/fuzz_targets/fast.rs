//! The fast way through an input against the slow one. Blocks of bytes and single bytes find the same records; what is passed over
//! without being parsed is nothing that is watched.
#![no_main]

use std::io::{BufRead, BufReader};

use layerguard_core::cloudtrail::{Event, Position, Records, parse, read_records};
use libfuzzer_sys::fuzz_target;

/// What was read: a record's text and place, or what is wrong.
fn items<R: BufRead>(records: Records<R>) -> Vec<Result<(String, Position), String>> {
    let told = |item: Result<_, _>| match item {
        Ok(record) => Ok(record),
        Err(error) => Err(format!("{error:?}")),
    };
    records.map(|item| told(item).map(|raw| (raw.value.to_string(), raw.position))).collect()
}

/// The watched calls among them.
fn watched<R: BufRead>(records: Records<R>) -> Vec<Event> {
    let events = records.filter_map(Result::ok).filter_map(|raw| parse(&raw.value).ok());
    events.filter(|event| event.call.is_some()).collect()
}

fuzz_target!(|data: &[u8]| {
    // A window of one byte leaves no room for blocks.
    let single = || BufReader::with_capacity(1, data);
    assert_eq!(items(read_records(data)), items(read_records(single())));
    assert_eq!(watched(read_records(data).watched_only()), watched(read_records(single())));
});
