//! Exports of CloudTrail Lake and Athena: rows whose columns are the members of a record, in small letters, objects as JSON or as
//! Athena prints a struct (`{type=AssumedRole, sessioncontext={...}}`).

use std::io::BufRead;

use serde_json::{Map, Value};

/// The members of a record that a decision rests on, and those of its identity, as CloudTrail writes them.
const NAMES: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "apiVersion",
    "managementEvent",
    "recipientAccountId",
    "serviceEventDetails",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "eventCategory",
    "addendum",
    "originalEventID",
    "principalId",
    "accountId",
    "accessKeyId",
    "userName",
    "sessionContext",
    "sessionIssuer",
    "attributes",
    "invokedBy",
    "identityProvider",
    "creationDate",
    "mfaAuthenticated",
    "webIdFederationData",
    "federatedProvider",
    "sourceIdentity",
    "issuedInRequestId",
    "onBehalfOf",
    "identityStoreArn",
    "userId",
    "credentialId",
    "inScopeOf",
    "issuerType",
    "credentialsIssuedTo",
];

/// Members that hold what the caller sent and got: their own names are not touched.
const PAYLOADS: &[&str] = &["requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"];

/// Whether an input begins as an export does: its first line names the columns, or its first object has them in small letters.
pub(in crate::command) fn looks_like(start: &str) -> Option<Shape> {
    let line = start.lines().next().unwrap_or_default();
    if line.trim_start().starts_with('{') || line.trim_start().starts_with('[') {
        return start.contains("\"eventsource\"").then_some(Shape::Lines);
    }
    line.to_lowercase().contains("eventsource").then_some(Shape::Table)
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) enum Shape {
    /// CSV with a line of column names.
    Table,
    /// One JSON object per line.
    Lines,
}

/// The records of an export; of each that cannot be read, which row it was and why.
pub(in crate::command) fn records(
    shape: Shape,
    input: Box<dyn BufRead>,
) -> Box<dyn Iterator<Item = Result<Value, String>>> {
    match shape {
        Shape::Lines => Box::new(input.lines().enumerate().filter_map(|(at, line)| {
            match line {
                Ok(line) if line.trim().is_empty() => None,
                Ok(line) => Some(
                    serde_json::from_str::<Value>(line.trim().trim_end_matches(','))
                        .map(canonical)
                        .map_err(|error| format!("row {}: {error}", at + 1)),
                ),
                Err(error) => Some(Err(format!("row {}: {error}", at + 1))),
            }
        })),
        Shape::Table => {
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
            let columns: Vec<String> = match reader.headers() {
                Ok(columns) => columns.iter().map(str::to_owned).collect(),
                Err(error) => return Box::new(std::iter::once(Err(format!("the first row: {error}")))),
            };
            Box::new(reader.into_records().enumerate().map(move |(at, row)| {
                let row = row.map_err(|error| format!("row {}: {error}", at + 2))?;
                if row.len() != columns.len() {
                    return Err(format!("row {}: {} columns where {} are named", at + 2, row.len(), columns.len()));
                }
                let members = columns.iter().zip(row.iter()).filter(|(_, cell)| !cell.is_empty());
                Ok(canonical(Value::Object(members.map(|(name, cell)| (name.clone(), Value::from(cell))).collect())))
            }))
        }
    }
}

/// The record with CloudTrail's own names, and its objects as objects.
fn canonical(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    // Lake has the record as a whole, too.
    let whole =
        members.iter().find(|(name, _)| name.eq_ignore_ascii_case("eventJson")).and_then(|(_, text)| text.as_str());
    if let Some(record) = whole.and_then(|text| serde_json::from_str(text).ok()) {
        return record;
    }
    let renamed = members.into_iter().map(|(name, value)| {
        let name = proper(&name);
        let value = if PAYLOADS.contains(&name.as_str()) { payload(value) } else { structured(value, &name) };
        (name, value)
    });
    Value::Object(renamed.filter(|(_, value)| !value.is_null()).collect())
}

fn proper(name: &str) -> String {
    NAMES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .map_or_else(|| name.to_owned(), |known| (*known).to_owned())
}

/// What the caller sent is JSON in a text.
fn payload(value: Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        other => other,
    }
}

/// An object in any of its forms. A text that is none stays as it is, and is told by whoever needs the object.
fn structured(value: Value, name: &str) -> Value {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) && is_object(name) => {
            let json = serde_json::from_str(&text).ok();
            json.or_else(|| Struct::read(&text)).map_or(Value::String(text), deep)
        }
        Value::Object(_) | Value::Array(_) => deep(value),
        other => other,
    }
}

fn is_object(name: &str) -> bool {
    matches!(name, "userIdentity" | "resources" | "addendum" | "sessionContext" | "tlsDetails")
}

/// The proper names all the way down.
fn deep(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (proper(&name), deep(value)))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(deep).collect()),
        other => other,
    }
}

/// Reads a struct as Athena prints it. A value ends at `, ` before a further `name=`, or at the bracket: values may hold commas.
struct Struct<'t> {
    rest: &'t str,
    depth: u32,
}

/// No identity comes near this.
const DEEPEST: u32 = 16;

impl<'t> Struct<'t> {
    fn read(text: &'t str) -> Option<Value> {
        let mut reader = Self { rest: text, depth: 0 };
        let value = reader.value()?;
        reader.rest.trim().is_empty().then_some(value)
    }

    fn value(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = if self.eat('{') {
            self.members()
        } else if self.eat('[') {
            self.elements()
        } else {
            Some(self.text())
        };
        self.depth -= 1;
        value
    }

