//! One record becomes one [`Event`].

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::envelope::only_record;
use super::error::{RecordError, ShapeError};
use super::field::{Fields, excerpt, kind};
use super::{Event, Origin, Principal};
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
    check_version(fields, &mut flaws);
    let region = expected(fields, "awsRegion", &mut flaws);
    let principal = Principal::read(fields, &mut flaws);
    let call = Call::from_record(map, &source_service, &name, principal.account.as_deref(), &mut flaws);
    let time = time(fields, call.is_some().then_some(&name), &event_id, &mut flaws)?;
    Ok(Event {
        dedupe_id: dedupe_id(fields, &event_id, &mut flaws),
        event_id,
        time,
        source_service,
        name,
        region,
        recipient_account: fields.account("recipientAccountId", &mut flaws),
        principal,
        origin: origin(fields, &mut flaws),
        vpc_endpoint: fields.text("vpcEndpointId", &mut flaws),
        user_agent: fields.text("userAgent", &mut flaws),
        error_code: fields.text("errorCode", &mut flaws),
        call,
        flaws,
    })
}

/// Types the one record in a payload as a Lambda gets it: an EventBridge event, a bare record, or an envelope of one record.
///
/// # Errors
///
/// As [`parse`], and when the payload holds no record or several.
pub fn parse_lambda_payload(payload: &Value) -> Result<Event, RecordError> {
    parse(only_record(payload).map_err(RecordError::Shape)?)
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

fn check_version(fields: Fields<'_>, flaws: &mut Vec<String>) {
    if let Some(version) = fields.text("eventVersion", flaws)
        && version.split('.').next() != Some(MAJOR_VERSION)
    {
        flaws.push(format!("`eventVersion` is `{}`: only version {MAJOR_VERSION} is known", excerpt(&version)));
    }
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
        (Some(text), watched) => match (text.trim().parse(), watched) {
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
