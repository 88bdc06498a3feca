//! What `doctor`, `dlq` and `drill` reach: the deployment itself, not the incidents.

use jiff::Timestamp;
use layerguard_aws::config::Aws;
use layerguard_aws::{
    AuditTable, BusRules, DeployedStack, DrillAccount, FailedEventsQueue, Names, StateTable, TrailBucket, TriageMachine,
};
use layerguard_core::approval::BUILT_IN;
use layerguard_core::assess::Assessor;
use layerguard_core::facts::{Own, own_roles};
use layerguard_core::policy;
use layerguard_core::ports::{Deployment, PolicyPointer, PortError, PortErrorKind, SchemaMark};
use layerguard_core::reconcile::{self, Delivery, Desk};
use layerguard_core::text::escape;

use super::{SystemClock, configured};
use crate::args::{ReconcileArgs, StackArgs};
use crate::command::dlq::Letters;
use crate::command::doctor::clock_of;
use crate::command::doctor::estate::{Estate, Kept, Place};
use crate::command::drill::Ground;
use crate::command::reconcile::{ACTOR, Books};
use crate::failure::Failure;
use crate::render::{Progress, Screen};

/// A reached deployment.
pub struct Operated {
    /// Where it is.
    pub place: Place,
    /// Who uses these credentials.
    pub caller: String,
    /// Access to AWS.
    pub(crate) aws: Aws,
    /// What was deployed.
    pub deployment: DeployedStack,
    /// The record.
    pub audit: AuditTable,
    /// Incidents and the stop switch.
    pub state: StateTable,
}

impl Operated {
    /// Finds everything by the stack's name.
    ///
    /// # Errors
    /// As [`super::Reached::reach`]; where the clock is too far off for any signature, that is what is said.
    pub async fn reach(args: &StackArgs) -> Result<Self, Failure> {
        let aws = configured(args).await?;
        let deployment = aws.deployment();
        let caller = match aws.caller().await {
            Ok(caller) => caller,
            Err(error) => {
                let failure = Failure::port(&error, &args.stack, aws.region());
                return Err(clock_of(&deployment.clock_ahead().await).unwrap_or(failure));
            }
        };
        let names = Names::of(&args.stack, aws.region(), &caller);
        let partition = caller.arn.split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws").to_owned();
        Ok(Self {
            place: Place {
                stack: args.stack.clone(),
                partition,
                region: aws.region().to_owned(),
                account: caller.account.clone(),
            },
            caller: caller.arn,
            audit: aws.audit_table(&names.audit_table),
            state: aws.state_table(&names.state_table),
            deployment,
            aws,
        })
    }

    /// The account in which a drill is made.
    #[must_use]
    pub fn drill_account(&self) -> DrillAccount {
        self.aws.drill_account()
    }

    /// The ports that `drill` works over.
    #[must_use]
    pub fn ground<'a>(&'a self, account: &'a DrillAccount) -> Ground<'a> {
        Ground { place: &self.place, ground: account, audit: &self.audit, incidents: &self.state, clock: &SystemClock }
    }

    /// Finds the failed-events queue and the way back into the chain.
    ///
    /// # Errors
    /// When there is no such queue, or it may not be looked for.
    pub async fn post(self) -> Result<Post, Failure> {
        let name = self.place.name("failed-events");
        let found = self.aws.failed_events(&name).await;
        let queue = found.map_err(|error| queue_missing(&error, &self.place, &name))?;
        let triage = self.place.started("triage");
        Ok(Post { queue, triage: self.aws.triage_machine(&triage), clock: SystemClock, operated: self })
    }

    /// Finds the trail, the policy and what else reconciling needs.
    ///
    /// # Errors
    /// When no trail or more than one is found, or trails cannot be looked for.
    pub async fn account_for(self, args: &ReconcileArgs, screen: &mut Screen) -> Result<Accounting, Failure> {
        super::known(self.state.form().await)?;
        let delivery = match &args.trail {
            Some(delivery) => delivery.clone(),
            None => self.delivery().await?,
        };
        let policy = self.policy().await;
        if policy.is_none() {
            screen.note(
                "the deployed inventory cannot be read: calls about rules and tables of others count as missing too",
            )?;
        }
        let place = reconcile::Place {
            account: args.account.clone().unwrap_or_else(|| self.place.account.clone()),
            region: args.trail_region.clone().unwrap_or_else(|| self.place.region.clone()),
        };
        let triage = self.place.started("triage");
        Ok(Accounting {
            files: self.aws.trail_bucket(&delivery.bucket),
            triage: self.aws.triage_machine(&triage),
            rules: self.aws.rule_states(),
            clock: SystemClock,
            operated: self,
            policy,
            delivery,
            place,
        })
    }

