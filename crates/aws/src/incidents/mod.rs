//! Incidents in the state table.

mod join;
mod page;
mod row;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Joined, Status};
use layerguard_core::ports::{IncidentStore, Listing, Page, PortError, PortErrorKind, PortResult};

use crate::error::failed;
use crate::table::{INDEX, Item, Range, StateTable, number, pass_over, read_document, text};

/// Every status in which events may still join.
const OPEN: [Status; 4] = [Status::Pending, Status::Deciding, Status::AwaitingApproval, Status::Containing];

#[async_trait]
impl IncidentStore for StateTable {
    async fn join(&self, key: &IncidentKey, event: &IncidentEvent) -> PortResult<Joined> {
        join::Join { table: self, key, event }.run().await
    }

    async fn incident(&self, id: &str) -> PortResult<Option<Incident>> {
        let operation = format!("read incident `{id}`");
        let item = self.get(&operation, &row::partition(id), row::SORT).await?;
        item.map(|item| row::read(&operation, &item)).transpose()
    }

    async fn events(&self, id: &str) -> PortResult<Vec<IncidentEvent>> {
        let operation = format!("read the events of incident `{id}`");
        let items = self.query(&operation, &row::partition(id), Range::Prefix("event#".to_owned())).await?;
        let mut events: Vec<IncidentEvent> =
            items.iter().map(|item| read_document(&operation, item)).collect::<PortResult<_>>()?;
        events.sort_by(|a, b| (a.event.time, &a.event.dedupe_id).cmp(&(b.event.time, &b.event.dedupe_id)));
        Ok(events)
    }

    async fn update(&self, incident: &Incident, expected: u64) -> PortResult<()> {
        let operation = format!("update incident `{}`", incident.id);
        let stored = Incident { revision: expected.saturating_add(1), ..incident.clone() };
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(row::write(&operation, &stored)?))
            .condition_expression("revision = :expected")
            .expression_attribute_values(":expected", number(expected))
            .send()
            .await
            .map(drop)
            .map_err(failed(operation))
    }

    async fn open(&self) -> PortResult<Vec<Incident>> {
        let operation = "list the open incidents";
        let mut open = Vec::new();
        for item in self.listed(operation, row::LISTING_OPEN, true, usize::MAX).await? {
            let Some(id) = row::listed_id(&item) else { continue };
            // The index may lag behind, and what is acted on is the row itself.
            match self.incident(id).await {
                Ok(Some(incident)) if incident.status.is_open() => open.push(incident),
                Ok(_) => {}
                Err(error) if matches!(error.kind, PortErrorKind::Unreadable(_)) => unreadable_row(&error),
                Err(error) => return Err(error),
            }
        }
        Ok(open)
    }

    async fn closed(&self, limit: u32) -> PortResult<Vec<Incident>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let items = self.listed("list the closed incidents", row::LISTING_CLOSED, false, limit).await?;
        let read = |item: &Item| {
            let operation = format!("read incident `{}`", row::listed_id(item).unwrap_or_default());
            row::read(&operation, item).inspect_err(unreadable_row).ok()
        };
        Ok(items.iter().filter_map(read).collect())
    }

    async fn page(&self, listing: &Listing) -> PortResult<Page> {
        page::read(self, listing).await
    }
}

impl StateTable {
    /// The rows of incidents in a listing, by the time they were opened, as the index has them. What is no row of an incident is
    /// passed over.
    async fn listed(&self, operation: &str, listing: &str, ascending: bool, limit: usize) -> PortResult<Vec<Item>> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("listing = :listing")
            .expression_attribute_values(":listing", text(listing))
            .scan_index_forward(ascending)
            .into_paginator()
            .items()
            .send();
        let mut rows = Vec::new();
        while rows.len() < limit {
            let Some(item) = items.next().await else { break };
            let item = item.map_err(failed(operation))?;
            match row::listed_id(&item) {
                Some(_) => rows.push(item),
                None => pass_over(operation, &item),
            }
        }
        Ok(rows)
    }
}

/// Says that a row cannot be read. The others are listed all the same.
fn unreadable_row(error: &PortError) {
    tracing::error!(%error, "an incident is not listed, because its row cannot be read");
}

/// The open statuses as expression values `:s0`, `:s1` and so on, with the expression that lists them.
fn open_statuses() -> (String, Vec<(String, AttributeValue)>) {
    let values: Vec<_> =
        OPEN.iter().enumerate().map(|(index, status)| (format!(":s{index}"), text(status.as_str()))).collect();
    let names: Vec<_> = values.iter().map(|(name, _)| name.as_str()).collect();
    (names.join(", "), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_statuses_are_the_ones_that_the_core_calls_open() {
        let all = [
            Status::Pending,
            Status::Deciding,
            Status::AwaitingApproval,
            Status::Containing,
            Status::Contained,
            Status::PartlyContained,
            Status::Rejected,
            Status::Expired,
            Status::Observed,
            Status::Undecided,
            Status::Escalated,
            Status::Undone,
        ];
        let open: Vec<_> = all.into_iter().filter(|status| status.is_open()).collect();
        assert_eq!(open, OPEN);
        assert_eq!(open_statuses().0, ":s0, :s1, :s2, :s3");
    }
}
