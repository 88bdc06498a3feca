//! Recent activity in the state table: the traces that calls leave for the answers about others.

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::history::{Look, Trace};
use layerguard_core::ports::{ActivityStore, PortResult};

use crate::table::{EXPIRES_AT, Item, Range, StateTable, document, item, number, read_document, sortable};

#[async_trait]
impl ActivityStore for StateTable {
    async fn remember(&self, traces: &[Trace]) -> PortResult<()> {
        for trace in traces {
            let operation = format!("remember a trace of event `{}`", trace.event);
            self.put(&operation, trace_item(&operation, trace)?).await?;
        }
        Ok(())
    }

    async fn traces(&self, look: &Look) -> PortResult<Vec<Trace>> {
        let operation = "read traces of earlier calls";
        // `#` separates the time from the id and `$` is the next character: all traces of the last instant are included.
        let range =
            Range::Between(format!("trace#{}", sortable(look.from)), format!("trace#{}$", sortable(look.until)));
        let items = self.query(operation, &partition(&look.track), range).await?;
        items.iter().map(|item| read_document(operation, item)).collect()
    }

    async fn forget(&self, trace: &Trace) -> PortResult<()> {
        let operation = format!("forget a trace of event `{}`", trace.event);
        self.delete(&operation, &partition(&trace.track), &sort(trace)).await
    }
}

fn partition(track: &str) -> String {
    format!("activity#{track}")
}

/// Track, time and id are a trace's identity, so a duplicate overwrites itself.
fn sort(trace: &Trace) -> String {
    format!("trace#{}#{}", sortable(trace.time), trace.id)
}

fn trace_item(operation: &str, trace: &Trace) -> PortResult<Item> {
    let mut stored = item(partition(&trace.track), sort(trace));
    let expires = trace.time.checked_add(trace.kept_for()).unwrap_or(Timestamp::MAX);
    stored.insert(EXPIRES_AT.to_owned(), number(expires.as_second()));
    stored.insert("doc".to_owned(), document(operation, trace)?);
    Ok(stored)
}
