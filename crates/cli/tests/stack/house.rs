//! A stack in memory with one incident: a session that took three layers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use async_trait::async_trait;
use jiff::SignedDuration;
use layerguard_cli::failure::Failure;
use layerguard_cli::render::Screen;
use layerguard_cli::stack::{Signer, Stack, Statement};
use layerguard_core::approval::{Answer, ApprovalRequest, SignedRequest, Verb, comment_hash};
use layerguard_core::audit::{self, Body, Draft, body};
use layerguard_core::cloudtrail::{self, Event};
use layerguard_core::engine::{Severity, Verdict};
use layerguard_core::facts::Facts;
use layerguard_core::incident::{Incident, IncidentEvent, IncidentKey, Status};
use layerguard_core::ports::{ApprovalStore, AuditLog, Clock, IncidentStore, PortResult};
use layerguard_testkit::World;
use serde_json::Value;

use crate::events::{assessment, download, plan, start};

pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/ci/builder";
pub(crate) const ALICE: &str = "arn:aws:sts::111122223333:assumed-role/on-call/alice";
pub(crate) const TOKEN: &str = "the-task-token-is-a-secret";

/// A stack, and what was printed.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) id: String,
    pub(crate) plan_hash: String,
    out: Printed,
    err: Printed,
}

/// What was printed.
#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Signs with a signature that depends on what is signed.
pub(crate) struct Pen(World);

#[async_trait]
impl Signer for Pen {
    async fn sign(&self, statement: Statement<'_>) -> PortResult<SignedRequest> {
        let stated = statement.headers();
        let mut names: Vec<&str> = stated.iter().map(|(name, _)| *name).chain(["host", "x-amz-date"]).collect();
        names.sort_unstable();
        let names = names.join(";");
        let credential = "ASIAIOSFODNN7EXAMPLE/20261120/eu-central-1/sts/aws4_request";
        let signature = comment_hash(Some(&format!("{statement:?}")));
        let mut headers = BTreeMap::from([
            (
                "authorization".to_owned(),
                format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"),
            ),
            ("host".to_owned(), "sts.eu-central-1.amazonaws.com".to_owned()),
            ("x-amz-date".to_owned(), self.0.now().strftime("%Y%m%dT%H%M%SZ").to_string()),
        ]);
        headers.extend(stated.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(SignedRequest { endpoint: "https://sts.eu-central-1.amazonaws.com".to_owned(), headers })
    }
}

impl House {
    /// An empty stack.
    pub(crate) fn empty() -> Self {
        let world = World::at(start() + SignedDuration::from_mins(2));
        Self { world, id: String::new(), plan_hash: String::new(), out: Printed::default(), err: Printed::default() }
    }

    /// An incident that was found and decided, and waits for a person.
    pub(crate) async fn awaiting() -> Self {
        Self::awaiting_about((0..3).map(download), None).await
    }

    /// The same where two people must approve.
    pub(crate) async fn awaiting_two() -> Self {
        Self::awaiting_approvals((0..3).map(download), None, 2).await
    }

    /// The same with other events, all with these facts.
    pub(crate) async fn awaiting_about(events: impl IntoIterator<Item = Event>, facts: Option<Facts>) -> Self {
        Self::awaiting_approvals(events, facts, 1).await
    }

    /// The same from CloudTrail records, which the assessments keep.
    pub(crate) async fn awaiting_from(records: &[Value]) -> Self {
        let read = |record: &Value| (cloudtrail::parse(record).unwrap(), Some(record.clone()));
        Self::awaiting_on(records.iter().map(read), None, 1).await
    }

    async fn awaiting_approvals(events: impl IntoIterator<Item = Event>, facts: Option<Facts>, approvers: u32) -> Self {
        Self::awaiting_on(events.into_iter().map(|event| (event, None)), facts, approvers).await
    }

