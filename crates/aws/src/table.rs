//! The state table: keys, attributes and the few ways in which the ports read and write it.
//!
//! | partition | sort key | what |
//! |---|---|---|
//! | `key#<key hash>` | `current` | which generation of the key is the latest |
//! | `key#<key hash>` | `seen#<dedupe id>` | the incident that an event joined, also after that incident closed |
//! | `incident#<id>` | `row` | the incident; `listing` is `open` or `closed`, `listed_at` when it was opened |
//! | `incident#<id>` | `event#<dedupe id>` | one assessed event |
//! | `activity#<track>` | `trace#<time>#<id>` | what a call leaves behind for the answers about others; expires |
//! | `approval#<incident>` | `request` | the question that waits for a person |
//! | `answer#<incident>` | `<hash of the signed request>` | a person's answer |
//! | `used#<signature hash>` | `used` | a signature that was claimed |
//! | `measure#<incident>` | `<step>` | an applied measure; `listing` is `measure`, `listed_at` when it lifts |
//! | `lineage#<source>` | `<incident>` | that the incident contained a session of this source, and `at` which time; expires |
//! | `breaker#<scope>` | `<time>#<incident>#<step>` | an action that was taken; expires |
//! | `holder#<measure>` | `<incident>` | who holds a shared measure: `since` when, and in `doc` what was found then |
//! | `announced#<incident>` | `row` | how far an incident was announced: `upto`, `revision`; `listing` is `announce` while it is due |
//! | `policy#in_force` | `row` | the policy in force: its version, since when, by whom |
//! | `loaded#<function>` | `row` | which policy a function runs, and what keeps it from running the one in force |
//! | `schema#version` | `row` | which `form` the rows of both tables have |
//! | `switch#pause` | `row` | the stop switch: `until`, `since`, `by`, `reason` |
//!
//! The prefixes are what the functions' permissions are cut by (`dynamodb:LeadingKeys`). The index is not: whoever may write an
//! answer may give it the attributes that the index lists by. So an item found through the index counts only under the key
//! of its kind.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use layerguard_core::ports::{PortError, PortErrorKind, PortResult};
use layerguard_core::text::escape_to;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{failed, unreadable};

/// The most characters of a stranger's key in a log line.
const SHORT: usize = 80;

/// One item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The index that lists open and closed incidents and temporary measures.
pub(crate) const INDEX: &str = "by_listing";

/// The attribute that the table's time to live reads, in seconds since 1970.
pub(crate) const EXPIRES_AT: &str = "expires_at";

/// The mutable table: implements the ports for incidents, activity, approvals, measures, their
/// holders and the stop switch.
#[derive(Debug, Clone)]
pub struct StateTable {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// Which sort keys of a partition are wanted.
pub(crate) enum Range {
    /// Those that start so.
    Prefix(String),
    /// Those from the first to the second, both included.
    Between(String, String),
    /// All.
    All,
}

impl StateTable {
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// One item, read consistently.
    pub(crate) async fn get(&self, operation: &str, partition: &str, sort: &str) -> PortResult<Option<Item>> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", text(partition))
            .key("sk", text(sort))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed(operation))?;
        Ok(answer.item)
    }

    /// The items of a partition in order of their sort key, read consistently, all pages.
    pub(crate) async fn query(&self, operation: &str, partition: &str, range: Range) -> PortResult<Vec<Item>> {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        let query = query.expression_attribute_values(":pk", text(partition));
        let query = match range {
            Range::All => query.key_condition_expression("pk = :pk"),
            Range::Prefix(prefix) => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix)),
            Range::Between(from, until) => query
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":until", text(until)),
        };
        query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.map_err(failed(operation))
    }

    /// Write an item unless one is there. `false` when one is.
    pub(crate) async fn put_new(&self, operation: &str, item: Item) -> PortResult<bool> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(failed(operation)(error)),
        }
    }

    /// Delete an item; absent is success.
    pub(crate) async fn delete(&self, operation: &str, partition: &str, sort: &str) -> PortResult<()> {
        let deletion = self.client.delete_item().table_name(&self.name);
        let sent = deletion.key("pk", text(partition)).key("sk", text(sort)).send().await;
        sent.map(drop).map_err(failed(operation))
    }

    /// Write an item over whatever is there.
    pub(crate) async fn put(&self, operation: &str, item: Item) -> PortResult<()> {
        let sent = self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await;
        sent.map(drop).map_err(failed(operation))
    }
}

pub(crate) fn condition_failed<R>(error: &SdkError<PutItemError, R>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}

/// An item with its key.
pub(crate) fn item(partition: impl Into<String>, sort: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), text(partition)), ("sk".to_owned(), text(sort))])
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A time such that the order of texts is the order of times: RFC 3339 in UTC with nine decimals.
pub(crate) fn sortable(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// A value as JSON text, the form in which whole things are kept (attribute `doc`).
pub(crate) fn document<T: Serialize>(operation: &str, value: &T) -> PortResult<AttributeValue> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(|_| PortError {
        operation: operation.to_owned(),
        kind: PortErrorKind::Refused("it cannot be written as JSON".to_owned()),
    })
}

/// Reads the `doc` of an item.
pub(crate) fn read_document<T: DeserializeOwned>(operation: &str, item: &Item) -> PortResult<T> {
    serde_json::from_str(read_text(operation, item, "doc")?).map_err(|error| {
        unreadable(operation, format!("attribute `doc`, line {} column {}", error.line(), error.column()))
    })
}

/// Reads a text attribute.
pub(crate) fn read_text<'a>(operation: &str, item: &'a Item, name: &str) -> PortResult<&'a str> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
        .ok_or_else(|| unreadable(operation, format!("attribute `{name}`")))
}

/// A key attribute of an item that the index listed; `None` when it is no text.
pub(crate) fn key_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// Whether this part of a key can be an incident's id.
pub(crate) fn is_id(part: &str) -> bool {
    !part.is_empty() && !part.contains('#')
}

/// Says that the index listed an item that is not what its listing says. It is passed over: one such item must not keep the
/// true ones from being found.
pub(crate) fn pass_over(operation: &str, item: &Item) {
    let [partition, sort] = ["pk", "sk"].map(|name| escape_to(key_text(item, name).unwrap_or("none"), SHORT));
    tracing::warn!(
        operation,
        key = partition,
        sort,
        "the index lists an item that does not belong there; it is passed over"
    );
}

/// Reads a number attribute.
pub(crate) fn read_number(operation: &str, item: &Item, name: &str) -> PortResult<u64> {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| unreadable(operation, format!("attribute `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_written_times_is_the_order_of_times() {
        let mut times: Vec<Timestamp> = ["2026-11-20T09:31:30Z", "2026-11-20T09:31:30.5Z", "2026-11-20T09:31:30.25Z"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        times.sort();
        let written: Vec<String> = times.iter().map(|time| sortable(*time)).collect();
        let mut sorted = written.clone();
        sorted.sort();
        assert_eq!(written, sorted);
        assert_eq!(written[0], "2026-11-20T09:31:30.000000000Z");
    }

    #[test]
    fn a_missing_attribute_is_named() {
        let error = read_number("read it", &item("a", "b"), "evidence").unwrap_err();
        assert_eq!(error.to_string(), "could not read it: the answer could not be read (attribute `evidence`)");
    }
}
