//! `doctor` over a deployment in memory: a good one, and one for each way in which it can be broken.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test: a panic is the report")]

#[path = "doctor/good.rs"]
mod good;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use layerguard_cli::command::doctor::estate::{Estate, Kept, PARTS};
use layerguard_cli::command::doctor::finding::{Finding, Status};
use layerguard_cli::command::doctor::{clock_of, examine};
use layerguard_core::audit::body::Bundle;
use layerguard_core::audit::{self, Body, Draft, bundle_chain};
use layerguard_core::policy::Package;
use layerguard_core::ports::{Alarm, InForce, Pause, PortErrorKind, Queue, Reach, Topic};
use layerguard_testkit::{Deployed, Fault, World, drive};

use crate::good::{NOW, here, inventory, place, reconciled, world};

fn kept(world: &World) -> Kept<'_> {
    Kept { switch: world, policies: world, audit: world, hours: world, reaches: world, schema: world }
}

async fn looked(world: &World) -> Vec<Finding> {
    examine(&Estate::read(place(), NOW.parse().unwrap(), world, kept(world), |_| {}).await)
}

fn troubles(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.status != Status::Ok).collect()
}

#[tokio::test]
async fn the_bar_knows_how_many_parts_are_read() {
    let (world, mut parts) = (world(), Vec::new());
    Estate::read(place(), NOW.parse().unwrap(), &world, kept(&world), |part| parts.push(part.to_owned())).await;
    assert_eq!(parts.len(), PARTS, "{parts:?}");
}

#[tokio::test]
async fn a_good_deployment_is_all_well() {
    let findings = looked(&world()).await;
    assert!(troubles(&findings).is_empty(), "{:#?}", troubles(&findings));
    assert!(findings.len() > 25, "{}", findings.len());
    for check in
        ["trail", "trail_reads", "trail_regions", "global_events", "rule", "function", "errors", "versions", "machine"]
    {
        assert!(findings.iter().any(|finding| finding.check == check), "{check}");
    }
    for check in [
        "failed_events",
        "alert_topic",
        "alarms",
        "table",
        "append_only",
        "expiry",
        "form",
        "reconcile",
        "inventory",
        "clock",
        "pause",
        "policy",
    ] {
        assert!(findings.iter().any(|finding| finding.check == check), "{check}");
    }
}

#[tokio::test]
async fn an_account_without_a_deployment_fails_and_says_what_to_do() {
    let findings = looked(&World::at(NOW.parse().unwrap())).await;
    let failed: Vec<_> = findings.iter().filter(|finding| finding.status == Status::Failed).collect();
    assert!(failed.len() >= 15, "{failed:#?}");
    assert!(findings.iter().any(|finding| finding.found.contains("no trail records eu-central-1")));
    assert!(troubles(&findings).iter().all(|finding| finding.remedy.is_some() && !finding.why.is_empty()));
}

type Break = (&'static str, Status, &'static str, fn(&mut Deployed));

fn variable(deployed: &mut Deployed, function: &str, name: &str, value: &str) {
    let (found, _) = deployed.functions.get_mut(function).unwrap();
    found.environment.insert(name.to_owned(), value.to_owned());
}

fn everywhere(deployed: &mut Deployed, text: &str) {
    for function in ["layerguard-detect", "layerguard-decide", "layerguard-remediate"] {
        variable(deployed, function, "LAYERGUARD_INVENTORY", text);
    }
}

