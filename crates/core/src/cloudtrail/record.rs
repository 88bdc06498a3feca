//! One record becomes one [`Event`].

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::envelope::only_record;
use super::error::{RecordError, ShapeError};
use super::field::{Fields, excerpt, kind, parse_time};
use super::{Event, Member, Origin, Principal, PrincipalKind};
use crate::call::Call;

/// The only major version of the record format there is (AWS facts, section 1).
const MAJOR_VERSION: &str = "1";

/// Ends of the names under which AWS services appear as the source of a call, in every partition.
const SERVICE_DOMAINS: &[&str] = &[
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws",
    ".aws.internal",
];

/// Types one CloudTrail record.
///
/// # Errors
///
/// When it is no object, when `eventSource` or `eventName` is missing, and when a watched call has no readable `eventTime`.
/// Everything else that is missing or of a wrong type is named in [`Event::flaws`].
pub fn parse(record: &Value) -> Result<Event, RecordError> {
    let Value::Object(map) = record else {
        return Err(RecordError::Shape(ShapeError::NotAnObject { found: kind(record) }));
    };
    let fields = Fields::record(map);
    let mut flaws = Vec::new();
    let event_id = event_id(map, &mut flaws);
    let source_service = required(fields, "eventSource", &event_id, &mut flaws)?;
    let name = required(fields, "eventName", &event_id, &mut flaws)?;
    let is_known_version = check_version(fields, &mut flaws);
    let region = expected(fields, "awsRegion", &mut flaws);
    let principal = Principal::read(fields, &mut flaws);
    let recipient_account = fields.account("recipientAccountId", &mut flaws);
    // A service names no account of its own: it calls for the account whose trail this is.
    let of_service = recipient_account.as_ref().filter(|_| principal.kind == PrincipalKind::AwsService);
    let caller = principal.account.as_ref().or(of_service).map(String::as_str);
    let call = Call::from_record(map, &source_service, &name, caller, &mut flaws);
    let time = time(fields, call.is_some().then_some(&name), &event_id, &mut flaws)?;
    let origin = origin(fields, &mut flaws);
    let vpc_endpoint = fields.text("vpcEndpointId", &mut flaws);
    let error_code = error_code(fields, &mut flaws);
    let read = [
        (Member::EventVersion, "eventVersion", is_known_version),
        (Member::SourceAddress, "sourceIPAddress", origin != Origin::Unknown),
        (Member::VpcEndpoint, "vpcEndpointId", vpc_endpoint.is_some()),
        (Member::ErrorCode, "errorCode", error_code.is_some()),
    ];
    let unreadable = read.into_iter().filter(|(_, key, is_read)| !is_read && fields.is_stated(key));
    Ok(Event {
        dedupe_id: dedupe_id(fields, &event_id, &mut flaws),
        is_shared: fields.is_stated("sharedEventID"),
        event_id,
        time,
        source_service,
        name,
        region,
        recipient_account,
        principal,
        origin,
        vpc_endpoint,
        user_agent: fields.text("userAgent", &mut flaws),
        error_code,
        call,
        unreadable: unreadable.map(|(member, ..)| member).collect(),
        flaws,
    })
}

/// Types the one record in a payload as a Lambda gets it: an EventBridge event, a bare record, or an envelope of one record.
///
/// # Errors
///
/// As [`parse`], and when the payload holds no record or several.
pub fn parse_lambda_payload(payload: &Value) -> Result<Event, RecordError> {
    parse(record_in(payload)?)
}

/// The one record in a payload, not yet typed.
///
/// # Errors
///
/// When the payload holds no record or several.
pub fn record_in(payload: &Value) -> Result<&Value, RecordError> {
    only_record(payload).map_err(RecordError::Shape)
}

/// `eventID`, or what takes its place: the hash of the record, the same for every copy of it.
fn event_id(map: &Map<String, Value>, flaws: &mut Vec<String>) -> String {
    Fields::record(map).text("eventID", flaws).unwrap_or_else(|| {
        flaws.push("`eventID` is missing: the hash of the record stands for it".to_owned());
        let mut canonical = Value::Object(map.clone());
        canonical.sort_all_objects();
        format!("sha256:{}", hex::encode(Sha256::digest(canonical.to_string())))
    })
}

