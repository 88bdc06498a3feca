//! Sending a signed request to STS as it is.

use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
#[cfg(feature = "operations")]
use jiff::{SignedDuration, Timestamp};
use layerguard_core::approval::{
    CallerIdentity, HEADER_ANSWER, HEADER_ASSIGNEE, HEADER_COMMENT, HEADER_INCIDENT, HEADER_PLAN, HEADER_REPLACES,
    HEADER_STEP, PROOF_BODY, SignedRequest,
};
use layerguard_core::ports::{IdentityProof, PortError, PortErrorKind, PortResult};

use super::{answer, origin};
use crate::error::{code_in_xml, of_code};

/// The headers that such a request may carry. Any other could change what STS does or how it answers.
const HEADERS: [&str; 12] = [
    "authorization",
    "content-type",
    "host",
    "x-amz-date",
    "x-amz-security-token",
    HEADER_ANSWER,
    HEADER_COMMENT,
    HEADER_INCIDENT,
    HEADER_PLAN,
    HEADER_STEP,
    HEADER_ASSIGNEE,
    HEADER_REPLACES,
];

/// The longest answer that is read, in bytes. A real one has less than one kilobyte.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How long the whole exchange may take.
const TIMEOUT: Duration = Duration::from_secs(8);

/// STS of one region. Follows no redirects.
#[derive(Debug, Clone)]
pub struct Sts {
    connector: SharedHttpConnector,
    endpoint: String,
    host: String,
}

impl Sts {
    /// STS at this endpoint; `None` when it is no URL.
    pub(crate) fn new(connector: SharedHttpConnector, endpoint: &str) -> Option<Self> {
        let (endpoint, host) = origin(endpoint)?;
        Some(Self { connector, endpoint, host })
    }

    /// Scheme, host and port that proofs must be made for, as in [`SignedRequest::endpoint`].
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The request as it is to be sent. Where it goes is decided here, never by what was stored.
    fn request(&self, signed: &SignedRequest) -> PortResult<HttpRequest> {
        let for_us = signed.endpoint == self.endpoint && signed.headers.get("host") == Some(&self.host);
        if !for_us {
            return Err(denied("it is signed for another endpoint"));
        }
        let mut request = HttpRequest::new(SdkBody::from(PROOF_BODY));
        request.set_method("POST").map_err(|_| denied("it cannot be sent"))?;
        request.set_uri(format!("{}/", self.endpoint)).map_err(|_| denied("it cannot be sent"))?;
        for (name, value) in &signed.headers {
            if !HEADERS.contains(&name.as_str()) {
                return Err(denied("it has a header that does not belong to it"));
            }
            let added = request.headers_mut().try_insert(name.clone(), value.clone());
            added.map_err(|_| denied("it has a header that cannot be sent"))?;
        }
        Ok(request)
    }