/// The check that has to speak, how, a word of what it says, and what is broken.
const BREAKS: &[Break] = &[
    ("trail", Status::Failed, "no trail records", |d| d.trails.clear()),
    ("trail", Status::Failed, "switched off", |d| d.trails[0].logging = false),
    ("trail", Status::Warning, "delivery failed", |d| d.trails[0].delivery_error = Some("NoSuchBucket".into())),
    ("trail", Status::Failed, "no trail records", |d| {
        d.trails[0].multi_region = false;
        d.trails[0].home_region = "us-west-2".into();
    }),
    ("trail_reads", Status::Failed, "events that read", |d| d.trails[0].management.reads = false),
    ("trail_reads", Status::Failed, "events that write", |d| d.trails[0].management.writes = false),
    ("trail_regions", Status::Failed, "one region", |d| {
        d.trails[0].multi_region = false;
        d.trails[0].home_region = "eu-central-1".into();
    }),
    ("trail_regions", Status::Failed, "without a region", |d| d.trails[0].global_services = false),
    ("rule", Status::Failed, "is DISABLED", |d| d.rules.get_mut("layerguard-calls").unwrap().state = "DISABLED".into()),
    ("rule", Status::Failed, "is ENABLED, not", |d| {
        d.rules.get_mut("layerguard-calls").unwrap().state = "ENABLED".into()
    }),
    ("rule", Status::Warning, "layerguard-sessions", |d| {
        d.rules.get_mut("layerguard-sessions").unwrap().state = "DISABLED".into();
    }),
    ("rule", Status::Failed, "layerguard-sweep", |d| {
        d.rules.get_mut("layerguard-sweep").unwrap().state = "DISABLED".into()
    }),
    ("rule", Status::Failed, "does not exist", |d| drop(d.rules.remove("layerguard-control"))),
    ("rule", Status::Failed, "another pattern", |d| {
        d.rules.get_mut("layerguard-pulls").unwrap().pattern =
            Some(r#"{"source":["aws.ecr"],"detail":{"eventName":["PutImage"]}}"#.into());
    }),
    ("rule", Status::Failed, "does not send to", |d| d.rules.get_mut("layerguard-calls").unwrap().targets.clear()),
    ("rule", Status::Failed, "drops what it cannot deliver", |d| {
        d.rules.get_mut("layerguard-lambda").unwrap().targets[0].dead_letters = None;
    }),
    ("rule", Status::Failed, "function:layerguard-remediate", |d| {
        d.rules.get_mut("layerguard-sweep").unwrap().targets.retain(|target| !target.arn.ends_with("remediate"));
    }),
    ("global_events", Status::Warning, "no rule in us-east-1", |d| d.forwarders.clear()),
    ("global_events", Status::Warning, "no rule in us-east-1", |d| d.forwarders[0].state = "DISABLED".into()),
    ("function", Status::Failed, "is Failed", |d| {
        d.functions.get_mut("layerguard-detect").unwrap().0.state = "Failed".into()
    }),
    ("function", Status::Failed, "last update", |d| {
        d.functions.get_mut("layerguard-decide").unwrap().0.last_update = "Failed".into();
    }),
    ("function", Status::Failed, "runtime", |d| {
        d.functions.get_mut("layerguard-decide").unwrap().0.runtime = "python3.9".into()
    }),
    ("function", Status::Failed, "does not exist", |d| drop(d.functions.remove("layerguard-remediate"))),
    ("errors", Status::Warning, "failed 3 times", |d| d.functions.get_mut("layerguard-detect").unwrap().1 = 3),
    ("versions", Status::Failed, "processors", |d| {
        d.functions.get_mut("layerguard-detect").unwrap().0.architecture = "arm64".into();
    }),
    ("versions", Status::Failed, "differ in LAYERGUARD_AUDIT_TABLE", |d| {
        variable(d, "layerguard-decide", "LAYERGUARD_AUDIT_TABLE", "other");
    }),
    ("versions", Status::Warning, "apart", |d| {
        d.functions.get_mut("layerguard-detect").unwrap().0.modified = "2026-11-01T00:00:00Z".parse().ok();
    }),
    ("machine", Status::Failed, "logs nothing", |d| {
        d.machines.values_mut().for_each(|machine| machine.logs = "OFF".into())
    }),
    ("machine", Status::Failed, "DELETING", |d| d.machines.values_mut().for_each(|m| m.status = "DELETING".into())),
    ("machine", Status::Failed, "does not exist", |d| d.machines.clear()),
    ("failed_events", Status::Failed, "4 failed events wait", |d| queue(d).depth = 4),
    ("failed_events", Status::Failed, "does not let EventBridge in", |d| queue(d).policy = None),
    ("failed_events", Status::Warning, "24 h only", |d| queue(d).kept_for = SignedDuration::from_hours(24)),
    ("failed_events", Status::Failed, "does not exist", |d| d.queues.clear()),
    ("alert_topic", Status::Failed, "nobody is subscribed", |d| topic(d).confirmed = 0),
    ("alert_topic", Status::Warning, "did not confirm", |d| topic(d).pending = 2),
    ("alert_topic", Status::Failed, "may not use it", |d| topic(d).key = Some(TOPIC_KEY.into())),
    ("alert_topic", Status::Failed, "may not use it", |d| {
        topic(d).key = Some("another-key".into());
        publishes_with_the_key(d);
    }),
    ("alert_topic", Status::Failed, "alias/aws/sns", |d| {
        topic(d).key = Some("alias/aws/sns".into());
        publishes_with_the_key(d);
    }),
    ("alert_topic", Status::Failed, "does not exist", |d| d.topics.clear()),
    ("alarms", Status::Failed, "missing: sweep-stopped", |d| {
        d.alarms.retain(|alarm| !alarm.name.ends_with("sweep-stopped"))
    }),
    ("alarms", Status::Failed, "missing: reconcile-stopped", |d| {
        d.alarms.retain(|alarm| !alarm.name.ends_with("reconcile-stopped"))
    }),
    ("alarms", Status::Failed, "layerguard-drill-not-seen` has gone off", |d| {
        let drills = Alarm { name: "layerguard-drill-not-seen".into(), state: "ALARM".into(), tells: true };
        d.alarms.push(drills);
    }),
    ("alarms", Status::Failed, "tells nobody", |d| d.alarms[0].tells = false),
    ("alarms", Status::Failed, "has gone off", |d| d.alarms[0].state = "ALARM".into()),
    ("table", Status::Failed, "not protected", |d| {
        d.tables.get_mut("layerguard-audit").unwrap().table.protected = false
    }),
    ("table", Status::Failed, "earlier time", |d| d.tables.get_mut("layerguard-state").unwrap().recovers = false),
    ("table", Status::Failed, "is UPDATING", |d| {
        d.tables.get_mut("layerguard-state").unwrap().table.status = "UPDATING".into()
    }),
    ("table", Status::Failed, "does not exist", |d| drop(d.tables.remove("layerguard-audit"))),
    ("append_only", Status::Failed, "has no policy", |d| d.tables.get_mut("layerguard-audit").unwrap().policy = None),
    ("append_only", Status::Failed, "does not deny dynamodb:DeleteItem to", |d| {
        let policy = d.tables.get_mut("layerguard-audit").unwrap().policy.as_mut().unwrap();
        *policy = policy.replace(r#""dynamodb:DeleteItem","#, "");
    }),
    ("append_only", Status::Failed, "does not deny", |d| {
        let policy = d.tables.get_mut("layerguard-audit").unwrap().policy.as_mut().unwrap();
        *policy = policy
            .replace(r#""Effect":"Deny","#, r#""Effect":"Deny","Condition":{"Bool":{"aws:ViaAWSService":"true"}},"#);
    }),
    ("expiry", Status::Failed, "expire by", |d| {
        d.tables.get_mut("layerguard-audit").unwrap().expires_by = Some("x".into())
    }),
    ("expiry", Status::Warning, "nothing ever goes", |d| {
        d.tables.get_mut("layerguard-state").unwrap().expires_by = None
    }),
    ("inventory", Status::Failed, "cannot be read: line 1", |d| everywhere(d, "nonsense = 1")),
    ("inventory", Status::Failed, "no inventory", |d| {
        d.functions.get_mut("layerguard-detect").unwrap().0.environment.remove("LAYERGUARD_INVENTORY");
    }),
    ("networks", Status::Warning, "no network", |d| everywhere(d, &inventory("ask", "", "", false))),
    ("accounts", Status::Failed, "111122223333", |d| {
        everywhere(d, &inventory("ask", "", "", false).replace("111122223333", "444455556666"));
    }),
    ("accounts", Status::Warning, "old", |d| {
        everywhere(d, &inventory("ask", "accounts_refreshed = 2026-01-01T00:00:00Z", "", false));
    }),
    ("on_call", Status::Failed, "nobody", |d| {
        everywhere(d, &inventory("ask", "", "", false).replace("on_call", "protected"))
    }),
    ("pullers", Status::Warning, "nobody", |d| {
        everywhere(d, &inventory("ask", "", "", false).replace("image_pullers", "administrators"));
    }),
    ("mode", Status::Failed, "different modes", |d| variable(d, "layerguard-remediate", "LAYERGUARD_MODE", "act")),
    ("inline_deny", Status::Warning, "the inventory does not", |d| everywhere(d, &inventory("ask", "", "", false))),
    ("inline_deny", Status::Warning, "the template does not", |d| {
        variable(d, "layerguard-decide", "LAYERGUARD_INLINE_DENY", "forbidden");
    }),
    ("member_accounts", Status::Warning, "1 other account", |d| {
        everywhere(d, &inventory("ask", "", r#", "444455556666""#, false));
    }),
    ("member_accounts", Status::Unchecked, "was not tried yet", |d| {
        everywhere(d, &inventory("ask", "", r#", "444455556666""#, false));
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;
        d.role_policies.insert(("layerguard-remediate".into(), "remediate".into()), policy.into());
    }),
    ("clock", Status::Failed, "301 s behind", |d| d.clock_ahead = SignedDuration::from_secs(301)),
    ("clock", Status::Warning, "40 s ahead of", |d| d.clock_ahead = SignedDuration::from_secs(-40)),
];

const TOPIC_KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555";

fn publishes_with_the_key(deployed: &mut Deployed) {
    let policy = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"{TOPIC_KEY}"}}]}}"#
    );
    deployed.role_policies.insert(("layerguard-remediate".into(), "remediate".into()), policy);
}

fn queue(deployed: &mut Deployed) -> &mut Queue {
    deployed.queues.get_mut("layerguard-failed-events").unwrap()
}

fn topic(deployed: &mut Deployed) -> &mut Topic {
    deployed.topics.values_mut().next().unwrap()
}

#[tokio::test]
async fn each_thing_that_is_broken_is_named_with_its_remedy() {
    for (check, status, said, breaks) in BREAKS {
        let world = world();
        world.deploy(breaks);
        let findings = looked(&world).await;
        let found = findings
            .iter()
            .find(|finding| finding.check == *check && finding.status == *status && finding.found.contains(said));
        assert!(found.is_some(), "{check} says nothing of `{said}`: {:#?}", troubles(&findings));
        let found = found.unwrap();
        assert!(found.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()), "{found:?}");
    }
}

