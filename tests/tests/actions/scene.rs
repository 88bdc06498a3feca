//! An incident with a decision, in a world of its own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use layerguard_core::action::{self, Cause, Tools};
use layerguard_core::approval::Verb;
use layerguard_core::assess::Assessor;
use layerguard_core::audit::body::{self, ApprovalAccepted, FindingEvent};
use layerguard_core::audit::{self, AuditError, Body, Draft, History};
use layerguard_core::cloudtrail::{Event, Principal, PrincipalKind, Session};
use layerguard_core::engine::{Assessment, FiredRule, Severity, Verdict};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::{IncidentEvent, IncidentKey, Status};
use layerguard_core::inventory::Inventory;
use layerguard_core::metric::Figures;
use layerguard_core::plan::{Mode, Plan, Step};
use layerguard_core::ports::{Accounts, Clock, IncidentStore};
use layerguard_remediate::{Guard, Remediate, RemediateError};
use layerguard_testkit::{Role, User, World, drive};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/team/builder";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/people/alice";
pub(crate) const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const RECORD: &str = include_str!("../../fixtures/actions/download.json");
pub(crate) static INVENTORY: LazyLock<Inventory> =
    LazyLock::new(|| Inventory::from_toml(include_str!("../../fixtures/actions/inventory.toml")).unwrap());

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn session() -> Principal {
    Principal {
        kind: PrincipalKind::RoleSession,
        arn: Some(ROLE.into()),
        account: Some(ACCOUNT.into()),
        user_id: Some("AROAEXAMPLEID:intruder".into()),
        name: Some("builder".into()),
        access_key: Some("ASIAIOSFODNN7EXAMPLE".into()),
        session: Some(Session {
            name: Some("intruder".into()),
            arn: Some("arn:aws:sts::111122223333:assumed-role/builder/intruder".into()),
            issued_at: Some(at("2026-11-20T08:00:00Z")),
            source_identity: None,
            issuer_arn: Some(ROLE.into()),
        }),
        invoked_by: None,
    }
}

pub(crate) fn user() -> Principal {
    Principal {
        kind: PrincipalKind::IamUser,
        arn: Some(USER.into()),
        user_id: Some("AIDAEXAMPLEID".into()),
        name: Some("alice".into()),
        access_key: Some(KEY.into()),
        session: None,
        ..session()
    }
}

/// A user with temporary credentials.
pub(crate) fn token() -> Principal {
    let session = Session { name: None, arn: None, source_identity: None, ..session().session.unwrap() };
    let session = Session { issuer_arn: None, ..session };
    Principal { access_key: Some("ASIAIOSFODNN7EXAMPLE".into()), session: Some(session), ..user() }
}

/// A federated user of the user.
pub(crate) fn federated() -> Principal {
    let arn = "arn:aws:sts::111122223333:federated-user/ci";
    Principal {
        kind: PrincipalKind::FederatedUser,
        arn: Some(arn.into()),
        user_id: Some("111122223333:ci".into()),
        name: Some("ci".into()),
        session: Some(Session {
            name: Some("ci".into()),
            arn: Some(arn.into()),
            issuer_arn: Some(USER.into()),
            ..token().session.unwrap()
        }),
        ..token()
    }
}

/// What gives cause: an event, or a principal that downloaded a layer.
pub(crate) trait Gives {
    fn event(&self) -> Event;
}

impl Gives for Event {
    fn event(&self) -> Event {
        self.clone()
    }
}

impl Gives for Principal {
    fn event(&self) -> Event {
        let record: Value = serde_json::from_str(RECORD).unwrap();
        Event { principal: self.clone(), ..layerguard_core::cloudtrail::parse(&record).unwrap() }
    }
}

pub(crate) fn cause(event: &Event) -> Cause<'_> {
    Cause { event, inventory: &INVENTORY }
}

