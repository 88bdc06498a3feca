//! The hand on the stop switch, in the state table.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use layerguard_core::ports::{Lever, Pause, PortResult};

use crate::error::failed;
use crate::shared::PAUSE;
use crate::table::{EXPIRES_AT, Item, StateTable, item, number, sortable, text};

#[async_trait]
impl Lever for StateTable {
    async fn throw(&self, pause: &Pause) -> PortResult<()> {
        self.put("throw the stop switch", thrown(pause)).await
    }

    async fn put_back(&self, pause: &Pause) -> PortResult<()> {
        let deletion = self.client.delete_item().table_name(&self.name);
        let sent = deletion
            .key("pk", text(PAUSE.0))
            .key("sk", text(PAUSE.1))
            // Only the pause that was ended: another one may have begun meanwhile.
            .condition_expression("since = :since AND #until = :until")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":since", text(sortable(pause.since)))
            .expression_attribute_values(":until", text(sortable(pause.until)))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(failed("put the stop switch back")(error)),
        }
    }
}

fn thrown(pause: &Pause) -> Item {
    let mut row = item(PAUSE.0, PAUSE.1);
    row.extend([
        ("until".to_owned(), text(sortable(pause.until))),
        ("since".to_owned(), text(sortable(pause.since))),
        ("by".to_owned(), text(pause.by.as_str())),
        ("reason".to_owned(), text(pause.reason.as_str())),
        (EXPIRES_AT.to_owned(), number(pause.until.as_second().saturating_add(1))),
    ]);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_one_row_that_goes_by_itself() {
        let pause = Pause {
            until: "2026-11-20T13:00:00Z".parse().unwrap(),
            since: "2026-11-20T09:00:00Z".parse().unwrap(),
            by: "ada".into(),
            reason: "a release".into(),
        };
        let row = thrown(&pause);
        assert_eq!((&row["pk"], &row["sk"]), (&text("switch#pause"), &text("row")));
        assert_eq!(row["until"], text("2026-11-20T13:00:00.000000000Z"));
        assert_eq!(row[EXPIRES_AT], number(pause.until.as_second() + 1));
    }
}
