//! The ground of a drill: an image made of nothing but our own bytes, and a session of the drill's role.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::complete_layer_upload::CompleteLayerUploadError;
use aws_sdk_ecr::operation::put_image::PutImageError;
use aws_sdk_ecr::primitives::Blob;
use aws_sdk_ecr::types::ImageIdentifier;
use layerguard_core::ports::{DrillGround, DrillSession, PortResult};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::{failed, unreadable};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// How long a session of the drill lives, in seconds: AWS's least.
const SESSION_SECONDS: i32 = 900;

/// An empty tar archive: two blocks of zeros. It is all that the layer of a drill holds.
const EMPTY_TAR: [u8; 1024] = [0; 1024];

/// The account in which a drill is made, entered with the credentials in use.
#[derive(Debug, Clone)]
pub struct DrillAccount {
    sdk: SdkConfig,
}

impl DrillAccount {
    pub(crate) fn new(sdk: SdkConfig) -> Self {
        Self { sdk }
    }

    /// Uploads a blob and answers with its digest. What is there already is success.
    async fn upload(&self, client: &Client, repository: &str, bytes: &[u8]) -> PortResult<String> {
        let operation = format!("upload to repository `{repository}`");
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(bytes)));
        let begun = client.initiate_layer_upload().repository_name(repository).send().await;
        let begun = begun.map_err(failed(operation.as_str()))?;
        let upload = begun.upload_id().ok_or_else(|| unreadable(operation.as_str(), "no upload"))?;
        let last = i64::try_from(bytes.len()).unwrap_or(i64::MAX).saturating_sub(1);
        client
            .upload_layer_part()
            .repository_name(repository)
            .upload_id(upload)
            .part_first_byte(0)
            .part_last_byte(last)
            .layer_part_blob(Blob::new(bytes))
            .send()
            .await
            .map_err(failed(operation.as_str()))?;
        let sent = client.complete_layer_upload().repository_name(repository).upload_id(upload).layer_digests(&digest);
        match sent.send().await {
            Ok(_) => Ok(digest),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CompleteLayerUploadError::is_layer_already_exists_exception) =>
            {
                Ok(digest)
            }
            Err(error) => Err(failed(operation)(error)),
        }
    }
}

#[async_trait]
impl DrillGround for DrillAccount {
    async fn lay_out(&self, repository: &str, tag: &str) -> PortResult<String> {
        let client = Client::new(&self.sdk);
        let layer = self.upload(&client, repository, &EMPTY_TAR).await?;
        let config =
            json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [&layer]}});
        let config = config.to_string();
        let configured = self.upload(&client, repository, config.as_bytes()).await?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": config.len(), "digest": configured},
            "layers": [{"mediaType": LAYER, "size": EMPTY_TAR.len(), "digest": &layer}],
        });
        let put = client.put_image().repository_name(repository).image_tag(tag).image_manifest_media_type(MANIFEST);
        match put.image_manifest(manifest.to_string()).send().await {
            Ok(_) => Ok(layer),
            Err(error) if error.as_service_error().is_some_and(PutImageError::is_image_already_exists_exception) => {
                Ok(layer)
            }
            Err(error) => Err(failed(format!("put an image into repository `{repository}`"))(error)),
        }
    }

    async fn enter(&self, role: &str, session: &str) -> PortResult<Box<dyn DrillSession>> {
        let operation = format!("assume role `{role}`");
        let sts = aws_sdk_sts::Client::new(&self.sdk);
        let request = sts.assume_role().role_arn(role).role_session_name(session).duration_seconds(SESSION_SECONDS);
        let answer = request.send().await.map_err(failed(operation.as_str()))?;
        let given = answer.credentials().ok_or_else(|| unreadable(operation.as_str(), "no credentials"))?;
        let user = answer.assumed_role_user().ok_or_else(|| unreadable(operation.as_str(), "no session"))?;
        let token = Some(given.session_token().to_owned());
        let credentials = Credentials::new(given.access_key_id(), given.secret_access_key(), token, None, "drill");
        let provider = SharedCredentialsProvider::new(credentials);
        let sdk = self.sdk.clone().into_builder().credentials_provider(provider).build();
        Ok(Box::new(Session { client: Client::new(&sdk), user_id: user.assumed_role_id().to_owned() }))
    }

    async fn clear(&self, repository: &str, tag: &str) -> PortResult<()> {
        // An image that is not there is among the answer's failures, which is no error.
        let image = ImageIdentifier::builder().image_tag(tag).build();
        let sent =
            Client::new(&self.sdk).batch_delete_image().repository_name(repository).image_ids(image).send().await;
        sent.map(drop).map_err(failed(format!("delete the drill's image from repository `{repository}`")))
    }
}

/// A session of the drill's role.
struct Session {
    client: Client,
    user_id: String,
}

#[async_trait]
impl DrillSession for Session {
    fn user_id(&self) -> &str {
        &self.user_id
    }

    async fn pull(&self, repository: &str, digest: &str) -> PortResult<()> {
        let asked = self.client.get_download_url_for_layer().repository_name(repository).layer_digest(digest);
        asked.send().await.map(drop).map_err(failed(format!("pull a layer of repository `{repository}` as the drill")))
    }
}
