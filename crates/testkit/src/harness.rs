//! Try every fault at every call.

use std::collections::BTreeSet;
use std::future::Future;

use crate::{Fault, Site, World};

/// How often the machine invokes again: more than once for each fault that is injected.
const ATTEMPTS: usize = 6;

/// What one invocation came to, as the state machine sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered.
    Done,
    /// It failed with an error that the machine retries.
    Retry,
    /// It failed with an error that the machine hands over.
    GaveUp,
}

/// What the harness tried.
#[must_use]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that a run without faults makes.
    pub calls: usize,
    /// Call and fault pairs that were tried.
    pub points: usize,
    /// Invocations in all.
    pub invocations: usize,
    /// Where the code under test makes these calls: each of them was struck.
    pub struck: BTreeSet<Site>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { calls, points, invocations, struck } = self;
        write!(f, "{calls} calls at {} sites, {points} fault points, {invocations} invocations", struck.len())
    }
}

/// Let every call that `invoke` makes go wrong in every given way, one at a time, each time in a world of its own as `make` made it once. Invokes again
/// after an error that the machine retries and after the process was killed, as the machine would; then `check` looks at the world.
///
/// # Panics
/// When an invocation still asks for a retry after the fault is gone.
pub async fn every_fault<I, F>(
    make: impl Fn() -> World,
    invoke: I,
    faults: &[Fault],
    check: impl Fn(&World, &str),
) -> Tally
where
    I: Fn(World) -> F,
    F: Future<Output = Verdict>,
{
    let mut tally = Tally::default();
    let made = make();
    let clean = made.fork();
    let before = clean.calls().len();
    clean.watch();
    tally.invocations += run(&clean, &invoke, "no fault").await;
    let calls = clean.calls();
    check(&clean, "no fault");
    tally.calls = calls.len() - before;
    tally.struck = calls.iter().skip(before).filter_map(|call| call.site.clone()).collect();
    for (passes, call) in calls.iter().skip(before).enumerate() {
        for fault in faults {
            let world = made.fork();
            world.trap(passes, fault.clone());
            let point = format!("{fault:?} at call {passes} ({} {})", call.operation, call.about);
            tally.invocations += run(&world, &invoke, &point).await;
            assert_eq!(world.struck(), 1, "the fault did not strike: {point}");
            world.heal();
            check(&world, &point);
            tally.points += 1;
        }
    }
    tally
}

async fn run<I, F>(world: &World, invoke: &I, point: &str) -> usize
where
    I: Fn(World) -> F,
    F: Future<Output = Verdict>,
{
    for attempt in 1..=ATTEMPTS {
        let verdict = invoke(world.clone()).await;
        // What a dead process returned, nobody saw.
        if !world.revive() && verdict != Verdict::Retry {
            return attempt;
        }
    }
    #[expect(clippy::panic, reason = "a test kit reports by panicking")]
    {
        panic!("still not done after {ATTEMPTS} invocations: {point}")
    }
}
