//! Which policy is in force: a person on call publishes one or takes it back, by an answer that is proved as every other. What is published
//! is checked here again, recorded first, and then put in force.

use jiff::Timestamp;
use layerguard_core::approval::{Answer, BUILT_IN, CallerIdentity, Refusal, Verb};
use layerguard_core::audit::body::{Bundle, Notification, NotificationKind, Published};
use layerguard_core::audit::{Body, History, POLICY_CHAIN, bundle_chain};
use layerguard_core::inventory::Inventory;
use layerguard_core::message;
use layerguard_core::policy::{self, NotRecorded, Package, Weight};
use layerguard_core::ports::{InForce, PortError};

use crate::answers::{MOST_REFUSALS, Refused, accepted, refusal};
use crate::{Decide, DecideError};

/// How many records one look adds at most.
const MOST_LOOKS: usize = 8;
/// How many problems a refusal names.
const MOST_NAMED: usize = 3;

/// Why a policy is not put in force.
enum Hindrance {
    /// It cannot be, whenever it is tried.
    Refused(String),
    /// It could not be judged now.
    Failed(DecideError),
}

impl From<String> for Hindrance {
    fn from(reason: String) -> Self {
        Self::Refused(reason)
    }
}

impl From<DecideError> for Hindrance {
    fn from(error: DecideError) -> Self {
        Self::Failed(error)
    }
}