fn dedupe_id(fields: Fields<'_>, event_id: &str, flaws: &mut Vec<String>) -> String {
    let addendum = fields.object("addendum", "addendum", flaws);
    fields
        .text("sharedEventID", flaws)
        .or_else(|| addendum.text("originalEventID", flaws))
        .unwrap_or_else(|| event_id.to_owned())
}

fn required(
    fields: Fields<'_>,
    field: &'static str,
    event_id: &str,
    flaws: &mut Vec<String>,
) -> Result<String, RecordError> {
    fields.text(field, flaws).ok_or_else(|| RecordError::Missing { field, event_id: excerpt(event_id) })
}

/// A member that every record has.
fn expected(fields: Fields<'_>, field: &str, flaws: &mut Vec<String>) -> Option<String> {
    let before = flaws.len();
    let text = fields.text(field, flaws);
    if text.is_none() && flaws.len() == before {
        flaws.push(format!("`{field}` is missing"));
    }
    text
}

/// Whether `eventVersion` is of the major version that is known.
fn check_version(fields: Fields<'_>, flaws: &mut Vec<String>) -> bool {
    let Some(version) = fields.text("eventVersion", flaws) else { return false };
    let is_known = version.split('.').next() == Some(MAJOR_VERSION);
    if !is_known {
        flaws.push(format!("`eventVersion` is `{}`: only version {MAJOR_VERSION} is known", excerpt(&version)));
    }
    is_known
}

/// `errorCode`, which is text: a number here is not the name of an error.
fn error_code(fields: Fields<'_>, flaws: &mut Vec<String>) -> Option<String> {
    if let Some(other @ Value::Number(_)) = fields.get("errorCode") {
        flaws.push(format!("`errorCode` is {}, not text", kind(other)));
        return None;
    }
    fields.text("errorCode", flaws)
}

/// `eventTime`. Without it nothing can be decided about a watched call; for any other call the beginning of 1970 stands for it.
fn time(
    fields: Fields<'_>,
    watched: Option<&String>,
    event_id: &str,
    flaws: &mut Vec<String>,
) -> Result<Timestamp, RecordError> {
    let event_id = || excerpt(event_id);
    match (fields.text("eventTime", flaws), watched) {
        (Some(text), watched) => match (parse_time(&text), watched) {
            (Ok(time), _) => return Ok(time),
            (Err(source), Some(call)) => {
                let (event_id, call, value) = (event_id(), call.clone(), excerpt(&text));
                return Err(RecordError::Time { event_id, call, value, source });
            }
            (Err(_), None) => flaws.push(format!("`eventTime` is `{}`, not a time", excerpt(&text))),
        },
        (None, Some(call)) => return Err(RecordError::NoTime { event_id: event_id(), call: call.clone() }),
        (None, None) => flaws.push("`eventTime` is missing".to_owned()),
    }
    Ok(Timestamp::UNIX_EPOCH)
}

/// `sourceIPAddress`: an address, a mask, or a service's name (AWS facts, sections 0.1 and 1).
fn origin(fields: Fields<'_>, flaws: &mut Vec<String>) -> Origin {
    let Some(text) = expected(fields, "sourceIPAddress", flaws) else { return Origin::Unknown };
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        // An IPv4 address written as an IPv6 one is still in its IPv4 network.
        return Origin::Address(address.to_canonical());
    }
    if text.strip_prefix("AWS Internal").is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Origin::Masked;
    }
    if is_service_name(text) {
        return Origin::Service(text.to_owned());
    }
    flaws.push(format!("`sourceIPAddress` is `{}`: no address, no mask, no AWS service", excerpt(text)));
    Origin::Unknown
}

