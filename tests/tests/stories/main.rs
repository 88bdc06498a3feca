//! Stories: several records whose answers rest on each other. Each is told in one run, as `explain` does, and live, through Detect, in
//! several orders: the same incidents and rules must come of it once all events have arrived.

#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers fail by panicking")]

mod tale;
mod written;

use jiff::SignedDuration;
use layerguard_core::assess::{Assessed, Assessor};
use layerguard_core::cloudtrail;
use layerguard_core::history::{COPY_WAITS, Memory, intended};
use layerguard_core::metric::Figures;
use layerguard_core::plan::Target;
use layerguard_core::ports::ActivityStore;
use layerguard_detect::Detect;
use layerguard_testkit::World;
use serde_json::Value;

use tale::{Incidents, Intended, assessor, incidents_in, incidents_of, orders, records, rules, stories, time};

async fn in_one_run(assessor: &Assessor, records: &[Value]) -> Vec<Assessed> {
    let memory = Memory::default();
    let events: Vec<_> = records.iter().map(|record| cloudtrail::parse(record).unwrap()).collect();
    events.iter().for_each(|event| memory.keep(assessor.traces(event)));
    let mut answers = Vec::new();
    for event in &events {
        answers.push(assessor.investigate(event, &memory).await.unwrap());
    }
    answers
}

#[tokio::test]
async fn every_story_ends_as_it_says() {
    let stories = stories();
    assert!(stories.len() >= 15, "only {} stories were found", stories.len());
    let mut wrong = Vec::new();
    for (name, story) in &stories {
        let records = records(story);
        let answers = in_one_run(&assessor(story), &records).await;
        assert_eq!(answers.len(), story.expect.len(), "{name}: {}: one answer for each record", story.what);
        for (number, (answer, expect)) in answers.iter().zip(&story.expect).enumerate() {
            let at = format!("{name}, record {number} ({})", records[number]["eventName"]);
            let verdict = answer.assessment.verdict;
            if (verdict, rules(answer)) != (expect.assessment, expect.rules.clone()) {
                wrong.push(format!("{at}: {verdict:?} by {:?}: {:#?}", rules(answer), answer.assessment));
            }
            for (words, told) in
                [(&expect.reasons, &answer.assessment.reasons), (&expect.errors, &answer.assessment.errors)]
            {
                for word in words.iter().filter(|word| !told.iter().any(|text| text.contains(*word))) {
                    wrong.push(format!("{at}: nothing says `{word}`: {told:#?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn live(assessor: Assessor, records: &[Value], said: &[Intended]) -> Incidents {
    let world = World::at("2026-11-20T10:30:00Z".parse().unwrap());
    for Intended { at, target } in said {
        let trace = intended(target, "0123456789abcdef-1", 0, time(at)).unwrap();
        world.remember(&[trace]).await.unwrap();
    }
    let policy = Ok(assessor);
    let figures = Figures::default();
    let detect = Detect {
        policy: &policy,
        audit: &world,
        incidents: &world,
        activity: &world,
        clock: &world,
        figures: &figures,
    };
    for record in records {
        detect.handle(record).await.unwrap();
    }
    world.advance(COPY_WAITS + SignedDuration::from_hours(24));
    detect.settle_copies().await.unwrap();
    incidents_in(&world).await
}

#[tokio::test]
async fn live_in_any_order_the_same_incidents_and_rules_come_of_it() {
    for (name, story) in stories() {
        let records = records(&story);
        let expected = incidents_of(&in_one_run(&assessor(&story), &records).await);
        for (number, order) in orders(&records).into_iter().enumerate() {
            let found = live(assessor(&story), &order, &story.intended).await;
            assert_eq!(found, expected, "{name}, order {number}: {}", story.what);
        }
    }
}

#[tokio::test]
async fn a_change_with_our_own_role_that_was_not_announced_is_tampering() {
    let (_, story) = stories().into_iter().find(|(name, _)| name == "tampering").unwrap();
    let records = records(&story);
    let by_own = |found: &Incidents| found.iter().any(|(key, _)| key.subject.starts_with("AROAEXAMPLEOWN"));
    assert!(!by_own(&live(assessor(&story), &records, &story.intended).await), "announced");
    for said in [
        Vec::new(),
        // About another role, and too long before.
        vec![Intended { at: "2:59".to_owned(), target: role("deployer") }],
        vec![Intended { at: "-30:00".to_owned(), target: role("builder") }],
    ] {
        assert!(by_own(&live(assessor(&story), &records, &said).await));
    }
}

fn role(name: &str) -> Target {
    Target::Role {
        role_arn: format!("arn:aws:iam::111122223333:role/{name}"),
        role_name: name.to_owned(),
        account: "111122223333".to_owned(),
        user_id: None,
    }
}
