//! The audit table. Written by PartiQL `INSERT` alone, because that is the one write that cannot overwrite: an insert on a key that is
//! taken fails, and IAM can allow it without allowing `PutItem`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::execute_statement::ExecuteStatementError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use layerguard_core::audit::{About, AuditRecord, RecordKind, packed};
use layerguard_core::ports::{AuditLog, PortError, PortErrorKind, PortResult};

use crate::audit_index;
use crate::error::{failed, unreadable};
use crate::table::{Item, number, read_number, read_text, text};

/// The append-only table.
#[derive(Debug, Clone)]
pub struct AuditTable {
    pub(crate) client: Client,
    pub(crate) name: String,
    packs: Arc<AtomicBool>,
}

impl AuditTable {
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), packs: Arc::default() }
    }

    /// From now on the contents of clear calls are written packed where that is cheaper. Only once the tables are marked to have a form whose
    /// readers know it.
    pub(crate) fn pack(&self) {
        self.packs.store(true, Ordering::Relaxed);
    }

    /// The record under this key, if there is one.
    async fn record(&self, operation: &str, incident: &str, seq: u64) -> PortResult<Option<AuditRecord>> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("incident", text(incident))
            .key("seq", number(seq))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed(operation))?;
        answer.item.map(|item| read(operation, &item)).transpose()
    }
}

#[async_trait]
impl AuditLog for AuditTable {
    async fn records(&self, incident: &str) -> PortResult<Vec<AuditRecord>> {
        let operation = format!("read the audit records of `{incident}`");
        let items = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("incident = :incident")
            .expression_attribute_values(":incident", text(incident))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(failed(operation.as_str()))?;
        items.iter().map(|item| read(&operation, item)).collect()
    }

    async fn insert(&self, record: &AuditRecord, about: Option<&About>) -> PortResult<()> {
        let operation = format!("insert audit record {} of `{}`", record.seq, record.incident);
        let packs = self.packs.load(Ordering::Relaxed);
        let (statement, parameters) = insertion(&self.name, &operation, record, about, packs)?;
        let sent = self.client.execute_statement().statement(statement).set_parameters(Some(parameters)).send().await;
        let Err(error) = sent else { return Ok(()) };
        if !error.as_service_error().is_some_and(ExecuteStatementError::is_duplicate_item_exception) {
            return Err(failed(operation)(error));
        }
        // Our own record, whose reply was lost, is no fork.
        let stored = self.record(&operation, &record.incident, record.seq).await?;
        if stored.as_ref() == Some(record) {
            return Ok(());
        }
        Err(PortError { operation, kind: PortErrorKind::Conflict })
    }
}

