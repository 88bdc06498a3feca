//! Which accounts let Remediate in, in the state table.

use async_trait::async_trait;
use layerguard_core::ports::{PortResult, Reach, ReachStore};

use crate::table::{Range, StateTable, document, item, read_document};

/// All accounts are rows of one partition: an organisation has hundreds, and they are read together.
const PARTITION: &str = "reach#accounts";

#[async_trait]
impl ReachStore for StateTable {
    async fn reaches(&self) -> PortResult<Vec<Reach>> {
        let operation = "read which accounts let Remediate in";
        let items = self.query(operation, PARTITION, Range::All).await?;
        items.iter().map(|item| read_document(operation, item)).collect()
    }

    async fn note_reach(&self, reach: &Reach) -> PortResult<()> {
        let operation = format!("note whether account {} lets Remediate in", reach.account);
        let mut row = item(PARTITION, &reach.account);
        row.insert("doc".to_owned(), document(&operation, reach)?);
        self.put(&operation, row).await
    }
}