#[tokio::test]
async fn what_may_not_be_looked_at_is_undecided_and_never_ok() {
    let whole = looked(&world()).await.len();
    for operation in [
        "deployment.trails",
        "deployment.rule",
        "deployment.forwarders",
        "deployment.queue",
        "deployment.topic",
        "deployment.table",
        "deployment.recovers",
        "deployment.expires_by",
        "deployment.table_policy",
        "deployment.function",
        "deployment.failures",
        "deployment.alarms",
        "deployment.machine",
        "deployment.clock_ahead",
        "switch.pause",
    ] {
        for kind in [PortErrorKind::Denied("AccessDenied".into()), PortErrorKind::Unavailable("throttled".into())] {
            let world = world();
            world.trap_operation(operation, 0, 100, Fault::Before(kind));
            let findings = looked(&world).await;
            let troubles = troubles(&findings);
            assert!(
                !troubles.is_empty() && troubles.iter().all(|found| found.status == Status::Unchecked),
                "{operation}: {troubles:#?}"
            );
            assert!(troubles.iter().all(|found| found.remedy.is_some()), "{operation}");
            assert!(whole >= findings.len() && findings.iter().any(|found| found.status == Status::Ok));
        }
    }
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let world = world();
    world.trap_operation("deployment.trails", 0, 1, Fault::Before(PortErrorKind::Denied("AccessDenied".into())));
    let findings = looked(&world).await;
    let remedy = troubles(&findings)[0].remedy.clone().unwrap();
    assert!(remedy.contains("cloudtrail:GetEventSelectors") && remedy.contains("layerguard-operator"), "{remedy}");
}

