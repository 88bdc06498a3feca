//! Ways round the guardrails, and where they end.

use std::collections::{BTreeMap, VecDeque};

use jiff::SignedDuration;
use layerguard_core::approval::Verb;
use layerguard_core::engine::Severity;
use layerguard_core::incident::Status;
use layerguard_core::plan::Mode;
use layerguard_core::ports::{Clock, Pause, PortErrorKind};
use layerguard_testkit::{Fault, Role, World};
use serde_json::{Value, json};

use crate::deeds::{approve, found, undo};
use crate::machine::{ACCOUNT, Chain, on_call};
use crate::world::{at, download, inventory, session, world};

const LAYER: &str = "GetDownloadUrlForLayer";
/// The long-term key whose holder assumes roles.
const SOURCE: &str = "AKIAIOSFODNN7EXAMPLE";
/// Another account, of the organisation where it is listed.
const MEMBER: &str = "444455556666";

/// A session with a key of its own.
fn session_with(role: &str, name: &str, key: &str) -> Value {
    let mut identity = session(role, name);
    identity["accessKeyId"] = json!(key);
    identity
}

/// The holder of [`SOURCE`] assumes a role under a name, now.
fn assumed(chain: &Chain, number: usize, name: &str, key: &str) -> Value {
    let by = json!({
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEID",
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/sam"),
        "accountId": ACCOUNT,
        "accessKeyId": SOURCE,
        "userName": "sam"
    });
    let mut event = at(number, "AssumeRole", &by, chain.world.now());
    event["source"] = json!("aws.sts");
    event["detail"]["eventSource"] = json!("sts.amazonaws.com");
    event["detail"]["sourceIPAddress"] = json!("192.0.2.7");
    event["detail"]["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/builder"), "roleSessionName": name});
    event["detail"]["responseElements"] = json!({
        "credentials": {"accessKeyId": key},
        "assumedRoleUser": {
            "assumedRoleId": format!("AROABUILDEREXAMPLE:{name}"),
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/builder/{name}")
        }
    });
    event
}

async fn pulls(chain: &Chain, number: usize, name: &str, key: &str) -> String {
    let event = at(number, LAYER, &session_with("builder", name, key), chain.world.now());
    found(chain, &event).await
}

fn reasons(chain: &Chain, id: &str) -> String {
    chain.history(id).decision().unwrap().reasons.join("\n")
}

fn modes(chain: &Chain, id: &str) -> Vec<Mode> {
    let history = chain.history(id);
    let steps = &history.decision().unwrap().plan.steps;
    steps.iter().filter(|step| step.is_containment()).map(|step| step.mode).collect()
}

#[tokio::test]
async fn a_session_that_goes_on_after_its_containment_is_answered_more_gravely() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let first = found(&chain, &download(1)).await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    assert_eq!(chain.row(&first).severity, Some(Severity::High));

    chain.world.advance(SignedDuration::from_mins(4));
    let soon = found(&chain, &at(2, LAYER, &session("builder", "intruder"), chain.world.now())).await;
    assert!(chain.respond(&soon, approve()).await);
    assert!(!chain.row(&soon).not_held, "changes of IAM take some minutes to be seen everywhere");

    chain.world.advance(SignedDuration::from_mins(20));
    let again = found(&chain, &at(3, LAYER, &session("builder", "intruder"), chain.world.now())).await;
    assert_ne!(again, first);
    assert!(chain.respond(&again, approve()).await);
    let row = chain.row(&again);
    assert_eq!((row.severity, row.not_held), (Some(Severity::Critical), true));
    let history = chain.history(&again);
    assert!(history.decision().unwrap().circumstances.not_held);
    assert!(reasons(&chain, &again).contains("containment did not hold"));
    let told: Vec<_> = chain.world.messages().into_iter().filter(|m| m.body.contains(&again)).collect();
    assert!(
        !told.is_empty() && told.iter().all(|m| m.subject.contains(" critical ") && m.subject.contains(" NOT HELD, ")),
        "{told:?}"
    );
    assert!(told.iter().all(|m| m.body.starts_with("CRITICAL, CONTAINMENT DID NOT HOLD")));
    chain.assert_chains_hold("the story");
}

