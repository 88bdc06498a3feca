//! `audit query`.

use jiff::SignedDuration;
use layerguard_cli::args::{Args, AuditCommand, Command};
use layerguard_cli::command::query;
use layerguard_cli::exit::Exit;
use layerguard_core::audit::{Body, SWITCH_CHAIN, body};
use layerguard_core::ports::{Clock, PortErrorKind};
use layerguard_testkit::Fault;

use crate::house::{ALICE, House};
use crate::{Ended, refused};

async fn query(house: &House, arguments: &[&str]) -> Ended {
    let typed = ["layerguard", "audit", "query"].iter().chain(arguments);
    let args = <Args as clap::Parser>::try_parse_from(typed).unwrap();
    let Command::Audit(AuditCommand::Query(args)) = args.command else { panic!("another command") };
    house.with(async |stack, screen| query::run(stack, &args, screen).await).await
}

/// The kinds of the records that a query finds, in its order.
async fn kinds(house: &House, arguments: &[&str]) -> Vec<String> {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
    let (result, printed) = query(house, &arguments).await;
    assert_eq!(result, Ok(Exit::Done), "{printed}");
    let lines = printed.lines().filter(|line| line.starts_with('{'));
    let parsed = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    parsed.map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

const ALL: [&str; 7] =
    ["closing", "outcome", "intent", "approval_accepted", "approval_requested", "decision", "finding"];

#[tokio::test(start_paused = true)]
async fn records_are_found_by_what_their_incident_is_about() {
    let house = House::contained().await;
    let rule = "ecr_layer_download_unlisted_principal";
    for all in [
        vec![],
        vec!["--rule", rule],
        vec!["--account", "111122223333"],
        vec!["--principal", "*:mallory"],
        vec!["--principal", "arn:aws:iam::111122223333:role/ci/*", "--rule", rule],
        vec!["--since", "2026-11-20", "--until", "2026-11-20"],
    ] {
        assert_eq!(kinds(&house, &all).await, ALL, "{all:?}");
    }
    for none in [
        vec!["--rule", "ecr_pull_breadth"],
        vec!["--account", "444455556666"],
        vec!["--principal", "mallory"],
        vec!["--until", "2026-11-19"],
        vec!["--since", "2026-11-21"],
        vec!["--kind", "undo_intent"],
    ] {
        assert!(kinds(&house, &none).await.is_empty(), "{none:?}");
    }
    assert_eq!(kinds(&house, &["--kind", "decision"]).await, ["decision"]);
    assert_eq!(kinds(&house, &["--principal", ALICE]).await, ["approval_accepted"], "what she did herself");
}

#[tokio::test(start_paused = true)]
async fn an_incident_is_read_in_its_own_order() {
    let house = House::contained().await;
    let mut oldest_first = ALL;
    oldest_first.reverse();
    assert_eq!(kinds(&house, &["--incident", &house.id]).await, oldest_first);
    assert_eq!(house.world.count("audit.page"), 0, "no index is needed");
    assert_eq!(kinds(&house, &["--incident", &house.id, "--kind", "assessment"]).await, ["assessment"; 3]);
    let unknown = query(&house, &["--incident", "ffffffffffffffff-1"]).await;
    assert_eq!(refused(&unknown).exit, Exit::No);
    let elsewhere = query(&house, &["--kind", "assessment"]).await;
    assert!(elsewhere.0.is_err() && elsewhere.1.contains("--incident"), "{}", elsewhere.1);
    let cut = query(&house, &["--incident", &house.id, "--limit", "2"]).await;
    assert!(cut.1.contains("only the first 2"), "{}", cut.1);
}

#[tokio::test(start_paused = true)]
async fn the_table_is_as_it_was_looked_at() {
    let house = House::contained().await;
    insta::assert_snapshot!("query", query(&house, &[]).await.1);
    insta::assert_snapshot!("query_csv", query(&house, &["--format", "csv", "--limit", "2"]).await.1);
    let empty = query(&House::empty(), &[]).await;
    assert_eq!((empty.0, empty.1.as_str()), (Ok(Exit::Done), "no such records in stack layerguard\n"));
}

#[tokio::test(start_paused = true)]
async fn pages_join_without_a_gap_and_nothing_is_twice() {
    let house = House::contained().await;
    let mut found = Vec::new();
    let mut place: Option<String> = None;
    loop {
        let mut arguments = vec!["--limit", "2", "--format", "json"];
        if let Some(place) = &place {
            arguments.extend(["--before", place]);
        }
        let (_, printed) = query(&house, &arguments).await;
        let lines = printed.lines().filter(|line| line.starts_with('{'));
        found.extend(
            lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap()),
        );
        match printed.split_once("--before ") {
            Some((_, rest)) => place = Some(rest.trim().to_owned()),
            None => break,
        }
    }
    assert_eq!(found, [6, 5, 4, 3, 2, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_comes_from_the_chain_and_a_broken_one_is_said() {
    let house = House::contained().await;
    let mut records = house.world.chain(&house.id);
    records[3].body = records[3].body.replace("alice", "mallo");
    house.world.tamper(&house.id, records);
    let (result, printed) = query(&house, &["--kind", "closing"]).await;
    assert_eq!(result, Ok(Exit::No));
    assert!(printed.contains("NOT VERIFIED") && printed.contains("audit verify"), "{printed}");
    // Dropped, but still in the index.
    let house = House::contained().await;
    let mut records = house.world.chain(&house.id);
    records.truncate(3);
    house.world.tamper(&house.id, records);
    let (result, printed) = query(&house, &[]).await;
    assert_eq!(result, Ok(Exit::No));
    assert!(printed.contains("record 6 of") && printed.contains("is in the index, but not there"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_stranger_chose_acts_on_a_terminal_or_a_spreadsheet() {
    let house = House::awaiting().await;
    let evil = "=HYPERLINK(\"https://example.com\")\u{1b}[2J\n,\"x\"";
    let refusal = body::ApprovalRefused {
        verb: layerguard_core::approval::Verb::Approve,
        plan_hash: house.plan_hash.clone(),
        approver: None,
        signature_hash: "ab".to_owned(),
        reason: evil.to_owned(),
    };
    house.record(Body::ApprovalRefused(refusal)).await;
    let pause = layerguard_core::ports::Pause {
        until: house.world.now() + SignedDuration::from_hours(1),
        by: evil.to_owned(),
        reason: evil.to_owned(),
        since: house.world.now(),
    };
    let hash = pause.hash();
    house.record_on(SWITCH_CHAIN, "=decide", Body::Pause(body::Pause { pause, hash })).await;
    for format in ["table", "json", "csv"] {
        let (result, printed) = query(&house, &["--format", format, "--since", "1d"]).await;
        assert_eq!(result, Ok(Exit::Done), "{printed}");
        assert!(!printed.contains('\u{1b}'), "{printed}");
    }
    let (_, printed) = query(&house, &["--format", "csv", "--kind", "pause"]).await;
    let row = printed.lines().nth(1).unwrap();
    assert!(row.contains(",'=decide,"), "{row}");
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!((rows.len(), rows[0].len()), (1, 12));
    assert!(rows[0].iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn an_index_that_does_not_answer_is_no_empty_answer() {
    let house = House::contained().await;
    house.world.trap_operation(
        "audit.page",
        0,
        1,
        Fault::Before(PortErrorKind::Unavailable("no connection".to_owned())),
    );
    let ended = query(&house, &[]).await;
    assert_eq!(refused(&ended).exit, Exit::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_needed_is_read() {
    let house = House::contained().await;
    query(&house, &["--limit", "1"]).await.0.unwrap();
    // The four partitions of one day and the chain.
    assert_eq!(house.world.count("audit.page"), 4);
    assert_eq!(
        house.world.calls().iter().filter(|call| call.operation == "audit.records" && call.about == house.id).count(),
        8
    );
}
