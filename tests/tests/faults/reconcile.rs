//! Reconciling: whichever call goes wrong, what was not received is found, run, and counted once.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use layerguard_core::audit::{History, reconcile_chain};
use layerguard_core::error::{Class, Classified};
use layerguard_core::metric::Metric;
use layerguard_core::ports::{HourDone, HourStore};
use layerguard_testkit::{Fault, Site, Verdict, World, drive, every_fault};

use crate::machine::Chain;
use crate::run::{Run, told};
use crate::trail::{Started, invoke, key, listen, packed, place};
use crate::world::{at, download, inventory, session};

static HOURS: Run = LazyLock::new(hours);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&HOURS]
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn chain(world: &World) -> Chain {
    Chain::new(world.clone(), &inventory("observe", ""))
}

/// At 10:31 the hours from 4 to 8 are done. Of hour 9 one event was received and another was not; of hour 8 one comes late.
fn trail() -> World {
    let world = crate::world::world();
    world.set_now(time("2026-11-20T10:31:00Z"));
    listen(&world);
    for hour in 3..=8 {
        let hour = time(&format!("2026-11-20T{hour:02}:00:00Z"));
        let done = HourDone { hour, covered_until: time("2026-11-20T09:31:00Z"), complete: true };
        drive(world.put_hour(&place().account, &place().region, &done)).unwrap();
    }
    let puller = session("puller", "node");
    let (received, lost) = (at(1, "BatchGetImage", &puller, time("2026-11-20T09:10:00Z")), download(2));
    let late = at(3, "GetDownloadUrlForLayer", &session("builder", "late"), time("2026-11-20T08:59:00Z"));
    drive(chain(&world).triage(&received)).unwrap();
    world.deliver(&key(time("2026-11-20T09:15:00Z"), "a"), packed(&[received.clone(), lost]));
    world.deliver(&key(time("2026-11-20T09:35:00Z"), "b"), packed(&[received, late]));
    world
}

fn hours() -> BTreeSet<Site> {
    let tally = drive(every_fault(
        trail,
        |world: World| async move {
            let chain = chain(&world);
            match invoke(&chain, &Started(&chain)).await {
                Ok(answer) if answer.incomplete == 0 && answer.left == 0 => Verdict::Done,
                Ok(_) => Verdict::Retry,
                Err(error) if error.class() == Class::Retryable => Verdict::Retry,
                Err(_) => Verdict::GaveUp,
            }
        },
        &Fault::passing(),
        |world, point| {
            let chain = chain(world);
            chain.assert_chains_hold(point);
            let records = world.chain(&reconcile_chain(&place(), time("2026-11-20T09:00:00Z")));
            let history = History::of(&records).unwrap();
            for (hour, counts) in [(9, (2, 1, 1)), (8, (1, 0, 1))] {
                let account = history.reconciled(time(&format!("2026-11-20T{hour:02}:00:00Z"))).expect(point);
                assert_eq!((account.seen, account.assessed, account.recovered), counts, "{point}: hour {hour}");
                assert!(account.is_complete() && account.adds_up(), "{point}: {account:?}");
            }
            assert_eq!(world.rows().len(), 2, "{point}: each of the two opened its incident");
            assert!(world.done_hours().iter().all(|hour| hour.complete), "{point}");
            let before = records.len();
            assert!(drive(invoke(&chain, &Started(&chain))).is_ok(), "{point}");
            assert_eq!(world.chain(&records[0].incident).len(), before, "{point}: nothing new is recorded again");
        },
    ));
    told("reconciling", tally)
}

#[test]
fn what_was_not_received_is_found_and_counted_once() {
    LazyLock::force(&HOURS);
}

#[test]
fn what_an_hour_came_to_is_told_in_figures_also_where_it_came_to_nothing() {
    let world = trail();
    let chain = chain(&world);
    let mut told = Vec::new();
    for _ in 0..2 {
        let _before = chain.figures.take();
        drive(invoke(&chain, &Started(&chain))).unwrap();
        let figures = chain.figures.take();
        let of = |metric| figures.get(&(metric, None)).map(|values| values.iter().sum::<u64>());
        told.push(
            [Metric::HoursCompleted, Metric::HoursIncomplete, Metric::EventsRecovered, Metric::EventsMissing].map(of),
        );
        assert_eq!(of(Metric::FilesUnreadable), Some(0));
        assert_eq!(
            of(Metric::AssessedAfterSeconds).is_some(),
            told.len() == 1,
            "half of an hour's events took no longer"
        );
    }
    assert_eq!(told[0], [Some(2), Some(0), Some(2), Some(0)]);
    assert_eq!(told[1], [Some(0); 4], "an alarm looks at runs that completed nothing");
}
