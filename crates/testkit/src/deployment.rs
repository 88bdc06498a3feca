//! What was deployed, and the failed-events queue.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{
    Alarm, Deployment, FailedEvent, FailedEvents, Function, Machine, PortErrorKind, PortResult, Queue, Rule, Table,
    Topic, Trail, Triage,
};

use crate::World;

/// What SQS hands out at once.
const AT_ONCE: usize = 10;

/// A table with what protects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedTable {
    /// The table.
    pub table: Table,
    /// Can be put back to an earlier point in time.
    pub recovers: bool,
    /// The attribute by which items expire.
    pub expires_by: Option<String>,
    /// Its resource policy.
    pub policy: Option<String>,
}

/// What was deployed; at first nothing.
#[derive(Debug, Clone, Default)]
pub struct Deployed {
    /// The trails.
    pub trails: Vec<Trail>,
    /// Rules by name.
    pub rules: BTreeMap<String, Rule>,
    /// Rules of another region that send here.
    pub forwarders: Vec<Rule>,
    /// Queues by name.
    pub queues: BTreeMap<String, Queue>,
    /// Topics by ARN.
    pub topics: BTreeMap<String, Topic>,
    /// Tables by name.
    pub tables: BTreeMap<String, DeployedTable>,
    /// Functions by name, with how often they failed.
    pub functions: BTreeMap<String, (Function, u64)>,
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// Machines by ARN.
    pub machines: BTreeMap<String, Machine>,
    /// Inline policies by role and name.
    pub role_policies: BTreeMap<(String, String), String>,
    /// How far AWS's clock is ahead.
    pub clock_ahead: SignedDuration,
    letters: Vec<(FailedEvent, Option<Timestamp>)>,
    judged: Vec<(String, String)>,
    /// How many messages there ever were.
    count: usize,
}

fn found<T: Clone>(thing: Option<&T>) -> Result<T, PortErrorKind> {
    thing.cloned().ok_or(PortErrorKind::NotFound)
}

#[async_trait]
impl Deployment for World {
    async fn trails(&self) -> PortResult<Vec<Trail>> {
        self.call("deployment.trails", "all", |state| Ok(state.deployed.trails.clone()))
    }

    async fn rule(&self, name: &str) -> PortResult<Rule> {
        self.call("deployment.rule", name, |state| found(state.deployed.rules.get(name)))
    }

    async fn forwarders(&self, region: &str) -> PortResult<Vec<Rule>> {
        self.call("deployment.forwarders", region, |state| Ok(state.deployed.forwarders.clone()))
    }

    async fn queue(&self, name: &str) -> PortResult<Queue> {
        self.call("deployment.queue", name, |state| found(state.deployed.queues.get(name)))
    }

    async fn topic(&self, arn: &str) -> PortResult<Topic> {
        self.call("deployment.topic", arn, |state| found(state.deployed.topics.get(arn)))
    }

    async fn table(&self, name: &str) -> PortResult<Table> {
        self.call("deployment.table", name, |state| found(state.deployed.tables.get(name)).map(|found| found.table))
    }

    async fn recovers(&self, table: &str) -> PortResult<bool> {
        self.call("deployment.recovers", table, |state| {
            found(state.deployed.tables.get(table)).map(|found| found.recovers)
        })
    }

    async fn expires_by(&self, table: &str) -> PortResult<Option<String>> {
        self.call("deployment.expires_by", table, |state| {
            found(state.deployed.tables.get(table)).map(|found| found.expires_by)
        })
    }

    async fn table_policy(&self, arn: &str) -> PortResult<Option<String>> {
        self.call("deployment.table_policy", arn, |state| {
            found(state.deployed.tables.values().find(|found| found.table.arn == arn)).map(|found| found.policy)
        })
    }

    async fn function(&self, name: &str) -> PortResult<Function> {
        self.call("deployment.function", name, |state| {
            found(state.deployed.functions.get(name)).map(|(function, _)| function)
        })
    }

    async fn failures(&self, function: &str, _since: Timestamp) -> PortResult<u64> {
        // A metric that nobody ever wrote is no error: it has no figures.
        self.call("deployment.failures", function, |state| {
            Ok(state.deployed.functions.get(function).map_or(0, |(_, failures)| *failures))
        })
    }

