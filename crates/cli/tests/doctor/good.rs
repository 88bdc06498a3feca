//! A deployment as the template makes it, in a region from which IAM's events have to be fetched.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use layerguard_cli::command::doctor::estate::{FUNCTIONS, Place, WATCHING};
use layerguard_core::metric::{ALARMS, Made};
use layerguard_core::ports::{
    Alarm, Function, HourDone, HourStore, Loaded, Machine, PolicyPointer, Queue, Recorded, Rule, Table, Target, Topic,
    Trail,
};
use layerguard_testkit::{Deployed, DeployedTable, World, drive};

pub(crate) const NOW: &str = "2026-11-20T09:31:00Z";
const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:security";
const HEARS: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

pub(crate) fn place() -> Place {
    Place {
        stack: "layerguard".into(),
        partition: "aws".into(),
        region: "eu-central-1".into(),
        account: "111122223333".into(),
    }
}

/// An inventory with more keys below `[organization]`, more accounts, and networks with inline denies or neither.
pub(crate) fn inventory(mode: &str, more: &str, accounts: &str, whole: bool) -> String {
    let network = if whole { "[[network]]\nname = \"office\"\ncidrs = [\"192.0.2.0/24\"]\n" } else { "" };
    format!(
        "[organization]\nid = \"o-exampleorgid\"\naccounts = [\"111122223333\"{accounts}]\n{more}\n{network}\
         [principals]\nimage_pullers = [\"arn:aws:iam::*:role/node\"]\non_call = [\"arn:aws:iam::*:role/on-call\"]\n\
         [response]\nmode = \"{mode}\"\ninline_deny = {whole}\n"
    )
}

/// The one that is deployed.
pub(crate) fn here() -> String {
    inventory("ask", "", "", true)
}

pub(crate) fn world() -> World {
    let world = World::at(NOW.parse().unwrap());
    world.deploy(|deployed| {
        watch(deployed);
        run(deployed);
        tell(deployed);
        keep(deployed);
        let reconcile = deployed.functions.get("layerguard-detect").cloned();
        deployed.functions.extend(reconcile.map(|function| (place().name("reconcile"), function)));
    });
    FUNCTIONS.iter().for_each(|name| runs(&world, name, "built-in", None));
    reconciled(&world, "2026-11-20T08:00:00Z", true);
    world.set_form(Some(2));
    world
}

/// A function says which policy it runs.
pub(crate) fn runs(world: &World, name: &str, version: &str, problem: Option<&str>) {
    says(world, name, version, problem, env!("CARGO_PKG_VERSION"));
}

/// A function of this build says which policy it runs.
pub(crate) fn says(world: &World, name: &str, version: &str, problem: Option<&str>, build: &str) {
    let loaded = Loaded {
        wanted: version.to_owned(),
        running: Some(version.to_owned()),
        at: NOW.parse().unwrap(),
        problem: problem.map(str::to_owned),
        build: Some(build.to_owned()),
    };
    drive(world.note_loaded(name, &loaded)).unwrap();
}

/// Let an hour be taken.
pub(crate) fn reconciled(world: &World, hour: &str, complete: bool) {
    let done = HourDone { hour: hour.parse().unwrap(), covered_until: NOW.parse().unwrap(), complete };
    drive(world.put_hour(&place().account, &place().region, &done)).unwrap();
}

