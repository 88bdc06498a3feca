//! Everything that the checks look at, read once. What could not be read stays the error that it was: no check takes it for an answer.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use layerguard_core::approval::BUILT_IN;
use layerguard_core::policy::{self, Package};
use layerguard_core::ports::{
    Alarm, AuditLog, Deployment, Function, HourDone, HourStore, InForce, LIVE, Loaded, Machine, Pause, PolicyPointer,
    PortResult, Queue, Reach, ReachStore, Rule, SchemaMark, Switch, Table, Topic, Trail,
};
use layerguard_core::reconcile::{Hour, LOOKED_BACK};

/// The rules on watched calls, by the names that follow the stack's.
pub const WATCHING: [&str; 6] = ["calls", "pulls", "lambda", "sessions", "identity", "control"];
/// The rules that keep the rest going.
pub const WORKING: [&str; 2] = ["sweep", "execution-died"];
/// The functions.
pub const FUNCTIONS: [&str; 3] = ["detect", "decide", "remediate"];
/// The machines.
pub const MACHINES: [&str; 2] = ["triage", "respond"];
/// How far back failures are counted.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// How many parts are read, one after the other.
pub const PARTS: usize = 8;

/// Where a stack is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The stack's name.
    pub stack: String,
    /// The partition, for example `aws`.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
}

impl Place {
    /// The ARN of something of the stack in this account and region: `arn("sqs", "layerguard-failed-events")`.
    #[must_use]
    pub fn arn(&self, service: &str, thing: &str) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{thing}")
    }

    /// The name of something of the stack: `layerguard-calls`.
    #[must_use]
    pub fn name(&self, thing: &str) -> String {
        format!("{}-{thing}", self.stack)
    }

    /// The ARN under which a machine of the stack is started.
    #[must_use]
    pub fn started(&self, machine: &str) -> String {
        self.arn("states", &format!("stateMachine:{}:{LIVE}", self.name(machine)))
    }

    /// The region in which the calls are recorded that have none, such as those of IAM (AWS facts, section 14).
    #[must_use]
    pub fn global_region(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }
}

/// A function and its failures.
#[derive(Debug, Clone)]
pub struct FunctionFound {
    /// The function.
    pub function: PortResult<Function>,
    /// How often it failed within [`LOOK_BACK`].
    pub failures: PortResult<u64>,
}

/// A table and what protects it.
#[derive(Debug, Clone)]
pub struct TableFound {
    /// The table.
    pub table: PortResult<Table>,
    /// Can be put back to an earlier point in time.
    pub recovers: PortResult<bool>,
    /// The attribute by which items expire.
    pub expires_by: PortResult<Option<String>>,
    /// Its resource policy.
    pub policy: PortResult<Option<String>>,
}

/// Where the stack keeps what it knows.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// The stop switch.
    pub switch: &'a dyn Switch,
    /// Which policy is in force.
    pub policies: &'a dyn PolicyPointer,
    /// The policies themselves.
    pub audit: &'a dyn AuditLog,
    /// Which hours are reconciled.
    pub hours: &'a dyn HourStore,
    /// Which accounts let Remediate in.
    pub reaches: &'a dyn ReachStore,
    /// Which form the tables have.
    pub schema: &'a dyn SchemaMark,
}

/// What was read.
#[derive(Debug, Clone)]
pub struct Estate {
    /// Where.
    pub place: Place,
    /// When, by our clock.
    pub now: Timestamp,
    /// How far AWS's clock is ahead of ours.
    pub clock_ahead: PortResult<SignedDuration>,
    /// The trails.
    pub trails: PortResult<Vec<Trail>>,
    /// The rules, by the names that follow the stack's.
    pub rules: BTreeMap<&'static str, PortResult<Rule>>,
    /// The rules elsewhere that send to this region; `None` where the calls without a region arrive here anyway.
    pub forwarders: Option<PortResult<Vec<Rule>>>,
    /// The failed-events queue.
    pub queue: PortResult<Queue>,
    /// The functions, by the names that follow the stack's.
    pub functions: BTreeMap<&'static str, FunctionFound>,
    /// The alarms of the stack.
    pub alarms: PortResult<Vec<Alarm>>,
    /// The alert topic; `None` where its ARN is not known, because Decide could not be read.
    pub topic: Option<PortResult<Topic>>,
    /// The audit table.
    pub audit: TableFound,
    /// The state table.
    pub state: TableFound,
    /// The machines, by the names that follow the stack's.
    pub machines: BTreeMap<&'static str, PortResult<Machine>>,
    /// What Remediate may do, as JSON text.
    pub remediate_policy: PortResult<String>,
    /// The function that reconciles; it is there where a trail's bucket was given.
    pub reconcile: PortResult<Function>,
    /// Which hours are reconciled, of those that are looked back at and some before.
    pub hours: PortResult<Vec<HourDone>>,
    /// Which accounts let Remediate in, as it tried last.
    pub reaches: PortResult<Vec<Reach>>,
    /// Which form the tables have, as their mark says.
    pub form: PortResult<Option<u32>>,
    /// The stop switch.
    pub pause: PortResult<Option<Pause>>,
    /// The policy in force; `None` where none was published.
    pub in_force: PortResult<Option<InForce>>,
    /// Which policy each function said last that it runs.
    pub running: BTreeMap<&'static str, PortResult<Option<Loaded>>>,
    /// The policy in force as it is recorded, or why it cannot be had; `None` where none was published.
    pub published: Option<Result<Package, String>>,
    /// The text of an inventory file that the deployed one should be.
    pub file: Option<String>,
}

