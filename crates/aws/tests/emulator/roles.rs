//! Roles as IAM describes them.

use aws_sdk_iam::types::Tag;
use layerguard_aws::Home;
use layerguard_core::ports::{PortErrorKind, Roles};
use serde_json::Value;

use crate::accounts::{HOME, OTHER, others_iam};
use crate::world::World;

const READER: &str = "layerguard-reader";
const HOME_MAY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;
const READS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}]}"#;
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

/// One test for all of it: the role's name is the account's only one.
#[tokio::test]
async fn roles_of_another_account_are_read_where_it_lets_us() {
    let Some(world) = World::open("roles_of_another_account_are_read").await else { return };
    let theirs = others_iam(&world);
    let home = Home { partition: "aws".to_owned(), account: HOME.to_owned() };
    let roles = world.aws.roles("layerguard", home);
    let role = world.name("role");
    let _ = theirs.delete_role_policy().role_name(READER).policy_name("read").send().await;
    let _ = theirs.delete_role().role_name(READER).send().await;
    theirs.create_role().role_name(&role).assume_role_policy_document(TRUST).send().await.unwrap();
    let refused = roles.role(OTHER, &role).await.unwrap_err();
    assert!(matches!(refused.kind, PortErrorKind::Denied(_) | PortErrorKind::NotFound), "{refused}");

    theirs.create_role().role_name(READER).assume_role_policy_document(HOME_MAY).send().await.unwrap();
    theirs.put_role_policy().role_name(READER).policy_name("read").policy_document(READS).send().await.unwrap();
    let found = roles.role(OTHER, &role).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&found.trust).unwrap(), serde_json::from_str::<Value>(TRUST).unwrap());
    assert_eq!(roles.role(HOME, &role).await.unwrap(), None, "it is there and not at home");
    theirs.delete_role_policy().role_name(READER).policy_name("read").send().await.unwrap();
    theirs.delete_role().role_name(READER).send().await.unwrap();
}
