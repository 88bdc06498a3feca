//! What incidents share, in the state table: who holds a measure, and the stop switch.

use async_trait::async_trait;
use jiff::Timestamp;
use layerguard_core::ports::{Holder, Holders, Pause, PortResult, Switch};

use crate::error::unreadable;
use crate::table::{Item, Range, StateTable, document, item, read_document, read_text, sortable, text};

/// The key of the stop switch.
pub(crate) const PAUSE: (&str, &str) = ("switch#pause", "row");

#[async_trait]
impl Holders for StateTable {
    async fn holders(&self, measure: &str) -> PortResult<Vec<Holder>> {
        let operation = format!("read who holds `{measure}`");
        let items = self.query(&operation, &partition(measure), Range::All).await?;
        let mut held = items.iter().map(|item| read_holder(&operation, item)).collect::<PortResult<Vec<_>>>()?;
        held.sort_by(|(since, holder), (other_since, other)| (since, &holder.by).cmp(&(other_since, &other.by)));
        Ok(held.into_iter().map(|(_, holder)| holder).collect())
    }

    async fn hold(&self, measure: &str, holder: &Holder) -> PortResult<()> {
        let operation = format!("hold `{measure}` for incident `{}`", holder.by);
        let held = holder_item(&operation, measure, holder, Timestamp::now())?;
        // Who holds it already keeps what was found then: what is found now is our own measure.
        self.put_new(&operation, held).await.map(drop)
    }

    async fn release(&self, measure: &str, by: &str) -> PortResult<()> {
        self.delete(&format!("release `{measure}` for incident `{by}`"), &partition(measure), by).await
    }
}

#[async_trait]
impl Switch for StateTable {
    async fn pause(&self) -> PortResult<Option<Pause>> {
        let operation = "read the stop switch";
        let found = self.get(operation, PAUSE.0, PAUSE.1).await?;
        found.map(|item| read_pause(operation, &item)).transpose()
    }
}

fn partition(measure: &str) -> String {
    format!("holder#{measure}")
}

fn holder_item(operation: &str, measure: &str, holder: &Holder, now: Timestamp) -> PortResult<Item> {
    let mut held = item(partition(measure), holder.by.as_str());
    held.insert("since".to_owned(), text(sortable(now)));
    held.insert("doc".to_owned(), document(operation, &holder.found)?);
    Ok(held)
}

/// A holder, and since when.
fn read_holder(operation: &str, item: &Item) -> PortResult<(Timestamp, Holder)> {
    let by = read_text(operation, item, "sk")?.to_owned();
    Ok((read_time(operation, item, "since")?, Holder { by, found: read_document(operation, item)? }))
}

fn read_pause(operation: &str, item: &Item) -> PortResult<Pause> {
    Ok(Pause {
        until: read_time(operation, item, "until")?,
        since: read_time(operation, item, "since")?,
        by: read_text(operation, item, "by")?.to_owned(),
        reason: read_text(operation, item, "reason")?.to_owned(),
    })
}

fn read_time(operation: &str, item: &Item, name: &str) -> PortResult<Timestamp> {
    read_text(operation, item, name)?.parse().map_err(|_| unreadable(operation, format!("attribute `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerguard_core::ports::PortErrorKind;
    use serde_json::json;

    #[test]
    fn a_holder_is_read_as_it_was_kept() {
        let holder = Holder { by: "0011223344556677-1".into(), found: json!({ "attached": false }) };
        let now: Timestamp = "2026-11-20T09:31:30Z".parse().unwrap();
        let kept = holder_item("hold", "arn:aws:iam::111122223333:role/ci", &holder, now).unwrap();
        assert_eq!(kept["pk"], text("holder#arn:aws:iam::111122223333:role/ci"));
        assert_eq!(read_holder("read", &kept).unwrap(), (now, holder));
    }

    #[test]
    fn a_switch_that_lacks_something_or_says_nonsense_is_an_error() {
        let mut row = item(PAUSE.0, PAUSE.1);
        for (name, value) in [("since", "2026-11-20T09:00:00Z"), ("by", "ada"), ("reason", "a release")] {
            row.insert(name.into(), text(value));
        }
        let error = read_pause("read the stop switch", &row).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unreadable("attribute `until`".into()));
        row.insert("until".into(), text("tomorrow"));
        assert!(read_pause("read the stop switch", &row).is_err());
        row.insert("until".into(), text("2026-11-20T10:00:00Z"));
        let pause = read_pause("read the stop switch", &row).unwrap();
        assert_eq!((pause.by.as_str(), pause.reason.as_str()), ("ada", "a release"));
        assert!(pause.holds("2026-11-20T09:59:59Z".parse().unwrap()));
        assert!(!pause.holds(pause.until));
    }
}
