//! Records are found over days and partitions, latest first.

use jiff::{SignedDuration, Timestamp};
use layerguard_core::audit::{Body, Draft, RecordKind, Walk, Wanted, append, body};
use layerguard_core::ports::{PortErrorKind, RecordPlace};
use layerguard_testkit::{Fault, World, drive};

use crate::records::now;

const DAYS: i64 = 3;
const EACH: i64 = 150;

/// Incidents of three days; each has a finding, and every tenth is of another rule.
fn filled() -> World {
    let world = World::at(now());
    for number in 0..DAYS * EACH {
        let rule = if number % 10 == 0 { "rare" } else { "common" };
        let event = body::FindingEvent {
            dedupe_id: format!("d{number}"),
            event_id: format!("e{number}"),
            time: now(),
            call: "ecr:GetDownloadUrlForLayer".to_owned(),
            rules: vec![rule.to_owned()],
            record_hash: "00".to_owned(),
        };
        let finding = body::Finding {
            events: vec![event],
            evidence: 1,
            principals: vec![format!("AROAEXAMPLEID:{rule}-{number}")],
            accounts: vec!["111122223333".to_owned()],
        };
        let draft = Draft::of(&Body::Finding(finding)).unwrap();
        drive(append(&world, &format!("{number:016x}-1"), "decide", "v1", time(number), draft)).unwrap();
    }
    world
}

/// Nine minutes and a bit apart: 150 of them are a day.
fn time(number: i64) -> Timestamp {
    now() + SignedDuration::from_secs(number * 86_400 / EACH)
}

fn wanted() -> Wanted {
    let before = RecordPlace { time: time(DAYS * EACH), incident: String::new(), seq: 0 };
    Wanted { since: now(), before, kind: None, principal: None, account: None, rule: None }
}

fn found(world: &World, wanted: Wanted) -> Vec<i64> {
    let mut walk = Walk::new(world, wanted);
    let mut numbers = Vec::new();
    while let Some(entry) = drive(walk.next()).unwrap() {
        numbers.push(i64::from_str_radix(entry.place.incident.strip_suffix("-1").unwrap(), 16).unwrap());
    }
    numbers
}

#[test]
fn all_days_and_partitions_come_in_one_order() {
    let world = filled();
    let all: Vec<i64> = (0..DAYS * EACH).rev().collect();
    assert_eq!(found(&world, wanted()), all);
    let from = time(200);
    let late: Vec<i64> = all.iter().copied().filter(|number| *number >= 200).collect();
    assert_eq!(found(&world, Wanted { since: from, ..wanted() }), late);
    let before = RecordPlace { time: time(200), incident: format!("{:016x}-1", 200), seq: 0 };
    assert_eq!(
        found(&world, Wanted { before, ..wanted() }),
        (0..200).rev().collect::<Vec<_>>(),
        "that one is not again"
    );
    let rare: Vec<i64> = all.iter().copied().filter(|number| number % 10 == 0).collect();
    assert_eq!(found(&world, Wanted { rule: Some("rare".to_owned()), ..wanted() }), rare);
    assert_eq!(found(&world, Wanted { principal: Some("*:rare-*".to_owned()), ..wanted() }), rare);
    assert_eq!(found(&world, Wanted { principal: Some("AROAEXAMPLEID:common-7".to_owned()), ..wanted() }), [7]);
    assert!(found(&world, Wanted { kind: Some(RecordKind::Closing), ..wanted() }).is_empty());
}

#[test]
fn nothing_is_read_before_it_is_asked_for() {
    let world = filled();
    let before = world.count("audit.page");
    let mut walk = Walk::new(&world, wanted());
    drive(walk.next()).unwrap().unwrap();
    assert_eq!(world.count("audit.page") - before, 4, "one page of each partition of the last day");
}

#[test]
fn a_page_that_is_refused_is_no_end() {
    let world = filled();
    world.trap_operation("audit.page", 5, 1, Fault::Before(PortErrorKind::Unavailable("throttled".to_owned())));
    let mut walk = Walk::new(&world, wanted());
    let ended = loop {
        match drive(walk.next()) {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    assert!(ended.is_err());
}