fn watch(deployed: &mut Deployed) {
    deployed.trails.push(Trail {
        name: "organisation".into(),
        home_region: "us-east-1".into(),
        multi_region: true,
        global_services: true,
        logging: true,
        delivery_error: None,
        management: Recorded { reads: true, writes: true },
    });
    let place = place();
    let dead_letters = Some(place.arn("sqs", "layerguard-failed-events"));
    let rule = |name: &str, state: &str, pattern: Option<&str>, targets: Vec<String>| Rule {
        name: name.to_owned(),
        state: state.to_owned(),
        pattern: pattern.map(str::to_owned),
        targets: targets.into_iter().map(|arn| Target { arn, dead_letters: dead_letters.clone() }).collect(),
    };
    let pattern = r#"{"source":["aws.ecr"],"detail":{"eventName":["PutImage","GetDownloadUrlForLayer"]}}"#;
    let triage = place.started("triage");
    let function = |name: &str| place.arn("lambda", &format!("function:layerguard-{name}"));
    let mut rules: Vec<Rule> =
        WATCHING.iter().map(|name| rule(&place.name(name), HEARS, Some(pattern), vec![triage.clone()])).collect();
    rules.push(rule("layerguard-sweep", "ENABLED", None, FUNCTIONS.iter().map(|name| function(name)).collect()));
    rules.push(rule("layerguard-execution-died", "ENABLED", Some("{}"), vec![function("decide")]));
    deployed.rules = rules.into_iter().map(|rule| (rule.name.clone(), rule)).collect();
    let home = place.arn("events", "event-bus/default");
    deployed.forwarders = vec![rule("to-home", HEARS, Some(r#"{"source":["aws.iam","aws.signin"]}"#), vec![home])];
}

fn run(deployed: &mut Deployed) {
    for name in FUNCTIONS {
        let environment = BTreeMap::from(
            [
                ("LAYERGUARD_INVENTORY", here().as_str()),
                ("LAYERGUARD_AUDIT_TABLE", "layerguard-audit"),
                ("LAYERGUARD_STATE_TABLE", "layerguard-state"),
                ("LAYERGUARD_TOPIC_ARN", TOPIC),
                ("LAYERGUARD_MODE", "ask"),
                ("LAYERGUARD_INLINE_DENY", "allowed"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let function = Function {
            state: "Active".into(),
            last_update: "Successful".into(),
            runtime: "provided.al2023".into(),
            architecture: "x86_64".into(),
            modified: "2026-11-19T08:00:00Z".parse().ok(),
            environment,
        };
        deployed.functions.insert(place().name(name), (function, 0));
    }
    for (name, kind) in [("triage", "EXPRESS"), ("respond", "STANDARD")] {
        let arn = place().arn("states", &format!("stateMachine:layerguard-{name}"));
        let machine = Machine { status: "ACTIVE".into(), kind: kind.into(), logs: "ERROR".into() };
        deployed.machines.insert(arn, machine);
    }
    deployed.role_policies.insert(("layerguard-remediate".into(), "remediate".into()), r#"{"Statement":[]}"#.into());
}

fn tell(deployed: &mut Deployed) {
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage"}]}"#;
    deployed.queues.insert(
        "layerguard-failed-events".into(),
        Queue {
            arn: place().arn("sqs", "layerguard-failed-events"),
            depth: 0,
            kept_for: SignedDuration::from_hours(14 * 24),
            policy: Some(policy.into()),
        },
    );
    deployed.topics.insert(TOPIC.into(), Topic { confirmed: 2, pending: 0, key: None });
    deployed.alarms = ALARMS
        .iter()
        .filter(|(_, made)| *made != Made::Drilling)
        .map(|(name, _)| Alarm { name: place().name(name), state: "OK".into(), tells: true })
        // Another stack's, whose name begins as ours: none of our business.
        .chain([Alarm { name: "layerguard-two-failed-events".into(), state: "ALARM".into(), tells: false }])
        .collect();
}

fn keep(deployed: &mut Deployed) {
    let policy = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":["dynamodb:PutItem","dynamodb:UpdateItem","dynamodb:DeleteItem","dynamodb:BatchWriteItem","dynamodb:PartiQLUpdate","dynamodb:PartiQLDelete","dynamodb:UpdateTimeToLive"],"Resource":"*"}}"#;
    for (name, expires_by, policy) in
        [("audit", None, Some(policy.to_owned())), ("state", Some("expires_at".to_owned()), None)]
    {
        let full = place().name(name);
        let table =
            Table { arn: place().arn("dynamodb", &format!("table/{full}")), status: "ACTIVE".into(), protected: true };
        deployed.tables.insert(full, DeployedTable { table, recovers: true, expires_by, policy });
    }
}