#[tokio::test]
async fn a_pause_and_another_inventory_are_told() {
    let world = world();
    let until = "2026-11-20T13:00:00Z".parse().unwrap();
    world.set_pause(Some(Pause {
        until,
        since: NOW.parse().unwrap(),
        by: "a\u{1b}da".into(),
        reason: "a release".into(),
    }));
    let mut estate = Estate::read(place(), NOW.parse().unwrap(), &world, kept(&world), |_| {}).await;
    estate.file = Some(inventory("observe", "", "", true));
    let findings = examine(&estate);
    let said: Vec<&str> = troubles(&findings).iter().map(|finding| finding.found.as_str()).collect();
    assert!(said.iter().any(|text| text.contains("paused until") && !text.contains('\u{1b}')), "{said:?}");
    assert!(said.iter().any(|text| text.contains("is not that of the file")), "{said:?}");
    estate.file = Some(here());
    assert!(examine(&estate).iter().any(|finding| finding.found.ends_with("is that of the file")));
}

#[test]
fn a_clock_that_spoils_every_signature_is_what_is_said() {
    assert!(clock_of(&Ok(SignedDuration::from_secs(-299))).is_none());
    let failure = clock_of(&Ok(SignedDuration::from_secs(-400))).unwrap();
    assert!(failure.message.contains("400 s off") && failure.remedy.unwrap().contains("NTP"));
}

