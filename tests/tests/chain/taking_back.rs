//! Taking back one step, what is temporary, or everything.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::{Statement, Verb};
use layerguard_core::audit::Body;
use layerguard_core::audit::body::UndoCause;
use layerguard_core::incident::Status;
use layerguard_testkit::{Fault, IamSnapshot, Verdict, World, every_fault};
use serde_json::json;

use crate::deeds::{approve, found, undo};
use crate::machine::{Chain, on_call};
use crate::two_people::{accepted, refusals};
use crate::world::{download, download_by_user, inventory, world};

/// A user who is denied everything and whose key is deactivated, which stays, and whose older tokens are denied, which lifts by itself.
async fn contained() -> (Chain, IamSnapshot, String) {
    let chain = Chain::new(world(), &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let id = contain(&chain).await;
    assert_eq!(chain.history(&id).applied().len(), 3);
    (chain, before, id)
}

/// One download with the user's key, and one with a token of the user's.
async fn contain(chain: &Chain) -> String {
    let mut with_token = download_by_user(2);
    let identity = &mut with_token["detail"]["userIdentity"];
    identity["accessKeyId"] = json!("ASIAIOSFODNN7EXAMPLE");
    identity["sessionContext"] =
        json!({"attributes": {"creationDate": "2026-11-20T08:30:00Z", "mfaAuthenticated": "false"}});
    let id = found(chain, &download_by_user(1)).await;
    assert_eq!(found(chain, &with_token).await, id);
    assert!(chain.respond(&id, approve()).await);
    id
}

fn number_of(chain: &Chain, id: &str, action: &str) -> u32 {
    let history = chain.history(id);
    let steps = &history.decision().unwrap().plan.steps;
    steps.iter().find(|step| step.action == action).unwrap().number
}

async fn ask(chain: &Chain, id: &str, verb: Verb, step: Option<u32>) {
    let hash = chain.history(id).decision().unwrap().plan_hash.clone();
    let statement = Statement { step, ..Statement::new(id, &hash, verb, Some("seen")) };
    chain.world.advance(SignedDuration::from_secs(1));
    chain.give(&chain.sign(&statement, &on_call()));
    assert!(chain.respond(id, VecDeque::new()).await);
    chain.assert_chains_hold("taking back");
}

#[tokio::test]
async fn a_lift_takes_back_what_is_temporary_and_leaves_the_rest() {
    let (chain, before, id) = contained().await;
    let tokens = number_of(&chain, &id, "revoke_user_sessions");
    assert!(chain.history(&id).lift_at(tokens).is_some());
    let policies = |chain: &Chain| chain.world.iam_snapshot().users["sam"].policies.len();
    assert_eq!(policies(&chain), 2);
    ask(&chain, &id, Verb::Lift, None).await;
    assert_eq!(policies(&chain), 1, "the deny of the tokens is gone before its time");
    assert!(!chain.history(&id).standing().contains(&tokens) && chain.history(&id).standing().len() == 2);
    assert_ne!(chain.world.iam_snapshot().users["sam"].keys, before.users["sam"].keys, "the key stays deactivated");
    assert_eq!(chain.row(&id).status, Status::PartlyContained);
    let history = chain.history(&id);
    assert_eq!(accepted(&chain, &id).last().unwrap().verb, Verb::Lift, "the record tells a lift from an undo");
    let causes: Vec<UndoCause> = history
        .entries()
        .iter()
        .filter_map(|entry| if let Body::UndoIntent(undo) = &entry.body { Some(undo.cause) } else { None })
        .collect();
    assert_eq!(causes, [UndoCause::Person], "a person lifted it, not the clock");
    assert!(history.is_sealed() && history.is_reported());
    ask(&chain, &id, Verb::Lift, None).await;
    assert!(refusals(&chain, &id).last().unwrap().contains("no temporary measure stands"));
    undo(&chain, &id).await;
    assert_eq!((chain.world.iam_snapshot(), chain.row(&id).status), (before, Status::Undone));
}

#[tokio::test]
async fn a_lift_of_the_only_measure_undoes_the_incident() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, approve()).await);
    ask(&chain, &id, Verb::Lift, None).await;
    assert_eq!((chain.world.iam_snapshot(), chain.row(&id).status), (before, Status::Undone));
    assert!(chain.world.measures().is_empty(), "nothing is left to lift by itself");
}