/// The attributes of a record, in the order of the statement.
fn attributes(operation: &str, record: &AuditRecord, packs: bool) -> PortResult<[(&'static str, AttributeValue); 9]> {
    let packed = if packs { packed::pack(record) } else { None };
    Ok([
        ("incident", text(&record.incident)),
        ("seq", number(record.seq)),
        ("kind", text(kind_name(operation, record.kind)?)),
        ("time", text(record.time.to_string())),
        ("actor", text(&record.actor)),
        ("policy_version", text(&record.policy_version)),
        ("body", packed.map_or_else(|| text(&record.body), |packed| AttributeValue::B(Blob::new(packed)))),
        ("prev", text(&record.prev)),
        ("hash", text(&record.hash)),
    ])
}

/// The statement and its parameters. Values never stand in the statement.
fn insertion(
    table: &str,
    operation: &str,
    record: &AuditRecord,
    about: Option<&About>,
    packs: bool,
) -> PortResult<(String, Vec<AttributeValue>)> {
    let mut attributes = attributes(operation, record, packs)?.to_vec();
    attributes.extend(about.map(|about| audit_index::attributes(record, about)).unwrap_or_default());
    let fields: Vec<String> = attributes.iter().map(|(name, _)| format!("'{name}': ?")).collect();
    let statement = format!("INSERT INTO \"{table}\" VALUE {{{}}}", fields.join(", "));
    Ok((statement, attributes.into_iter().map(|(_, value)| value).collect()))
}

/// The record of an item.
fn read(operation: &str, item: &Item) -> PortResult<AuditRecord> {
    let own = |name| read_text(operation, item, name).map(str::to_owned);
    let body = match item.get("body") {
        Some(AttributeValue::B(content)) => {
            let (incident, version) = (own("incident")?, own("policy_version")?);
            let body = packed::unpack(content.as_ref(), &incident, &version);
            body.ok_or_else(|| unreadable(operation, "attribute `body`, which is packed"))?
        }
        _ => own("body")?,
    };
    Ok(AuditRecord {
        incident: own("incident")?,
        seq: read_number(operation, item, "seq")?,
        kind: read_kind(operation, item)?,
        time: own("time")?.parse().map_err(|_| unreadable(operation, "attribute `time`"))?,
        actor: own("actor")?,
        policy_version: own("policy_version")?,
        body,
        prev: own("prev")?,
        hash: own("hash")?,
    })
}

/// The kind of an item.
pub(crate) fn read_kind(operation: &str, item: &Item) -> PortResult<RecordKind> {
    let kind = read_text(operation, item, "kind")?.to_owned();
    serde_json::from_value(serde_json::Value::String(kind)).map_err(|_| unreadable(operation, "attribute `kind`"))
}

/// The kind as the core writes it in JSON.
pub(crate) fn kind_name(operation: &str, kind: RecordKind) -> PortResult<String> {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(unreadable(operation, "the kind of the record")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> AuditRecord {
        AuditRecord {
            incident: "0011223344556677-1".into(),
            seq: 3,
            kind: RecordKind::ApprovalRequested,
            time: "2026-11-20T09:31:30.123456789Z".parse().unwrap(),
            actor: "decide".into(),
            policy_version: "0123".into(),
            body: r#"{"plan_hash":"it's ? \"quoted\""}"#.into(),
            prev: "0".repeat(64),
            hash: "ab".repeat(32),
        }
    }

    fn item(record: &AuditRecord, packs: bool) -> Item {
        let attributes = attributes("write", record, packs).unwrap();
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let item = item(&record(), true);
        assert_eq!((&item["kind"], &item["body"]), (&text("approval_requested"), &text(record().body)));
        assert_eq!(read("read", &item).unwrap(), record());
    }

    #[test]
    fn the_content_of_a_clear_call_is_packed_once_the_tables_have_the_form() {
        let body = format!(r#"{{"verdict":"clear","text":"{}"}}"#, "x".repeat(2_000));
        let record = AuditRecord { incident: "call#e-1".into(), kind: RecordKind::Assessment, body, ..record() };
        assert_eq!(item(&record, false)["body"], text(&record.body));
        let mut packed = item(&record, true);
        assert!(packed["body"].is_b());
        assert_eq!(read("read", &packed).unwrap(), record);
        packed.insert("body".into(), AttributeValue::B(Blob::new([9, 9])));
        assert!(read("read", &packed).is_err(), "of a dictionary that nobody knows yet");
    }

    #[test]
    fn values_travel_as_parameters_only() {
        let (statement, parameters) = insertion("layerguard-audit", "write", &record(), None, false).unwrap();
        assert_eq!(
            statement,
            "INSERT INTO \"layerguard-audit\" VALUE {'incident': ?, 'seq': ?, 'kind': ?, 'time': ?, 'actor': ?, \
             'policy_version': ?, 'body': ?, 'prev': ?, 'hash': ?}"
        );
        assert_eq!(parameters.len(), 9);
        assert_eq!(parameters[6], text(record().body));
        let (statement, parameters) =
            insertion("layerguard-audit", "write", &record(), Some(&About::default()), false).unwrap();
        assert!(statement.ends_with("'hash': ?, 'day': ?, 'at': ?}") && parameters.len() == 11, "{statement}");
    }

    #[test]
    fn an_unknown_kind_is_not_guessed() {
        let mut item = item(&record(), false);
        item.insert("kind".into(), text("forgotten"));
        assert!(read("read", &item).is_err());
    }
}