#[tokio::test]
async fn an_account_that_lets_nobody_in_is_named() {
    let world = world();
    world.deploy(|d| {
        everywhere(d, &inventory("ask", "", r#", "444455556666""#, false));
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;
        d.role_policies.insert(("layerguard-remediate".into(), "remediate".into()), policy.into());
    });
    let said = async |at: &str, refused: Option<&str>| {
        let refused = refused.map(str::to_owned);
        world.set_reach(Reach { account: "444455556666".into(), at: at.parse().unwrap(), refused });
        let found = looked(&world).await.into_iter().find(|finding| finding.check == "member_accounts").unwrap();
        (found.status, found.found)
    };
    let late = "2026-11-20T09:00:00Z";
    assert_eq!(said(late, None).await.0, Status::Ok);
    let (status, words) = said(late, Some("AccessDenied: no \u{1b}[31m")).await;
    assert!(status == Status::Failed && words.contains("444455556666: AccessDenied: no \\u{1b}"), "{words}");
    assert_eq!(said("2026-11-20T02:00:00Z", None).await.0, Status::Failed);
}

#[tokio::test]
async fn a_trail_that_nobody_reconciles_is_told() {
    let said = async |world: &World| {
        let findings = looked(world).await;
        let found = findings.iter().find(|finding| finding.check == "reconcile").unwrap().clone();
        (found.status, format!("{} {}", found.found, found.remedy.unwrap_or_default()))
    };
    let (status, words) = said(&world()).await;
    assert!(status == Status::Ok && words.contains("up to 2026-11-20T09:00:00Z"), "{words}");
    let without = world();
    without.deploy(|deployed| drop(deployed.functions.remove("layerguard-reconcile")));
    let (status, words) = said(&without).await;
    assert!(status == Status::Warning && words.contains("TrailBucket"), "{words}");
    let incomplete = world();
    reconciled(&incomplete, "2026-11-20T07:00:00Z", false);
    let (status, words) = said(&incomplete).await;
    assert!(status == Status::Warning && words.contains("--since 2026-11-20T07:00:00Z"), "{words}");
    let behind = world();
    reconciled(&behind, "2026-11-20T08:00:00Z", false);
    reconciled(&behind, "2026-11-20T02:00:00Z", true);
    assert_eq!(said(&behind).await.0, Status::Failed);
    let denied = world();
    denied.trap_operation("hour_store.hours_done", 0, 1, Fault::Before(PortErrorKind::Denied("AccessDenied".into())));
    assert_eq!(said(&denied).await.0, Status::Unchecked);
}

/// Publishes this inventory, as Decide does.
fn publish(world: &World, inventory: String) -> String {
    let package = Package::of(&BTreeMap::new(), inventory).unwrap();
    let version = package.version();
    let bundle = Body::Bundle(Bundle { version: version.clone(), package: package.pack().unwrap() });
    let (now, draft) = (NOW.parse().unwrap(), Draft::of(&bundle).unwrap());
    drive(audit::append(world, &bundle_chain(&version), "decide", "v", now, draft)).unwrap();
    world.set_in_force(Some(InForce { version: version.clone(), since: now, by: "ada".to_owned() }));
    version
}

#[tokio::test]
async fn a_function_that_runs_another_policy_is_named() {
    let world = world();
    let version = publish(&world, here());
    for name in ["detect", "decide"] {
        good::runs(&world, name, &version, None);
    }
    let of_policy =
        |findings: Vec<Finding>| findings.into_iter().filter(|finding| finding.check == "policy").collect::<Vec<_>>();
    let findings = of_policy(looked(&world).await);
    assert_eq!(findings.iter().map(|finding| finding.status).collect::<Vec<_>>(), [Status::Ok, Status::Unchecked]);
    assert!(findings[0].found.contains(version.split_at(12).0) && findings[0].found.contains("ada"), "{findings:?}");
    assert!(findings[1].found.contains("`remediate`"), "{findings:?}");
    good::runs(&world, "remediate", "built-in", Some("it is not recorded"));
    let findings = of_policy(looked(&world).await);
    assert_eq!(findings[1].status, Status::Failed);
    assert!(findings[1].found.contains("it is not recorded"), "{findings:?}");
}

#[tokio::test]
async fn functions_of_other_builds_are_told() {
    let world = world();
    let of_versions = |findings: Vec<Finding>| {
        let found = findings.into_iter().find(|finding| finding.check == "versions").unwrap();
        (found.status, found.found)
    };
    good::says(&world, "decide", "built-in", None, "0.0.9 (59807616e1fa)");
    let (status, found) = of_versions(looked(&world).await);
    assert_eq!(status, Status::Failed);
    assert!(found.contains("decide 0.0.9 (59807616e1fa)"), "{found}");
    for name in ["detect", "decide", "remediate"] {
        good::says(&world, name, "built-in", None, "0.0.9 (59807616e1fa)");
    }
    let (status, found) = of_versions(looked(&world).await);
    assert_eq!(status, Status::Warning);
    assert!(found.contains(env!("CARGO_PKG_VERSION")), "{found}");
    // What they said before they were deployed anew says nothing about what runs now.
    world.deploy(|d| {
        d.functions
            .values_mut()
            .for_each(|f| f.0.modified = NOW.parse::<Timestamp>().ok().map(|t| t + SignedDuration::from_secs(9)))
    });
    assert_eq!(of_versions(looked(&world).await).0, Status::Ok);
}

#[tokio::test]
async fn a_parameter_that_says_something_else_than_what_is_published_is_told() {
    let world = world();
    let status = |findings: &[Finding]| {
        findings.iter().find(|finding| finding.check == "parameter").map(|finding| finding.status)
    };
    assert_eq!(status(&looked(&world).await), None);
    publish(&world, format!("{}\n# the same\n", here()));
    assert_eq!(status(&looked(&world).await), Some(Status::Ok));
    publish(&world, inventory("act", "", "", true));
    let findings = looked(&world).await;
    assert_eq!(status(&findings), Some(Status::Warning));
    let mode = findings.iter().find(|finding| finding.check == "mode").unwrap();
    assert!(mode.found.contains("inventory act"), "what is published is looked at: {mode:?}");
}

#[tokio::test]
async fn tables_of_a_later_form_and_tables_without_a_mark_are_told() {
    let world = world();
    world.set_form(Some(3));
    let findings = looked(&world).await;
    let finding = findings.iter().find(|finding| finding.check == "form").unwrap();
    assert_eq!(finding.status, Status::Failed);
    assert!(finding.found.contains("form 3") && finding.found.contains("form 2 at most"), "{}", finding.found);
    world.set_form(None);
    let findings = looked(&world).await;
    let finding = findings.iter().find(|finding| finding.check == "form").unwrap();
    assert_eq!(finding.status, Status::Warning);
}

#[tokio::test]
async fn a_topic_with_a_key_that_the_functions_may_use_is_well() {
    for key in [TOPIC_KEY, "11111111-2222-4333-8444-555555555555", "alias/topics"] {
        let world = world();
        world.deploy(|deployed| {
            topic(deployed).key = Some(key.into());
            publishes_with_the_key(deployed);
        });
        let findings = looked(&world).await;
        assert!(troubles(&findings).is_empty(), "{key}: {:#?}", troubles(&findings));
    }
}
