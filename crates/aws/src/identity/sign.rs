//! Signing a person's answer.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use layerguard_core::approval::{PROOF_BODY, SignedRequest};
use layerguard_core::ports::{PortError, PortErrorKind, PortResult};

use super::origin;
use crate::sigv4;

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

    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request =
        SignableRequest::new("POST", format!("{endpoint}/"), pairs, SignableBody::Bytes(PROOF_BODY.as_bytes()))
            .map_err(|_| refused("the request cannot be signed"))?;
    let added =
        sigv4::headers(credentials, ("sts", region), at, SigningSettings::default(), request).map_err(refused)?;
    headers.extend(added);
    Ok(SignedRequest { endpoint, headers })
}

fn refused(what: &str) -> PortError {
    PortError { operation: "sign the proof of identity".to_owned(), kind: PortErrorKind::Refused(what.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sigv4::sign::v4;
    use layerguard_core::approval::{HEADER_ANSWER, HEADER_COMMENT, HEADER_INCIDENT, HEADER_STEP, Statement, Verb};
    use sha2::{Digest, Sha256};
    use std::time::Duration;

    const REGION: &str = "eu-central-1";
    const ENDPOINT: &str = "https://sts.eu-central-1.amazonaws.com";

    fn signed(comment: Option<&str>) -> SignedRequest {
        sign_statement(&Statement::new("0011223344556677-1", &"ab".repeat(32), Verb::Approve, comment))
    }

    fn sign_statement(statement: &Statement<'_>) -> SignedRequest {
        let credentials = Credentials::new(
            "ASIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Some("token".into()),
            None,
            "test",
        );
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
    fn the_one_step_of_an_undo_is_among_the_signed_headers() {
        let plan = "ab".repeat(32);
        let all = Statement::new("0011223344556677-1", &plan, Verb::Undo, None);
        let one = sign_statement(&Statement { step: Some(7), ..all });
        assert_eq!(one.headers[HEADER_STEP], "7");
        assert!(one.headers["authorization"].contains(";x-layerguard-step,"), "{one:?}");
        let other = sign_statement(&Statement { step: Some(8), ..all });
        assert_ne!(one.headers["authorization"], other.headers["authorization"]);
        assert!(!sign_statement(&all).headers.contains_key(HEADER_STEP));
    }

    #[test]
    fn another_comment_is_another_signature() {
        let signature = |request: SignedRequest| request.headers["authorization"].clone();
        assert_ne!(signature(signed(None)), signature(signed(Some("no"))));
    }
}