/// The own account of this world, for an action alone.
pub(crate) fn with_tools<T>(world: &World, run: impl FnOnce(Tools<'_>) -> T) -> T {
    let account = drive(world.enter(ACCOUNT, None)).unwrap();
    run(Tools { account: &*account, holders: world, inventory: Some(&INVENTORY) })
}

/// Every action with an event that it is possible for.
pub(crate) fn every_action() -> Vec<(&'static str, Event)> {
    let mut every = vec![
        ("deny_session", session().event()),
        ("revoke_role_sessions", session().event()),
        ("disable_access_key", user().event()),
        ("deny_user", user().event()),
        ("revoke_user_sessions", token().event()),
        ("quarantine_role", session().event()),
        ("quarantine_user", user().event()),
    ];
    every.extend(super::causes::every_cause());
    every
}

/// A role and a user with policies and keys of their own.
pub(crate) fn account(world: &World) {
    let own = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]});
    let policies = BTreeMap::from([("own".to_owned(), own)]);
    world.set_role("builder", Role { policies: policies.clone(), ..Role::default() });
    let keys = BTreeMap::from([(KEY.to_owned(), true), ("AKIAI44QH8DHBEXAMPLE".to_owned(), true)]);
    world.set_user("alice", User { policies, keys, ..User::default() });
    super::causes::weakened(world);
}

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) id: String,
    pub(crate) guard: Guard,
    /// Its messages have no runbook here.
    pub(crate) policy: Result<Assessor, String>,
}

/// No policy is needed to act by record.
pub(crate) fn without() -> Result<Assessor, String> {
    Err("no policy is needed to act by record".to_owned())
}

impl Scene {
    /// An incident of this cause with one event found and nothing decided.
    pub(crate) fn found(cause: &dyn Gives) -> Self {
        let world = World::at(at("2026-11-20T09:00:00.25Z"));
        account(&world);
        let joined =
            IncidentEvent { event: cause.event(), facts: None, assessment: assessment(), record_hash: "ab".repeat(32) };
        let key = IncidentKey::of(&joined.event, &joined.assessment).unwrap();
        let id = drive(world.join(&key, &joined)).unwrap().incident;
        let guard = Guard {
            account: ACCOUNT.into(),
            own_roles: vec!["arn:aws:iam::111122223333:role/layerguard-remediate".into()],
            mode: Mode::Act,
            inventory: Ok(INVENTORY.clone()),
        };
        let scene = Self { world, id, guard, policy: without() };
        scene.append(Body::Finding(body::Finding {
            events: vec![FindingEvent {
                dedupe_id: joined.event.dedupe_id.clone(),
                event_id: joined.event.event_id.clone(),
                time: joined.event.time,
                call: joined.event.call_name(),
                rules: vec!["ecr_layer_download_unlisted_principal".into()],
                record_hash: joined.record_hash,
            }],
            evidence: 1,
            principals: vec![],
            accounts: vec![],
        }));
        scene
    }

    /// The same with a decision on one step.
    pub(crate) fn decided(action: &str, cause: &dyn Gives, mode: Mode) -> Self {
        let scene = Self::found(cause);
        scene.decide(&[(action, cause, mode)]);
        scene
    }

    /// An action that is carried out, and undo of it asked for.
    pub(crate) fn taken_back(action: &str, cause: &dyn Gives) -> Self {
        let scene = Self::decided(action, cause, Mode::Act);
        scene.apply(0).unwrap();
        scene.answer(Verb::Undo);
        scene
    }

    /// Append a decision on these steps; numbers count on.
    pub(crate) fn decide(&self, steps: &[(&str, &dyn Gives, Mode)]) {
        let first = self.history().next_step();
        let steps = steps.iter().zip(first..).map(|((name, given, mode), number)| {
            let action = action::by_name(name).unwrap();
            let target = action.target(cause(&given.event())).unwrap();
            Step {
                number,
                action: (*name).to_owned(),
                effect: action.effect(&target),
                lift_after_seconds: action.lift_after(&target).map(|after| after.as_secs()),
                target,
                mode: *mode,
                reasons: vec!["as the policy says".into()],
            }
        });
        self.decide_on(steps.collect());
    }

