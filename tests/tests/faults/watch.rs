//! What the schedules do: the sweeper looks after incidents and the stop switch, and tells of a storm that is over.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::audit::SWITCH_CHAIN;
use layerguard_core::incident::Status;
use layerguard_core::metric::Metric;
use layerguard_core::ports::{Clock, ExecutionStatus, Pause};
use layerguard_decide::Reply;
use layerguard_testkit::{Fault, Site, Tally, Verdict, World, drive, every_fault};
use serde_json::json;

use crate::deeds::found;
use crate::machine::{Chain, TASK_TOKEN, on_call};
use crate::run::{Run, told};
use crate::world::{at, download, inventory, session, world};

static SWITCH: Run = LazyLock::new(switch);
static STARTED: Run = LazyLock::new(started);
static HANDED_OVER: Run = LazyLock::new(handed_over);
static STORM: Run = LazyLock::new(storm);
static ASKING: Run = LazyLock::new(asking);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&SWITCH, &STARTED, &HANDED_OVER, &STORM, &ASKING]
}

fn chain(world: &World) -> Chain {
    Chain::new(world.clone(), &inventory("act", "[breaker]\nstorm = 2"))
}

/// Let every call of a sweep go wrong. What could not be looked after this time is for the next minute.
pub(crate) fn every_sweep(make: impl Fn() -> World, check: impl Fn(&Chain, &str)) -> Tally {
    drive(every_fault(
        make,
        |world: World| async move {
            match chain(&world).function(json!({"task": "sweep"})).await {
                Ok(Reply::Swept(swept)) if swept.failed == 0 => Verdict::Done,
                _ => Verdict::Retry,
            }
        },
        &Fault::passing(),
        |world, point| {
            let chain = chain(world);
            check(&chain, point);
            chain.assert_chains_hold(point);
        },
    ))
}

/// Somebody threw the switch, and somebody on call has answered already that it is to be put back.
fn switch() -> BTreeSet<Site> {
    let make = || {
        let world = world();
        let since = world.now();
        let until = since + SignedDuration::from_mins(60);
        let pause = Pause { until, since, by: "ada".to_owned(), reason: "a migration".to_owned() };
        world.set_pause(Some(pause.clone()));
        let chain = chain(&world);
        chain.give(&chain.answer_about(SWITCH_CHAIN, pause.hash(), Verb::Resume, &on_call()));
        world
    };
    let tally = every_sweep(make, |chain, point| {
        // Dying between the record and the switch, or before the message, leaves it to the next minute.
        drive(chain.function(json!({"task": "sweep"}))).unwrap();
        assert_eq!(chain.world.paused(), None, "{point}");
        let records = chain.world.chain(SWITCH_CHAIN);
        let count = |kind: &str| records.iter().filter(|record| record.kind.as_str() == kind).count();
        assert_eq!((count("pause"), count("resume")), (1, 1), "{point}");
        for words in ["a migration", "the pause is over"] {
            let told = chain.world.messages().iter().any(|m| m.body.contains(words) || m.subject.contains(words));
            assert!(told, "{point}: nobody heard of `{words}`");
        }
    });
    told("the stop switch", tally)
}

/// An incident, five minutes old.
fn waiting() -> (World, String) {
    let world = world();
    let id = drive(found(&chain(&world), &download(1)));
    world.advance(SignedDuration::from_mins(5));
    (world, id)
}

/// One incident that nobody took up, or whose execution died: it is started once.
fn started() -> BTreeSet<Site> {
    let mut struck = BTreeSet::new();
    for (before, restarts) in [(ExecutionStatus::Absent, 0), (ExecutionStatus::Died, 1)] {
        let make = || {
            let (world, id) = waiting();
            world.set_execution(&id, &id, before);
            world
        };
        let tally = every_sweep(make, |chain, point| {
            let [row] = &chain.world.rows()[..] else { panic!("{point}: not one incident") };
            assert_eq!((row.status, row.restarts), (Status::Pending, restarts), "{point}");
            let running = |status: &ExecutionStatus| *status == ExecutionStatus::Running;
            let executions = chain.world.executions();
            assert_eq!(executions.iter().filter(|(.., status)| running(status)).count(), 1, "{point}: {executions:?}");
        });
        struck.extend(told(&format!("a sweep, its execution {before:?}"), tally));
    }
    struck
}

