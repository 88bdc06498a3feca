//! Our own account, and another one that lets us in by its role.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use layerguard_aws::{Home, ReachableAccounts};
use layerguard_core::ports::{Accounts, PortErrorKind, Replication, ReplicationRule};
use serde_json::json;

use crate::world::World;

pub(crate) const HOME: &str = "111122223333";
pub(crate) const OTHER: &str = "444455556666";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;
const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","ecr:*"],"Resource":"*"}]}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

pub(crate) fn accounts(world: &World) -> ReachableAccounts {
    world.aws.accounts("layerguard", Home { partition: "aws".to_owned(), account: HOME.to_owned() })
}

/// IAM of the other account, under its root: in the emulator an access key id of twelve digits is the root of that account.
pub(crate) fn others_iam(world: &World) -> aws_sdk_iam::Client {
    let root = SharedCredentialsProvider::new(Credentials::new(OTHER, "test", None, None, "test"));
    aws_sdk_iam::Client::new(&world.sdk.clone().into_builder().credentials_provider(root).build())
}

#[tokio::test]
async fn our_own_account_is_changed_with_our_own_credentials() {
    let Some(world) = World::open("our_own_account_is_changed").await else { return };
    let role = world.name("role");
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_role().role_name(&role).assume_role_policy_document(TRUST).send().await.unwrap();
    let policy = sdk.create_policy().policy_name(world.name("quarantine")).policy_document(DENY).send().await.unwrap();
    let arn = policy.policy().unwrap().arn().unwrap();
    let home = accounts(&world).enter(HOME, None).await.unwrap();
    assert!(!home.iam().role_has_policy(&role, arn).await.unwrap());
    for _ in 0..2 {
        home.iam().attach_role_policy(&role, arn).await.unwrap();
    }
    assert!(home.iam().role_has_policy(&role, arn).await.unwrap());
    for _ in 0..2 {
        home.iam().detach_role_policy(&role, arn).await.unwrap();
    }
    assert!(!home.iam().role_has_policy(&role, arn).await.unwrap());
    home.iam().detach_role_policy(&world.name("nobody"), arn).await.unwrap();
    let gone = home.iam().role_has_policy(&world.name("nobody"), arn).await.unwrap_err();
    assert_eq!(gone.kind, PortErrorKind::NotFound);
}

#[tokio::test]
async fn a_users_quarantine_is_attached_and_detached() {
    let Some(world) = World::open("a_users_quarantine_is_attached").await else { return };
    let user = world.name("user");
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_user().user_name(&user).send().await.unwrap();
    let policy = sdk.create_policy().policy_name(world.name("quarantine")).policy_document(DENY).send().await.unwrap();
    let arn = policy.policy().unwrap().arn().unwrap();
    let home = accounts(&world).enter(HOME, None).await.unwrap();
    home.iam().attach_user_policy(&user, arn).await.unwrap();
    assert!(home.iam().user_has_policy(&user, arn).await.unwrap());
    home.iam().detach_user_policy(&user, arn).await.unwrap();
    home.iam().detach_user_policy(&user, arn).await.unwrap();
    assert!(!home.iam().user_has_policy(&user, arn).await.unwrap());
}

/// One test for all of it: the role's name is the account's only one.
#[tokio::test]
async fn another_account_is_changed_by_its_role_and_by_nothing_else() {
    let Some(world) = World::open("another_account_is_changed_by_its_role").await else { return };
    let theirs = others_iam(&world);
    let accounts = accounts(&world);
    let _ = theirs.delete_role_policy().role_name("layerguard-responder").policy_name("all").send().await;
    let _ = theirs.delete_role().role_name("layerguard-responder").send().await;
    let Err(refused) = accounts.enter(OTHER, None).await else { panic!("an account without the role let us in") };
    assert!(matches!(refused.kind, PortErrorKind::Denied(_) | PortErrorKind::NotFound), "{refused}");

    let role = theirs.create_role().role_name("layerguard-responder").assume_role_policy_document(TRUST);
    role.send().await.unwrap();
    let put = theirs.put_role_policy().role_name("layerguard-responder").policy_name("all").policy_document(ALL);
    put.send().await.unwrap();
    let target = world.name("target");
    theirs.create_role().role_name(&target).assume_role_policy_document(TRUST).send().await.unwrap();

    let entered = accounts.enter(OTHER, Some("eu-west-1")).await.unwrap();
    entered.iam().put_role_policy(&target, "layerguard-1", DENY).await.unwrap();
    assert_eq!(entered.iam().role_policy(&target, "layerguard-1").await.unwrap().as_deref(), Some(DENY));
    let seen = theirs.get_role_policy().role_name(&target).policy_name("layerguard-1").send().await;
    assert!(seen.is_ok(), "it is written there and not at home");
    let home = accounts.enter(HOME, None).await.unwrap();
    assert_eq!(home.iam().role_policy(&target, "layerguard-1").await.unwrap(), None);
    assert_eq!(entered.ecr().registry_policy().await.unwrap(), None, "the registry there answers as that account's");
    // Unlike the root's, this session's signature is verified, over the body that is really sent.
    let other = [("deleteReplication".to_owned(), json!({ "enabled": true }))].into_iter().collect();
    let destinations = vec![(HOME.to_owned(), "eu-west-1".to_owned())];
    let replication = Replication { rules: vec![ReplicationRule { destinations, prefixes: Vec::new(), other }] };
    entered.ecr().put_replication(&replication).await.unwrap();
    assert_eq!(entered.ecr().replication().await.unwrap(), replication);
    entered.ecr().put_replication(&Replication::default()).await.unwrap();

    // The session is kept: it is still there where a new one would be refused.
    theirs.delete_role_policy().role_name("layerguard-responder").policy_name("all").send().await.unwrap();
    theirs.delete_role().role_name("layerguard-responder").send().await.unwrap();
    assert!(accounts.enter(OTHER, None).await.is_ok());
    assert!(self::accounts(&world).enter(OTHER, None).await.is_err());
}
