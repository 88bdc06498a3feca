//! The fast way through an input against the slow one. Blocks of bytes and single bytes find the same records; what is passed over
//! without being parsed is nothing that is watched; a record that is like one before comes to the event that the parser makes of it, and to
//! the answer that is found out about that event by itself.
#![no_main]

use std::io::{BufRead, BufReader};
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use layerguard_core::assess::Assessor;
use layerguard_core::brief::{Brief, Kind};
use layerguard_core::cloudtrail::{Event, Found, Known, KnownRecords, Position, Records, Told, parse, read_records};
use layerguard_core::history::Memory;
use libfuzzer_sys::fuzz_target;

static ASSESSOR: LazyLock<Assessor> =
    LazyLock::new(|| Assessor::load(include_str!("../inventory.toml"), Vec::new()).expect("the policy loads"));

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

/// A kind of call.
type Kept = Arc<(Known, Kind)>;

/// Something that a record says of its own, to be borrowed from.
struct Own {
    kept: Kept,
    event: Event,
    event_id: String,
    shared_id: Option<String>,
    asked: Option<String>,
}

/// The watched calls among them, through what is known, and what the known ones are made of.
fn through_known(data: &[u8], known: &mut KnownRecords<Kept>) -> (Vec<Event>, Vec<Own>) {
    let (mut events, mut owns) = (Vec::new(), Vec::new());
    let mut records = read_records(data).watched_only();
    let keep = |known: Known| {
        let kind = ASSESSOR.kind_of(&known);
        Some(Arc::new((known, kind)))
    };
    while let Some(found) = records.next_found(known, keep) {
        match found {
            Ok(Found::Known(kept, told)) => {
                let event = kept.0.event_of(&told);
                assert_eq!(event.dedupe_id, kept.0.dedupe_id(&told));
                events.push(event.clone());
                let (event_id, owned) = (told.event_id.to_owned(), |text: Option<&str>| text.map(str::to_owned));
                owns.push(Own { kept, event, event_id, shared_id: owned(told.shared_id), asked: owned(told.asked) });
            }
            Ok(Found::Raw(raw)) => events.extend(parse(&raw.value).ok().filter(|event| event.call.is_some())),
            Err(_) => {}
        }
    }
    (events, owns)
}

/// What is in memory is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("memory never waits"),
    }
}

fuzz_target!(|data: &[u8]| {
    // A window of one byte leaves no room for blocks.
    let single = || BufReader::with_capacity(1, data);
    assert_eq!(items(read_records(data)), items(read_records(single())));
    let slow = watched(read_records(single()));
    assert_eq!(watched(read_records(data).watched_only()), slow);

    let mut known = KnownRecords::new(64);
    let (first, _) = through_known(data, &mut known);
    let (again, owns) = through_known(data, &mut known);
    assert_eq!((&first, &again), (&slow, &slow));

    let memory = Memory::default();
    slow.iter().for_each(|event| memory.keep(ASSESSOR.traces(event)));
    // Whatever is asked first: the answer of one is not that of another.
    for own in owns.iter().chain(owns.iter().rev()) {
        let Own { kept, event, event_id, shared_id, asked } = own;
        let told = Told { time: event.time, event_id, shared_id: shared_id.as_deref(), asked: asked.as_deref() };
        let brief = ready(ASSESSOR.brief(&kept.0, &kept.1, &told, &memory)).expect("memory can be read");
        let whole = ready(ASSESSOR.investigate(event, &memory)).expect("memory can be read");
        assert_eq!(*brief, Brief::of(&whole));
    }
});
