//! Inline policies and access keys.

use layerguard_core::ports::{Iam, PortErrorKind};

use crate::world::World;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:userid":"AROAEXAMPLEID:a+b=c@d"}}}]}"#;

#[tokio::test]
async fn a_roles_policy_is_written_read_and_deleted() {
    let Some(world) = World::open("a_roles_policy_is_written_read_and_deleted").await else { return };
    let role = world.name("role");
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_role().role_name(&role).assume_role_policy_document(TRUST).send().await.unwrap();
    let iam = world.aws.iam();
    assert_eq!(iam.role_policy(&role, "layerguard-1").await.unwrap(), None);
    iam.put_role_policy(&role, "layerguard-1", DENY).await.unwrap();
    assert_eq!(iam.role_policy(&role, "layerguard-1").await.unwrap().as_deref(), Some(DENY));
    iam.delete_role_policy(&role, "layerguard-1").await.unwrap();
    iam.delete_role_policy(&role, "layerguard-1").await.unwrap();
    assert_eq!(iam.role_policy(&role, "layerguard-1").await.unwrap(), None);
    let gone = iam.put_role_policy(&world.name("nobody"), "layerguard-1", DENY).await.unwrap_err();
    assert_eq!(gone.kind, PortErrorKind::NotFound);
}

#[tokio::test]
async fn a_users_policy_and_key_are_changed_and_changed_back() {
    let Some(world) = World::open("a_users_policy_and_key_are_changed_and_changed_back").await else { return };
    let user = world.name("user");
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_user().user_name(&user).send().await.unwrap();
    let key = sdk.create_access_key().user_name(&user).send().await.unwrap().access_key.unwrap();
    let iam = world.aws.iam();
    iam.put_user_policy(&user, "layerguard-1", DENY).await.unwrap();
    assert_eq!(iam.user_policy(&user, "layerguard-1").await.unwrap().as_deref(), Some(DENY));
    iam.delete_user_policy(&user, "layerguard-1").await.unwrap();
    iam.delete_user_policy(&user, "layerguard-1").await.unwrap();
    assert_eq!(iam.user_policy(&user, "layerguard-1").await.unwrap(), None);

    let id = key.access_key_id();
    assert_eq!(iam.access_key_active(&user, id).await.unwrap(), Some(true));
    iam.set_access_key_active(&user, id, false).await.unwrap();
    assert_eq!(iam.access_key_active(&user, id).await.unwrap(), Some(false));
    iam.set_access_key_active(&user, id, true).await.unwrap();
    assert_eq!(iam.access_key_active(&user, id).await.unwrap(), Some(true));
    assert_eq!(iam.access_key_active(&user, "AKIAIOSFODNN7EXAMPLE").await.unwrap(), None);
    let gone = iam.set_access_key_active(&user, "AKIAIOSFODNN7EXAMPLE", false).await.unwrap_err();
    assert_eq!(gone.kind, PortErrorKind::NotFound);
}

#[tokio::test]
async fn what_a_user_may_not_do_is_denied_with_its_code() {
    let Some(world) = World::open("what_a_user_may_not_do_is_denied_with_its_code").await else { return };
    let user = world.name("user");
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_user().user_name(&user).send().await.unwrap();
    let key = sdk.create_access_key().user_name(&user).send().await.unwrap().access_key.unwrap();
    let aws = world.aws.with_credentials(key.access_key_id(), key.secret_access_key(), None);
    let error = aws.iam().put_user_policy(&user, "layerguard-1", DENY).await.unwrap_err();
    let PortErrorKind::Denied(code) = &error.kind else { panic!("{error}") };
    assert!(code.starts_with("AccessDenied"), "{code}");
    assert!(!error.to_string().contains(key.secret_access_key()));
}
