//! Wiring: the remediate function over AWS.

use layerguard_aws::Tables;
use layerguard_aws::config::Aws;
use layerguard_aws::edge::{self, Environment, SystemClock};
use layerguard_core::metric::Figures;
use layerguard_remediate::{Guard, Remediate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::init_logging();
    let environment = Environment::of_process();
    let aws = Aws::of_function().await?;
    let stack = environment.required("LAYERGUARD_STACK")?;
    let state = &aws.state_table(environment.required("LAYERGUARD_STATE_TABLE")?);
    let audit = &aws.audit_table(environment.required("LAYERGUARD_AUDIT_TABLE")?);
    let topic = &aws.alert_topic(environment.required("LAYERGUARD_TOPIC_ARN")?);
    let (accounts, region) = (&aws.accounts(stack, environment.home()?), aws.region());
    let source = &edge::source("remediate", (state, audit), environment.own_roles()?, &environment);
    let (account, mode) =
        (environment.account_of("LAYERGUARD_OWN_ROLE_PREFIX")?, environment.required("LAYERGUARD_MODE")?.parse()?);
    let figures = &Figures::default();
    edge::serve(&Tables::new(state, false), (stack, figures), |payload| async move {
        let policy = &*edge::policy(source, figures).await;
        let guard = &Guard::of(policy, account, &source.own.roles, mode);
        let remediate = Remediate {
            audit,
            incidents: state,
            measures: state,
            accounts,
            reaches: state,
            activity: state,
            holders: state,
            switch: state,
            notifier: topic,
            outbox: state,
            clock: &SystemClock,
            policy,
            guard,
            stack,
            region,
            figures,
        };
        remediate.handle(payload).await
    })
    .await
}
