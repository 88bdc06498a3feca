//! Policies of layer versions.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LayerVersionContentInput;
use layerguard_core::ports::{Accounts, LayerGrant, PortErrorKind};

use crate::accounts::accounts;
use crate::world::World;

fn grant(statement: &str, principal: &str) -> LayerGrant {
    LayerGrant { statement: statement.to_owned(), principal: principal.to_owned(), organization: None }
}

#[tokio::test]
async fn statements_are_added_and_removed_by_revision() {
    let Some(world) = World::open("statements_are_added_and_removed_by_revision").await else { return };
    let layer = world.name("shared");
    // The end of an empty archive is an archive.
    let empty = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    let content = LayerVersionContentInput::builder().zip_file(Blob::new(empty)).build();
    let sdk = aws_sdk_lambda::Client::new(&world.sdk);
    let version = sdk.publish_layer_version().layer_name(&layer).content(content).send().await.unwrap().version();
    let account = accounts(&world).enter("111122223333", Some(crate::world::REGION)).await.unwrap();
    let layers = account.layers();
    assert_eq!(layers.layer_policy(&layer, version).await.unwrap(), None);

    layers.add_layer_permission(&layer, version, &grant("all", "*")).await.unwrap();
    layers.add_layer_permission(&layer, version, &grant("all", "*")).await.unwrap();
    layers.add_layer_permission(&layer, version, &grant("one", "444455556666")).await.unwrap();
    layers.add_layer_permission(&layer, version, &grant("one", "arn:aws:iam::444455556666:root")).await.unwrap();
    let other = layers.add_layer_permission(&layer, version, &grant("all", "444455556666")).await.unwrap_err();
    assert_eq!(other.kind, PortErrorKind::Conflict, "another statement has this id");

    let policy = layers.layer_policy(&layer, version).await.unwrap().unwrap();
    let stale = layers.remove_layer_permission(&layer, version, "all", "stale").await.unwrap_err();
    assert_eq!(stale.kind, PortErrorKind::Conflict);
    layers.remove_layer_permission(&layer, version, "all", &policy.revision).await.unwrap();
    let rest = layers.layer_policy(&layer, version).await.unwrap().unwrap();
    assert!(rest.document.contains("\"one\"") && !rest.document.contains("\"all\""), "{}", rest.document);
    assert_ne!(rest.revision, policy.revision);
    layers.remove_layer_permission(&layer, version, "all", &rest.revision).await.unwrap();
    let nothing = layers.add_layer_permission(&world.name("nothing"), 1, &grant("all", "*")).await.unwrap_err();
    assert_eq!(nothing.kind, PortErrorKind::NotFound);
}
