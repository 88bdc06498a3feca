//! One object of S3, read as it is.
//!
//! `GetObject` of the client that is made from S3's model can check an answer by any of S3's checksums, and brings 0.6 MiB of tables for
//! them into a package. A trail's file has its own checksum, gzip's, and TLS holds what is on the way. So this request alone is put together
//! here, from the SDK's parts: S3's rules say where it goes, `aws-sigv4` signs it, the SDK's orchestrator sends it again where that helps.

use std::mem;
use std::time::SystemTime;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::service_config::ServiceConfigKey;
use layerguard_core::ports::{PortError, PortErrorKind, PortResult};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{code_in_xml, failed, without_credentials};
use crate::sigv4;

/// What a key's characters are written as in a URL, and in what is signed: all but the unreserved ones and the slash.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Reads the objects of one bucket, in the bucket's region.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    sdk: SdkConfig,
    region: String,
    endpoint: String,
    get: Operation<HttpRequest, ByteStream, ErrorMetadata>,
}

impl Objects {
    /// Those of this bucket; `None` where S3's rules have no place for it.
    pub(crate) async fn of(sdk: &SdkConfig, bucket: &str) -> Option<Self> {
        let region = sdk.region()?.to_string();
        let endpoint = endpoint(sdk, &region, bucket).await?;
        let get = get(sdk, &endpoint)?;
        Some(Self { sdk: sdk.clone(), region, endpoint, get })
    }

    /// Asks for an object; the answer's body has yet to be read. `operation` says in an error what could not be done.
    ///
    /// # Errors
    /// As AWS says, by the one mapping of its errors.
    pub(crate) async fn read(&self, operation: &str, key: &str) -> PortResult<ByteStream> {
        let error = |kind| PortError { operation: operation.to_owned(), kind };
        let provider = self.sdk.credentials_provider().ok_or_else(|| error(PortErrorKind::NotFound))?;
        let credentials = provider.provide_credentials().await.map_err(|cause| error(without_credentials(&cause)))?;
        let request = signed(&credentials, &self.region, (&self.endpoint, key), SystemTime::now());
        self.get.invoke(request.ok_or_else(|| unbuilt(operation))?).await.map_err(failed(operation))
    }
}

/// The request cannot be put together.
pub(crate) fn unbuilt(operation: &str) -> PortError {
    let kind = PortErrorKind::Refused("the request could not be built".to_owned());
    PortError { operation: operation.to_owned(), kind }
}

/// Where the bucket is, by S3's rules for partitions, names of buckets, and an endpoint that somebody sets: for all services on the command
/// line, else for S3 alone, else for all.
async fn endpoint(sdk: &SdkConfig, region: &str, bucket: &str) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
    let of_s3 = sdk.service_config().filter(|_| !sdk.get_origin("endpoint_url").is_client_config());
    let given = of_s3.and_then(|config| config.load_config(key));
    let parameters = Params::builder()
        .bucket(bucket)
        .region(region)
        .set_endpoint(given.or_else(|| sdk.endpoint_url().map(str::to_owned)))
        .use_fips(sdk.use_fips().unwrap_or(false))
        .use_dual_stack(sdk.use_dual_stack().unwrap_or(false))
        .build()
        .ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await.ok()?;
    Some(endpoint.url().trim_end_matches('/').to_owned())
}

/// The request for this key of the bucket at this address, signed as S3 wants it: the path once encoded and as it is, the hash of the body among the headers.
fn signed(credentials: &Credentials, region: &str, (bucket, key): (&str, &str), at: SystemTime) -> Option<HttpRequest> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let path = format!("/{}", utf8_percent_encode(key, KEY));
    let url = format!("{bucket}{path}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[])).ok()?;
    let added = sigv4::headers(credentials, ("s3", region), at, settings, request).ok()?;
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(path).ok()?;
    for (name, value) in added {
        request.headers_mut().try_insert(name, value).ok()?;
    }
    Some(request)
}