#[tokio::test]
async fn calls_that_are_refused_after_a_containment_show_that_it_holds() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let first = found(&chain, &download(1)).await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    chain.world.advance(SignedDuration::from_mins(20));
    let mut refused = at(2, LAYER, &session("builder", "intruder"), chain.world.now());
    refused["detail"]["errorCode"] = json!("AccessDenied");
    if let Some(id) = chain.triage(&refused).await.unwrap().incident_id {
        assert!(chain.respond(&id, VecDeque::new()).await);
        assert!(!chain.row(&id).not_held);
    }
}

#[tokio::test]
async fn the_holder_of_the_source_is_recognised_under_a_new_name() {
    let chain = Chain::new(world(), &inventory("act", ""));
    chain.triage(&assumed(&chain, 10, "one", "ASIAEXAMPLEONE000000")).await.unwrap();
    let first = pulls(&chain, 11, "one", "ASIAEXAMPLEONE000000").await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    assert_eq!(chain.row(&first).status, Status::Contained);
    assert!(reasons(&chain, &first).contains(SOURCE), "the source is named: {}", reasons(&chain, &first));

    chain.world.advance(SignedDuration::from_mins(1));
    chain.triage(&assumed(&chain, 12, "two", "ASIAEXAMPLETWO000000")).await.unwrap();
    let second = pulls(&chain, 13, "two", "ASIAEXAMPLETWO000000").await;
    assert_ne!(second.split('-').next(), first.split('-').next(), "another session is another incident");
    assert!(chain.respond(&second, approve()).await);
    let row = chain.row(&second);
    assert_eq!((row.severity, row.not_held), (Some(Severity::Critical), true));
    assert!(reasons(&chain, &second).contains(&first), "{}", reasons(&chain, &second));
    assert!(chain.world.messages().iter().any(|m| m.body.contains(SOURCE) && m.body.contains(&second)));

    chain.world.advance(SignedDuration::from_mins(1));
    let other = pulls(&chain, 14, "elsewhere", "ASIAEXAMPLEXXX000000").await;
    assert!(chain.respond(&other, approve()).await);
    assert!(!chain.row(&other).not_held, "a session of another source says nothing about the measure");
}

#[tokio::test]
async fn a_session_that_goes_on_in_another_region_is_recognised() {
    let chain = Chain::new(world(), &inventory("act", ""));
    let first = found(&chain, &download(1)).await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    chain.world.advance(SignedDuration::from_mins(20));
    let mut elsewhere = at(2, LAYER, &session("builder", "intruder"), chain.world.now());
    elsewhere["region"] = json!("us-east-1");
    elsewhere["detail"]["awsRegion"] = json!("us-east-1");
    let second = found(&chain, &elsewhere).await;
    assert!(chain.respond(&second, approve()).await);
    assert!(chain.row(&second).not_held);
}

#[tokio::test]
async fn what_a_person_took_back_is_no_containment_that_failed() {
    let chain = Chain::new(world(), &inventory("act", ""));
    chain.triage(&assumed(&chain, 10, "one", "ASIAEXAMPLEONE000000")).await.unwrap();
    let first = pulls(&chain, 11, "one", "ASIAEXAMPLEONE000000").await;
    assert!(chain.respond(&first, VecDeque::new()).await);
    undo(&chain, &first).await;
    chain.triage(&assumed(&chain, 12, "two", "ASIAEXAMPLETWO000000")).await.unwrap();
    chain.world.advance(SignedDuration::from_mins(1));
    let second = pulls(&chain, 13, "two", "ASIAEXAMPLETWO000000").await;
    assert!(chain.respond(&second, VecDeque::new()).await);
    assert!(!chain.row(&second).not_held);
}