    /// How far STS's clock is ahead of ours, by the `Date` of an answer; a whole second more or less is no difference. It needs no
    /// credentials, so that a clock that spoils every signature can still be told.
    ///
    /// # Errors
    /// `Unavailable` when there is no answer, `Unreadable` when it has no date.
    #[cfg(feature = "operations")]
    pub(crate) async fn clock_ahead(&self) -> PortResult<SignedDuration> {
        let operation = || "ask AWS for its time".to_owned();
        let error = |kind| PortError { operation: operation(), kind };
        let unsent = || error(PortErrorKind::Refused("the request could not be built".to_owned()));
        let silent = || error(PortErrorKind::Unavailable("no answer".to_owned()));
        let mut request = HttpRequest::new(SdkBody::from(PROOF_BODY));
        request.set_method("POST").map_err(|_| unsent())?;
        request.set_uri(format!("{}/", self.endpoint)).map_err(|_| unsent())?;
        request.headers_mut().try_insert("host", self.host.clone()).map_err(|_| unsent())?;
        let before = Timestamp::now();
        let sent = tokio::time::timeout(TIMEOUT, self.connector.call(request)).await.map_err(|_| silent())?;
        let response: HttpResponse = sent.map_err(|_| silent())?;
        let ours = before.saturating_add(before.duration_until(Timestamp::now()) / 2).unwrap_or(before);
        let theirs = response.headers().get("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let theirs = theirs.ok_or_else(|| error(PortErrorKind::Unreadable("it has no date".to_owned())))?;
        Ok(ours.duration_until(theirs.timestamp()))
    }

    async fn exchange(&self, request: HttpRequest) -> PortResult<(u16, String)> {
        let sent = self.connector.call(request).await;
        let response: HttpResponse = sent.map_err(|error| {
            failure(PortErrorKind::Unavailable(
                if error.is_timeout() { "no answer in time" } else { "no connection" }.to_owned(),
            ))
        })?;
        let status = response.status().as_u16();
        Ok((status, read(ByteStream::new(response.into_body())).await?))
    }
}

#[async_trait]
impl IdentityProof for Sts {
    async fn prove(&self, request: &SignedRequest) -> PortResult<CallerIdentity> {
        let request = self.request(request)?;
        let (status, text) = tokio::time::timeout(TIMEOUT, self.exchange(request))
            .await
            .map_err(|_| failure(PortErrorKind::Unavailable("no answer in time".to_owned())))??;
        judge(status, &text)
    }
}

/// What an answer says. Of a refusal only the error code is kept: its message repeats what was signed.
fn judge(status: u16, text: &str) -> PortResult<CallerIdentity> {
    if status == 200 {
        return answer::identity(text)
            .ok_or_else(|| failure(PortErrorKind::Unreadable("no answer to GetCallerIdentity".to_owned())));
    }
    let code = code_in_xml(text);
    let kind = match of_code(code.as_deref(), status) {
        passing @ PortErrorKind::Unavailable(_) => passing,
        PortErrorKind::Denied(code) | PortErrorKind::Refused(code) if matches!(status, 400 | 401 | 403) => {
            PortErrorKind::Denied(code)
        }
        _ if matches!(status, 400 | 401 | 403) => PortErrorKind::Denied(format!("status {status}")),
        _ => PortErrorKind::Unreadable(format!("status {status}")),
    };
    Err(failure(kind))
}

/// Reads the answer up to its longest length.
async fn read(mut body: ByteStream) -> PortResult<String> {
    let mut bytes = Vec::new();
    while let Some(part) = body.next().await {
        let part = part.map_err(|_| failure(PortErrorKind::Unavailable("the answer broke off".to_owned())))?;
        if bytes.len().saturating_add(part.len()) > LONGEST_ANSWER {
            return Err(failure(PortErrorKind::Unreadable(format!("longer than {LONGEST_ANSWER} bytes"))));
        }
        bytes.extend_from_slice(&part);
    }
    String::from_utf8(bytes).map_err(|_| failure(PortErrorKind::Unreadable("not UTF-8".to_owned())))
}

fn denied(why: &str) -> PortError {
    failure(PortErrorKind::Denied(why.to_owned()))
}

fn failure(kind: PortErrorKind) -> PortError {
    PortError { operation: "prove who signed the answer".to_owned(), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sts() -> Sts {
        Sts::new(crate::http::connector(), "https://sts.eu-central-1.amazonaws.com").unwrap()
    }

    fn signed() -> SignedRequest {
        SignedRequest {
            endpoint: "https://sts.eu-central-1.amazonaws.com".into(),
            headers: [("host", "sts.eu-central-1.amazonaws.com"), ("authorization", "AWS4-HMAC-SHA256 ...")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }

    #[test]
    fn a_request_goes_to_our_endpoint_with_our_body() {
        let request = sts().request(&signed()).unwrap();
        assert_eq!(request.uri(), "https://sts.eu-central-1.amazonaws.com/");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body().bytes().unwrap(), PROOF_BODY.as_bytes());
    }

    #[test]
    fn a_request_for_elsewhere_or_with_more_in_it_is_not_sent() {
        let with = |name: &str, value: &str| {
            let mut request = signed();
            request.headers.insert(name.to_owned(), value.to_owned());
            request
        };
        for (what, request) in [
            ("endpoint", SignedRequest { endpoint: "https://203.0.113.7".into(), ..signed() }),
            ("host", with("host", "sts.example.com")),
            ("accept", with("accept", "application/json")),
            ("transfer-encoding", with("transfer-encoding", "chunked")),
            ("newline", with("x-amz-date", "20261120T093130Z\r\nx-amz-target: x")),
        ] {
            let error = sts().request(&request).unwrap_err();
            assert!(matches!(error.kind, PortErrorKind::Denied(_)), "{what}");
        }
    }

    #[test]
    fn a_refusal_keeps_the_code_and_nothing_else() {
        let xml = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>token=secret</Message></Error></ErrorResponse>";
        let error = judge(403, xml).unwrap_err();
        assert_eq!(error.to_string(), "could not prove who signed the answer: access denied (SignatureDoesNotMatch)");
        let xml = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
        assert!(matches!(judge(400, xml).unwrap_err().kind, PortErrorKind::Unavailable(_)));
    }

    #[test]
    fn redirects_and_odd_answers_are_no_proof() {
        assert!(matches!(judge(302, "").unwrap_err().kind, PortErrorKind::Unreadable(_)));
        assert!(matches!(judge(200, "<html/>").unwrap_err().kind, PortErrorKind::Unreadable(_)));
        assert!(matches!(judge(503, "").unwrap_err().kind, PortErrorKind::Unavailable(_)));
        assert!(matches!(judge(400, "").unwrap_err().kind, PortErrorKind::Denied(_)));
    }
}
