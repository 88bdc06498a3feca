//! What one event costs of the store changes no answer: a track that is read once answers like the store, and traces that are written once
//! are all there.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::history::{Kept, Look, Mark, Memory, ReadOnce, Trace};
use layerguard_core::ports::{ActivityStore, PortErrorKind};
use layerguard_testkit::{Fault, World, drive};
use proptest::prelude::*;

/// Times are minutes of one day.
fn at(minute: i64) -> Timestamp {
    "2026-11-20T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn track() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["key#one", "pulls#one", "pulls#two"]).prop_map(str::to_owned)
}

fn trace() -> impl Strategy<Value = Trace> {
    (track(), 0..600_i64, 0..3_u8, 0..3_u8, 0..2_u8).prop_map(|(track, minute, id, event, repository)| Trace {
        track,
        time: at(minute),
        id: format!("id-{id}"),
        event: format!("event-{event}"),
        mark: Mark::Pulled { repository: format!("111122223333/eu-central-1/app-{repository}") },
    })
}

fn look() -> impl Strategy<Value = Look> {
    (track(), 0..600_i64, 0..600_i64).prop_map(|(track, one, other)| Look {
        track,
        from: at(one.min(other)),
        until: at(one.max(other)),
    })
}

proptest! {
    #[test]
    fn a_track_that_is_read_once_answers_like_the_store(
        traces in prop::collection::vec(trace(), 0..40),
        looks in prop::collection::vec(look(), 1..12),
        window in 0..300_i64,
    ) {
        let memory = Memory::default();
        memory.keep(traces);
        let once = ReadOnce::new(&memory, SignedDuration::from_mins(window));
        for look in looks {
            prop_assert_eq!(drive(once.traces(&look)).unwrap(), memory.look(&look));
        }
    }

    /// The same traces, but for the event that one names.
    #[test]
    fn traces_that_are_written_once_are_all_there(traces in prop::collection::vec(trace(), 0..40)) {
        let (all, some, kept) = (Memory::default(), Memory::default(), Kept::default());
        for trace in &traces {
            drive(all.remember(std::slice::from_ref(trace))).unwrap();
            drive(kept.over(&some).remember(std::slice::from_ref(trace))).unwrap();
        }
        let said = |memory: &Memory, track: &str| -> Vec<(Timestamp, String)> {
            memory.look(&Look::whole(track.to_owned())).into_iter().map(|trace| (trace.time, trace.id)).collect()
        };
        for track in ["key#one", "pulls#one", "pulls#two"] {
            prop_assert_eq!(said(&all, track), said(&some, track));
        }
    }
}

fn pull(event: &str) -> Trace {
    let mark = Mark::Pulled { repository: "111122223333/eu-central-1/team/app".to_owned() };
    Trace { track: "pulls#one".to_owned(), time: at(1), id: "layer".to_owned(), event: event.to_owned(), mark }
}

#[test]
fn a_process_writes_a_trace_once_and_another_process_again() {
    let (world, kept) = (World::at(at(2)), Kept::default());
    for event in ["one", "two", "three"] {
        drive(kept.over(&world).remember(&[pull(event)])).unwrap();
    }
    assert_eq!(world.count("activity.remember"), 1);
    drive(Kept::default().over(&world).remember(&[pull("four")])).unwrap();
    assert_eq!(world.count("activity.remember"), 2);
    // Other words under the same name are another trace.
    let other = Trace { mark: Mark::Pushed, ..pull("five") };
    drive(kept.over(&world).remember(&[other])).unwrap();
    assert_eq!(world.count("activity.remember"), 3);
}

#[test]
fn what_may_not_have_been_written_is_written_again() {
    let (world, kept) = (World::at(at(2)), Kept::default());
    world.trap_operation("activity.remember", 0, 1, Fault::After(PortErrorKind::Unavailable("no answer".to_owned())));
    drive(kept.over(&world).remember(&[pull("one")])).unwrap_err();
    drive(kept.over(&world).remember(&[pull("one")])).unwrap();
    assert_eq!(world.count("activity.remember"), 2);
}

#[test]
fn what_others_take_away_is_written_each_time() {
    let (world, kept) = (World::at(at(2)), Kept::default());
    let waiting = Trace { mark: Mark::Waiting, ..pull("one") };
    drive(kept.over(&world).remember(std::slice::from_ref(&waiting))).unwrap();
    drive(world.forget(&waiting)).unwrap();
    drive(kept.over(&world).remember(std::slice::from_ref(&waiting))).unwrap();
    assert_eq!(drive(world.traces(&Look::whole(waiting.track))).unwrap().len(), 1);
}
