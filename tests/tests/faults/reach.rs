//! Whether other accounts let Remediate in: whichever call goes wrong, in the end it is known of each.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::SignedDuration;
use layerguard_testkit::{Fault, Role, Site, Verdict, World, drive, every_fault};
use serde_json::json;

use crate::machine::Chain;
use crate::run::{Run, told};
use crate::world::{inventory, world};

static TRIED: Run = LazyLock::new(tried);

pub(crate) fn runs() -> Vec<&'static Run> {
    vec![&TRIED]
}

/// One account that lets it in, one that does not, and the management account, which is never entered.
const OPEN: &str = "444455556666";
const SHUT: &str = "222233334444";

fn listed() -> String {
    let accounts = format!("accounts = [\"{OPEN}\", \"{SHUT}\", ");
    inventory("ask", "").replace("accounts = [", &accounts)
}

fn accounts() -> World {
    let world = world();
    world.set_role_in(OPEN, "builder", Role::default());
    world
}

async fn minute(world: &World) -> bool {
    let chain = Chain::new(world.clone(), &listed());
    chain.remediate(json!({"task": "lift_due"})).await.is_ok()
}

fn tried() -> BTreeSet<Site> {
    let tally = drive(every_fault(
        accounts,
        |world: World| async move {
            let done = minute(&world).await && [OPEN, SHUT].iter().all(|account| world.reach_of(account).is_some());
            if done { Verdict::Done } else { Verdict::Retry }
        },
        &Fault::passing(),
        |world, point| {
            assert_eq!(world.reach_of(OPEN).unwrap().refused, None, "{point}");
            assert!(world.reach_of(SHUT).unwrap().refused.is_some(), "{point}: who is not let in is told so");
        },
    ));
    told("trying accounts", tally)
}

#[test]
fn it_is_known_of_each_account_whether_it_lets_remediate_in() {
    LazyLock::force(&TRIED);
}

#[test]
fn an_account_is_tried_again_after_an_hour_and_not_before() {
    let world = accounts();
    assert!(drive(minute(&world)));
    let first = world.reach_of(SHUT).unwrap();
    world.set_role_in(SHUT, "builder", Role::default());
    world.advance(SignedDuration::from_mins(59));
    assert!(drive(minute(&world)));
    assert_eq!(world.reach_of(SHUT), Some(first));
    world.advance(SignedDuration::from_mins(1));
    assert!(drive(minute(&world)));
    assert_eq!(world.reach_of(SHUT).unwrap().refused, None);
}
