//! Announcements: the event bus, and how far each incident was announced in the state table.

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use layerguard_core::announcement::{Announcement, SOURCE};
use layerguard_core::ports::{Announced, Bus, Outbox, PortError, PortErrorKind, PortResult};

use crate::error::{failed, of_code, unreadable};
use crate::table::{INDEX, Item, StateTable, is_id, item, key_text, number, pass_over, read_number, sortable, text};

/// Sort key of the row of an incident.
const SORT: &str = "row";
/// Listing of incidents that are due, in the index.
const LISTING: &str = "announce";

/// An event bus.
#[derive(Debug, Clone)]
pub struct AnnouncementBus {
    client: Client,
    name: String,
}

impl AnnouncementBus {
    /// By name or ARN.
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }
}

#[async_trait]
impl Bus for AnnouncementBus {
    async fn announce(&self, announcements: &[Announcement]) -> PortResult<()> {
        let operation = "put announcements on the event bus";
        let entries = announcements.iter().map(|announcement| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(SOURCE)
                .detail_type(announcement.kind.as_str())
                .time(DateTime::from_secs(announcement.time.as_second()))
                .detail(announcement.detail.to_string())
                .build()
        });
        let sent = self.client.put_events().set_entries(Some(entries.collect())).send().await;
        let answer = sent.map_err(failed(operation))?;
        // An answer of status 200 may still have refused some of them.
        match answer.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(PortError { operation: operation.to_owned(), kind: of_code(Some(code), 400) }),
            None if answer.failed_entry_count() > 0 => {
                Err(PortError { operation: operation.to_owned(), kind: PortErrorKind::Refused("no reason".to_owned()) })
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Outbox for StateTable {
    async fn announced(&self, incident: &str) -> PortResult<Announced> {
        let operation = format!("read how far incident `{incident}` was announced");
        match self.get(&operation, &partition(incident), SORT).await? {
            Some(row) => read(&operation, incident, &row),
            None => Ok(Announced::nothing(incident)),
        }
    }

    async fn keep_announced(&self, announced: &Announced) -> PortResult<()> {
        let operation = format!("keep how far incident `{}` was announced", announced.incident);
        let put = self.client.put_item().table_name(&self.name).set_item(Some(write(announced)));
        let put = if announced.revision == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("revision = :expected")
                .expression_attribute_values(":expected", number(announced.revision))
        };
        put.send().await.map(drop).map_err(failed(operation))
    }

    async fn due_announcements(&self) -> PortResult<Vec<String>> {
        let operation = "list the incidents that are to be announced";
        let items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("listing = :listing")
            .expression_attribute_values(":listing", text(LISTING))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(failed(operation))?;
        let mut due = Vec::new();
        for item in &items {
            match listed(item) {
                Some(incident) => due.push(incident.to_owned()),
                None => pass_over(operation, item),
            }
        }
        Ok(due)
    }
}

fn partition(incident: &str) -> String {
    format!("announced#{incident}")
}

/// The row as it is after this change.
fn write(announced: &Announced) -> Item {
    let mut row = item(partition(&announced.incident), SORT);
    row.insert("revision".to_owned(), number(announced.revision.saturating_add(1)));
    if let Some(upto) = announced.upto {
        row.insert("upto".to_owned(), number(upto));
    }
    if announced.due {
        row.insert("listing".to_owned(), text(LISTING));
        // All of them are looked at each minute, so their order does not matter.
        row.insert("listed_at".to_owned(), text(sortable(jiff::Timestamp::UNIX_EPOCH)));
    }
    row
}

fn read(operation: &str, incident: &str, row: &Item) -> PortResult<Announced> {
    let upto = row.get("upto").map(|_| read_number(operation, row, "upto")).transpose()?;
    let due = match row.get("listing") {
        None => false,
        Some(listing) if *listing == text(LISTING) => true,
        Some(_) => return Err(unreadable(operation, "attribute `listing`")),
    };
    Ok(Announced { incident: incident.to_owned(), upto, due, revision: read_number(operation, row, "revision")? })
}

/// The incident of an item of the index, by its key alone: only Decide and Remediate may write under it.
fn listed(item: &Item) -> Option<&str> {
    let incident = key_text(item, "pk")?.strip_prefix("announced#").filter(|id| is_id(id))?;
    (key_text(item, "sk")? == SORT).then_some(incident)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_kept() {
        for (upto, due) in [(None, true), (Some(0), false), (Some(12), true)] {
            let announced = Announced { incident: "0011223344556677-1".into(), upto, due, revision: 4 };
            let row = write(&announced);
            assert_eq!(row["pk"], text("announced#0011223344556677-1"));
            assert_eq!(row.contains_key("listing"), due);
            let kept = Announced { revision: 5, ..announced };
            assert_eq!(read("read", "0011223344556677-1", &row).unwrap(), kept);
        }
    }

    #[test]
    fn only_a_row_of_its_kind_is_listed() {
        assert_eq!(listed(&item("announced#0011223344556677-1", "row")), Some("0011223344556677-1"));
        for (partition, sort) in [
            ("answer#0011223344556677-1", "row"),
            ("announced#", "row"),
            ("announced#0011223344556677-1#x", "row"),
            ("announced#0011223344556677-1", "other"),
        ] {
            assert_eq!(listed(&item(partition, sort)), None, "{partition} {sort}");
        }
    }
}