fn is_service_name(text: &str) -> bool {
    let is_host = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    is_host && SERVICE_DOMAINS.iter().any(|domain| text.len() > domain.len() && text.ends_with(domain))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn watched(time: &Value) -> Value {
        json!({ "eventSource": "ecr.amazonaws.com", "eventName": "GetAuthorizationToken", "eventID": "e-1", "eventTime": time })
    }

    #[test]
    fn a_record_without_its_name_or_service_is_an_error() {
        let text = |record: &Value| parse(record).expect_err("no event").to_string();
        let missing = "the record `e-1` has no readable `eventName`, so it cannot be told which call it is";
        for name in [json!(null), json!(""), json!([]), json!(true)] {
            assert_eq!(
                text(&json!({ "eventID": "e-1", "eventSource": "ecr.amazonaws.com", "eventName": name })),
                missing
            );
        }
        assert!(text(&json!({})).contains("`eventSource`"));
        assert_eq!(
            text(&json!([])),
            "the payload is not a CloudTrail record: a list where a CloudTrail record was expected"
        );
    }

    #[test]
    fn a_watched_call_without_a_time_is_an_error_that_says_so() {
        let error = parse(&watched(&json!(null))).expect_err("no time");
        assert_eq!(
            error.to_string(),
            "the record `e-1` of `GetAuthorizationToken` has no `eventTime`, so nothing can be decided about it"
        );
        let error = parse(&watched(&json!("soon\u{1b}[0m"))).expect_err("no time");
        assert!(matches!(error, RecordError::Time { .. }));
        assert!(error.to_string().contains("`soon\\u{1b}[0m`"), "{error}");
    }

    #[test]
    fn the_time_is_read_in_both_iso_forms() {
        let extended = parse(&watched(&json!("2013-11-02T01:06:28Z"))).expect("an event").time;
        for form in ["20131102T010628Z", " 2013-11-02T01:06:28.000Z", "2013-11-02T02:06:28+01:00"] {
            assert_eq!(parse(&watched(&json!(form))).expect("an event").time, extended, "{form}");
        }
    }

    #[test]
    fn a_missing_id_is_the_hash_of_the_record_in_any_order() {
        let text = r#"{"eventSource":"a.amazonaws.com","eventName":"B","x":{"c":1,"d":2}}"#;
        let other = r#"{"x":{"d":2,"c":1},"eventName":"B","eventSource":"a.amazonaws.com"}"#;
        let id = |text: &str| parse(&serde_json::from_str(text).expect("JSON")).expect("an event").event_id;
        assert_eq!(id(text), id(other));
        assert!(id(text).starts_with("sha256:") && id(text).len() == 71);
        assert_ne!(id(text), id(&text.replace('2', "3")));
    }

    #[test]
    fn copies_share_an_id() {
        let id = |more: Value| {
            let mut record = watched(&json!("2026-03-01T09:30:00Z"));
            record.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            parse(&record).expect("an event").dedupe_id
        };
        assert_eq!(id(json!({})), "e-1");
        assert_eq!(id(json!({ "sharedEventID": "" })), "e-1");
        assert_eq!(id(json!({ "addendum": { "originalEventID": "o-1" } })), "o-1");
        assert_eq!(id(json!({ "addendum": { "originalEventID": "o-1" }, "sharedEventID": "s-1" })), "s-1");
    }

    #[test]
    fn a_source_is_an_address_a_mask_a_service_or_unknown() {
        let origin = |source: Value| {
            let mut flaws = Vec::new();
            let record = json!({ "sourceIPAddress": source });
            let origin = origin(Fields::record(record.as_object().expect("an object")), &mut flaws);
            assert_eq!(flaws.is_empty(), origin != Origin::Unknown, "{source}: {flaws:?}");
            origin
        };
        assert_eq!(origin(json!("2001:db8::1")), Origin::Address("2001:db8::1".parse().expect("an address")));
        assert_eq!(origin(json!("::ffff:192.0.2.1")), Origin::Address("192.0.2.1".parse().expect("an address")));
        for mask in ["AWS Internal", "AWS Internal/3", "AWS Internal/#"] {
            assert_eq!(origin(json!(mask)), Origin::Masked, "{mask}");
        }
        for service in
            ["lambda.amazonaws.com", "ecr.cn-north-1.amazonaws.com.cn", "ec2.application-autoscaling.amazonaws.com"]
        {
            assert_eq!(origin(json!(service)), Origin::Service(service.to_owned()));
        }
        let junk = [
            json!(null),
            json!(""),
            json!(7),
            json!(["192.0.2.1"]),
            json!("192.0.2.1/24"),
            json!("075.050.255.67"),
            json!("AWS Internals"),
            json!(".amazonaws.com"),
            json!("evil.example.com"),
            json!("a b.amazonaws.com"),
            json!("amazonaws.com.example.com"),
        ];
        for junk in junk {
            assert_eq!(origin(junk), Origin::Unknown);
        }
    }
}
