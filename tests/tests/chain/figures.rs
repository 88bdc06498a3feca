//! What the functions tell of themselves in figures, and when.

use std::collections::VecDeque;

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::incident::Status;
use layerguard_core::metric::{Metric, lines};
use layerguard_core::ports::{Clock, ExecutionStatus, PortErrorKind};
use layerguard_testkit::Fault;
use serde_json::json;

use crate::deeds::{approve, found, undo};
use crate::machine::{Chain, Deed, TASK_TOKEN, on_call};
use crate::world::{download, inventory, world};

/// What was told since the last look, each count once.
struct Told(std::collections::BTreeMap<(Metric, Option<&'static str>), Vec<u64>>);

impl Told {
    fn by(chain: &Chain) -> Self {
        Self(chain.figures.take())
    }

    fn of(&self, metric: Metric, of: &'static str) -> Option<u64> {
        self.0.get(&(metric, Some(of))).map(|values| values.iter().sum())
    }

    fn plain(&self, metric: Metric) -> Option<u64> {
        self.0.get(&(metric, None)).map(|values| values.iter().sum())
    }
}

async fn swept(chain: &Chain) -> Told {
    chain.function(json!({"task": "sweep"})).await.unwrap();
    Told::by(chain)
}

#[tokio::test]
async fn a_violation_an_approval_and_its_undo_are_counted_once() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    found(&chain, &download(2)).await;
    let told = Told::by(&chain);
    assert_eq!(told.of(Metric::Assessments, "violation"), Some(2));
    let opened: u64 =
        ["critical", "high", "medium", "low"].iter().filter_map(|s| told.of(Metric::IncidentsOpened, s)).sum();
    assert_eq!(opened, 1, "the second event joined the first one's incident");
    assert_eq!(told.0[&(Metric::DeliverySeconds, None)].len(), 2);

    assert!(chain.respond(&id, approve()).await);
    assert_eq!(chain.row(&id).status, Status::Contained);
    let told = Told::by(&chain);
    assert_eq!(told.of(Metric::Decisions, "ask"), Some(1));
    assert_eq!((told.plain(Metric::ApprovalsRequested), told.of(Metric::Answers, "accepted")), (Some(1), Some(1)));
    assert_eq!((told.of(Metric::StepsDone, "applied"), told.of(Metric::StepsDone, "failed")), (Some(1), None));
    assert_eq!((told.plain(Metric::IncidentsClosed), told.plain(Metric::Escalations)), (Some(1), None));
    assert!(lines("layerguard", &told.0, chain.world.now()).len() <= 2);

    undo(&chain, &id).await;
    assert_eq!(Told::by(&chain).of(Metric::StepsTakenBack, "undone"), Some(1));
}

#[tokio::test]
async fn answers_that_do_not_count_and_requests_that_nobody_answers_are_told() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let id = found(&chain, &download(1)).await;
    let forged: Deed = Box::new(|chain, id| {
        chain.give(&chain.answer_about(id, "0".repeat(64), Verb::Approve, &on_call()));
    });
    assert!(chain.respond(&id, VecDeque::from([forged])).await);
    assert_eq!(chain.row(&id).status, Status::Expired);
    let told = Told::by(&chain);
    assert_eq!((told.of(Metric::Answers, "refused"), told.of(Metric::Answers, "accepted")), (Some(1), None));
    assert_eq!(told.plain(Metric::ApprovalsRequested), Some(1), "reminders and the last call ask nobody anew");
    assert_eq!(told.plain(Metric::ApprovalsExpired), Some(1));
}

#[tokio::test]
async fn how_things_stand_is_told_each_minute() {
    let extra = "[approval]\ntimeout = \"20m\"\nreminder = \"6m\"\nescalate_before = \"5m\"";
    let chain = Chain::new(world(), &inventory("ask", extra));
    let told = swept(&chain).await;
    let quiet = [Metric::IncidentsOpen, Metric::ApprovalsOpen, Metric::ApprovalsNearExpiry, Metric::SweepFailures];
    assert!(quiet.iter().all(|metric| told.plain(*metric) == Some(0)), "zero is told, so that an alarm ends");
    assert_eq!(told.0.len(), quiet.len(), "and nothing else");

    let id = found(&chain, &download(1)).await;
    chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    let asked = json!({"task": "request_approval", "incident_id": id, "task_token": format!("{TASK_TOKEN}-1")});
    chain.function(asked).await.unwrap();
    Told::by(&chain);
    let told = swept(&chain).await;
    assert_eq!((told.plain(Metric::IncidentsOpen), told.plain(Metric::ApprovalsOpen)), (Some(1), Some(1)));
    assert_eq!((told.plain(Metric::ApprovalsNearExpiry), told.plain(Metric::SecondsToDeadline)), (Some(0), Some(1200)));
    chain.world.advance(SignedDuration::from_mins(16));
    let told = swept(&chain).await;
    assert_eq!((told.plain(Metric::ApprovalsNearExpiry), told.plain(Metric::SecondsToDeadline)), (Some(1), Some(240)));
    assert_eq!(told.plain(Metric::OldestIncidentSeconds), Some(960));
    chain.world.advance(SignedDuration::from_mins(10));
    assert_eq!(swept(&chain).await.plain(Metric::SecondsToDeadline), Some(0), "over, and never below nothing");
}

#[tokio::test]
async fn what_the_sweeper_cannot_do_is_told() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    chain.world.set_execution(&id, &id, ExecutionStatus::Died);
    chain.world.advance(SignedDuration::from_mins(5));
    Told::by(&chain);
    let told = swept(&chain).await;
    assert_eq!((told.plain(Metric::ExecutionsRestarted), told.plain(Metric::SweepFailures)), (Some(1), Some(0)));
    let unavailable = Fault::Before(PortErrorKind::Unavailable("ThrottlingException".to_owned()));
    chain.world.trap_operation("executions.status", 0, usize::MAX, unavailable);
    assert_eq!(swept(&chain).await.plain(Metric::SweepFailures), Some(1));
}

#[tokio::test]
async fn a_measure_that_cannot_be_lifted_is_told_until_it_is() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    chain.world.advance(SignedDuration::from_hours(13));
    Told::by(&chain);
    let unavailable = Fault::Before(PortErrorKind::Unavailable("ServiceFailure".to_owned()));
    chain.world.trap_operation("audit.records", 0, usize::MAX, unavailable);
    chain.remediate(json!({"task": "lift_due"})).await.unwrap();
    assert_eq!(Told::by(&chain).plain(Metric::MeasuresNotLifted), Some(1));
    chain.world.heal();
    chain.remediate(json!({"task": "lift_due"})).await.unwrap();
    let told = Told::by(&chain);
    assert_eq!((told.plain(Metric::MeasuresNotLifted), told.of(Metric::StepsTakenBack, "undone")), (None, Some(1)));
}
