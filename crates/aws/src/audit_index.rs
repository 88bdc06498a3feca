//! The index `by_day` over the audit table: only records that carry its keys are in it, which those of single calls do not.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use layerguard_core::audit::{About, AuditRecord};
use layerguard_core::ports::{AuditIndex, Entry, PortResult, RecordPage, RecordPlace, Search, shard};

use crate::audit_log::{AuditTable, kind_name, read_kind};
use crate::error::{failed, unreadable};
use crate::table::{Item, read_number, read_text, sortable, text};

/// Name of the index.
const INDEX: &str = "by_day";
/// Its partition key.
const DAY: &str = "day";
/// Its sort key.
const AT: &str = "at";

/// What a record of an incident has besides its own fields: the keys of the index and short copies of what it is about. None of them is
/// hashed, so that what is found by them is read from the chain.
pub(crate) fn attributes(record: &AuditRecord, about: &About) -> Vec<(&'static str, AttributeValue)> {
    let short = about.short();
    let day = record.time.to_zoned(jiff::tz::TimeZone::UTC).date();
    let place = RecordPlace { time: record.time, incident: record.incident.clone(), seq: record.seq };
    let mut attributes = vec![(DAY, text(partition(day, shard(&record.incident)))), (AT, text(sort(&place)))];
    for (name, texts) in [("principals", short.principals), ("accounts", short.accounts), ("rules", short.rules)] {
        if !texts.is_empty() {
            attributes.push((name, AttributeValue::L(texts.into_iter().map(text).collect())));
        }
    }
    if short.partial {
        attributes.push(("partial", AttributeValue::Bool(true)));
    }
    attributes
}

fn partition(day: Date, shard: u8) -> String {
    format!("{day}#{shard}")
}

fn sort(place: &RecordPlace) -> String {
    format!("{}#{}#{:010}", sortable(place.time), place.incident, place.seq)
}

#[async_trait]
impl AuditIndex for AuditTable {
    async fn page(&self, search: &Search) -> PortResult<RecordPage> {
        let operation = format!("list the audit records of {}", search.day);
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("#day = :day AND #at BETWEEN :since AND :before")
            .expression_attribute_names("#day", DAY)
            .expression_attribute_names("#at", AT)
            .expression_attribute_values(":day", text(partition(search.day, search.shard)))
            .expression_attribute_values(":since", text(sortable(search.since)))
            .expression_attribute_values(":before", text(sort(&search.before)))
            .scan_index_forward(false);
        let mut filters = Vec::new();
        if let Some(kind) = search.kind {
            filters.push("#kind = :kind");
            query = query
                .expression_attribute_names("#kind", "kind")
                .expression_attribute_values(":kind", text(kind_name(&operation, kind)?));
        }
        if let Some(principal) = &search.principal {
            filters.push("(contains(#principals, :principal) OR attribute_exists(#partial))");
            query = query
                .expression_attribute_names("#principals", "principals")
                .expression_attribute_names("#partial", "partial")
                .expression_attribute_values(":principal", text(principal));
        }
        if let Some(account) = &search.account {
            filters.push("(contains(#accounts, :account) OR attribute_exists(#partial))");
            query = query
                .expression_attribute_names("#accounts", "accounts")
                .expression_attribute_names("#partial", "partial")
                .expression_attribute_values(":account", text(account));
        }
        if let Some(rule) = &search.rule {
            filters.push("(contains(#rules, :rule) OR attribute_exists(#partial))");
            query = query
                .expression_attribute_names("#rules", "rules")
                .expression_attribute_names("#partial", "partial")
                .expression_attribute_values(":rule", text(rule));
        }
        if filters.is_empty() {
            // One more: the record before which it goes on is in the range too.
            query = query.limit(i32::try_from(search.limit.saturating_add(1)).unwrap_or(i32::MAX));
        } else {
            // The table counts what it looks at, not what it finds: a page is a megabyte.
            query = query.filter_expression(filters.join(" AND "));
        }
        let answer = query.send().await.map_err(failed(operation.as_str()))?;
        let next = answer.last_evaluated_key.as_ref().map(|key| read_place(&operation, key)).transpose()?;
        let entries = answer.items.unwrap_or_default();
        let entries: Vec<Entry> = entries.iter().map(|item| read(&operation, item)).collect::<PortResult<_>>()?;
        Ok(RecordPage { entries: entries.into_iter().filter(|entry| entry.place < search.before).collect(), next })
    }