    fn members(&mut self) -> Option<Value> {
        let mut members = Map::new();
        while !self.eat('}') {
            let (name, rest) = self.rest.split_once('=')?;
            self.rest = rest;
            let name = name.trim().to_owned();
            let value = self.value()?;
            members.insert(name, value);
            if !self.rest.starts_with('}') {
                self.rest = self.rest.strip_prefix(", ")?;
            }
        }
        Some(Value::Object(members))
    }

    fn elements(&mut self) -> Option<Value> {
        let mut values = Vec::new();
        while !self.eat(']') {
            values.push(self.value()?);
            if !self.rest.starts_with(']') {
                self.rest = self.rest.strip_prefix(", ")?;
            }
        }
        Some(Value::Array(values))
    }

    fn text(&mut self) -> Value {
        let is_end = |at: usize| {
            let rest = self.rest.get(at..).unwrap_or_default();
            rest.starts_with(['}', ']']) || rest.strip_prefix(", ").is_some_and(begins_a_member)
        };
        let end = self.rest.char_indices().map(|(at, _)| at).find(|at| is_end(*at)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        if text == "null" || text.is_empty() { Value::Null } else { Value::from(text) }
    }

    fn eat(&mut self, bracket: char) -> bool {
        match self.rest.strip_prefix(bracket) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// `name=...`, or a further element.
fn begins_a_member(text: &str) -> bool {
    let name = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    text.starts_with('{') || (name > 0 && text.as_bytes().get(name) == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use layerguard_core::cloudtrail::parse;
    use serde_json::json;

    use super::*;

    fn all(shape: Shape, text: &str) -> Vec<Result<Value, String>> {
        records(shape, Box::new(Cursor::new(text.to_owned().into_bytes()))).collect()
    }

    /// The same record as CloudTrail delivers it.
    fn delivered() -> Value {
        json!({
            "eventVersion": "1.11", "eventTime": "2026-11-20T09:31:00Z", "eventSource": "ecr.amazonaws.com",
            "eventName": "GetDownloadUrlForLayer", "awsRegion": "eu-central-1", "sourceIPAddress": "AWS Internal",
            "eventID": "22222222-2222-4222-8222-222222222222", "recipientAccountId": "111122223333",
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROAEXAMPLEID:a, b", "accountId": "111122223333",
                "arn": "arn:aws:sts::111122223333:assumed-role/builder/a, b",
                "sessionContext": {
                    "attributes": { "creationDate": "2026-11-20T09:00:00Z", "mfaAuthenticated": "false" },
                    "sessionIssuer": {
                        "type": "Role", "principalId": "AROAEXAMPLEID", "accountId": "111122223333", "userName": "builder",
                        "arn": "arn:aws:iam::111122223333:role/ci/builder"
                    }
                }
            },
            "requestParameters": { "repositoryName": "team/app", "registryId": "111122223333", "layerDigest": "sha256:00" }
        })
    }

    #[test]
    fn a_row_of_athena_is_the_record_that_was_delivered() {
        let identity = "{type=AssumedRole, principalid=AROAEXAMPLEID:a, b, arn=arn:aws:sts::111122223333:assumed-role/builder/a, b, \
                        accountid=111122223333, invokedby=null, accesskeyid=null, username=null, \
                        sessioncontext={attributes={mfaauthenticated=false, creationdate=2026-11-20T09:00:00Z}, \
                        sessionissuer={type=Role, principalid=AROAEXAMPLEID, arn=arn:aws:iam::111122223333:role/ci/builder, \
                        accountid=111122223333, username=builder}}}";
        let parameters = delivered()["requestParameters"].to_string().replace('"', "\"\"");
        let text = format!(
            "eventversion,useridentity,eventtime,eventsource,eventname,awsregion,sourceipaddress,errorcode,requestparameters,eventid,recipientaccountid\n\
             1.11,\"{identity}\",2026-11-20T09:31:00Z,ecr.amazonaws.com,GetDownloadUrlForLayer,eu-central-1,AWS Internal,,\"{parameters}\",\
             22222222-2222-4222-8222-222222222222,111122223333\n"
        );
        assert_eq!(looks_like(&text), Some(Shape::Table));
        let found = all(Shape::Table, &text);
        assert_eq!(parse(found[0].as_ref().unwrap()).unwrap(), parse(&delivered()).unwrap());
    }

    #[test]
    fn a_line_of_an_unload_is_the_record_that_was_delivered() {
        let mut lower = delivered();
        lower["requestParameters"] = Value::from(delivered()["requestParameters"].to_string());
        let text = lower.to_string();
        let mut small = text.clone();
        for name in NAMES {
            small = small.replace(&format!("\"{name}\":"), &format!("\"{}\":", name.to_lowercase()));
        }
        assert_eq!(looks_like(&small), Some(Shape::Lines));
        let found = all(Shape::Lines, &format!("{small}\n\n{small}\n"));
        assert_eq!(found.len(), 2);
        assert_eq!(parse(found[1].as_ref().unwrap()).unwrap(), parse(&delivered()).unwrap());
        assert_eq!(looks_like(&text), None);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_row() {
        let found = all(Shape::Table, "eventname,eventsource\na,b\nonly one\n");
        assert!(found[0].is_ok());
        assert!(found[1].as_ref().unwrap_err().contains("row 3: 1 columns where 2 are named"));
        assert!(all(Shape::Lines, "{\"eventsource\":\n")[0].as_ref().unwrap_err().starts_with("row 1: "));
    }

    #[test]
    fn a_struct_that_makes_no_sense_stays_a_text() {
        for text in ["{a", "{a=b", "{=}", "{a=b}}", "{a=[}"] {
            let read = structured(Value::from(text), "userIdentity");
            assert!(read.is_string() || read.is_object(), "{text}");
        }
        let deep = "{a=".repeat(100);
        assert_eq!(structured(Value::from(deep.clone()), "userIdentity"), Value::from(deep));
    }
}
