//! A page of a listing, from the index: one request, which names where it begins and how much it may read.

use jiff::Timestamp;
use layerguard_core::incident::Incident;
use layerguard_core::ports::{Listing, Page, Place, PortResult};

use super::{row, unreadable_row};
use crate::error::failed;
use crate::table::{INDEX, Item, StateTable, item, key_text, pass_over, sortable, text};

/// Reads it. What is no row of an incident, and a row that cannot be read, is passed over.
pub(super) async fn read(table: &StateTable, listing: &Listing) -> PortResult<Page> {
    let (operation, name) = if listing.open {
        ("list the open incidents", row::LISTING_OPEN)
    } else {
        ("list the closed incidents", row::LISTING_CLOSED)
    };
    let mut start = listing.after.as_ref().map(|after| key(name, after));
    let mut page = Page::default();
    loop {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(INDEX)
            .key_condition_expression("listing = :listing AND listed_at BETWEEN :since AND :until")
            .expression_attribute_values(":listing", text(name))
            .expression_attribute_values(":since", text(sortable(listing.since.unwrap_or(Timestamp::UNIX_EPOCH))))
            .expression_attribute_values(":until", text(sortable(listing.until.unwrap_or(LATEST))))
            .scan_index_forward(listing.open)
            .limit(i32::try_from(listing.limit.max(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(failed(operation))?;
        page.incidents.extend(answer.items().iter().filter_map(|item| incident(operation, item)));
        let Some(last) = answer.last_evaluated_key else { return Ok(page) };
        page.next = place(&last);
        if page.next.is_some() {
            return Ok(page);
        }
        // The page ends at an item that is no incident, so there is no place to name: go on until it ends at one.
        start = Some(last);
    }
}

/// The latest moment that is written with a year of four digits, so that it sorts as text after every other.
const LATEST: Timestamp = Timestamp::constant(253_402_207_199, 999_999_999);

/// Where an incident stands in the index. It need not be there any more.
fn key(name: &str, after: &Place) -> Item {
    let mut key = item(row::partition(&after.id), row::SORT);
    key.insert("listing".to_owned(), text(name));
    key.insert("listed_at".to_owned(), text(sortable(after.opened_at)));
    key
}

/// The place that a key of the index names; `None` for one of an item that is no incident.
fn place(key: &Item) -> Option<Place> {
    let opened_at = key_text(key, "listed_at")?.parse().ok()?;
    Some(Place { opened_at, id: row::listed_id(key)?.to_owned() })
}

fn incident(operation: &str, item: &Item) -> Option<Incident> {
    let Some(id) = row::listed_id(item) else {
        pass_over(operation, item);
        return None;
    };
    row::read(&format!("read incident `{id}`"), item).inspect_err(unreadable_row).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_by_its_key() {
        let after =
            Place { opened_at: "2026-11-20T09:31:40.25Z".parse().unwrap(), id: "0011223344556677-2".to_owned() };
        let key = key("open", &after);
        assert_eq!(key["listed_at"], text("2026-11-20T09:31:40.250000000Z"));
        assert_eq!(place(&key), Some(after));
    }

    #[test]
    fn a_key_of_something_else_is_no_place() {
        let after = Place { opened_at: "2026-11-20T09:31:40Z".parse().unwrap(), id: "0011223344556677-2".to_owned() };
        let mut key = key("open", &after);
        key.insert("pk".to_owned(), text("answer#0011223344556677-2"));
        assert_eq!(place(&key), None);
    }

    #[test]
    fn the_latest_moment_sorts_last() {
        assert!(sortable(LATEST) > sortable("2999-12-31T23:59:59Z".parse().unwrap()), "{}", sortable(LATEST));
    }
}
