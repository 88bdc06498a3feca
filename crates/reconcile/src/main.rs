//! Wiring: the reconcile function over AWS.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use layerguard_aws::Tables;
use layerguard_aws::config::Aws;
use layerguard_aws::edge::{self, Environment, SystemClock};
use layerguard_core::metric::Figures;
use layerguard_core::reconcile::{Delivery, Desk, Place};
use layerguard_reconcile::{ACTOR, Pace, Reconcile};

struct Sleep;

#[async_trait]
impl Pace for Sleep {
    async fn wait(&self, span: SignedDuration) {
        tokio::time::sleep(Duration::try_from(span).unwrap_or_default()).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::init_logging();
    let environment = &Environment::of_process();
    let aws = &Aws::of_function().await?;
    let delivery = &Delivery::new(
        environment.required("LAYERGUARD_TRAIL_BUCKET")?,
        environment.optional("LAYERGUARD_TRAIL_PREFIX").unwrap_or_default(),
    );
    let place = &Place { account: environment.home()?.account, region: aws.region().to_owned() };
    let stack = environment.required("LAYERGUARD_STACK")?;
    let audit = &aws.audit_table(environment.required("LAYERGUARD_AUDIT_TABLE")?);
    let state = &aws.state_table(environment.required("LAYERGUARD_STATE_TABLE")?);
    let triage = &aws.triage_machine(environment.required("LAYERGUARD_TRIAGE_ARN")?);
    let (rules, files) = (&aws.rule_states(), &aws.trail_bucket(&delivery.bucket));
    let source = &edge::source(ACTOR, (state, audit), environment.own()?, environment);
    let figures = &Figures::default();
    edge::serve(&Tables::new(state, false), (stack, figures), |payload| async move {
        let policy = edge::policy(source, figures).await;
        if let Err(error) = &*policy {
            tracing::error!(error, "there is no policy: every watched call is expected to be recorded");
        }
        let policy = (*policy).as_ref().ok();
        let (calls, log, clock, actor) = (audit, audit, &SystemClock, ACTOR);
        let desk = Desk { stack, actor, policy, files, calls, log, triage, rules, clock };
        Reconcile { desk, delivery, place, hours: state, pace: &Sleep, figures }.answer(&payload).await
    })
    .await
}
