//! Wiring: the remediate function over AWS.

use layerguard_aws::config::{Aws, Settings};
use layerguard_aws::edge::{self, Environment, SystemClock};
use layerguard_core::facts::with_responders;
use layerguard_core::inventory::Inventory;
use layerguard_remediate::{Guard, Remediate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::init_logging();
    let environment = Environment::of_process();
    let aws = Aws::load(&Settings::default()).await?;
    let stack = environment.required("LAYERGUARD_STACK")?;
    let state = aws.state_table(environment.required("LAYERGUARD_STATE_TABLE")?);
    let remediate = &Remediate {
        audit: &aws.audit_table(environment.required("LAYERGUARD_AUDIT_TABLE")?),
        incidents: &state,
        measures: &state,
        accounts: &aws.accounts(stack, environment.home()?),
        activity: &state,
        holders: &state,
        switch: &state,
        notifier: &aws.alert_topic(environment.required("LAYERGUARD_TOPIC_ARN")?),
        outbox: &state,
        clock: &SystemClock,
        guard: &guard(&environment)?,
        stack,
        region: aws.region(),
    };
    edge::serve(|payload| async move { remediate.handle(payload).await }).await
}

fn guard(environment: &Environment) -> Result<Guard, lambda_runtime::Error> {
    let inventory = Inventory::from_toml(environment.required("LAYERGUARD_INVENTORY")?);
    let accounts = inventory.as_ref().map_or(&[][..], |inventory| &inventory.organization.accounts);
    Ok(Guard {
        account: environment.account_of("LAYERGUARD_OWN_ROLE_PREFIX")?.to_owned(),
        own_roles: with_responders(environment.own_roles()?, accounts),
        mode: environment.required("LAYERGUARD_MODE")?.parse()?,
        inventory: inventory.map_err(|problems| problems.to_string()),
    })
}
