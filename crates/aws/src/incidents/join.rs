//! Joining: which incident an event belongs to, decided by one transaction so that thirty layers that arrive at once are one
//! incident with an evidence of thirty, and a duplicate is nothing.
//!
//! Every joining event leaves a pointer under its key (`seen#<dedupe id>`), written in the same transaction. So a duplicate is
//! recognised whatever has become of the incident that it joined, and never opens another one.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, TransactWriteItem};
use jiff::Timestamp;
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Joined, Status, WINDOW};
use layerguard_core::ports::{IncidentStore, PortError, PortErrorKind, PortResult};

use super::{open_statuses, row};
use crate::error::{failed, of_code, unreadable};
use crate::table::{Item, StateTable, item, number, read_number, read_text, sortable, text};

/// How often a transaction that met another one is tried again before the caller is told.
const ATTEMPTS: u32 = 14;

/// The longest wait before another attempt; the wait is random below a bound that doubles up to this one.
const LONGEST_WAIT: Duration = Duration::from_millis(640);

/// How many generations an event may reach back. A late event then finds the incident of its own hour although a newer one is the
/// latest, and two hours that arrive interleaved do not open one incident per event.
const LOOK_BACK: u64 = 3;

/// One event and the key that it belongs under.
pub(super) struct Join<'a> {
    pub(super) table: &'a StateTable,
    pub(super) key: &'a IncidentKey,
    pub(super) event: &'a IncidentEvent,
}

/// What a transaction came to.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    /// It took effect.
    Done,
    /// The event has joined an incident before.
    Seen,
    /// The incident does not admit the event, or another invocation opened one first.
    Refused,
    /// Another transaction was at the same items.
    Contended,
}

