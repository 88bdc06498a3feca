//! The two state machines in memory: what `statemachine/*.asl.json` does with the three functions, over one [`World`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use layerguard_core::approval::{Answer, CallerIdentity, SignedRequest, Statement, Verb};
use layerguard_core::assess::Assessor;
use layerguard_core::audit::{History, verify};
use layerguard_core::error::{Class, Classified};
use layerguard_core::incident::Incident;
use layerguard_core::inventory::Inventory;
use layerguard_core::metric::Figures;
use layerguard_core::plan::Mode;
use layerguard_core::ports::{ApprovalStore, Clock, ExecutionStatus};
use layerguard_decide::{Course, Decide, Deployment, Next, Ports, Reply};
use layerguard_detect::{Detect, Found};
use layerguard_remediate::{Guard, Remediate};
use layerguard_testkit::World;
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
const ENDPOINT: &str = "https://sts.eu-central-1.amazonaws.com";
/// What every task token begins with: a bearer secret.
pub(crate) const TASK_TOKEN: &str = "AQCEAAAAKgAAAAMtask";
/// The session token of whoever signs: a secret too.
pub(crate) const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEExample";
/// As often as the machines retry an error that may pass.
const TRIES: usize = 6;
/// More turns than any story takes.
const MOST_TURNS: usize = 300;

/// What a person does while the machine waits.
pub(crate) type Deed = Box<dyn Fn(&Chain, &str) + Send + Sync>;

/// layerguard over a world in memory.
pub(crate) struct Chain {
    pub(crate) world: World,
    policy: Arc<Result<Assessor, String>>,
    deployment: Deployment,
    guard: Guard,
    invocations: AtomicUsize,
    repeated: Option<usize>,
    /// What the functions told in figures.
    pub(crate) figures: Figures,
}

/// Loading a bundle takes longer than a story; the fault tests tell thousands of stories with few inventories.
fn loaded(inventory: &str, own: &[String]) -> Arc<Result<Assessor, String>> {
    static LOADED: Mutex<BTreeMap<String, Arc<Result<Assessor, String>>>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap();
    let load = || Arc::new(Assessor::load(inventory, own.to_vec()).map_err(|error| error.to_string()));
    loaded.entry(inventory.to_owned()).or_insert_with(load).clone()
}

impl Chain {
    /// A deployment with this inventory. Mode `act` and inline denies are allowed: the inventory is the ceiling.
    pub(crate) fn new(world: World, inventory: &str) -> Self {
        let own: Vec<String> =
            ["detect", "decide", "remediate"].map(|n| format!("arn:aws:iam::{ACCOUNT}:role/layerguard-{n}")).to_vec();
        let policy = loaded(inventory, &own);
        Self {
            world,
            policy,
            invocations: AtomicUsize::new(0),
            repeated: None,
            figures: Figures::default(),
            deployment: Deployment {
                stack: "layerguard".to_owned(),
                region: "eu-central-1".to_owned(),
                mode: Mode::Act,
                inline_deny: true,
                home_account: ACCOUNT.to_owned(),
                sts_endpoint: ENDPOINT.to_owned(),
            },
            guard: Guard {
                account: ACCOUNT.to_owned(),
                own_roles: own,
                mode: Mode::Act,
                inventory: Inventory::from_toml(inventory).map_err(|problems| problems.to_string()),
            },
        }
    }

    /// The same, with a state of the machines that is retried although it had succeeded: the answer of this invocation is lost.
    pub(crate) fn repeating(world: World, inventory: &str, invocation: usize) -> Self {
        Self { repeated: Some(invocation), ..Self::new(world, inventory) }
    }

    /// How often a function was invoked for a state.
    pub(crate) fn invocations(&self) -> usize {
        self.invocations.load(Ordering::Relaxed)
    }

    /// Whether the answer of this invocation is lost.
    fn loses_answer(&self) -> bool {
        Some(self.invocations.fetch_add(1, Ordering::Relaxed)) == self.repeated
    }

