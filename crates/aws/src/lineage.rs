//! The sources of contained sessions in the state table.

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::ports::{LINEAGE_KEPT, LineageStore, PortResult};

use crate::error::unreadable;
use crate::table::{EXPIRES_AT, Item, Range, StateTable, item, number, read_text, sortable, text};

#[async_trait]
impl LineageStore for StateTable {
    async fn note(&self, source: &str, incident: &str, at: Timestamp) -> PortResult<()> {
        let operation = format!("note the source of incident `{incident}`");
        self.put(&operation, noted(source, incident, at)).await
    }

    async fn of(&self, source: &str) -> PortResult<Vec<(String, Timestamp)>> {
        let operation = "read which incidents contained the same source";
        let items = self.query(operation, &partition(source), Range::All).await?;
        items.iter().map(|item| read(operation, item)).collect()
    }
}

fn partition(source: &str) -> String {
    format!("lineage#{source}")
}

fn noted(source: &str, incident: &str, at: Timestamp) -> Item {
    let mut noted = item(partition(source), incident);
    let expires = at.checked_add(LINEAGE_KEPT).unwrap_or(Timestamp::MAX);
    noted.insert("at".to_owned(), text(sortable(at)));
    noted.insert(EXPIRES_AT.to_owned(), number(expires.as_second()));
    noted
}

fn read(operation: &str, item: &Item) -> PortResult<(String, Timestamp)> {
    let at = read_text(operation, item, "at")?.parse().map_err(|_| unreadable(operation, "attribute `at`"))?;
    Ok((read_text(operation, item, "sk")?.to_owned(), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_and_goes_after_a_day_and_a_half() {
        let at: Timestamp = "2026-11-20T09:31:30Z".parse().unwrap();
        let item = noted("credentials#AKIAIOSFODNN7EXAMPLE", "0011223344556677-1", at);
        assert_eq!(item["pk"], text("lineage#credentials#AKIAIOSFODNN7EXAMPLE"));
        assert_eq!(item[EXPIRES_AT], number(at.as_second() + 36 * 3600));
        assert_eq!(read("read", &item).unwrap(), ("0011223344556677-1".to_owned(), at));
        assert!(read("read", &Item::new()).is_err());
    }
}
