//! Registries and repositories, as repairs change them.

use std::sync::Arc;

use layerguard_core::ports::{Account, Accounts, PortErrorKind, Replication, ReplicationRule, TagMutability};
use serde_json::{Map, Value, json};

use crate::accounts::accounts;
use crate::world::World;

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Deny","Effect":"Deny","Principal":"*","Action":"ecr:DeleteRepository"}]}"#;
const LIFECYCLE: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}"#;

/// Our account in a region of the test's own: a registry's documents are shared by all that use it.
async fn home(world: &World, region: &str) -> Arc<dyn Account> {
    accounts(world).enter("111122223333", Some(region)).await.unwrap()
}

async fn repository(world: &World) -> String {
    let name = world.name("team/app");
    let sdk = aws_sdk_ecr::Client::new(&world.sdk);
    sdk.create_repository().repository_name(&name).send().await.unwrap();
    name
}

#[tokio::test]
async fn a_repositorys_policies_are_written_read_and_deleted() {
    let Some(world) = World::open("a_repositorys_policies_are_written").await else { return };
    let (account, name) = (home(&world, crate::world::REGION).await, repository(&world).await);
    let ecr = account.ecr();
    assert_eq!(ecr.repository_policy(&name).await.unwrap(), None);
    ecr.set_repository_policy(&name, POLICY).await.unwrap();
    assert_eq!(ecr.repository_policy(&name).await.unwrap().as_deref(), Some(POLICY));
    ecr.delete_repository_policy(&name).await.unwrap();
    ecr.delete_repository_policy(&name).await.unwrap();
    assert_eq!(ecr.repository_policy(&name).await.unwrap(), None);

    assert_eq!(ecr.lifecycle_policy(&name).await.unwrap(), None);
    ecr.put_lifecycle_policy(&name, LIFECYCLE).await.unwrap();
    assert_eq!(ecr.lifecycle_policy(&name).await.unwrap().as_deref(), Some(LIFECYCLE));
    ecr.delete_lifecycle_policy(&name).await.unwrap();
    ecr.delete_lifecycle_policy(&name).await.unwrap();
    assert_eq!(ecr.lifecycle_policy(&name).await.unwrap(), None);
}

#[tokio::test]
async fn a_repositorys_settings_are_changed_and_changed_back() {
    let Some(world) = World::open("a_repositorys_settings_are_changed").await else { return };
    let (account, name) = (home(&world, crate::world::REGION).await, repository(&world).await);
    let ecr = account.ecr();
    let before = ecr.repository(&name).await.unwrap();
    assert_eq!((before.tag_mutability.value.as_str(), before.scan_on_push), ("MUTABLE", false));
    let strict = TagMutability { value: "IMMUTABLE_WITH_EXCLUSION".to_owned(), exclusions: vec!["dev-*".to_owned()] };
    ecr.set_tag_mutability(&name, &strict).await.unwrap();
    ecr.set_scan_on_push(&name, true).await.unwrap();
    let changed = ecr.repository(&name).await.unwrap();
    assert_eq!((&changed.tag_mutability, changed.scan_on_push), (&strict, true));
    ecr.set_tag_mutability(&name, &before.tag_mutability).await.unwrap();
    ecr.set_scan_on_push(&name, false).await.unwrap();
    assert_eq!(ecr.repository(&name).await.unwrap(), before);
}

#[tokio::test]
async fn a_repository_that_does_not_exist_is_not_found() {
    let Some(world) = World::open("a_repository_that_does_not_exist").await else { return };
    let (account, name) = (home(&world, crate::world::REGION).await, world.name("nothing"));
    let ecr = account.ecr();
    let mutability = TagMutability { value: "IMMUTABLE".to_owned(), exclusions: Vec::new() };
    for answer in [
        ecr.repository_policy(&name).await.map(drop),
        ecr.set_repository_policy(&name, POLICY).await,
        ecr.delete_repository_policy(&name).await,
        ecr.repository(&name).await.map(drop),
        ecr.set_tag_mutability(&name, &mutability).await,
        ecr.set_scan_on_push(&name, true).await,
        ecr.lifecycle_policy(&name).await.map(drop),
        ecr.put_lifecycle_policy(&name, LIFECYCLE).await,
        ecr.delete_lifecycle_policy(&name).await,
    ] {
        assert_eq!(answer.unwrap_err().kind, PortErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_registrys_policy_is_written_read_and_deleted() {
    let Some(world) = World::open("a_registrys_policy_is_written").await else { return };
    let account = home(&world, "eu-west-1").await;
    let ecr = account.ecr();
    ecr.delete_registry_policy().await.unwrap();
    assert_eq!(ecr.registry_policy().await.unwrap(), None);
    ecr.put_registry_policy(POLICY).await.unwrap();
    assert_eq!(ecr.registry_policy().await.unwrap().as_deref(), Some(POLICY));
    let elsewhere = home(&world, "eu-west-2").await;
    assert_eq!(elsewhere.ecr().registry_policy().await.unwrap(), None, "each region has its own");
    ecr.delete_registry_policy().await.unwrap();
    ecr.delete_registry_policy().await.unwrap();
}

#[tokio::test]
async fn replication_is_read_and_written_without_loss() {
    let Some(world) = World::open("replication_is_read_and_written_without_loss").await else { return };
    let account = home(&world, "eu-west-1").await;
    let ecr = account.ecr();
    ecr.put_replication(&Replication::default()).await.unwrap();
    assert_eq!(ecr.replication().await.unwrap(), Replication::default());
    let other: Map<String, Value> =
        [("deleteReplication".to_owned(), json!({ "enabled": true }))].into_iter().collect();
    let rule = ReplicationRule {
        destinations: vec![("444455556666".to_owned(), "eu-west-3".to_owned())],
        prefixes: vec!["prod/".to_owned()],
        other,
    };
    let whole = ReplicationRule { prefixes: Vec::new(), other: Map::new(), ..rule.clone() };
    let replication = Replication { rules: vec![rule, whole] };
    ecr.put_replication(&replication).await.unwrap();
    assert_eq!(ecr.replication().await.unwrap(), replication);
    ecr.put_replication(&Replication::default()).await.unwrap();
}
