//! Principals that are contained as a whole, or through another.

use std::collections::VecDeque;

use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::audit::Body;
use layerguard_core::incident::Status;
use serde_json::json;

use crate::deeds::{approve, found, undo};
use crate::machine::{ACCOUNT, Chain, Deed};
use crate::world::{download_by_user, event, inventory, session, world};

const QUARANTINE: &str = "arn:aws:iam::111122223333:policy/layerguard-quarantine";

fn quarantined(chain: &Chain) -> bool {
    chain.world.iam_snapshot().roles["builder"].attached.contains(QUARANTINE)
}

#[tokio::test]
async fn where_no_inline_policy_may_be_written_a_role_is_quarantined_until_the_last_incident_lets_go() {
    let inventory = inventory("act", "").replace("inline_deny = true", "inline_deny = false");
    let chain = Chain::new(world(), &inventory);
    let before = chain.world.iam_snapshot();
    let mut incidents = Vec::new();
    for name in ["intruder", "other"] {
        let id = found(&chain, &event(incidents.len(), "GetDownloadUrlForLayer", &session("builder", name))).await;
        assert_eq!(chain.row(&id).status, Status::Pending);
        assert!(chain.respond(&id, approve()).await);
        assert_eq!(chain.row(&id).status, Status::Contained);
        assert!(quarantined(&chain));
        incidents.push(id);
    }
    undo(&chain, &incidents[0]).await;
    assert_eq!(chain.row(&incidents[0]).status, Status::Undone);
    assert!(quarantined(&chain), "the other incident holds it");
    let said = format!("{:?}", chain.history(&incidents[0]).entries());
    assert!(said.contains(&format!("stays so for incident {}", incidents[1])), "{said}");
    undo(&chain, &incidents[1]).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    assert!(chain.world.held().is_empty());
    chain.assert_chains_hold("two incidents and one quarantine");
}

#[tokio::test]
async fn a_key_that_two_incidents_deactivated_comes_back_with_the_last() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let first = found(&chain, &download_by_user(1)).await;
    assert!(chain.respond(&first, approve()).await);
    let deletes = json!({"repositoryName": "team/app", "registryId": ACCOUNT, "force": true});
    let mut destroys = download_by_user(2);
    destroys["detail"]["eventName"] = json!("DeleteRepository");
    destroys["detail"]["requestParameters"] = deletes;
    let second = found(&chain, &destroys).await;
    assert_ne!(first, second, "another family is another incident");
    assert!(chain.respond(&second, approve()).await);
    undo(&chain, &first).await;
    assert!(!chain.world.iam_snapshot().users["sam"].keys["AKIAIOSFODNN7EXAMPLE"]);
    undo(&chain, &second).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    chain.assert_chains_hold("two incidents and one key");
}

#[tokio::test]
async fn a_federated_user_is_contained_through_its_issuer_who_may_not_approve_it() {
    let identity = json!({
        "type": "FederatedUser",
        "principalId": format!("{ACCOUNT}:puller"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:federated-user/puller"),
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "IAMUser",
                "principalId": "AIDAEXAMPLEID",
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/sam"),
                "accountId": ACCOUNT,
                "userName": "sam"
            },
            "attributes": {"creationDate": "2026-11-20T08:30:00Z", "mfaAuthenticated": "false"}
        }
    });
    let chain = Chain::new(world(), &inventory("ask", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &event(1, "GetDownloadUrlForLayer", &identity)).await;
    let mut deeds = approve();
    for (arn, user_id) in [
        ("iam::111122223333:user/sam", "AIDAEXAMPLEID"),
        ("sts::111122223333:assumed-role/on-call/sam", "AROAONCALLEXAMPLE:sam"),
    ] {
        let issuer =
            CallerIdentity { arn: format!("arn:aws:{arn}"), user_id: user_id.to_owned(), account: ACCOUNT.to_owned() };
        deeds.push_front(
            Box::new(move |chain: &Chain, id: &str| chain.give(&chain.answer(id, Verb::Approve, &issuer))) as Deed,
        );
    }
    assert!(chain.respond(&id, deeds).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    let history = chain.history(&id);
    let refused = history.entries().iter().filter(|entry| matches!(entry.body, Body::ApprovalRefused(_))).count();
    assert_eq!(refused, 2, "neither the issuer itself nor through a role");
    assert_eq!(history.applied().len(), 2, "the deny and the tokens");
    let sam = &chain.world.iam_snapshot().users["sam"];
    assert!(
        sam.policies.contains_key(&format!("layerguard-{id}"))
            && sam.policies.contains_key(&format!("layerguard-{id}-tokens"))
    );
    assert!(chain.respond(&id, VecDeque::new()).await);
    undo(&chain, &id).await;
    assert_eq!(chain.world.iam_snapshot(), before);
}
