//! Every call of the whole chain goes wrong once, in every way: afterwards the incident has ended in a recorded state, no measure
//! stands twice, undo restores the account, and every chain of records holds.

use std::collections::{BTreeSet, VecDeque};
use std::sync::LazyLock;

use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_testkit::{Fault, Site, Tally, Verdict, World, drive, every_fault};

use crate::deeds::{approve, open_up};
use crate::elsewhere::one_event;
use crate::machine::{Chain, futures_lite, on_call};
use crate::run::{Run, told};
use crate::telling::assert_all_told;
use crate::world::{download, inventory, world};

static ASKING: Run = LazyLock::new(|| passing("ask"));
static ACTING: Run = LazyLock::new(|| passing("act"));
static REFUSED: Run = LazyLock::new(refused);
static REPAIRED: Run = LazyLock::new(repaired);
static QUARANTINED: Run = LazyLock::new(quarantined);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&ASKING, &ACTING, &REFUSED, &REPAIRED, &QUARANTINED]
}

/// How an incident may end where something was refused for good.
pub(crate) const WITH_PEOPLE: &[Status] =
    &[Status::Contained, Status::PartlyContained, Status::Escalated, Status::Undecided];

/// One whole story: two events, a decision, an approval, a containment.
async fn story(chain: &Chain) -> Option<String> {
    let mut id = None;
    for number in 0..2 {
        id = chain.triage(&download(number)).await.and_then(|found| found.incident_id).or(id);
    }
    let id = id?;
    chain.respond(&id, approve()).await;
    Some(id)
}

fn tried(mode: &'static str, faults: &[Fault], ends: &[Status]) -> Tally {
    let inventory = inventory(mode, "");
    let before = world().iam_snapshot();
    let chain = |world: &World| Chain::new(world.clone(), &inventory);
    drive(every_fault(
        world,
        |world: World| {
            let chain = chain(&world);
            async move {
                story(&chain).await.expect("an incident is found, now or by the retry");
                Verdict::Done
            }
        },
        faults,
        |world, point| {
            let chain = chain(world);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            let history = chain.history(&row.id);
            // A switch that cannot be read is taken as thrown: people are told, and nothing is changed.
            let paused = history.decision().is_some_and(|decision| decision.circumstances.paused);
            let ended = ends.contains(&row.status) || (paused && row.status == Status::Observed);
            assert!(ended, "{point}: it ended {:?}", row.status);
            chain.assert_chains_hold(point);
            assert!(history.applied().len() <= 1, "{point}: a measure stands twice");
            if !history.standing().is_empty() {
                chain.give(&chain.answer(&row.id, Verb::Undo, &on_call()));
                futures_lite(chain.respond(&row.id, VecDeque::new()));
            }
            assert_eq!(world.iam_snapshot(), before, "{point}: undo restores the account");
            chain.assert_chains_hold(point);
            assert_all_told(&chain, point);
        },
    ))
}

fn passing(mode: &'static str) -> BTreeSet<Site> {
    let tally = tried(mode, &Fault::passing(), &[Status::Contained]);
    assert!(tally.points > 100);
    told(&format!("the whole chain, `{mode}`"), tally)
}

fn refused() -> BTreeSet<Site> {
    told("the whole chain, refused", tried("act", &Fault::lasting(), WITH_PEOPLE))
}

fn repaired() -> BTreeSet<Site> {
    let tally = one_event(&inventory("act", ""), world, |world| open_up(world, 0));
    assert!(tally.points > 100);
    told("a repair", tally)
}

fn quarantined() -> BTreeSet<Site> {
    let inventory = inventory("act", "").replace("inline_deny = true", "inline_deny = false");
    let tally = one_event(&inventory, world, |_| download(0));
    assert!(tally.points > 100);
    told("a quarantine", tally)
}

#[test]
fn what_may_pass_is_survived_at_every_call_where_people_are_asked() {
    LazyLock::force(&ASKING);
}

#[test]
fn what_may_pass_is_survived_at_every_call_where_nobody_is_asked() {
    LazyLock::force(&ACTING);
}

#[test]
fn what_is_refused_for_good_ends_with_people() {
    LazyLock::force(&REFUSED);
}

#[test]
fn a_repair_survives_what_may_pass() {
    LazyLock::force(&REPAIRED);
}

#[test]
fn a_quarantine_survives_what_may_pass() {
    LazyLock::force(&QUARANTINED);
}
