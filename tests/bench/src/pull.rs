//! What docker does: a login now and then, a manifest, then a URL for each layer.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::people::{ACCOUNT, Estate, REGION};
use crate::uuid;

/// One image that a session pulls.
#[derive(Debug, Clone, Copy)]
pub struct Burst {
    session: usize,
    repository: usize,
    login: bool,
    manifest: bool,
    layers: u32,
}

/// What a record of a burst is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `GetAuthorizationToken`.
    Login,
    /// `BatchGetImage`.
    Manifest,
    /// `GetDownloadUrlForLayer`.
    Layer,
}

impl Burst {
    pub(crate) fn new(rng: &mut Rng, estate: &mut Estate) -> Self {
        Self {
            session: estate.call(rng),
            // A session comes back to few repositories.
            repository: rng.usize(..estate.repositories.len()),
            login: rng.u8(..4) == 0,
            manifest: true,
            layers: rng.u32(6..20),
        }
        .near(estate)
    }

    fn near(mut self, estate: &Estate) -> Self {
        self.repository = (self.session * 7 + self.repository % 5) % estate.repositories.len();
        self
    }

    pub(crate) fn is_hit(&self, estate: &Estate) -> bool {
        !estate.sessions[self.session].listed
    }

    /// The next record, and what is left then.
    pub(crate) fn record(
        mut self,
        rng: &mut Rng,
        estate: &Estate,
        time: &str,
        out: &mut String,
    ) -> (Kind, Option<Self>) {
        let session = &estate.sessions[self.session];
        let repository = &estate.repositories[self.repository];
        let (kind, name, parameters) = if std::mem::take(&mut self.login) {
            (Kind::Login, "GetAuthorizationToken", "null".to_owned())
        } else if std::mem::take(&mut self.manifest) {
            let parameters = format!(
                "{{\"repositoryName\":\"{repository}\",\"imageIds\":[{{\"imageTag\":\"v{}\"}}],\"registryId\":\"{ACCOUNT}\",\
                 \"acceptedMediaTypes\":[\"application/vnd.oci.image.manifest.v1+json\",\
                 \"application/vnd.docker.distribution.manifest.v2+json\"]}}",
                rng.u32(..400)
            );
            (Kind::Manifest, "BatchGetImage", parameters)
        } else {
            self.layers -= 1;
            let parameters = format!(
                "{{\"registryId\":\"{ACCOUNT}\",\"repositoryName\":\"{repository}\",\"layerDigest\":\"sha256:{:032x}{:032x}\"}}",
                rng.u128(..),
                rng.u128(..)
            );
            (Kind::Layer, "GetDownloadUrlForLayer", parameters)
        };
        let masked = kind != Kind::Login;
        let (address, agent) = if masked {
            ("AWS Internal", "AWS Internal")
        } else {
            (session.address.as_str(), "aws-cli/2.17.0 md/awscrt")
        };
        let _ = write!(
            out,
            "{{\"eventVersion\":\"1.11\",\"userIdentity\":{},\"eventTime\":\"{time}\",\"eventSource\":\"ecr.amazonaws.com\",\
             \"eventName\":\"{name}\",\"awsRegion\":\"{REGION}\",\"sourceIPAddress\":\"{address}\",\"userAgent\":\"{agent}\",\
             \"requestParameters\":{parameters},\"responseElements\":null,\"requestID\":\"{}\",\"eventID\":\"{}\",\"readOnly\":true,",
            session.identity(masked),
            uuid(rng),
            uuid(rng)
        );
        if masked {
            let _ = write!(
                out,
                "\"resources\":[{{\"accountId\":\"{ACCOUNT}\",\"ARN\":\"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}\"}}],"
            );
        }
        let _ = write!(
            out,
            "\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":\"{ACCOUNT}\",\
             \"eventCategory\":\"Management\"}}"
        );
        (kind, Some(self).filter(|burst| burst.layers > 0))
    }
}