impl Join<'_> {
    /// Joins, and tries again while others are at the same items.
    pub(super) async fn run(&self) -> PortResult<Joined> {
        for attempt in 0..ATTEMPTS {
            if let Some(joined) = self.attempt().await? {
                return Ok(joined);
            }
            tokio::time::sleep(wait(attempt)).await;
        }
        Err(PortError { operation: self.operation(), kind: PortErrorKind::Conflict })
    }

    /// One look at the latest generations, the latest first; `None` when others were faster.
    async fn attempt(&self) -> PortResult<Option<Joined>> {
        let latest = self.latest().await?;
        if let Some(joined) = self.full(latest).await? {
            return Ok(Some(joined));
        }
        let earliest = latest.saturating_sub(LOOK_BACK).saturating_add(1).max(1);
        for generation in (earliest..=latest).rev() {
            if generation != latest && !self.admitted_by(generation).await? {
                continue;
            }
            match self.add(generation).await? {
                Written::Done => return self.joined(self.id(generation)?, false).await.map(Some),
                Written::Seen => return self.seen().await,
                Written::Contended => return Ok(None),
                Written::Refused => {}
            }
        }
        let generation = latest.saturating_add(1);
        match self.open(generation).await? {
            Written::Done => self.joined(self.id(generation)?, true).await.map(Some),
            Written::Seen => self.seen().await,
            Written::Refused | Written::Contended => Ok(None),
        }
    }

    /// The incident of this generation, if it admits the event but has gathered enough.
    async fn full(&self, generation: u64) -> PortResult<Option<Joined>> {
        let incident = self.table.incident(&self.id(generation)?).await?;
        let full = incident.filter(|incident| incident.admits(self.event.event.time) && incident.is_full());
        Ok(full.map(|incident| Joined {
            pending: incident.status == Status::Pending,
            incident: incident.id,
            opened: false,
        }))
    }

    /// The latest generation of the key; 0 when there is none yet.
    async fn latest(&self) -> PortResult<u64> {
        let operation = self.operation();
        match self.table.get(&operation, &self.partition(), "current").await? {
            Some(pointer) => read_number(&operation, &pointer, "generation"),
            None => Ok(0),
        }
    }

    /// Whether an earlier generation would admit the event: read first, because a refused transaction costs as much as a written one.
    async fn admitted_by(&self, generation: u64) -> PortResult<bool> {
        let incident = self.table.incident(&self.id(generation)?).await?;
        Ok(incident.is_some_and(|incident| incident.admits(self.event.event.time)))
    }

    /// Adds the event to the incident of this generation, if that is open and its window admits the event.
    async fn add(&self, generation: u64) -> PortResult<Written> {
        let id = self.id(generation)?;
        let time = self.event.event.time;
        let (statuses, values) = open_statuses();
        let mut raise = UpdateBuilder::default()
            .table_name(&self.table.name)
            .key("pk", text(row::partition(&id)))
            .key("sk", text(row::SORT))
            .update_expression("ADD evidence :one, revision :one")
            .condition_expression(format!("#status IN ({statuses}) AND first_event BETWEEN :from AND :until"))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":from", text(sortable(earlier(time))))
            .expression_attribute_values(":until", text(sortable(later(time))));
        for (name, value) in values {
            raise = raise.expression_attribute_values(name, value);
        }
        let raise = raise.build().map_err(|_| self.unbuildable())?;
        let raise = TransactWriteItem::builder().update(raise).build();
        self.write(vec![self.put_seen(&id, false)?, self.put_event(&id)?, raise]).await
    }

    /// Opens the incident of this generation with the event.
    async fn open(&self, generation: u64) -> PortResult<Written> {
        let id = self.id(generation)?;
        let number_of_it = u32::try_from(generation).map_err(|_| self.unbuildable())?;
        let incident = Incident::open(self.key, number_of_it, self.event, Timestamp::now());
        let row = self.put(row::write(&self.operation(), &incident)?).condition_expression("attribute_not_exists(pk)");
        let mut pointer = item(self.partition(), "current");
        pointer.insert("generation".to_owned(), number(generation));
        let pointer = self.put(pointer);
        let pointer = if generation == 1 {
            pointer.condition_expression("attribute_not_exists(pk)")
        } else {
            pointer
                .condition_expression("generation = :former")
                .expression_attribute_values(":former", number(generation.saturating_sub(1)))
        };
        let writes =
            vec![self.put_seen(&id, true)?, self.put_event(&id)?, self.as_write(row)?, self.as_write(pointer)?];
        self.write(writes).await
    }

    /// Sends a transaction whose first write is the pointer of the event.
    async fn write(&self, writes: Vec<TransactWriteItem>) -> PortResult<Written> {
        let sent = self.table.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match sent {
            Ok(_) => Ok(Written::Done),
            Err(SdkError::ServiceError(answer)) => match answer.err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    judge(cancelled.cancellation_reasons())
                        .map_err(|kind| PortError { operation: self.operation(), kind })
                }
                _ => Err(failed(self.operation())(SdkError::ServiceError(answer))),
            },
            Err(error) => Err(failed(self.operation())(error)),
        }
    }

    /// The incident that the event joined before.
    async fn seen(&self) -> PortResult<Option<Joined>> {
        let operation = self.operation();
        let Some(seen) = self.table.get(&operation, &self.partition(), &self.seen_sort()).await? else {
            return Ok(None);
        };
        let opened = seen.get("opened").and_then(|value| value.as_bool().ok()).copied().unwrap_or(false);
        self.joined(read_text(&operation, &seen, "incident")?.to_owned(), opened).await.map(Some)
    }

    async fn joined(&self, incident: String, opened: bool) -> PortResult<Joined> {
        let row = self.table.incident(&incident).await?;
        let row = row.ok_or_else(|| unreadable(self.operation(), format!("incident `{incident}` has no row")))?;
        Ok(Joined { incident, pending: row.status == Status::Pending, opened })
    }

    fn put_seen(&self, id: &str, opened: bool) -> PortResult<TransactWriteItem> {
        let mut seen = item(self.partition(), self.seen_sort());
        seen.insert("incident".to_owned(), text(id));
        seen.insert("opened".to_owned(), AttributeValue::Bool(opened));
        self.as_write(self.put(seen).condition_expression("attribute_not_exists(pk)"))
    }

    fn put_event(&self, id: &str) -> PortResult<TransactWriteItem> {
        self.as_write(self.put(row::write_event(&self.operation(), id, self.event)?))
    }

    fn put(&self, item: Item) -> PutBuilder {
        PutBuilder::default().table_name(&self.table.name).set_item(Some(item))
    }

    fn as_write(&self, put: PutBuilder) -> PortResult<TransactWriteItem> {
        let put = put.build().map_err(|_| self.unbuildable())?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn id(&self, generation: u64) -> PortResult<String> {
        u32::try_from(generation)
            .map(|generation| self.key.incident_id(generation))
            .map_err(|_| unreadable(self.operation(), format!("generation {generation}")))
    }

    fn partition(&self) -> String {
        format!("key#{}", self.key.hash())
    }

    fn seen_sort(&self) -> String {
        format!("seen#{}", self.event.event.dedupe_id)
    }

    fn operation(&self) -> String {
        format!("join an event to the incident of key `{}`", self.key.hash())
    }

    fn unbuildable(&self) -> PortError {
        let kind = PortErrorKind::Refused("the transaction could not be built".to_owned());
        PortError { operation: self.operation(), kind }
    }
}