    async fn awaiting_on(
        events: impl IntoIterator<Item = (Event, Option<Value>)>,
        facts: Option<Facts>,
        approvers: u32,
    ) -> Self {
        let mut house = Self::empty();
        for (event, record) in events {
            let chain = audit::call_chain(&event.dedupe_id);
            let (facts, assessment) = (facts.clone(), assessment());
            let mut body = body::Assessment { event: event.clone(), facts, assessment, original: None };
            if let Some(record) = record {
                body = body.with_original(&record);
            }
            let facts = body.facts.clone();
            let record_hash = house.record_on(&chain, "detect", Body::Assessment(Box::new(body))).await;
            let joined = IncidentEvent { event, facts, assessment: self::assessment(), record_hash };
            let key = IncidentKey::of(&joined.event, &joined.assessment).unwrap();
            house.id = house.world.join(&key, &joined).await.unwrap().incident;
        }
        let events = house.world.events(&house.id).await.unwrap();
        let found = |joined: &IncidentEvent| body::FindingEvent {
            dedupe_id: joined.event.dedupe_id.clone(),
            event_id: joined.event.event_id.clone(),
            time: joined.event.time,
            call: joined.event.call_name(),
            rules: vec!["ecr_layer_download_unlisted_principal".to_owned()],
            record_hash: joined.record_hash.clone(),
        };
        let finding = body::Finding {
            evidence: u64::try_from(events.len()).unwrap(),
            events: events.iter().map(found).collect(),
            principals: vec!["AROAEXAMPLEID:mallory".to_owned(), ROLE.to_owned()],
            accounts: vec!["111122223333".to_owned()],
        };
        house.record(Body::Finding(finding)).await;
        let plan = plan(&house.id);
        house.plan_hash = plan.hash().unwrap();
        house
            .record(Body::Decision(Box::new(body::Decision {
                evidence: 3,
                verdict: Verdict::Violation,
                severity: Some(Severity::High),
                rules: vec!["ecr_layer_download_unlisted_principal".to_owned()],
                plan_hash: house.plan_hash.clone(),
                decision: plan.weightiest(),
                plan,
                reasons: Vec::new(),
                errors: Vec::new(),
                on_expiry: Vec::new(),
                approvers,
                circumstances: body::Circumstances::default(),
                blast: Vec::new(),
            })))
            .await;
        let deadline = start() + SignedDuration::from_mins(62);
        let asked = body::ApprovalRequested { plan_hash: house.plan_hash.clone(), deadline, reminder: false };
        house.record(Body::ApprovalRequested(asked)).await;
        let request = ApprovalRequest {
            incident: house.id.clone(),
            plan_hash: house.plan_hash.clone(),
            asked_at: house.world.now(),
            deadline,
            told_at: None,
            token: Some(TOKEN.to_owned()),
        };
        house.world.put_request(&request).await.unwrap();
        house.set(|incident| {
            incident.status = Status::AwaitingApproval;
            incident.decisions = 1;
            incident.decided_evidence = 3;
        });
        house
    }

    /// The same after alice approved and the session was cut off.
    pub(crate) async fn contained() -> Self {
        let house = Self::awaiting().await;
        house.accept(Verb::Approve, "an earlier answer").await;
        house.contain().await;
        house
    }

    /// Carries the step out, as Remediate would, and closes the incident, as Decide would.
    pub(crate) async fn contain(&self) {
        let step = plan(&self.id).steps.remove(0);
        let captured = serde_json::json!({});
        self.record(Body::Intent(Box::new(body::Intent {
            step: 0,
            action: step.action,
            target: step.target,
            captured,
        })))
        .await;
        self.record(Body::Outcome(body::Outcome {
            step: 0,
            result: body::OutcomeResult::Applied,
            detail: None,
            failure: None,
        }))
        .await;
        self.close(Status::Contained).await;
    }