impl From<NotRecorded> for Hindrance {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::Port(source) => Self::Failed(port(source)),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What is to be in force, and what changed.
struct Next {
    /// Packed, unless it is recorded already.
    package: Option<String>,
    changes: Vec<String>,
}

impl Decide<'_> {
    /// Read what people ask about the policy, record it, put it in force and tell people. Each look adds the one record that is missing, so it
    /// may end anywhere.
    pub(crate) async fn watch_policy(&self) -> Result<(), DecideError> {
        for _ in 0..MOST_LOOKS {
            let history = self.history(POLICY_CHAIN).await?;
            match self.look_at_policy(&history).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) if error.is_race() => {}
                Err(error) => return Err(error),
            }
        }
        Err(DecideError::Restless(POLICY_CHAIN.to_owned()))
    }

    /// Whether a record was added.
    async fn look_at_policy(&self, history: &History) -> Result<bool, DecideError> {
        // What is recorded as published is in force, also where the one who recorded it did not live to say so.
        self.let_be_in_force(history).await?;
        if self.tell_of_policy(history).await? {
            return Ok(true);
        }
        let answers = self.ports.approvals.answers(POLICY_CHAIN).await.map_err(port)?;
        let refused = history.entries().iter().filter(|entry| matches!(entry.body, Body::ApprovalRefused(_))).count();
        let unread = |answer: &&Answer| answer.verb.is_of_policy() && !history.knows_signature(&answer.fingerprint());
        for answer in answers.iter().filter(unread) {
            match self.judge_policy(history, answer).await {
                Ok(Ok((identity, next))) => return self.record_and_put(history, answer, identity, next).await,
                Ok(Err(why)) if refused < MOST_REFUSALS => {
                    return self.add_to_policy(Body::ApprovalRefused(refusal(answer, why))).await;
                }
                Ok(Err(_)) => tracing::warn!("one more policy does not count; it is not recorded any more"),
                // One answer that cannot be judged now must not keep the others from being read.
                Err(error) => tracing::warn!(%error, "a policy could not be judged; it is tried again"),
            }
        }
        Ok(false)
    }

    async fn let_be_in_force(&self, history: &History) -> Result<(), DecideError> {
        let Some(published) = history.published() else { return Ok(()) };
        let found = self.ports.policies.in_force().await.map_err(port)?;
        if found.is_some_and(|found| found.version == published.version) {
            return Ok(());
        }
        self.put_in_force(published, self.ports.clock.now()).await
    }

    async fn put_in_force(&self, published: &Published, since: Timestamp) -> Result<(), DecideError> {
        let (version, by) = (published.version.clone(), published.answer.approver_arn.clone());
        self.ports.policy_lever.put_in_force(&InForce { version, since, by }).await.map_err(port)
    }

    /// Tell what was published last, unless people know.
    async fn tell_of_policy(&self, history: &History) -> Result<bool, DecideError> {
        let mut last = history.entries().iter().rev().map(|entry| &entry.body);
        let last = last.find(|body| matches!(body, Body::Published(_) | Body::Notification(_)));
        let Some(Body::Published(published)) = last else { return Ok(false) };
        let text = message::published(self.command(), published);
        let message_id = self.ports.notifier.publish(&text).await.map_err(port)?;
        let kind = NotificationKind::Published;
        self.add_to_policy(Body::Notification(Notification { kind, message_id, held: None })).await
    }

    /// The outer error is a failure to judge; the inner one is the judgement "does not count".
    async fn judge_policy(
        &self,
        history: &History,
        answer: &Answer,
    ) -> Result<Result<(CallerIdentity, Next), Refused>, DecideError> {
        let identity = match self.prove(answer, POLICY_CHAIN, &answer.plan_hash).await? {
            Ok(identity) => identity,
            Err(reason) => return Ok(Err((reason, None))),
        };
        if let Err(reason) = self.allowed(&[], answer.verb, &identity, false)? {
            return Ok(Err((reason, Some(identity))));
        }
        let in_force = history.in_force();
        let replaces = answer.replaces.clone().unwrap_or_default();
        if replaces != in_force {
            let in_force = in_force.to_owned();
            return Ok(Err((Refusal::Replaced { replaces, in_force }, Some(identity))));
        }
        if answer.plan_hash == in_force {
            return Ok(Err((Refusal::Policy("it is in force already".to_owned()), Some(identity))));
        }
        let next = match answer.verb {
            Verb::Publish => self.to_publish(answer, in_force).await,
            _ => self.to_return_to(history, answer, in_force).await,
        };
        Ok(match next {
            Ok(next) => Ok((identity, next)),
            Err(Hindrance::Refused(reason)) => Err((Refusal::Policy(reason), Some(identity))),
            Err(Hindrance::Failed(error)) => return Err(error),
        })
    }

    /// A policy that came with the answer: whole, without errors, and such that somebody can publish the next one.
    async fn to_publish(&self, answer: &Answer, in_force: &str) -> Result<Next, Hindrance> {
        let packed = answer.package.as_deref().unwrap_or_default();
        let package = Package::unpack(packed, &answer.plan_hash).map_err(|error| error.to_string())?;
        package.is_whole()?;
        let found = policy::check(&package.files, &package.inventory, self.ports.clock.now());
        let errors = found.iter().filter(|one| one.severity == Weight::Error);
        let named: Vec<String> = errors.clone().take(MOST_NAMED).map(ToString::to_string).collect();
        if !named.is_empty() {
            let more = errors.count().saturating_sub(named.len());
            let more = if more == 0 { String::new() } else { format!("; and {more} more") };
            return Err(format!("{}{more}", named.join("; ")).into());
        }
        self.somebody_is_on_call(&package)?;
        let mut changes = self.changes(in_force, &package).await?;
        changes.extend(found.iter().map(|one| format!("warning: {one}")));
        let recorded = self.ports.audit.records(&bundle_chain(&answer.plan_hash)).await;
        let recorded = recorded.map_err(port)?;
        Ok(Next { package: recorded.is_empty().then(|| packed.to_owned()), changes })
    }

    /// A policy that was in force before.
    async fn to_return_to(&self, history: &History, answer: &Answer, in_force: &str) -> Result<Next, Hindrance> {
        let version = answer.plan_hash.as_str();
        let was = |body: &Body| matches!(body, Body::Published(before) if before.version == version || before.replaces == version);
        if !history.entries().iter().any(|entry| was(&entry.body)) {
            return Err(format!("`{version}` was never in force").into());
        }
        if version == BUILT_IN {
            let changes =
                vec!["the built-in policy with the stack's own Inventory parameter is in force again".to_owned()];
            return Ok(Next { package: None, changes });
        }
        let package = policy::recorded(self.ports.audit, version).await?;
        self.somebody_is_on_call(&package)?;
        Ok(Next { package: None, changes: self.changes(in_force, &package).await? })
    }

    /// It loads, and somebody is on call by it: else nobody could ever publish another.
    fn somebody_is_on_call(&self, package: &Package) -> Result<(), Hindrance> {
        let own = self.assessor()?.own().clone();
        let assessor = package.load(own).map_err(|error| error.to_string())?;
        let Inventory { principals, .. } = assessor.inventory();
        if principals.on_call.is_empty() {
            return Err("it lists nobody on call, so that nobody could publish another or take it back"
                .to_owned()
                .into());
        }
        Ok(())
    }

    async fn changes(&self, in_force: &str, next: &Package) -> Result<Vec<String>, Hindrance> {
        if in_force == BUILT_IN {
            let first = "until now the built-in policy with the stack's Inventory parameter was in force";
            return Ok(vec![first.to_owned()]);
        }
        Ok(policy::changes(&policy::recorded(self.ports.audit, in_force).await?, next))
    }

    /// Records the policy, then that it is in force, then puts it there.
    async fn record_and_put(
        &self,
        history: &History,
        answer: &Answer,
        identity: CallerIdentity,
        next: Next,
    ) -> Result<bool, DecideError> {
        let version = answer.plan_hash.clone();
        if let Some(package) = next.package {
            let chain = bundle_chain(&version);
            let draft = self.draft(&chain, Body::Bundle(Bundle { version: version.clone(), package }))?;
            self.append(&chain, draft).await?;
        }
        let replaces = history.in_force().to_owned();
        let published = Published { version, replaces, answer: accepted(answer, identity), changes: next.changes };
        self.add_to_policy(Body::Published(published.clone())).await?;
        self.put_in_force(&published, self.ports.clock.now()).await?;
        Ok(true)
    }

    async fn add_to_policy(&self, body: Body) -> Result<bool, DecideError> {
        self.append(POLICY_CHAIN, self.draft(POLICY_CHAIN, body)?).await.map(|_| true)
    }
}

fn port(source: PortError) -> DecideError {
    DecideError::Port { incident: POLICY_CHAIN.to_owned(), source }
}
