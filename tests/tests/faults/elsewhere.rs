//! Measures in more than one account: what may pass is survived, and what is refused for good over there ends with people.

use std::collections::{BTreeSet, VecDeque};
use std::sync::LazyLock;

use layerguard_core::approval::Verb;
use layerguard_core::audit::{Body, History};
use layerguard_core::incident::Status;
use layerguard_core::ports::{Clock, PortErrorKind};
use layerguard_testkit::{AccountSnapshot, Fault, HOME, Role, Site, Tally, Verdict, World, drive, every_fault};
use serde_json::{Value, json};

use crate::deeds::approve;
use crate::machine::{Chain, futures_lite, on_call};
use crate::run::{Run, told};
use crate::telling::assert_all_told;
use crate::whole::WITH_PEOPLE;
use crate::world::{at, inventory, session, world};

static PASSING: Run = LazyLock::new(passing);
static REFUSED: Run = LazyLock::new(refused);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&PASSING, &REFUSED]
}

/// An account of the organisation that lets Remediate in.
const MEMBER: &str = "444455556666";
/// What Remediate does over there, through the responder role.
const OVER_THERE: [&str; 4] = ["accounts.enter", "iam.role_policy", "iam.put_role_policy", "iam.delete_role_policy"];

fn accounts(world: &World) -> Vec<AccountSnapshot> {
    [HOME, MEMBER].map(|id| world.snapshot(id)).to_vec()
}

/// Both accounts, before anything happened.
fn with_member() -> World {
    let world = world();
    world.set_role_in(MEMBER, "builder", Role::default());
    world
}

fn with_member_listed() -> String {
    inventory("act", "").replace("accounts = [", &format!("accounts = [\"{MEMBER}\", "))
}

/// A layer is downloaded by the session of a role in the other account.
fn download_elsewhere(world: &World) -> Value {
    let text = session("builder", "intruder").to_string().replace(HOME, MEMBER);
    let mut event = at(0, "GetDownloadUrlForLayer", &serde_json::from_str(&text).unwrap(), world.now());
    event["detail"]["recipientAccountId"] = json!(MEMBER);
    event
}

/// The event, and all that follows from it. One that went to the failed-events queue comes once more.
async fn whole_story(world: World, inventory: String, event: Value) -> Verdict {
    let chain = Chain::new(world, &inventory);
    let mut found = chain.triage(&event).await;
    if found.is_none() {
        found = chain.triage(&event).await;
    }
    let id = found.and_then(|found| found.incident_id).expect("found, now or again");
    chain.respond(&id, approve()).await;
    Verdict::Done
}

/// One event to its end in mode `act`, approved where it asks, with every fault that may pass: the measure stands once, and undo restores
/// the accounts whole.
pub(crate) fn one_event(inventory: &str, make: impl Fn() -> World, event: impl Fn(&World) -> Value) -> Tally {
    let clean = make();
    let found = event(&clean);
    let before = accounts(&clean);
    drive(every_fault(
        || {
            let world = make();
            event(&world);
            world
        },
        |world: World| whole_story(world, inventory.to_owned(), found.clone()),
        &Fault::passing(),
        |world, point| {
            let chain = Chain::new(world.clone(), inventory);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            assert_eq!(row.status, Status::Contained, "{point}");
            assert_ne!(accounts(world), before, "{point}: nothing was done");
            chain.give(&chain.answer(&row.id, Verb::Undo, &on_call()));
            futures_lite(chain.respond(&row.id, VecDeque::new()));
            assert_eq!(accounts(world), before, "{point}: undo restores the accounts");
            assert!(world.held().is_empty(), "{point}: somebody still holds a shared measure");
            chain.assert_chains_hold(point);
            assert_all_told(&chain, point);
        },
    ))
}