    /// Takes the step back, as Remediate and Decide would.
    pub(crate) async fn take_back(&self, result: body::UndoResult, status: Status) {
        let cause = body::UndoCause::Person;
        self.record(Body::UndoIntent(body::UndoIntent { step: 0, cause })).await;
        let detail = (result == body::UndoResult::Drifted).then(|| "the policy was changed".to_owned());
        self.record(Body::UndoOutcome(body::UndoOutcome { step: 0, cause, result, detail })).await;
        self.close(status).await;
    }

    pub(crate) async fn close(&self, status: Status) {
        audit::close(&self.world, &self.id, "decide", "v1", self.world.now(), status).await.unwrap();
        self.set(|incident| incident.status = status);
    }

    /// Records an answer of alice's as accepted, as Decide would.
    pub(crate) async fn accept(&self, verb: Verb, signature_hash: &str) {
        let answer = body::ApprovalAccepted {
            verb,
            plan_hash: self.plan_hash.clone(),
            approver_arn: ALICE.to_owned(),
            approver_user_id: "AROAEXAMPLEONCALL:alice".to_owned(),
            comment: None,
            signature_hash: signature_hash.to_owned(),
            step: None,
            awaits_second: false,
        };
        self.record(Body::ApprovalAccepted(answer)).await;
    }

    /// The answer that the command line stored, once it is there.
    pub(crate) async fn answer(&self) -> Answer {
        loop {
            if let Some(answer) = self.world.answers(&self.id).await.unwrap().pop() {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn record(&self, body: Body) -> String {
        self.record_on(&self.id, "decide", body).await
    }

    pub(crate) async fn record_on(&self, chain: &str, actor: &str, body: Body) -> String {
        let draft = Draft::of(&body).unwrap();
        audit::append(&self.world, chain, actor, "v1", self.world.now(), draft).await.unwrap().hash
    }

    fn set(&self, change: impl FnOnce(&mut Incident)) {
        let mut incident = self.world.row(&self.id).unwrap();
        change(&mut incident);
        self.world.set_incident(incident);
    }

    /// Does something with the stack and a screen, and answers with what came of it and what was printed.
    pub(crate) async fn with<T>(
        &self,
        act: impl AsyncFnOnce(&Stack<'_>, &mut Screen) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, String) {
        let plain = |printed: &Printed| -> Box<dyn Write> {
            Box::new(anstream::StripStream::new(Box::new(printed.clone()) as Box<dyn Write>))
        };
        let (result, [out, err]) = self.on(Screen::onto(plain(&self.out), plain(&self.err), Some(100)), act).await;
        (result, format!("{out}{err}"))
    }

    /// The same on a terminal of so many columns, with its colours; standard output and standard error apart.
    pub(crate) async fn drawn<T>(
        &self,
        columns: Option<usize>,
        act: impl AsyncFnOnce(&Stack<'_>, &mut Screen) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, [String; 2]) {
        self.on(Screen::onto(Box::new(self.out.clone()), Box::new(self.err.clone()), columns), act).await
    }

    async fn on<T>(
        &self,
        mut screen: Screen,
        act: impl AsyncFnOnce(&Stack<'_>, &mut Screen) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, [String; 2]) {
        let world = &self.world;
        let pen = Pen(world.clone());
        let stack = Stack {
            name: "layerguard",
            region: "eu-central-1",
            audit: world as &dyn AuditLog,
            index: world,
            incidents: world as &dyn IncidentStore,
            activity: world,
            images: world,
            roles: world,
            approvals: world as &dyn ApprovalStore,
            executions: world,
            switch: world,
            lever: world,
            caller: ALICE,
            signer: &pen,
            clock: world as &dyn Clock,
        };
        let result = act(&stack, &mut screen).await;
        if let Err(failure) = &result {
            screen.failure(failure);
        }
        drop(screen);
        let printed = [&self.out, &self.err].map(|printed| String::from_utf8(printed.0.take()).unwrap());
        assert!(!printed.concat().contains(TOKEN), "the task token was printed:\n{}", printed.concat());
        (result, printed)
    }
}