#[tokio::test]
async fn an_undo_of_one_step_takes_back_that_step() {
    let (chain, before, id) = contained().await;
    let key = number_of(&chain, &id, "disable_access_key");
    ask(&chain, &id, Verb::Undo, Some(key)).await;
    let now = chain.world.iam_snapshot();
    assert_eq!(now.users["sam"].keys, before.users["sam"].keys);
    assert_eq!(now.users["sam"].policies.len(), 2, "the other steps stand");
    assert_eq!(chain.row(&id).status, Status::PartlyContained);
    assert_eq!(accepted(&chain, &id).last().unwrap().step, Some(key));
    ask(&chain, &id, Verb::Undo, Some(key)).await;
    ask(&chain, &id, Verb::Undo, Some(77)).await;
    let said = refusals(&chain, &id);
    assert!(said[0].contains(&format!("nothing of step {key} stands")) && said[1].contains("step 77"), "{said:?}");
    for action in ["deny_user", "revoke_user_sessions"] {
        ask(&chain, &id, Verb::Undo, Some(number_of(&chain, &id, action))).await;
    }
    assert_eq!((chain.world.iam_snapshot(), chain.row(&id).status), (before, Status::Undone));
}

#[tokio::test]
async fn an_undo_with_nothing_left_is_refused_and_the_chain_goes_on() {
    let (chain, before, id) = contained().await;
    undo(&chain, &id).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    ask(&chain, &id, Verb::Undo, None).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    assert!(refusals(&chain, &id)[0].contains("nothing that was done stands"));
    assert!(chain.history(&id).is_sealed());
}

/// The step is what the person signed: whoever changes it in the stored answer takes nothing back.
#[tokio::test]
async fn a_step_that_was_changed_after_signing_counts_for_nothing() {
    let (chain, _, id) = contained().await;
    let standing = chain.world.iam_snapshot();
    let (key, deny) = (number_of(&chain, &id, "disable_access_key"), number_of(&chain, &id, "deny_user"));
    let hash = chain.history(&id).decision().unwrap().plan_hash.clone();
    for changed in [Some(deny), None] {
        let statement = Statement { step: Some(key), ..Statement::new(&id, &hash, Verb::Undo, None) };
        let mut answer = chain.sign(&statement, &on_call());
        answer.step = changed;
        chain.give(&answer);
        assert!(chain.respond(&id, VecDeque::new()).await);
        chain.world.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(chain.world.iam_snapshot(), standing);
    let said = refusals(&chain, &id);
    assert!(said.len() == 2 && said.iter().all(|reason| reason.contains("another step")), "{said:?}");
}

#[tokio::test]
async fn a_lift_and_an_undo_of_one_step_survive_what_may_pass() {
    let inventory = inventory("act", "");
    let clean = world();
    let before = clean.iam_snapshot();
    let tally = every_fault(
        || {
            let world = world();
            let chain = Chain::new(world.clone(), &inventory);
            layerguard_testkit::drive(contain(&chain));
            world
        },
        |world: World| {
            let chain = Chain::new(world, &inventory);
            async move {
                let id = chain.world.rows()[0].id.clone();
                let hash = chain.history(&id).decision().unwrap().plan_hash.clone();
                let one = |action| Statement {
                    step: Some(number_of(&chain, &id, action)),
                    ..Statement::new(&id, &hash, Verb::Undo, None)
                };
                let lift = Statement::new(&id, &hash, Verb::Lift, None);
                for statement in [lift, one("disable_access_key"), one("deny_user")] {
                    chain.give(&chain.sign(&statement, &on_call()));
                    chain.respond(&id, VecDeque::new()).await;
                }
                Verdict::Done
            }
        },
        &Fault::passing(),
        |world, point| {
            let chain = Chain::new(world.clone(), &inventory);
            let [row] = &world.rows()[..] else { panic!("{point}: not one incident") };
            assert_eq!(row.status, Status::Undone, "{point}");
            assert_eq!(world.iam_snapshot(), before, "{point}");
            assert!(world.measures().is_empty(), "{point}");
            chain.assert_chains_hold(point);
        },
    )
    .await;
    println!("lift and undo of one step: {} calls, {} fault points tried", tally.calls, tally.points);
    assert!(tally.points > 100);
}
