//! Signing a person's answer.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use layerguard_core::approval::{
    HEADER_ANSWER, HEADER_COMMENT, HEADER_INCIDENT, HEADER_PLAN, PROOF_BODY, SignedRequest, Verb,
};
use layerguard_core::ports::{PortError, PortErrorKind, PortResult};
use sha2::{Digest, Sha256};

use super::origin;

/// What a person states with a signature.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// The incident.
    pub incident: &'a str,
    /// The plan that the person saw.
    pub plan_hash: &'a str,
    /// The answer.
    pub verb: Verb,
    /// In the person's words.
    pub comment: Option<&'a str>,
}

impl Statement<'_> {
    /// The headers that carry the statement; they are among the signed ones.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let verb = match self.verb {
            Verb::Approve => "approve",
            Verb::Reject => "reject",
            Verb::Undo => "undo",
            Verb::Resume => "resume",
        };
        vec![
            (HEADER_INCIDENT, self.incident.to_owned()),
            (HEADER_PLAN, self.plan_hash.to_owned()),
            (HEADER_ANSWER, verb.to_owned()),
            (HEADER_COMMENT, hex::encode(Sha256::digest(self.comment.unwrap_or_default()))),
        ]
    }
}

/// Signs `POST /` with the fixed body and these headers, for STS of this region at this endpoint (SigV4).
///
/// # Errors
/// `Refused` when a header or the endpoint cannot be sent. The message names neither credentials nor headers.
pub(crate) fn sign(
    credentials: &Credentials,
    region: &str,
    endpoint: &str,
    at: SystemTime,
    statement: &[(&'static str, String)],
) -> PortResult<SignedRequest> {
    let (endpoint, host) = origin(endpoint).ok_or_else(|| refused("the STS endpoint is no URL"))?;
    let mut headers: BTreeMap<String, String> =
        statement.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    headers.insert("host".to_owned(), host);
    headers.insert("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned());

    let identity: Identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(at)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| refused("the signature could not be prepared"))?
        .into();
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request =
        SignableRequest::new("POST", format!("{endpoint}/"), pairs, SignableBody::Bytes(PROOF_BODY.as_bytes()))
            .map_err(|_| refused("the request cannot be signed"))?;
    let (instructions, _) = aws_sigv4::http_request::sign(request, &parameters)
        .map_err(|_| refused("the request cannot be signed"))?
        .into_parts();
    let added: Vec<(String, String)> =
        instructions.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    headers.extend(added);
    Ok(SignedRequest { endpoint, headers })
}

fn refused(what: &str) -> PortError {
    PortError { operation: "sign the proof of identity".to_owned(), kind: PortErrorKind::Refused(what.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const REGION: &str = "eu-central-1";
    const ENDPOINT: &str = "https://sts.eu-central-1.amazonaws.com";

    fn signed(comment: Option<&str>) -> SignedRequest {
        let credentials = Credentials::new(
            "ASIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Some("token".into()),
            None,
            "test",
        );
        let statement =
            Statement { incident: "0011223344556677-1", plan_hash: &"ab".repeat(32), verb: Verb::Approve, comment };
        // 2026-11-20T09:31:30Z
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_167_090);
        sign(&credentials, REGION, ENDPOINT, at, &statement.headers()).unwrap()
    }

    /// The canonical request and the signature, written anew from the specification of SigV4 and from the headers as stored.
    fn signature_anew(request: &SignedRequest, names: &[&str]) -> String {
        let canonical_headers: String =
            names.iter().map(|name| format!("{name}:{}\n", request.headers[*name])).collect();
        let canonical =
            format!("POST\n/\n\n{canonical_headers}\n{}\n{}", names.join(";"), hex::encode(Sha256::digest(PROOF_BODY)));
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n20261120/{REGION}/sts/aws4_request\n{}",
            request.headers["x-amz-date"],
            hex::encode(Sha256::digest(canonical))
        );
        let key = v4::generate_signing_key(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_167_090),
            REGION,
            "sts",
        );
        v4::calculate_signature(key, to_sign.as_bytes())
    }

    #[test]
    fn the_statement_and_the_session_are_among_the_signed_headers() {
        let request = signed(Some("seen, go ahead"));
        let authorization = &request.headers["authorization"];
        let names = [
            "content-type",
            "host",
            "x-amz-date",
            "x-amz-security-token",
            "x-layerguard-answer",
            "x-layerguard-comment-sha256",
            "x-layerguard-incident",
            "x-layerguard-plan",
        ];
        assert!(authorization.contains(&format!("SignedHeaders={},", names.join(";"))), "{authorization}");
        assert!(authorization.contains("Credential=ASIAIOSFODNN7EXAMPLE/20261120/eu-central-1/sts/aws4_request"));
        assert!(authorization.ends_with(&format!("Signature={}", signature_anew(&request, &names))), "{authorization}");
    }

    #[test]
    fn what_is_sent_is_what_was_stated() {
        let request = signed(None);
        assert_eq!(request.endpoint, ENDPOINT);
        assert_eq!(request.headers["host"], "sts.eu-central-1.amazonaws.com");
        assert_eq!(request.headers["x-amz-date"], "20261120T093130Z");
        assert_eq!(request.headers[HEADER_INCIDENT], "0011223344556677-1");
        assert_eq!(request.headers[HEADER_ANSWER], "approve");
        assert_eq!(request.headers[HEADER_COMMENT], hex::encode(Sha256::digest("")));
    }

    #[test]
    fn another_comment_is_another_signature() {
        let signature = |request: SignedRequest| request.headers["authorization"].clone();
        assert_ne!(signature(signed(None)), signature(signed(Some("no"))));
    }
}