    async fn alarms(&self, prefix: &str) -> PortResult<Vec<Alarm>> {
        self.call("deployment.alarms", prefix, |state| {
            Ok(state.deployed.alarms.iter().filter(|alarm| alarm.name.starts_with(prefix)).cloned().collect())
        })
    }

    async fn machine(&self, arn: &str) -> PortResult<Machine> {
        self.call("deployment.machine", arn, |state| found(state.deployed.machines.get(arn)))
    }

    async fn role_policy(&self, role: &str, policy: &str) -> PortResult<String> {
        self.call("deployment.role_policy", role, |state| {
            found(state.deployed.role_policies.get(&(role.to_owned(), policy.to_owned())))
        })
    }

    async fn clock_ahead(&self) -> PortResult<SignedDuration> {
        self.call("deployment.clock_ahead", "sts", |state| Ok(state.deployed.clock_ahead))
    }
}

#[async_trait]
impl FailedEvents for World {
    async fn depth(&self) -> PortResult<u64> {
        let now = layerguard_core::ports::Clock::now(self);
        self.call("failed_events.depth", "all", |state| {
            let seen = state.deployed.letters.iter().filter(|(_, hidden)| hidden.is_none_or(|until| until <= now));
            Ok(u64::try_from(seen.count()).unwrap_or(u64::MAX))
        })
    }

    async fn take(&self, hidden_for: SignedDuration) -> PortResult<Vec<FailedEvent>> {
        let now = layerguard_core::ports::Clock::now(self);
        self.call("failed_events.take", "some", |state| {
            let seen = state.deployed.letters.iter_mut().filter(|(_, hidden)| hidden.is_none_or(|until| until <= now));
            let taken = seen.take(AT_ONCE).map(|(event, hidden)| {
                *hidden = now.checked_add(hidden_for).ok();
                event.clone()
            });
            Ok(taken.collect())
        })
    }

    async fn give_back(&self, event: &FailedEvent) -> PortResult<()> {
        self.call("failed_events.give_back", &event.id, |state| {
            let taken = state.deployed.letters.iter_mut().filter(|(stored, _)| stored.handle == event.handle);
            taken.for_each(|(_, hidden)| *hidden = None);
            Ok(())
        })
    }

    async fn remove(&self, event: &FailedEvent) -> PortResult<()> {
        self.call("failed_events.remove", &event.id, |state| {
            state.deployed.letters.retain(|(stored, _)| stored.handle != event.handle);
            Ok(())
        })
    }
}

#[async_trait]
impl Triage for World {
    async fn judge(&self, name: &str, event: &str) -> PortResult<()> {
        self.call("triage.judge", name, |state| {
            state.deployed.judged.push((name.to_owned(), event.to_owned()));
            Ok(())
        })
    }
}

impl World {
    /// Change what was deployed.
    pub fn deploy(&self, change: impl FnOnce(&mut Deployed)) {
        change(&mut self.state().deployed);
    }

    /// Put a message into the failed-events queue; answers with its id.
    pub fn fail_event(&self, body: &str, attributes: &[(&str, &str)]) -> String {
        let mut state = self.state();
        let now = state.now();
        let number = state.deployed.count;
        state.deployed.count += 1;
        let id = format!("message-{number}");
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = FailedEvent {
            id: id.clone(),
            handle: format!("handle-{number}"),
            body: body.to_owned(),
            attributes,
            since: Some(now),
        };
        state.deployed.letters.push((event, None));
        id
    }

    /// Ids of the messages in the failed-events queue, with whether somebody has taken them.
    #[must_use]
    pub fn failed_letters(&self) -> Vec<(String, bool)> {
        let state = self.state();
        state.deployed.letters.iter().map(|(event, hidden)| (event.id.clone(), hidden.is_some())).collect()
    }

    /// What was sent through triage: the execution's name and the event.
    #[must_use]
    pub fn judged(&self) -> Vec<(String, String)> {
        self.state().deployed.judged.clone()
    }
}