/// The incident ended in a recorded state with people told; the account over there is whole, or what stands there is recorded and undo
/// takes it back.
fn ended_with_people(world: &World, point: &str) -> History {
    let chain = Chain::new(world.clone(), &with_member_listed());
    let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
    let history = chain.history(&row.id);
    let paused = history.decision().is_some_and(|decision| decision.circumstances.paused);
    // Who cannot prove who they are has not answered, nor has who approved a plan before this one.
    let plan = history.decision().map(|decision| decision.plan_hash.as_str());
    let answered =
        |body: &Body| matches!(body, Body::ApprovalAccepted(given) if Some(given.plan_hash.as_str()) == plan);
    let unanswered = !history.entries().iter().any(|entry| answered(&entry.body));
    let ended = WITH_PEOPLE.contains(&row.status)
        || (paused && row.status == Status::Observed)
        || (unanswered && row.status == Status::Expired);
    assert!(ended, "{point}: it ended {:?}", row.status);
    assert_eq!(history.closing().map(|closing| closing.status), Some(row.status), "{point}: the end is recorded");
    assert!(!world.messages().is_empty(), "{point}: nobody was told");
    chain.assert_chains_hold(point);
    let before = accounts(&with_member());
    if history.standing().is_empty() {
        assert_eq!(accounts(world), before, "{point}: something stands of which no record tells");
    } else {
        assert!(history.applied().len() <= 1, "{point}: a measure stands twice");
        chain.give(&chain.answer(&row.id, Verb::Undo, &on_call()));
        futures_lite(chain.respond(&row.id, VecDeque::new()));
        assert_eq!(accounts(world), before, "{point}: undo restores the accounts");
        chain.assert_chains_hold(point);
    }
    history
}

fn passing() -> BTreeSet<Site> {
    let tally = one_event(&with_member_listed(), with_member, download_elsewhere);
    assert!(tally.points > 100);
    told("another account", tally)
}

fn refused() -> BTreeSet<Site> {
    let found = download_elsewhere(&with_member());
    let tally = drive(every_fault(
        with_member,
        |world: World| whole_story(world, with_member_listed(), found.clone()),
        &Fault::lasting(),
        |world, point| drop(ended_with_people(world, point)),
    ));
    assert!(tally.points > 100);
    told("another account, refused", tally)
}

#[test]
fn a_measure_in_another_account_survives_what_may_pass() {
    LazyLock::force(&PASSING);
}

#[test]
fn what_is_refused_for_good_in_another_account_ends_with_people() {
    LazyLock::force(&REFUSED);
}

/// The responder role is taken from us, or what it may do: from some call on access is denied, and it stays so.
#[test]
fn an_account_that_shuts_us_out_for_good_is_left_whole_or_with_a_recorded_measure() {
    let denied = Fault::Before(PortErrorKind::Denied("AccessDenied".to_owned()));
    let (mut tried, mut failed) = (0, 0);
    for operation in OVER_THERE {
        for passes in 0.. {
            let world = with_member();
            world.trap_operation(operation, passes, usize::MAX, denied.clone());
            drive(whole_story(world.clone(), with_member_listed(), download_elsewhere(&world)));
            if world.struck() == 0 {
                break;
            }
            let point = format!("{operation} is denied for good after {passes} calls");
            // An undo over there is refused too, as long as the access is: people hear of that, and it can be asked for again.
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            failed += usize::from(row.status != Status::Contained);
            let before = accounts(&world);
            let chain = Chain::new(world.clone(), &with_member_listed());
            if !chain.history(&row.id).standing().is_empty() && operation == "accounts.enter" {
                chain.give(&chain.answer(&row.id, Verb::Undo, &on_call()));
                futures_lite(chain.respond(&row.id, VecDeque::new()));
                assert_eq!(accounts(&world), before, "{point}: changed although it is shut");
                chain.assert_chains_hold(&point);
                world.advance(jiff::SignedDuration::from_secs(5));
            }
            world.heal();
            ended_with_people(&world, &point);
            tried += 1;
        }
    }
    println!("another account, shut for good: {tried} points, {failed} of them without a containment");
    assert!(tried >= OVER_THERE.len() && failed > 0, "{tried} points, {failed} failed");
}