/// What a cancelled transaction says, by the reasons of its writes; the first write is the pointer of the event.
fn judge(reasons: &[CancellationReason]) -> Result<Written, PortErrorKind> {
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let codes: Vec<String> = reasons.iter().map(code).collect();
    if codes.first().is_some_and(|code| code == "ConditionalCheckFailed") {
        return Ok(Written::Seen);
    }
    let other = codes.iter().find(|code| {
        !matches!(
            code.as_str(),
            "None"
                | "ConditionalCheckFailed"
                | "TransactionConflict"
                | "ThrottlingError"
                | "ProvisionedThroughputExceeded"
        )
    });
    if let Some(code) = other {
        return Err(of_code(Some(code), 400));
    }
    if codes.iter().any(|code| code == "ConditionalCheckFailed") {
        return Ok(Written::Refused);
    }
    Ok(Written::Contended)
}

/// The earliest first event of an incident that still admits this time.
fn earlier(time: Timestamp) -> Timestamp {
    time.checked_sub(WINDOW).unwrap_or(Timestamp::MIN)
}

/// The latest first event of an incident that admits this time.
fn later(time: Timestamp) -> Timestamp {
    time.checked_add(WINDOW).unwrap_or(Timestamp::MAX)
}

/// A random wait below a bound that doubles with each attempt.
fn wait(attempt: u32) -> Duration {
    let bound = Duration::from_millis(10).saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST_WAIT);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
    }

    #[test]
    fn the_pointer_of_the_event_decides_first() {
        let both = reasons(&["ConditionalCheckFailed", "None", "ConditionalCheckFailed"]);
        assert_eq!(judge(&both), Ok(Written::Seen));
    }

    #[test]
    fn a_row_that_does_not_admit_is_refused_and_a_busy_one_tried_again() {
        assert_eq!(judge(&reasons(&["None", "None", "ConditionalCheckFailed"])), Ok(Written::Refused));
        assert_eq!(judge(&reasons(&["None", "None", "TransactionConflict"])), Ok(Written::Contended));
        assert_eq!(judge(&reasons(&["ThrottlingError", "None", "None"])), Ok(Written::Contended));
    }

    #[test]
    fn what_no_repetition_cures_is_an_error() {
        let answer = judge(&reasons(&["None", "ValidationError", "None"]));
        assert_eq!(answer, Err(PortErrorKind::Refused("ValidationError".into())));
    }

    #[test]
    fn waits_stay_below_the_longest() {
        for attempt in 0..40 {
            assert!(wait(attempt) <= LONGEST_WAIT);
        }
    }
}
