//! Which policy is in force, in the state table; and what each function says it runs.

use async_trait::async_trait;
use layerguard_core::ports::{InForce, Loaded, PolicyLever, PolicyPointer, PortResult};

use crate::error::failed;
use crate::table::{StateTable, document, item, read_document, text};

/// The key of the pointer. Decide alone may write it.
const IN_FORCE: (&str, &str) = ("policy#in_force", "row");

#[async_trait]
impl PolicyPointer for StateTable {
    async fn in_force(&self) -> PortResult<Option<InForce>> {
        let operation = "read which policy is in force";
        // Half the price of a consistent read, and at most a moment behind: it is looked at every half minute.
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", text(IN_FORCE.0))
            .key("sk", text(IN_FORCE.1))
            .send()
            .await
            .map_err(failed(operation))?;
        answer.item.map(|item| read_document(operation, &item)).transpose()
    }

    async fn loaded(&self, actor: &str) -> PortResult<Option<Loaded>> {
        let operation = format!("read which policy `{actor}` runs");
        let found = self.get(&operation, &format!("loaded#{actor}"), "row").await?;
        found.map(|item| read_document(&operation, &item)).transpose()
    }

    async fn note_loaded(&self, actor: &str, loaded: &Loaded) -> PortResult<()> {
        let operation = format!("note which policy `{actor}` runs");
        let mut row = item(format!("loaded#{actor}"), "row");
        row.insert("doc".to_owned(), document(&operation, loaded)?);
        self.put(&operation, row).await
    }
}

#[async_trait]
impl PolicyLever for StateTable {
    async fn put_in_force(&self, next: &InForce) -> PortResult<()> {
        let operation = "put a policy in force";
        let mut row = item(IN_FORCE.0, IN_FORCE.1);
        row.insert("doc".to_owned(), document(operation, next)?);
        self.put(operation, row).await
    }
}