    /// The triage machine: Detect with its retries, then an execution under the incident's id. `None`: the event went to the
    /// failed-events queue.
    pub(crate) async fn triage(&self, event: &Value) -> Option<Found> {
        let world = &self.world;
        let detect = Detect {
            policy: &self.policy,
            audit: world,
            incidents: world,
            activity: world,
            clock: world,
            figures: &self.figures,
        };
        for _ in 0..TRIES {
            let found = detect.handle(event).await;
            match found {
                _ if world.revive() => {}
                Ok(_) if self.loses_answer() => {}
                Ok(found) => {
                    if found.start {
                        let id = found.incident_id.clone().unwrap();
                        if !world.executions().iter().any(|(name, ..)| *name == id) {
                            world.set_execution(&id, &id, ExecutionStatus::Running);
                        }
                    }
                    return Some(found);
                }
                Err(error) if error.class() == Class::Retryable => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// The respond machine for one incident, with what people do while it waits. Answers whether it ended by itself (`Settled`)
    /// or through the escalation.
    pub(crate) async fn respond(&self, id: &str, mut deeds: VecDeque<Deed>) -> bool {
        let mut waits = 0;
        for _ in 0..MOST_TURNS {
            let Ok(course) = self.decide(json!({"task": "decide", "incident_id": id})).await else {
                self.escalate(id, None).await;
                return false;
            };
            match course.next {
                Next::Settled => return true,
                Next::Contain => self.each_step("apply", &course).await,
                Next::Undo => self.each_step("undo", &course).await,
                Next::Report => {
                    if self.remediate(json!({"task": "report", "incident_id": id})).await.is_err() {
                        self.escalate(id, None).await;
                        return false;
                    }
                }
                Next::Ask => {
                    waits += 1;
                    let token = format!("{TASK_TOKEN}-{waits}");
                    let asked = json!({"task": "request_approval", "incident_id": id, "task_token": token});
                    if self.function(asked).await.is_err() {
                        self.escalate(id, None).await;
                        return false;
                    }
                    match deeds.pop_front() {
                        Some(deed) => deed(self, id),
                        None => self.world.advance(jiff::SignedDuration::from_secs(course.wait_seconds)),
                    }
                }
            }
        }
        panic!("the machine does not come to an end");
    }

    async fn each_step(&self, task: &str, course: &Course) {
        for due in &course.steps {
            let payload = json!({"task": task, "incident_id": due.incident_id, "step": due.step});
            if self.remediate(payload).await.is_err() {
                self.escalate(&due.incident_id, Some(due.step)).await;
            }
        }
    }

    async fn escalate(&self, id: &str, step: Option<u32>) {
        let error = json!({"Error": "Permanent", "Cause": "{\"errorMessage\":\"it failed\"}"});
        let given = self.function(json!({"task": "escalate", "incident_id": id, "step": step, "error": error})).await;
        given.expect("the escalation itself works once the fault is gone");
    }

    async fn decide(&self, payload: Value) -> Result<Course, Class> {
        match self.function(payload).await? {
            Reply::Course(course) => Ok(course),
            other => panic!("not a course: {other:?}"),
        }
    }

    /// Decide with the machine's retries.
    pub(crate) async fn function(&self, payload: Value) -> Result<Reply, Class> {
        let world = &self.world;
        let ports = Ports {
            audit: world,
            incidents: world,
            approvals: world,
            measures: world,
            activity: world,
            lineage: world,
            roles: world,
            switch: world,
            lever: world,
            policies: world,
            policy_lever: world,
            notifier: world,
            bus: world,
            outbox: world,
            executions: world,
            proof: world,
            clock: world,
            figures: &self.figures,
        };
        let decide = Decide { policy: &self.policy, deployment: &self.deployment, ports };
        let mut last = Class::Retryable;
        for _ in 0..TRIES {
            let reply = decide.serve(payload.clone()).await;
            match reply {
                _ if world.revive() => {}
                Ok(_) if self.loses_answer() => {}
                Ok(reply) => return Ok(reply),
                Err(error) => {
                    last = error.class();
                    if last != Class::Retryable {
                        return Err(last);
                    }
                }
            }
        }
        Err(last)
    }

    /// Remediate with the machine's retries.
    pub(crate) async fn remediate(&self, payload: Value) -> Result<Value, Class> {
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
            guard: &self.guard,
            policy: &self.policy,
            stack: "layerguard",
            region: "eu-central-1",
            figures: &self.figures,
        };
        let mut last = Class::Retryable;
        for _ in 0..TRIES {
            let answer = remediate.handle(payload.clone()).await;
            match answer {
                _ if world.revive() => {}
                Ok(_) if self.loses_answer() => {}
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    last = error.class();
                    if last != Class::Retryable {
                        return Err(last);
                    }
                }
            }
        }
        Err(last)
    }

    pub(crate) fn row(&self, id: &str) -> Incident {
        self.world.row(id).unwrap()
    }

    pub(crate) fn history(&self, id: &str) -> History {
        History::of(&self.world.chain(id)).unwrap()
    }

    /// Every chain holds.
    pub(crate) fn assert_chains_hold(&self, point: &str) {
        for chain in self.world.chains() {
            let proof = verify(&self.world.chain(&chain));
            assert!(proof.is_ok(), "{point}: chain {chain} is broken: {proof:?}");
        }
    }

    /// A person's answer, signed now by a caller whom STS knows.
    pub(crate) fn answer(&self, id: &str, verb: Verb, caller: &CallerIdentity) -> Answer {
        let plan_hash = self.history(id).decision().unwrap().plan_hash.clone();
        self.answer_about(id, plan_hash, verb, caller)
    }

    /// The same about what has this hash.
    pub(crate) fn answer_about(&self, id: &str, plan_hash: String, verb: Verb, caller: &CallerIdentity) -> Answer {
        self.sign(&Statement::new(id, &plan_hash, verb, Some("seen")), caller)
    }

    /// What a person states, signed now by a caller whom STS knows.
    pub(crate) fn sign(&self, statement: &Statement<'_>, caller: &CallerIdentity) -> Answer {
        let now = self.world.now();
        let date = now.to_string().replace(['-', ':'], "");
        let date = format!("{}Z", date.split(['.', 'Z']).next().unwrap());
        let mut headers = BTreeMap::from([
            ("host".to_owned(), "sts.eu-central-1.amazonaws.com".to_owned()),
            ("x-amz-date".to_owned(), date.clone()),
            ("x-amz-security-token".to_owned(), SESSION_TOKEN.to_owned()),
        ]);
        headers.extend(statement.headers().into_iter().map(|(name, value)| (name.to_owned(), value)));
        let signed = headers.keys().cloned().collect::<Vec<_>>().join(";");
        let signature = {
            use std::hash::{DefaultHasher, Hash, Hasher};
            let mut hasher = DefaultHasher::new();
            (&headers, &caller.user_id).hash(&mut hasher);
            format!("{:064x}", hasher.finish())
        };
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/{}/eu-central-1/sts/aws4_request, SignedHeaders={signed}, Signature={signature}",
            &date[..8]
        );
        self.world.know_signer(&authorization, caller.clone());
        headers.insert("authorization".to_owned(), authorization);
        Answer {
            incident: statement.incident.to_owned(),
            verb: statement.verb,
            plan_hash: statement.plan_hash.to_owned(),
            comment: statement.comment.map(str::to_owned),
            step: statement.step,
            assignee: statement.assignee.map(str::to_owned),
            replaces: statement.replaces.map(str::to_owned),
            package: None,
            given_at: now,
            request: SignedRequest { endpoint: ENDPOINT.to_owned(), headers },
        }
    }

    /// Store an answer, as a person does who tries again until the command line says that it worked.
    pub(crate) fn give(&self, answer: &Answer) {
        for _ in 0..TRIES {
            let given = futures_lite(self.world.put_answer(answer));
            if !self.world.revive() && given.is_ok() {
                return;
            }
        }
        panic!("the answer could not be given");
    }
}

/// Run a future that never waits: everything of a world is in memory.
pub(crate) fn futures_lite<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let waker = std::task::Waker::noop();
    match future.as_mut().poll(&mut std::task::Context::from_waker(waker)) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("a call to the world waited"),
    }
}

pub(crate) fn on_call() -> CallerIdentity {
    person("ada")
}

/// Somebody on call, by the session's name.
pub(crate) fn person(name: &str) -> CallerIdentity {
    CallerIdentity {
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/on-call/{name}"),
        user_id: format!("AROAONCALLEXAMPLE:{name}"),
        account: ACCOUNT.to_owned(),
    }
}