impl Estate {
    /// Reads all of it; `read` is told of each part.
    pub async fn read(
        place: Place,
        now: Timestamp,
        deployment: &dyn Deployment,
        kept: Kept<'_>,
        mut read: impl FnMut(&str),
    ) -> Self {
        read("the trails");
        let clock_ahead = deployment.clock_ahead().await;
        let trails = deployment.trails().await;
        read("the rules");
        let mut rules = BTreeMap::new();
        for name in WATCHING.into_iter().chain(WORKING) {
            rules.insert(name, deployment.rule(&place.name(name)).await);
        }
        let elsewhere = place.global_region();
        let forwarders = if elsewhere == place.region { None } else { Some(deployment.forwarders(elsewhere).await) };
        read("the functions");
        let mut functions = BTreeMap::new();
        for name in FUNCTIONS {
            let function = deployment.function(&place.name(name)).await;
            let since = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
            let failures = deployment.failures(&place.name(name), since).await;
            functions.insert(name, FunctionFound { function, failures });
        }
        read("the machines");
        let mut machines = BTreeMap::new();
        for name in MACHINES {
            let arn = place.arn("states", &format!("stateMachine:{}", place.name(name)));
            machines.insert(name, deployment.machine(&arn).await);
        }
        read("who is told");
        let queue = deployment.queue(&place.name("failed-events")).await;
        let alarms = deployment.alarms(&place.name("")).await;
        let topic = match topic_arn(&functions) {
            Some(arn) => Some(deployment.topic(&arn).await),
            None => None,
        };
        read("the tables");
        let audit = table(deployment, &place, "audit").await;
        let state = table(deployment, &place, "state").await;
        let remediate_policy = deployment.role_policy(&place.name("remediate"), "remediate").await;
        let pause = kept.switch.pause().await;
        let reaches = kept.reaches.reaches().await;
        let form = kept.schema.form().await;
        read("the policy");
        let in_force = kept.policies.in_force().await;
        let mut running = BTreeMap::new();
        for name in FUNCTIONS {
            running.insert(name, kept.policies.loaded(name).await);
        }
        let published = match &in_force {
            Ok(Some(found)) if found.version != BUILT_IN => {
                Some(policy::recorded(kept.audit, &found.version).await.map_err(|error| error.to_string()))
            }
            _ => None,
        };
        read("what is reconciled");
        let reconcile = deployment.function(&place.name("reconcile")).await;
        let since = Hour::of(now).back(LOOKED_BACK.saturating_mul(4)).start();
        let hours = kept.hours.hours_done(&place.account, &place.region, since).await;
        Self {
            place,
            now,
            clock_ahead,
            trails,
            rules,
            forwarders,
            queue,
            functions,
            alarms,
            topic,
            audit,
            state,
            machines,
            remediate_policy,
            reconcile,
            hours,
            reaches,
            form,
            pause,
            in_force,
            running,
            published,
            file: None,
        }
    }

    /// A variable of a function's environment; `None` when the function could not be read or has none.
    #[must_use]
    pub fn variable(&self, function: &str, name: &str) -> Option<&str> {
        let found = self.functions.get(function)?.function.as_ref().ok()?;
        found.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn topic_arn(functions: &BTreeMap<&'static str, FunctionFound>) -> Option<String> {
    let decide = functions.get("decide")?.function.as_ref().ok()?;
    decide.environment.get("LAYERGUARD_TOPIC_ARN").cloned()
}

async fn table(deployment: &dyn Deployment, place: &Place, name: &str) -> TableFound {
    let full = place.name(name);
    let arn = place.arn("dynamodb", &format!("table/{full}"));
    TableFound {
        table: deployment.table(&full).await,
        recovers: deployment.recovers(&full).await,
        expires_by: deployment.expires_by(&full).await,
        policy: deployment.table_policy(&arn).await,
    }
}
