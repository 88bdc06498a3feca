//! What leaves a function over Lambda's runtime interface: the test plays that interface, a child process plays the function.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use layerguard_aws::{Tables, edge};
use layerguard_core::error::Class;
use layerguard_core::metric::{Figures, Metric};
use layerguard_core::ports::{PortError, PortErrorKind, PortResult, SchemaMark};
use serde_json::{Value, json};

/// Tells the child process that it is the function.
const CHILD: &str = "LAYERGUARD_TEST_FUNCTION";

/// Tells the child process which form its tables have.
const FORM: &str = "LAYERGUARD_TEST_FORM";

/// Tables of the form that the test wants; the first look at them fails.
struct Marked(AtomicBool);

#[async_trait]
impl SchemaMark for Marked {
    async fn form(&self) -> PortResult<Option<u32>> {
        if self.0.swap(true, Ordering::Relaxed) {
            return Ok(std::env::var(FORM).ok().and_then(|form| form.parse().ok()));
        }
        let kind = PortErrorKind::Unavailable("ThrottlingException".to_owned());
        Err(PortError { operation: "read which form the tables have".to_owned(), kind })
    }

    async fn mark(&self, _form: u32) -> PortResult<()> {
        Ok(())
    }
}

/// The function: fails in the way that its payload asks for.
async fn fail(payload: Value) -> Result<Value, PortError> {
    let kind = match payload.get("fails").and_then(Value::as_str).unwrap() {
        "unavailable" => PortErrorKind::Unavailable("ThrottlingException".to_owned()),
        "denied" => PortErrorKind::Denied("AccessDenied".to_owned()),
        "unreadable" => PortErrorKind::Unreadable("attribute `doc`".to_owned()),
        _ => return Ok(json!({"done": true})),
    };
    Err(PortError { operation: "read incident `x`".to_owned(), kind })
}

#[tokio::test]
async fn function() {
    if std::env::var_os(CHILD).is_some() {
        edge::init_logging();
        let figures = Figures::default();
        let told = |payload: Value| {
            if payload["fails"] != "nothing" {
                figures.tell(Metric::EventsRecovered, 2);
                figures.tell_of(Metric::IncidentsOpened, "high", 1);
            }
            fail(payload)
        };
        let marked = Marked(AtomicBool::new(std::env::var_os(FORM).is_none()));
        edge::serve(&Tables::new(&marked, false), ("guard", &figures), told).await.unwrap();
    }
}

/// Reads one request: its first line and its body.
fn request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut length = 0;
    loop {
        let header = line().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (first, String::from_utf8(body).unwrap())
}

fn reply(mut stream: &TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).unwrap();
}

/// Invokes the function once for each payload; answers with the path and the body of each of its answers, and with its log.
fn invoke(payloads: &[Value], form: Option<&str>) -> (Vec<(String, Value)>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "function", "--nocapture"])
        .env(CHILD, "1")
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "layerguard-test")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env_remove("RUST_LOG")
        .envs(form.map(|form| (FORM, form)))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut waiting = payloads.iter().enumerate();
    let mut answers = Vec::new();
    while answers.len() < payloads.len() {
        let (stream, _) = listener.accept().unwrap();
        let (first, body) = request(&stream);
        if first.starts_with("GET") {
            let (index, payload) = waiting.next().unwrap();
            let headers = format!(
                "lambda-runtime-aws-request-id: request-{index}\r\nlambda-runtime-deadline-ms: 4102444800000\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:111122223333:function:layerguard-test\r\n"
            );
            reply(&stream, "200 OK", &headers, &payload.to_string());
        } else {
            let path = first.split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
            answers.push((path, serde_json::from_str(&body).unwrap()));
            reply(&stream, "202 Accepted", "", "");
        }
    }
    child.kill().unwrap();
    let log = child.wait_with_output().unwrap().stdout;
    (answers, String::from_utf8(log).unwrap())
}

#[test]
fn the_error_type_on_the_wire_is_the_class() {
    let asked = ["nothing", "unavailable", "denied", "unreadable"].map(|fails| json!({"fails": fails}));
    let (answers, log) = invoke(&asked, None);
    let (path, body) = answers.first().unwrap();
    assert_eq!((path.as_str(), body), ("response", &json!({"done": true})));
    let types: Vec<_> =
        answers.iter().skip(1).map(|(path, body)| (path.as_str(), body["errorType"].as_str())).collect();
    let expected = [Class::Retryable, Class::Permanent, Class::Stuck].map(|class| ("error", Some(class.as_str())));
    assert_eq!(types, expected);
    assert_eq!(answers.get(2).unwrap().1["errorMessage"], "could not read incident `x`: access denied (AccessDenied)");
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let failed: Vec<_> = lines.iter().filter(|line| line["message"] == "invocation failed").collect();
    assert_eq!(failed.len(), 3, "{log}");
    assert_eq!(failed[0]["class"], "Retryable");
    assert_eq!(failed[0]["span"]["requestId"], "request-1", "{log}");
    assert!(!log.contains('\u{1b}'));
}

#[test]
fn each_invocation_writes_its_figures_also_one_that_failed_and_nothing_where_it_told_none() {
    let asked = ["nothing", "denied", "nothing", "unavailable"].map(|fails| json!({"fails": fails}));
    let (_, log) = invoke(&asked, None);
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let figures: Vec<&Value> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    assert_eq!(figures.len(), 2, "{log}");
    for line in figures {
        assert!(line["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds, and of today");
        let split: Vec<&Value> =
            line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter().map(|set| &set["Dimensions"]).collect();
        assert_eq!(split, [&json!([["Stack"]]), &json!([["Stack", "Severity"]])]);
        assert_eq!((&line["Stack"], &line["Severity"]), (&json!("guard"), &json!("high")));
        assert_eq!(
            (&line["EventsRecovered"], &line["IncidentsOpened"]),
            (&json!(2), &json!(1)),
            "counted anew each time"
        );
        assert!(line.get("level").is_none() && line.get("message").is_none(), "a figure is no message");
    }
}

#[test]
fn a_function_works_with_no_tables_that_it_does_not_know_and_looks_again_when_it_could_not_tell() {
    let asked = [json!({"fails": "nothing"}), json!({"fails": "nothing"})];
    let (answers, log) = invoke(&asked, Some("3"));
    let types: Vec<_> = answers.iter().map(|(_, body)| body["errorType"].as_str().unwrap()).collect();
    assert_eq!(types, ["Retryable", "Permanent"]);
    let message = answers[1].1["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("the tables have form 3, and this version of layerguard knows form 2 at most"),
        "{message}"
    );
    assert!(log.contains("deploy the version again that wrote them"), "{log}");
    let (answers, _) = invoke(&asked, Some("1"));
    assert_eq!(answers[0].1["errorType"], "Retryable");
    assert_eq!(answers[1].0, "response", "tables that are known are worked with");
}
