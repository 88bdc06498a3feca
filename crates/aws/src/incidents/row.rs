//! An incident as an item. Joining raises `evidence` and `revision` by an expression and leaves the document alone, so those two
//! attributes are the truth and are laid over the document when it is read.

use layerguard_core::incident::{Incident, IncidentEvent};
use layerguard_core::ports::PortResult;

use crate::table::{Item, document, is_id, item, key_text, number, read_document, read_number, sortable, text};

/// Sort key of the row.
pub(super) const SORT: &str = "row";
/// Listing of incidents that are open.
pub(super) const LISTING_OPEN: &str = "open";
/// Listing of incidents in a terminal state.
pub(super) const LISTING_CLOSED: &str = "closed";

/// Partition of an incident's row and events.
pub(super) fn partition(id: &str) -> String {
    format!("incident#{id}")
}

/// The incident whose row an item of the index is. Nothing else counts: whoever may write any item of the table may give it the
/// index's attributes, but only layerguard's functions may write under this key.
pub(super) fn listed_id(item: &Item) -> Option<&str> {
    let id = key_text(item, "pk")?.strip_prefix("incident#")?;
    (is_id(id) && key_text(item, "sk")? == SORT).then_some(id)
}

/// The item of a row.
pub(super) fn write(operation: &str, incident: &Incident) -> PortResult<Item> {
    let listing = if incident.status.is_open() { LISTING_OPEN } else { LISTING_CLOSED };
    let mut row = item(partition(&incident.id), SORT);
    row.extend([
        ("status".to_owned(), text(incident.status.as_str())),
        ("revision".to_owned(), number(incident.revision)),
        ("evidence".to_owned(), number(incident.evidence)),
        ("first_event".to_owned(), text(sortable(incident.first_event))),
        ("listing".to_owned(), text(listing)),
        ("listed_at".to_owned(), text(sortable(incident.opened_at))),
        ("doc".to_owned(), document(operation, incident)?),
    ]);
    Ok(row)
}

/// The row of an item.
pub(super) fn read(operation: &str, item: &Item) -> PortResult<Incident> {
    let incident: Incident = read_document(operation, item)?;
    Ok(Incident {
        revision: read_number(operation, item, "revision")?,
        evidence: read_number(operation, item, "evidence")?,
        ..incident
    })
}

/// The item of an event of an incident.
pub(super) fn write_event(operation: &str, id: &str, event: &IncidentEvent) -> PortResult<Item> {
    let mut joined = item(partition(id), format!("event#{}", event.event.dedupe_id));
    joined.insert("doc".to_owned(), document(operation, event)?);
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerguard_core::cloudtrail::Principal;
    use layerguard_core::engine::{Severity, Verdict};
    use layerguard_core::incident::{IncidentKey, Status};

    fn incident() -> Incident {
        Incident {
            id: "0011223344556677-2".into(),
            key: IncidentKey {
                family: "exfiltration".into(),
                subject: "AROAEXAMPLEID:ci".into(),
                account: "111122223333".into(),
                region: "eu-central-1".into(),
            },
            generation: 2,
            status: Status::AwaitingApproval,
            revision: 5,
            evidence: 3,
            decided_evidence: 2,
            opened_at: "2026-11-20T09:31:40.25Z".parse().unwrap(),
            first_event: "2026-11-20T09:31:30Z".parse().unwrap(),
            principal: Principal::unknown(),
            verdict: Verdict::Violation,
            severity: Some(Severity::High),
            rules: vec!["ecr_layer_download_unlisted_principal".into()],
            restarts: 0,
            decisions: 1,
            closed_at: None,
            quiet: false,
            not_held: false,
            drill: false,
        }
    }

    #[test]
    fn a_row_comes_back_as_it_was_written() {
        let written = write("write", &incident()).unwrap();
        assert_eq!(written["listing"], text("open"));
        assert_eq!(written["listed_at"], text("2026-11-20T09:31:40.250000000Z"));
        assert_eq!(written["first_event"], text("2026-11-20T09:31:30.000000000Z"));
        assert_eq!(read("read", &written).unwrap(), incident());
    }

    #[test]
    fn what_joining_raised_is_laid_over_the_document() {
        let mut row = write("write", &incident()).unwrap();
        row.insert("evidence".into(), number(30));
        row.insert("revision".into(), number(32));
        let read = read("read", &row).unwrap();
        assert_eq!((read.evidence, read.revision), (30, 32));
    }

    #[test]
    fn a_terminal_incident_is_listed_as_closed() {
        let closed = Incident { status: Status::Contained, ..incident() };
        assert_eq!(write("write", &closed).unwrap()["listing"], text("closed"));
    }

    #[test]
    fn only_a_row_of_an_incident_is_listed() {
        assert_eq!(listed_id(&write("write", &incident()).unwrap()), Some("0011223344556677-2"));
        for (partition, sort) in [
            ("answer#0011223344556677-2", "row"),
            ("answer#incident#0011223344556677-2", "row"),
            ("incident#0011223344556677-2", "event#a"),
            ("incident#0011223344556677-2", "row#"),
            ("incident#", "row"),
            ("incident#a#b", "row"),
            ("Incident#0011223344556677-2", "row"),
        ] {
            let mut forged = write("write", &incident()).unwrap();
            forged.extend(item(partition, sort));
            assert_eq!(listed_id(&forged), None, "{partition} {sort}");
        }
        assert_eq!(listed_id(&Item::new()), None);
    }

    #[test]
    fn a_row_without_its_document_is_an_error() {
        let error = read("read incident `x`", &item("incident#x", SORT)).unwrap_err();
        assert_eq!(error.to_string(), "could not read incident `x`: the answer could not be read (attribute `doc`)");
    }
}
