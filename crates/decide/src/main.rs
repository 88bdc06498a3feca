//! Wiring: the decide function over AWS.

use layerguard_aws::Tables;
use layerguard_aws::config::Aws;
use layerguard_aws::edge::{self, Environment, SystemClock};
use layerguard_core::metric::Figures;
use layerguard_decide::{Decide, Deployment, Ports};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::init_logging();
    let environment = Environment::of_process();
    let aws = Aws::of_function().await?;
    let deployment = &deployment(&environment, &aws)?;
    let audit = aws.audit_table(environment.required("LAYERGUARD_AUDIT_TABLE")?);
    let state = aws.state_table(environment.required("LAYERGUARD_STATE_TABLE")?);
    let bus = aws.announcement_bus(environment.required("LAYERGUARD_BUS")?);
    let topic = aws.alert_topic(environment.required("LAYERGUARD_TOPIC_ARN")?);
    let machine = aws.respond_machine(environment.required("LAYERGUARD_RESPOND_ARN")?);
    let sts = aws.sts();
    let roles = aws.roles(environment.required("LAYERGUARD_STACK")?, environment.home()?);
    let source = &edge::source("decide", (&state, &audit), environment.own_roles()?, &environment);
    let figures = &Figures::default();
    let ports = Ports {
        audit: &audit,
        incidents: &state,
        approvals: &state,
        measures: &state,
        activity: &state,
        lineage: &state,
        roles: &roles,
        switch: &state,
        lever: &state,
        policies: &state,
        policy_lever: &state,
        notifier: &topic,
        bus: &bus,
        outbox: &state,
        executions: &machine,
        proof: &sts,
        clock: &SystemClock,
        figures,
    };
    edge::serve(&Tables::new(&state, true), (&deployment.stack, figures), |payload| async move {
        let policy = &*edge::policy(source, figures).await;
        Decide { policy, deployment, ports }.serve(payload).await
    })
    .await
}

fn deployment(environment: &Environment, aws: &Aws) -> Result<Deployment, lambda_runtime::Error> {
    Ok(Deployment {
        stack: environment.required("LAYERGUARD_STACK")?.to_owned(),
        region: aws.region().to_owned(),
        mode: environment.required("LAYERGUARD_MODE")?.parse()?,
        inline_deny: environment.optional("LAYERGUARD_INLINE_DENY") == Some("allowed"),
        home_account: environment.account_of("LAYERGUARD_RESPOND_ARN")?.to_owned(),
        sts_endpoint: aws.sts().endpoint().to_owned(),
    })
}
