//! STS says who signed, and refuses what was altered afterwards.

use layerguard_aws::Statement;
use layerguard_aws::config::Aws;
use layerguard_core::approval::{HEADER_ANSWER, HEADER_INCIDENT, SignedRequest, Verb};
use layerguard_core::ports::{IdentityProof, PortErrorKind};

use crate::world::World;

const STATEMENT: Statement<'_> = Statement::new("0011223344556677-1", "abababab", Verb::Approve, Some("seen"));

/// A user of its own, and its name.
async fn person(world: &World) -> (Aws, String) {
    let user = world.name("ada");
    let sdk = aws_sdk_iam::Client::new(&world.sdk);
    sdk.create_user().user_name(&user).send().await.unwrap();
    let key = sdk.create_access_key().user_name(&user).send().await.unwrap().access_key.unwrap();
    (world.aws.with_credentials(key.access_key_id(), key.secret_access_key(), None), user)
}

#[tokio::test]
async fn the_signer_is_who_sts_says() {
    let Some(world) = World::open("the_signer_is_who_sts_says").await else { return };
    let (ada, name) = person(&world).await;
    let signed = ada.sign(&STATEMENT).await.unwrap();
    // Proven with the root's access: what counts are the signer's credentials, not the prover's.
    let identity = world.aws.sts().prove(&signed).await.unwrap();
    assert!(identity.arn.ends_with(&format!(":user/{name}")), "{}", identity.arn);
    assert_eq!(identity, ada.caller().await.unwrap());
    assert_eq!(identity.account.len(), 12);
}

#[tokio::test]
async fn an_altered_statement_or_signature_is_refused() {
    let Some(world) = World::open("an_altered_statement_or_signature_is_refused").await else { return };
    let (ada, _) = person(&world).await;
    let signed = ada.sign(&STATEMENT).await.unwrap();
    let with = |name: &str, value: String| {
        let mut request = signed.clone();
        request.headers.insert(name.to_owned(), value);
        request
    };
    let authorization = signed.headers["authorization"].clone();
    let (before, _) = authorization.rsplit_once("Signature=").unwrap();
    for (what, request) in [
        ("another incident", with(HEADER_INCIDENT, "0011223344556677-2".to_owned())),
        ("another answer", with(HEADER_ANSWER, "reject".to_owned())),
        ("another signature", with("authorization", format!("{before}Signature={}", "0".repeat(64)))),
        ("another endpoint", SignedRequest { endpoint: "http://198.51.100.7".to_owned(), ..signed.clone() }),
    ] {
        let error = world.aws.sts().prove(&request).await.expect_err(what);
        assert!(matches!(error.kind, PortErrorKind::Denied(_)), "{what}: {error}");
        assert!(!error.to_string().contains("Signature="), "{what}: {error}");
    }
}
