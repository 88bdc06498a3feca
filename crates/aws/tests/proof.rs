//! What a proof of identity does when the other side misbehaves: a server of our own answers in STS's place.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use layerguard_aws::Statement;
use layerguard_aws::config::{Aws, Settings};
use layerguard_core::approval::{CallerIdentity, Verb};
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::{IdentityProof, PortErrorKind, PortResult};

const STATEMENT: Statement<'_> = Statement::new("0011223344556677-1", "abababab", Verb::Approve, None);

/// Answers every request with this text, and counts them.
fn serve(answer: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            answer_one(stream.unwrap(), &answer);
        }
    });
    (endpoint, count)
}

fn answer_one(mut stream: TcpStream, answer: &str) {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while !request.ends_with(b"Version=2011-06-15") {
        let read = stream.read(&mut part).unwrap();
        request.extend_from_slice(part.get(..read).unwrap());
    }
    // The other side may hang up before it has read everything: that is what one of the tests is about.
    let _ = stream.write_all(answer.as_bytes());
}

async fn prove_at(endpoint: String) -> PortResult<CallerIdentity> {
    let settings =
        Settings { region: Some("eu-central-1".to_owned()), endpoint_url: Some(endpoint), ..Settings::default() };
    let aws = Aws::load(&settings).await.unwrap().with_credentials("AKIAIOSFODNN7EXAMPLE", "secret", None);
    let signed = aws.sign(&STATEMENT).await.unwrap();
    aws.sts().prove(&signed).await
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn identity() -> String {
    ok(r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:iam::111122223333:user/ada</Arn><UserId>AIDAEXAMPLEID</UserId><Account>111122223333</Account>
        </GetCallerIdentityResult></GetCallerIdentityResponse>"#)
}

#[tokio::test]
async fn an_answer_of_sts_is_believed() {
    let (endpoint, _) = serve(identity());
    assert_eq!(prove_at(endpoint).await.unwrap().arn, "arn:aws:iam::111122223333:user/ada");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, asked) = serve(identity());
    let (endpoint, _) = serve(format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    ));
    let error = prove_at(endpoint).await.unwrap_err();
    assert!(matches!(error.kind, PortErrorKind::Unreadable(_)), "{error}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let (endpoint, _) = serve(ok(&"x".repeat(10_000_000)));
    let error = prove_at(endpoint).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unreadable("longer than 65536 bytes".to_owned()));
}

#[tokio::test]
async fn a_broken_or_missing_service_may_be_asked_again() {
    let (endpoint, _) =
        serve("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned());
    assert_eq!(prove_at(endpoint).await.unwrap_err().class(), Class::Retryable);
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert_eq!(prove_at(nobody).await.unwrap_err().class(), Class::Retryable);
}