/// An incident whose execution died too often goes to people.
fn handed_over() -> BTreeSet<Site> {
    let make = || {
        let (world, id) = waiting();
        let mut row = world.row(&id).unwrap();
        row.restarts = 2;
        world.set_incident(row);
        for name in [id.clone(), format!("{id}-r1"), format!("{id}-r2")] {
            world.set_execution(&name, &id, ExecutionStatus::Died);
        }
        world
    };
    let tally = every_sweep(make, |chain, point| {
        let [row] = &chain.world.rows()[..] else { panic!("{point}: not one incident") };
        assert_eq!(row.status, Status::Escalated, "{point}");
        assert!(!chain.world.messages().is_empty(), "{point}: nobody was told");
        drive(chain.respond(&row.id, std::collections::VecDeque::new()));
        let closing = chain.history(&row.id).closing().map(|closing| closing.status);
        assert_eq!(closing, Some(Status::Escalated), "{point}: the end is recorded");
    });
    told("a sweep that hands over", tally)
}

/// More incidents at once than are told one by one; what was held back is told when the storm is over.
fn storm() -> BTreeSet<Site> {
    let observed = |world: &World| Chain::new(world.clone(), &inventory("observe", "[breaker]\nstorm = 2"));
    let event = |number: usize, world: &World| {
        at(number, "BatchGetImage", &session("builder", &format!("s{number}")), world.now())
    };
    let earlier = || {
        let world = world();
        for number in 0..2 {
            let chain = observed(&world);
            let id = drive(found(&chain, &event(number, &world)));
            drive(chain.respond(&id, std::collections::VecDeque::new()));
        }
        world
    };
    let summaries = |world: &World| world.messages().iter().filter(|m| m.subject.contains("incidents at once")).count();
    let tally = drive(every_fault(
        earlier,
        |world: World| {
            let (chain, event) = (observed(&world), event(2, &world));
            async move {
                let id = found(&chain, &event).await;
                chain.respond(&id, std::collections::VecDeque::new()).await;
                Verdict::Done
            }
        },
        &Fault::passing(),
        |world, point| {
            assert!(world.rows().iter().all(|row| row.status == Status::Observed), "{point}");
            assert!((1..=2).contains(&summaries(world)), "{point}: {}", summaries(world));
            observed(world).assert_chains_hold(point);
        },
    ));
    let mut struck = told("a storm", tally);
    let over = || {
        let world = earlier();
        for number in 2..5 {
            let chain = observed(&world);
            let id = drive(found(&chain, &event(number, &world)));
            drive(chain.respond(&id, std::collections::VecDeque::new()));
        }
        world.advance(SignedDuration::from_mins(16));
        world
    };
    let tally = every_sweep(over, |chain, point| {
        assert!((2..=3).contains(&summaries(&chain.world)), "{point}: {}", summaries(&chain.world));
    });
    struck.extend(told("a storm that is over", tally));
    struck
}

/// Somebody is asked: how much time is left is told, and the other incidents are looked after whether it is known or not.
fn asking() -> BTreeSet<Site> {
    let asks = |world: &World| Chain::new(world.clone(), &inventory("ask", ""));
    let make = || {
        let world = world();
        let chain = asks(&world);
        let id = drive(found(&chain, &download(1)));
        drive(chain.function(json!({"task": "decide", "incident_id": id}))).unwrap();
        let token = format!("{TASK_TOKEN}-1");
        drive(chain.function(json!({"task": "request_approval", "incident_id": id, "task_token": token}))).unwrap();
        world.set_execution(&id, &id, ExecutionStatus::Running);
        world.advance(SignedDuration::from_mins(5));
        world
    };
    let tally = every_sweep(make, |chain, point| {
        let [row] = &chain.world.rows()[..] else { panic!("{point}: not one incident") };
        assert_eq!(row.status, Status::AwaitingApproval, "{point}");
        let _before = chain.figures.take();
        drive(chain.function(json!({"task": "sweep"}))).unwrap();
        assert_eq!(chain.figures.take()[&(Metric::ApprovalsOpen, None)], [1], "{point}");
    });
    told("a sweep while people are asked", tally)
}

#[test]
fn how_much_time_is_left_to_answer_is_told() {
    LazyLock::force(&ASKING);
}

#[test]
fn the_stop_switch_is_recorded_told_and_put_back() {
    LazyLock::force(&SWITCH);
}

#[test]
fn an_incident_that_nobody_looks_after_is_started_once() {
    LazyLock::force(&STARTED);
}

#[test]
fn an_incident_whose_executions_die_goes_to_people() {
    LazyLock::force(&HANDED_OVER);
}

#[test]
fn a_storm_is_summed_up() {
    LazyLock::force(&STORM);
}
