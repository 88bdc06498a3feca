//! Roles as IAM describes them.

use aws_sdk_iam::types::Tag;
use layerguard_core::ports::{PortErrorKind, Roles};
use serde_json::Value;

use crate::world::World;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

#[tokio::test]
async fn a_role_is_described_by_its_trust_and_tags_and_only_in_its_own_account() {
    let Some(world) = World::open("a_role_is_described").await else { return };
    let role = world.name("role");
    let account = world.aws.caller().await.unwrap().account;
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    let tag = Tag::builder().key("team").value("build").build().unwrap();
    sdk.create_role().role_name(&role).assume_role_policy_document(TRUST).tags(tag).send().await.unwrap();
    let iam = world.aws.iam();
    let found = iam.role(&account, &role).await.unwrap().unwrap();
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(json(&found.trust), json(TRUST));
    assert_eq!(found.tags.get("team").map(String::as_str), Some("build"));
    assert_eq!(iam.role("999988887777", &role).await.unwrap(), None, "of the same name, in another account");
    assert_eq!(iam.role(&account, &world.name("nobody")).await.unwrap(), None);
}

#[tokio::test]
async fn who_may_not_look_at_roles_is_denied() {
    let Some(world) = World::open("who_may_not_look_at_roles_is_denied").await else { return };
    let (role, user) = (world.name("role"), world.name("user"));
    let account = world.aws.caller().await.unwrap().account;
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_role().role_name(&role).assume_role_policy_document(TRUST).send().await.unwrap();
    sdk.create_user().user_name(&user).send().await.unwrap();
    let key = sdk.create_access_key().user_name(&user).send().await.unwrap().access_key.unwrap();
    let aws = world.aws.with_credentials(key.access_key_id(), key.secret_access_key(), None);
    let error = aws.iam().role(&account, &role).await.unwrap_err();
    assert!(matches!(error.kind, PortErrorKind::Denied(_)), "{error}");
}