#[tokio::test]
async fn a_role_that_runs_workloads_is_not_touched_without_a_person() {
    for service in ["ec2", "ecs-tasks", "lambda", "pods.eks", "eks-fargate-pods", "codebuild"] {
        let world = world();
        world.set_role("builder", Role::trusting(&format!(r#"{{"Service":"{service}.amazonaws.com"}}"#)));
        let chain = Chain::new(world, &inventory("act", ""));
        let id = found(&chain, &download(1)).await;
        let before = chain.world.iam_snapshot();
        chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
        assert_eq!(modes(&chain, &id), [Mode::Ask], "{service}");
        assert_eq!(chain.world.iam_snapshot(), before);
        assert!(chain.respond(&id, approve()).await);
        assert_eq!(chain.row(&id).status, Status::Contained, "a person may");
        assert!(chain.world.messages().iter().any(|m| m.body.contains("layerguard approve")));
    }
}

#[tokio::test]
async fn a_role_of_which_nothing_is_known_is_not_touched_without_a_person() {
    let gone = |world: &World| world.remove_role("builder");
    let refused = |world: &World| {
        let denied = Fault::Before(PortErrorKind::Denied("AccessDenied".to_owned()));
        world.trap_operation("roles.role", 0, 100, denied);
    };
    let silent = |world: &World| {
        let unavailable = Fault::Before(PortErrorKind::Unavailable("timeout".to_owned()));
        world.trap_operation("roles.role", 0, 100, unavailable);
    };
    let unreadable = |world: &World| world.set_role("builder", Role { trust: "{".to_owned(), ..Role::default() });
    let tagged = |world: &World| {
        let tags = BTreeMap::from([("kubernetes.io/cluster/prod".to_owned(), "owned".to_owned())]);
        world.set_role("builder", Role { tags, ..Role::default() });
    };
    let cases: [&dyn Fn(&World); 5] = [&gone, &refused, &silent, &unreadable, &tagged];
    for (number, change) in cases.into_iter().enumerate() {
        let world = world();
        change(&world);
        let chain = Chain::new(world, &inventory("act", ""));
        let id = found(&chain, &download(1)).await;
        chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
        assert_eq!(modes(&chain, &id), [Mode::Ask], "case {number}");
    }
}

/// The same call in another account.
fn in_a_member(record: &Value) -> Value {
    serde_json::from_str(&record.to_string().replace(ACCOUNT, MEMBER)).unwrap()
}

#[tokio::test]
async fn a_role_of_a_member_is_looked_at_where_it_lets_us_and_else_asks() {
    let both = inventory("act", "").replace(&format!("[\"{ACCOUNT}\"]"), &format!("[\"{ACCOUNT}\", \"{MEMBER}\"]"));
    let workload = Role::trusting(r#"{"Service":"ec2.amazonaws.com"}"#);
    for (role, expected) in [(Some(Role::default()), Mode::Act), (Some(workload), Mode::Ask), (None, Mode::Ask)] {
        let world = world();
        if let Some(role) = &role {
            world.set_role_in(MEMBER, "builder", role.clone());
        }
        let chain = Chain::new(world, &both);
        let id = found(&chain, &in_a_member(&download(1))).await;
        chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
        assert_eq!(modes(&chain, &id), [expected], "{role:?}");
    }
}

#[tokio::test]
async fn roles_of_strangers_are_not_asked_for() {
    let world = world();
    world.set_role_in(MEMBER, "builder", Role::default());
    let chain = Chain::new(world, &inventory("act", ""));
    let id = found(&chain, &in_a_member(&download(1))).await;
    chain.function(json!({"task": "decide", "incident_id": id})).await.unwrap();
    assert_eq!(chain.world.count("roles.role"), 0);
    assert!(!modes(&chain, &id).contains(&Mode::Act));
}

#[tokio::test]
async fn a_full_role_is_not_written_to_again_and_people_hear_of_it() {
    let world = world();
    let long = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "x".repeat(10_000), "Resource": "*"}]});
    let policies = BTreeMap::from([("big".to_owned(), long)]);
    world.set_role("builder", Role { policies, ..Role::default() });
    let chain = Chain::new(world, &inventory("act", ""));
    let id = found(&chain, &download(1)).await;
    chain.respond(&id, VecDeque::new()).await;
    assert_eq!(chain.world.count("iam.put_role_policy"), 1, "there is no room, and that does not change");
    let history = chain.history(&id);
    let decision = history.decision().unwrap();
    assert!(decision.circumstances.inline_full);
    assert!(!decision.plan.steps.iter().any(|step| ["deny_session", "revoke_role_sessions"].contains(&&*step.action)));
    assert!(chain.row(&id).decisions <= 3, "it does not go round in circles");
    assert!(!chain.row(&id).status.is_open());
    assert!(!chain.world.messages().is_empty());
    assert!(decision.plan.steps.iter().all(|step| step.mode != Mode::Act || !step.is_containment()));
}