    pub(crate) fn decide_on(&self, steps: Vec<Step>) {
        let plan = Plan { incident: self.id.clone(), steps };
        self.append(Body::Decision(Box::new(body::Decision {
            evidence: 1,
            verdict: Verdict::Violation,
            severity: Some(Severity::High),
            rules: vec!["ecr_layer_download_unlisted_principal".into()],
            plan_hash: plan.hash().unwrap(),
            decision: plan.weightiest(),
            on_expiry: plan.steps.iter().map(|step| step.number).collect(),
            approvers: 1,
            plan,
            reasons: vec![],
            errors: vec![],
            circumstances: body::Circumstances::default(),
            blast: Vec::new(),
        })));
    }

    /// Append an accepted answer to the latest decision.
    pub(crate) fn answer(&self, verb: Verb) {
        let plan_hash = self.history().decision().unwrap().plan_hash.clone();
        self.append(Body::ApprovalAccepted(ApprovalAccepted {
            verb,
            plan_hash,
            approver_arn: "arn:aws:sts::111122223333:assumed-role/on-call/ada".into(),
            approver_user_id: "AROAEXAMPLEONCALL:ada".into(),
            comment: None,
            signature_hash: "cd".repeat(32),
            step: None,
            awaits_second: false,
        }));
    }

    pub(crate) fn append(&self, body: Body) {
        self.try_append(body).unwrap();
    }

    pub(crate) fn try_append(&self, body: Body) -> Result<(), AuditError> {
        let draft = Draft::of(&body).unwrap();
        drive(audit::append(&self.world, &self.id, "decide", "v1", self.world.now(), draft)).map(drop)
    }

    pub(crate) fn close(&self, status: Status) {
        drive(audit::close(&self.world, &self.id, "decide", "v1", self.world.now(), status)).unwrap();
    }

    pub(crate) fn history(&self) -> History {
        History::of(&self.world.chain(&self.id)).unwrap()
    }

    pub(crate) async fn handle(&self, payload: Value) -> Result<Value, RemediateError> {
        let world = &self.world;
        let remediate = Remediate {
            audit: world,
            incidents: world,
            measures: world,
            accounts: world,
            reaches: world,
            activity: world,
            holders: world,
            switch: world,
            notifier: world,
            outbox: world,
            clock: world,
            policy: &self.policy,
            guard: &self.guard,
            stack: "layerguard",
            region: "eu-central-1",
            figures: &Figures::default(),
        };
        remediate.handle(payload).await
    }

    /// The answer's outcome, or the class of the error.
    pub(crate) fn step(&self, task: &str, step: u32) -> Result<String, Class> {
        let payload = json!({"task": task, "incident_id": self.id, "step": step});
        let answer = drive(self.handle(payload)).map_err(|error| error.class())?;
        Ok(answer["outcome"].as_str().unwrap().to_owned())
    }

    pub(crate) fn apply(&self, step: u32) -> Result<String, Class> {
        self.step("apply", step)
    }

    pub(crate) fn undo(&self, step: u32) -> Result<String, Class> {
        self.step("undo", step)
    }

    pub(crate) fn lift_due(&self) -> Value {
        drive(self.handle(json!({"task": "lift_due"}))).unwrap()
    }

    /// How many calls could have changed IAM.
    pub(crate) fn iam_writes(&self) -> usize {
        let writes = |call: &layerguard_testkit::Call| {
            call.operation.starts_with("iam.")
                && ["put", "delete", "set", "attach", "detach"].iter().any(|verb| call.operation.contains(verb))
        };
        self.world.calls().iter().filter(|call| writes(call)).count()
    }

    pub(crate) fn proves(&self) -> audit::Proof {
        audit::verify(&self.world.chain(&self.id)).unwrap()
    }
}

fn assessment() -> Assessment {
    Assessment {
        verdict: Verdict::Violation,
        rules: vec![FiredRule {
            id: "ecr_layer_download_unlisted_principal".into(),
            title: "A layer was downloaded by a principal that may not pull".into(),
            family: "exfiltration".into(),
            severity: Severity::High,
            playbook: "exfiltration".into(),
            attack: "T1530".into(),
            controls: String::new(),
            exception: None,
        }],
        reasons: vec![],
        errors: vec![],
        policy_version: "v1".into(),
    }
}