    /// A scan of the index, not of the table: the index has records of incidents alone, some eight each.
    async fn chains(&self) -> PortResult<BTreeSet<String>> {
        let operation = "list the chains of the audit table";
        let mut items = self
            .client
            .scan()
            .table_name(&self.name)
            .index_name(INDEX)
            .projection_expression("incident")
            .into_paginator()
            .items()
            .send();
        let mut chains = BTreeSet::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(failed(operation))?;
            chains.insert(read_text(operation, &item, "incident")?.to_owned());
        }
        Ok(chains)
    }
}

fn read(operation: &str, item: &Item) -> PortResult<Entry> {
    let texts = |name: &str| -> PortResult<BTreeSet<String>> {
        let Some(value) = item.get(name) else { return Ok(BTreeSet::new()) };
        let list = value.as_l().map_err(|_| unreadable(operation, format!("attribute `{name}`")))?;
        let own = |value: &AttributeValue| value.as_s().ok().cloned();
        list.iter().map(own).collect::<Option<_>>().ok_or_else(|| unreadable(operation, format!("attribute `{name}`")))
    };
    Ok(Entry {
        place: read_place(operation, item)?,
        kind: read_kind(operation, item)?,
        about: About {
            principals: texts("principals")?,
            accounts: texts("accounts")?,
            rules: texts("rules")?,
            partial: item.contains_key("partial"),
        },
    })
}

fn read_place(operation: &str, item: &Item) -> PortResult<RecordPlace> {
    let at = read_text(operation, item, AT)?;
    let time = at.split('#').next().and_then(|time| time.parse().ok());
    Ok(RecordPlace {
        time: time.ok_or_else(|| unreadable(operation, format!("attribute `{AT}`")))?,
        incident: read_text(operation, item, "incident")?.to_owned(),
        seq: read_number(operation, item, "seq")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerguard_core::audit::RecordKind;

    fn record(seq: u64) -> AuditRecord {
        AuditRecord {
            incident: "0011223344556677-1".into(),
            seq,
            kind: RecordKind::Finding,
            time: "2026-11-20T23:59:59.5Z".parse().unwrap(),
            actor: "decide".into(),
            policy_version: "0123".into(),
            body: "{}".into(),
            prev: "0".repeat(64),
            hash: "ab".repeat(32),
        }
    }

    #[test]
    fn an_entry_comes_back_as_it_was_written() {
        let about = About {
            principals: BTreeSet::from(["arn:aws:iam::111122223333:role/ci".to_owned()]),
            accounts: BTreeSet::from(["111122223333".to_owned()]),
            ..About::default()
        };
        let mut item: Item =
            attributes(&record(7), &about).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert!(item["day"].as_s().unwrap().starts_with("2026-11-20#"));
        assert_eq!(item["at"], text("2026-11-20T23:59:59.500000000Z#0011223344556677-1#0000000007"));
        item.extend([("incident".to_owned(), text("0011223344556677-1")), ("seq".to_owned(), crate::table::number(7))]);
        item.insert("kind".to_owned(), text("finding"));
        let entry = read("read", &item).unwrap();
        assert_eq!((&entry.about, entry.kind, entry.place.seq), (&about, RecordKind::Finding, 7));
    }

    #[test]
    fn the_order_of_the_sort_keys_is_the_order_of_the_places() {
        let place = |time: &str, seq| RecordPlace { time: time.parse().unwrap(), incident: "a-1".into(), seq };
        let places = [
            place("2026-11-20T09:00:00Z", 2),
            place("2026-11-20T09:00:00Z", 10),
            place("2026-11-20T09:00:00.5Z", 1),
            place("2026-11-20T09:00:01Z", 0),
        ];
        let written: Vec<String> = places.iter().map(sort).collect();
        assert!(written.is_sorted() && places.is_sorted());
    }
}
