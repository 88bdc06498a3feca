//! Signing a request (SigV4), for what is sent without a client of the SDK.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;

/// The headers that a signature for this service of this region adds to a request, by their names in lower case.
///
/// # Errors
/// What could not be done, in words; it names neither credentials nor headers.
pub(crate) fn headers(
    credentials: &Credentials,
    (service, region): (&str, &str),
    at: SystemTime,
    settings: SigningSettings,
    request: SignableRequest<'_>,
) -> Result<Vec<(String, String)>, &'static str> {
    let identity: Identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(at)
        .settings(settings)
        .build()
        .map_err(|_| "the signature could not be prepared")?
        .into();
    let signed = sign(request, &parameters).map_err(|_| "the request cannot be signed")?;
    let (instructions, _) = signed.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect())
}
