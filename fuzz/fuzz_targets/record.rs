//! Bytes as they come from a bus, a file or a pipe, all the way to an assessment. Nothing that a caller chooses may stop the
//! detection, and what is not decided is never clear.

#![no_main]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use layerguard_core::assess::{Assessed, Assessor};
use layerguard_core::call::Call;
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::engine::Verdict;
use layerguard_core::history::Memory;
use libfuzzer_sys::fuzz_target;

static ASSESSOR: LazyLock<Assessor> =
    LazyLock::new(|| Assessor::load(include_str!("../inventory.toml"), Vec::new()).expect("the policy loads"));

fuzz_target!(|bytes: &[u8]| {
    let mut events: Vec<Event> = Vec::new();
    for record in cloudtrail::read_records(bytes) {
        match record {
            Ok(raw) => match cloudtrail::parse(&raw.value) {
                Ok(event) => events.push(event),
                Err(error) => drop(error.to_string()),
            },
            Err(error) => drop(error.to_string()),
        }
    }
    let memory = Memory::default();
    events.iter().for_each(|event| memory.keep(ASSESSOR.traces(event)));
    for event in &events {
        let assessed = assess(event, &memory);
        check(event, &assessed);
        let _ = ready(ASSESSOR.late(event, &assessed.lineage, &memory));
    }
});

/// The only place that knows how an event is assessed.
fn assess(event: &Event, memory: &Memory) -> Assessed {
    ready(ASSESSOR.investigate(event, memory)).expect("memory can be read")
}

/// What is in memory is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("memory never waits"),
    }
}

fn check(event: &Event, assessed: &Assessed) {
    let assessment = &assessed.assessment;
    match assessment.verdict {
        Verdict::Clear => {
            assert!(assessment.errors.is_empty(), "a clear call with errors: {:?}", assessment.errors);
            assert_eq!(assessment.violations().count(), 0, "a clear call with violated rules");
            assert!(assessed.key.is_none(), "a clear call with an incident");
        }
        Verdict::Violation => {
            assert_ne!(assessment.violations().count(), 0, "a violation without a rule");
            assert!(assessed.key.is_some(), "a violation without an incident");
        }
        Verdict::Undecided => {
            assert!(!assessment.errors.is_empty(), "an undecided call without a reason");
            assert!(assessed.key.is_some(), "an undecided call without an incident");
        }
        Verdict::Unwatched => {
            let may_be = event.call.as_ref().is_none_or(|call| matches!(call, Call::Control { .. }));
            assert!(may_be, "a watched call that is called unwatched");
        }
    }
    if let Some(key) = &assessed.key {
        assert!(!key.incident_id(1).is_empty());
    }
}