#[tokio::test]
async fn a_pause_changes_nothing_and_says_why() {
    let world = world();
    let now = world.now();
    world.set_pause(Some(Pause {
        until: now + SignedDuration::from_mins(30),
        since: now,
        by: "ada\u{1b}[2J".to_owned(),
        reason: "a migration".to_owned(),
    }));
    let chain = Chain::new(world, &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let first = found(&chain, &download(1)).await;
    assert!(chain.respond(&first, approve()).await);
    assert_eq!(chain.row(&first).status, Status::Observed);
    assert_eq!(chain.world.iam_snapshot(), before);
    let messages = chain.world.messages();
    assert!(messages.iter().any(|m| m.body.contains("paused until") && m.body.contains("a migration")), "{messages:?}");
    assert!(messages.iter().all(|m| !m.body.contains('\u{1b}')));

    chain.world.advance(SignedDuration::from_mins(31));
    let second = found(&chain, &at(2, LAYER, &session("builder", "intruder"), chain.world.now())).await;
    assert_ne!(second, first, "what was left alone during the pause is looked at after it");
    assert!(chain.respond(&second, VecDeque::new()).await);
    assert_eq!(chain.row(&second).status, Status::Contained);
}

#[tokio::test]
async fn a_switch_that_cannot_be_read_is_taken_as_thrown() {
    let world = world();
    world.trap_operation(
        "switch.pause",
        0,
        1000,
        Fault::Before(PortErrorKind::Unreadable("attribute `doc`".to_owned())),
    );
    let chain = Chain::new(world, &inventory("act", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    chain.respond(&id, approve()).await;
    assert_eq!(chain.world.iam_snapshot(), before);
    assert!(reasons(&chain, &id).contains("cannot be read"), "{}", reasons(&chain, &id));
}

#[tokio::test]
async fn an_approval_from_before_a_pause_waits_for_its_end() {
    let chain = Chain::new(world(), &inventory("ask", ""));
    let before = chain.world.iam_snapshot();
    let id = found(&chain, &download(1)).await;
    let deed: crate::machine::Deed = Box::new(|chain: &Chain, id: &str| {
        let now = chain.world.now();
        let until = now + SignedDuration::from_hours(1);
        chain.world.set_pause(Some(Pause { until, since: now, by: "ada".to_owned(), reason: "stop".to_owned() }));
        chain.give(&chain.answer(id, Verb::Approve, &on_call()));
    });
    chain.respond(&id, VecDeque::from([deed])).await;
    assert_eq!(chain.world.iam_snapshot(), before, "the pause is nearer to the account than any approval");
}

#[tokio::test]
async fn who_shares_the_role_is_shown_before_somebody_approves() {
    let world = world();
    world.set_role("builder", Role::trusting(r#"{"Service":"ecs-tasks.amazonaws.com"}"#));
    let chain = Chain::new(world, &inventory("ask", ""));
    for number in 0..4 {
        let name = format!("task-{}", number % 3);
        chain
            .triage(&at(number, "GetAuthorizationToken", &session("builder", &name), chain.world.now()))
            .await
            .unwrap();
        chain.world.advance(SignedDuration::from_mins(50));
    }
    let id = found(&chain, &at(9, LAYER, &session("builder", "intruder"), chain.world.now())).await;
    assert!(chain.respond(&id, approve()).await);
    let history = chain.history(&id);
    let [blast] = &history.decision().unwrap().blast[..] else { panic!("one role") };
    assert_eq!((blast.sessions, &blast.services[..]), (4, &["ecs-tasks.amazonaws.com".to_owned()][..]));
    let asked = chain.world.messages().into_iter().find(|m| m.body.contains("layerguard approve")).unwrap();
    assert!(asked.body.contains("had 4 sessions in the last 12 hours"), "{}", asked.body);
    assert!(asked.body.contains("ecs-tasks[.]amazonaws[.]com"));

    chain.world.advance(SignedDuration::from_hours(20));
    let later = found(&chain, &at(10, LAYER, &session("builder", "other"), chain.world.now())).await;
    chain.function(json!({"task": "decide", "incident_id": later})).await.unwrap();
    assert_eq!(chain.history(&later).decision().unwrap().blast[0].sessions, 1, "what is long over does not count");
}

/// An incident of a session of its own, told to its end.
async fn one_more(chain: &Chain, number: usize, call: &str) -> String {
    let name = format!("s{number}");
    let id = found(chain, &at(number, call, &session("builder", &name), chain.world.now())).await;
    assert!(chain.respond(&id, VecDeque::new()).await);
    id
}

fn summaries(chain: &Chain) -> Vec<String> {
    let messages = chain.world.messages().into_iter();
    messages.filter(|m| m.subject.contains("incidents at once")).map(|m| m.body).collect()
}

#[tokio::test]
async fn a_storm_is_summed_up_and_what_is_graver_breaks_out() {
    let chain = Chain::new(world(), &inventory("observe", ""));
    let mut ids = Vec::new();
    for number in 0..25 {
        ids.push(one_more(&chain, number, "BatchGetImage").await);
    }
    let alone = |id: &String| chain.world.messages().iter().filter(|m| m.body.contains(id.as_str())).count();
    assert!(ids[..10].iter().all(|id| alone(id) == 1), "ten are told one by one");
    assert!(ids[10..].iter().all(|id| alone(id) == 0), "the others are not");
    assert_eq!(summaries(&chain).len(), 1);
    assert!(summaries(&chain)[0].contains("incidents list"));
    for id in &ids {
        assert_eq!(chain.row(id).status, Status::Observed, "every one is recorded to its end");
        assert!(chain.world.chain(id).iter().any(|record| record.kind.as_str() == "notification"));
    }

    let graver = one_more(&chain, 100, LAYER).await;
    assert_eq!(alone(&graver), 1, "a graver one is not drowned");
    let again = one_more(&chain, 101, LAYER).await;
    assert_eq!(alone(&again), 0, "but once one of that severity was told, more of it are summed up");

    chain.world.advance(SignedDuration::from_mins(16));
    chain.function(json!({"task": "sweep"})).await.unwrap();
    assert_eq!(summaries(&chain).len(), 2, "what was held back after the summary is told when the storm is over");
    let calm = one_more(&chain, 102, "BatchGetImage").await;
    assert_eq!(alone(&calm), 1);
    for _ in 0..4 {
        chain.world.advance(SignedDuration::from_mins(16));
        chain.function(json!({"task": "sweep"})).await.unwrap();
    }
    assert!(summaries(&chain).len() <= 3, "a storm that is over is over");
    chain.assert_chains_hold("the storm");
}

#[tokio::test]
async fn a_question_that_is_summed_up_keeps_its_deadline_and_can_be_answered() {
    let chain = Chain::new(world(), &inventory("ask", "[breaker]\nstorm = 2\n[approval]\ntimeout = \"10m\""));
    for number in 0..2 {
        let id = found(&chain, &at(number, LAYER, &session("builder", &format!("s{number}")), chain.world.now())).await;
        let asked = json!({"task": "decide", "incident_id": id});
        chain.function(asked).await.unwrap();
        let asked = json!({"task": "request_approval", "incident_id": id, "task_token": "token"});
        chain.function(asked).await.unwrap();
    }
    let held = found(&chain, &at(9, LAYER, &session("builder", "held"), chain.world.now())).await;
    assert!(chain.respond(&held, approve()).await);
    assert_eq!(chain.row(&held).status, Status::Contained);
    assert!(chain.world.messages().iter().all(|m| !m.body.contains(&held)));
    let summary = &summaries(&chain)[0];
    assert!(summary.contains("3 wait for an answer") || summary.contains("2 wait for an answer"), "{summary}");

    let expired = found(&chain, &at(10, LAYER, &session("builder", "expired"), chain.world.now())).await;
    assert!(chain.respond(&expired, VecDeque::new()).await);
    assert_eq!(chain.row(&expired).status, Status::Expired);
}
