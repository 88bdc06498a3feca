//! Appending: whoever comes second reads again.

use layerguard_core::audit::body::NotificationKind;
use layerguard_core::audit::{self, AuditError, Body, Draft, RecordKind, append};
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::PortErrorKind;
use layerguard_testkit::{Fault, World, drive};
use serde_json::json;

use super::records::{ID, add, closed, finding, now, told};

#[test]
fn the_chain_of_a_call_holds_one_assessment() {
    let world = World::at(now());
    let chain = audit::call_chain("d1");
    let put = |chain: &str, body: &Body| drive(append(&world, chain, "detect", "v1", now(), Draft::of(body).unwrap()));
    assert!(put(&chain, &finding()).is_err());
    assert!(put(&chain, &told(NotificationKind::Report)).is_err());
    assert!(world.chain(&chain).is_empty());
}

#[test]
fn a_writer_that_was_too_late_reads_again() {
    let world = World::at(now());
    add(&world, &finding()).unwrap();
    world.trap_operation("audit.insert", 0, 3, Fault::Before(PortErrorKind::Conflict));
    assert_eq!(add(&world, &finding()).unwrap().seq, 1);
    world.trap_operation("audit.insert", 0, 100, Fault::Before(PortErrorKind::Conflict));
    let error = add(&world, &finding()).unwrap_err();
    assert!(matches!(error, AuditError::Busy { .. }));
    assert_eq!(error.class(), Class::Retryable);
}

#[test]
fn a_repeated_insert_meets_its_own_record() {
    let world = World::at(now());
    world.trap_operation("audit.insert", 0, 1, Fault::After(PortErrorKind::Conflict));
    assert_eq!(add(&world, &finding()).unwrap().seq, 0);
    assert_eq!(world.chain(ID).len(), 1);
}

#[test]
fn a_body_of_another_shape_is_refused() {
    let world = World::at(now());
    let draft = Draft { kind: RecordKind::Outcome, body: json!({"step": 0}) };
    let error = drive(append(&world, ID, "decide", "v1", now(), draft)).unwrap_err();
    assert!(matches!(error, AuditError::Draft { .. }), "{error}");
    assert_eq!(world.count("audit.insert"), 0);
}

#[test]
fn every_content_is_read_as_it_was_written() {
    for record in closed() {
        let body = Body::read(record.kind, &record.body).unwrap();
        assert_eq!(body.kind(), record.kind);
        assert_eq!(Draft::of(&body).unwrap().body.to_string(), record.body);
        assert_eq!(serde_json::to_value(record.kind).unwrap(), json!(record.kind.as_str()));
    }
}