    /// Where the one trail delivers that records this account.
    async fn delivery(&self) -> Result<Delivery, Failure> {
        let found = self.aws.trail_deliveries().await;
        let found = found.map_err(|error| Failure::port(&error, &self.place.stack, &self.place.region))?;
        match found.as_slice() {
            [(bucket, prefix)] => Ok(Delivery::new(bucket, prefix)),
            [] => Err(Failure::unreachable("there is no trail that records this region")
                .remedy("make one, or name the bucket of another account's trail with --trail s3://BUCKET/PREFIX")),
            several => {
                let shown = |(bucket, prefix): &(String, String)| escape(&format!("s3://{bucket}/{prefix}"));
                let all: Vec<String> = several.iter().map(shown).collect();
                Err(Failure::usage("there is more than one trail")
                    .remedy(format!("name one with --trail: {}", all.join(", "))))
            }
        }
    }

    /// The policy in force: the one that was published, else the built-in one with the deployed inventory. `None` where it cannot be read.
    async fn policy(&self) -> Option<Assessor> {
        let function = self.deployment.function(&self.place.name("detect")).await.ok()?;
        let inventory = function.environment.get("LAYERGUARD_INVENTORY")?;
        let prefix = function.environment.get("LAYERGUARD_OWN_ROLE_PREFIX")?;
        if let Some(found) = self.state.in_force().await.ok()?.filter(|found| found.version != BUILT_IN) {
            let package = policy::recorded(&self.audit, &found.version).await.ok()?;
            let own = Own { roles: own_roles(prefix), stack: self.place.stack.clone(), drill: None };
            return package.load(own).ok();
        }
        Assessor::load(inventory, Own { roles: own_roles(prefix), stack: self.place.stack.clone(), drill: None }).ok()
    }

    /// Reads all that `doctor` looks at.
    pub async fn estate(&self, progress: &Progress) -> Estate {
        let read = |what: &str| progress.begin(what);
        let kept = Kept {
            switch: &self.state,
            policies: &self.state,
            audit: &self.audit,
            hours: &self.state,
            reaches: &self.state,
            schema: &self.state,
        };
        Estate::read(self.place.clone(), Timestamp::now(), &self.deployment, kept, read).await
    }
}

/// A trail with what reconciling needs: owns what [`Books`] borrows.
pub struct Accounting {
    operated: Operated,
    policy: Option<Assessor>,
    delivery: Delivery,
    place: reconcile::Place,
    files: TrailBucket,
    triage: TriageMachine,
    rules: BusRules,
    clock: SystemClock,
}

impl Accounting {
    /// The ports that `reconcile` works over.
    #[must_use]
    pub fn books(&self) -> Books<'_> {
        let audit = &self.operated.audit;
        let desk = Desk {
            stack: &self.operated.place.stack,
            actor: ACTOR,
            policy: self.policy.as_ref(),
            files: &self.files,
            calls: audit,
            log: audit,
            triage: &self.triage,
            rules: &self.rules,
            clock: &self.clock,
        };
        Books { region: &self.operated.place.region, desk, delivery: &self.delivery, place: &self.place }
    }
}

/// The failed-events queue with what redriving needs: owns what [`Letters`] borrows.
pub struct Post {
    operated: Operated,
    queue: FailedEventsQueue,
    triage: TriageMachine,
    clock: SystemClock,
}

impl Post {
    /// The ports that `dlq` works over.
    #[must_use]
    pub fn letters(&self) -> Letters<'_> {
        Letters {
            stack: &self.operated.place.stack,
            region: &self.operated.place.region,
            queue: &self.queue,
            triage: &self.triage,
            audit: &self.operated.audit,
            clock: &self.clock,
        }
    }
}

/// A queue that cannot be found, with its own name rather than that of a table.
fn queue_missing(error: &PortError, place: &Place, name: &str) -> Failure {
    let (stack, region) = (escape(&place.stack), escape(&place.region));
    match &error.kind {
        PortErrorKind::NotFound => Failure::unreachable(format!(
            "there is no queue `{}` of stack `{stack}` in region `{region}` of this account",
            escape(name)
        ))
        .remedy(format!("is stack `{stack}` deployed here? check --stack, --profile and --region")),
        PortErrorKind::Denied(code) if code.starts_with("AccessDenied") => Failure::unreachable(error.to_string())
            .remedy(format!("use a session with the managed policy `{stack}-operator`")),
        _ => Failure::port(error, &place.stack, &place.region),
    }
}