/// The operation: sends a request that is ready, as often and as long as all others.
fn get(sdk: &SdkConfig, bucket: &str) -> Option<Operation<HttpRequest, ByteStream, ErrorMetadata>> {
    let get = Operation::builder()
        .service_name("s3")
        .operation_name("GetObject")
        .behavior_version(BehaviorVersion::latest())
        .http_client(sdk.http_client()?)
        .endpoint_url(bucket)
        // It is signed already, for a quarter of an hour.
        .no_auth()
        .standard_retry(sdk.retry_config()?)
        .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .timeout_config(sdk.timeout_config()?.clone())
        .with_connection_poisoning()
        .serializer(|request: HttpRequest| Ok(request))
        .deserializer_impl::<ByteStream, ErrorMetadata>(Answer);
    Some(get.build())
}

/// How an answer is read: a good one as a stream, a bad one whole, for its code.
#[derive(Debug)]
struct Answer;

impl DeserializeResponse for Answer {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        response.status().is_success().then(|| {
            let body = mem::replace(response.body_mut(), SdkBody::taken());
            Ok(Output::erase(ByteStream::new(body)))
        })
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let text = response.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let mut error = ErrorMetadata::builder();
        if let Some(code) = text.and_then(code_in_xml) {
            error = error.code(code);
        }
        Err(OrchestratorError::operation(Error::erase(error.build())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use aws_config::Region;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_sdk_s3::config::ResponseChecksumValidation;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_types::retry::RetryConfig;
    use aws_smithy_types::timeout::TimeoutConfig;
    use aws_types::service_config::LoadServiceConfig;
    use jiff::fmt::strtime;
    use jiff::tz::TimeZone;

    use super::*;

    /// Answers with these, one after the other, and keeps what it is asked.
    #[derive(Debug, Clone, Default)]
    struct Wire {
        answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
        asked: Arc<Mutex<Vec<HttpRequest>>>,
    }

    impl HttpConnector for Wire {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.asked.lock().unwrap().push(request);
            let (status, body) = self.answers.lock().unwrap().remove(0);
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
        }
    }

    fn credentials() -> Credentials {
        Credentials::new(
            "ASIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Some("token".into()),
            None,
            "test",
        )
    }

    fn sdk(region: &'static str, answers: &[(u16, &'static str)]) -> (SdkConfig, Wire) {
        let wire = Wire { answers: Arc::new(Mutex::new(answers.to_vec())), ..Wire::default() };
        let connector = SharedHttpConnector::new(wire.clone());
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::ZERO))
            .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(10)).build())
            .build();
        (sdk, wire)
    }

    async fn content(sdk: &SdkConfig) -> PortResult<Vec<u8>> {
        let (bucket, key) = ("trail-of-ours", "AWSLogs/111122223333/a.json.gz");
        let objects = Objects::of(sdk, bucket).await.unwrap();
        let body = objects.read(&format!("read `s3://{bucket}/{key}`"), key).await?;
        Ok(body.collect().await.unwrap().to_vec())
    }

    /// What the client that is made from the model would send for this object.
    async fn of_the_model(sdk: &SdkConfig, wire: &Wire, bucket: &str, key: &str) -> HttpRequest {
        let configured = aws_sdk_s3::config::Builder::from(sdk);
        let plain = configured.response_checksum_validation(ResponseChecksumValidation::WhenRequired).build();
        let get = aws_sdk_s3::Client::from_conf(plain).get_object().bucket(bucket).key(key).customize();
        // It names itself and its operation among what is signed, for S3's log.
        let bare = get.mutate_request(|request| {
            request.headers_mut().remove("x-amz-user-agent");
            let bare = request.uri().trim_end_matches("?x-id=GetObject").to_owned();
            request.set_uri(bare).unwrap();
        });
        bare.send().await.unwrap();
        wire.asked.lock().unwrap().pop().unwrap()
    }

    #[tokio::test]
    async fn the_request_is_the_one_of_the_client_made_from_the_model() {
        for (region, bucket, key) in [
            (
                "eu-central-1",
                "trail-of-ours",
                "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/28/a_20261128T0000Z.json.gz",
            ),
            ("eu-central-1", "trail.of.ours", "a/b.json.gz"),
            ("us-east-1", "trail-of-ours", "with space/plus+and=~(x)/\u{e9}*'!%2F//double/./../end.gz"),
            ("cn-north-1", "trail-of-ours", "a.json.gz"),
            ("us-gov-west-1", "trail-of-ours", "a.json.gz"),
        ] {
            let (sdk, wire) = sdk(region, &[(200, "")]);
            let theirs = of_the_model(&sdk, &wire, bucket, key).await;
            let date = theirs.headers().get("x-amz-date").unwrap();
            let at = strtime::parse("%Y%m%dT%H%M%SZ", date).unwrap().to_datetime().unwrap();
            let at = SystemTime::from(at.to_zoned(TimeZone::UTC).unwrap().timestamp());
            let bucket = endpoint(&sdk, region, bucket).await.unwrap();
            let mut ours = signed(&credentials(), region, (&bucket, key), at).unwrap();
            ours.uri_mut().set_endpoint(&bucket).unwrap();
            assert_eq!((ours.method(), ours.uri()), (theirs.method(), theirs.uri()));
            for name in ["authorization", "x-amz-content-sha256", "x-amz-security-token"] {
                assert_eq!(ours.headers().get(name), theirs.headers().get(name), "{name} of {key}");
            }
        }
    }

    #[tokio::test]
    async fn an_endpoint_that_somebody_sets_is_asked_by_path() {
        let (sdk, wire) = sdk("eu-central-1", &[(200, "abc")]);
        let sdk = sdk.into_builder().endpoint_url("http://127.0.0.1:4566/").build();
        assert_eq!(content(&sdk).await.unwrap(), b"abc");
        let asked = wire.asked.lock().unwrap().pop().unwrap();
        assert_eq!(asked.uri(), "http://127.0.0.1:4566/trail-of-ours/AWSLogs/111122223333/a.json.gz");
    }

    /// `AWS_ENDPOINT_URL_S3`.
    #[derive(Debug)]
    struct S3Elsewhere;

    impl LoadServiceConfig for S3Elsewhere {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            ((key.service_id(), key.env()) == ("S3", "AWS_ENDPOINT_URL")).then(|| "http://127.0.0.1:4567".to_owned())
        }
    }

    #[tokio::test]
    async fn an_endpoint_of_s3_alone_comes_before_one_of_all() {
        let (sdk, wire) = sdk("eu-central-1", &[(200, ""), (200, "abc")]);
        let sdk = sdk.into_builder().endpoint_url("http://127.0.0.1:4566").service_config(S3Elsewhere).build();
        let theirs = of_the_model(&sdk, &wire, "trail-of-ours", "AWSLogs/111122223333/a.json.gz").await;
        assert_eq!(content(&sdk).await.unwrap(), b"abc");
        let ours = wire.asked.lock().unwrap().pop().unwrap();
        assert_eq!(ours.uri(), "http://127.0.0.1:4567/trail-of-ours/AWSLogs/111122223333/a.json.gz");
        assert_eq!(ours.uri(), theirs.uri());
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_what_does_not_is_said() {
        let busy = (503, "<Error><Code>SlowDown</Code></Error>");
        let (sdk, wire) = sdk("eu-central-1", &[busy, busy, (200, "abc")]);
        assert_eq!(content(&sdk).await.unwrap(), b"abc");
        assert_eq!(wire.asked.lock().unwrap().len(), 3);
        for (answer, expected) in [
            ((403, "<Error><Code>AccessDenied</Code></Error>"), PortErrorKind::Denied("AccessDenied".into())),
            ((404, "no XML"), PortErrorKind::NotFound),
            ((400, "<Error><Code>InvalidRequest</Code></Error>"), PortErrorKind::Refused("InvalidRequest".into())),
        ] {
            let (sdk, wire) = self::sdk("eu-central-1", &[answer]);
            let error = content(&sdk).await.unwrap_err();
            assert_eq!(error.kind, expected);
            assert_eq!(error.operation, "read `s3://trail-of-ours/AWSLogs/111122223333/a.json.gz`");
            assert_eq!(wire.asked.lock().unwrap().len(), 1);
        }
    }
}
