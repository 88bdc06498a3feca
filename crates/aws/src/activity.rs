//! Recent activity in the state table: the registry logins of a session.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::cloudtrail::Event;
use layerguard_core::inventory::Login;
use layerguard_core::ports::{ActivityStore, PortResult};

use crate::table::{EXPIRES_AT, Item, Range, StateTable, document, item, number, read_document, sortable};

/// How long a login is kept: the twelve hours that it can matter (AWS facts, section 0.4) and one for late records.
const KEPT: SignedDuration = SignedDuration::from_hours(13);

#[async_trait]
impl ActivityStore for StateTable {
    async fn record_login(&self, event: &Event) -> PortResult<()> {
        let operation = format!("record the login of event `{}`", event.event_id);
        self.put(&operation, login_item(&operation, event)?).await
    }

    async fn logins(&self, session: &str, from: Timestamp, until: Timestamp) -> PortResult<Vec<Login>> {
        let operation = "read the logins of a session";
        // `#` separates the time from the id and `$` is the next character: all logins of the last instant are included.
        let range = Range::Between(format!("login#{}", sortable(from)), format!("login#{}$", sortable(until)));
        let items = self.query(operation, &partition(session), range).await?;
        items.iter().map(|item| read_document(operation, item)).collect()
    }
}

fn partition(session: &str) -> String {
    format!("activity#{session}")
}

/// Its key holds time and dedupe id, so that a duplicate overwrites itself.
fn login_item(operation: &str, event: &Event) -> PortResult<Item> {
    let sort = format!("login#{}#{}", sortable(event.time), event.dedupe_id);
    let mut stored = item(partition(&event.principal.login_session()), sort);
    let expires = event.time.checked_add(KEPT).unwrap_or(Timestamp::MAX);
    stored.insert(EXPIRES_AT.to_owned(), number(expires.as_second()));
    stored.insert("doc".to_owned(), document(operation, &Login::of(event))?);
    Ok(stored)
}
