//! Applied measures and the counters of the breaker in the state table.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{MeasureStore, PortResult};

use crate::error::failed;
use crate::table::{
    EXPIRES_AT, INDEX, Item, Range, StateTable, is_id, item, key_text, number, pass_over, read_text, sortable, text,
};

/// Listing of temporary measures in the index.
const LISTING: &str = "measure";

/// How long a counted action is kept; longer than any sensible window of the breaker.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

#[async_trait]
impl MeasureStore for StateTable {
    async fn put_measure(&self, incident: &str, step: u32, lift_at: Option<Timestamp>) -> PortResult<()> {
        let operation = format!("store the measure of step {step} of incident `{incident}`");
        let mut measure = item(partition(incident), step.to_string());
        if let Some(lift_at) = lift_at {
            measure.insert("listing".to_owned(), text(LISTING));
            measure.insert("listed_at".to_owned(), text(sortable(lift_at)));
        }
        self.put(&operation, measure).await
    }

    async fn remove_measure(&self, incident: &str, step: u32) -> PortResult<()> {
        let operation = format!("remove the measure of step {step} of incident `{incident}`");
        self.delete(&operation, &partition(incident), &step.to_string()).await
    }

    async fn due_measures(&self, now: Timestamp) -> PortResult<Vec<(String, u32)>> {
        let operation = "list the measures that are due";
        let items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("listing = :listing AND listed_at <= :now")
            .expression_attribute_values(":listing", text(LISTING))
            .expression_attribute_values(":now", text(sortable(now)))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(failed(operation))?;
        let mut due = Vec::new();
        for item in &items {
            match measure(item) {
                Some(measure) => due.push(measure),
                None => pass_over(operation, item),
            }
        }
        Ok(due)
    }

    async fn count_action(&self, scopes: &[String], incident: &str, step: u32, at: Timestamp) -> PortResult<()> {
        for scope in scopes {
            let sort = format!("{}#{}", sortable(at), action(incident, step));
            let mut counted = item(format!("breaker#{scope}"), sort);
            let expires = at.checked_add(KEPT).unwrap_or(Timestamp::MAX);
            counted.insert(EXPIRES_AT.to_owned(), number(expires.as_second()));
            self.put(&format!("count an action under `{scope}`"), counted).await?;
        }
        Ok(())
    }

    async fn actions_since(&self, scope: &str, from: Timestamp) -> PortResult<u32> {
        let operation = format!("count the actions under `{scope}`");
        // `~` sorts after every digit: no upper bound in time.
        let range = Range::Between(sortable(from), "~".to_owned());
        let items = self.query(&operation, &format!("breaker#{scope}"), range).await?;
        let keys = items.iter().map(|item| read_text(&operation, item, "sk")).collect::<PortResult<Vec<_>>>()?;
        Ok(u32::try_from(distinct_actions(&keys)).unwrap_or(u32::MAX))
    }
}

fn partition(incident: &str) -> String {
    format!("measure#{incident}")
}

fn action(incident: &str, step: u32) -> String {
    format!("{incident}#{step}")
}

/// How many different actions these sort keys stand for: a step that was tried twice, at two times, is one action.
fn distinct_actions(keys: &[&str]) -> usize {
    keys.iter().filter_map(|key| key.split_once('#')).map(|(_, action)| action).collect::<BTreeSet<_>>().len()
}

/// The measure that an item of the index stands for, by its key alone: only Remediate may write under it.
fn measure(item: &Item) -> Option<(String, u32)> {
    let incident = key_text(item, "pk")?.strip_prefix("measure#").filter(|id| is_id(id))?;
    let sort = key_text(item, "sk")?;
    let step: u32 = sort.parse().ok()?;
    (step.to_string() == sort).then(|| (incident.to_owned(), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_was_tried_twice_counts_once() {
        let keys = [
            "2026-11-20T09:31:30.000000000Z#0011223344556677-1#0",
            "2026-11-20T09:31:34.000000000Z#0011223344556677-1#0",
            "2026-11-20T09:31:35.000000000Z#0011223344556677-1#1",
        ];
        assert_eq!(distinct_actions(&keys), 2);
    }

    #[test]
    fn a_measure_is_read_from_its_key() {
        let found = measure(&item("measure#0011223344556677-1", "2")).unwrap();
        assert_eq!(found, ("0011223344556677-1".to_owned(), 2));
        for (partition, sort) in [
            ("incident#0011223344556677-1", "row"),
            ("answer#0011223344556677-1", "2"),
            ("answer#measure#0011223344556677-1", "2"),
            ("measure#0011223344556677-1", "+2"),
            ("measure#0011223344556677-1", "02"),
            ("measure#0011223344556677-1", "two"),
            ("measure#0011223344556677-1#2", "2"),
            ("measure#", "2"),
        ] {
            assert_eq!(measure(&item(partition, sort)), None, "{partition} {sort}");
        }
        assert_eq!(measure(&Item::new()), None);
    }
}
