//! Wiring: the detect function over AWS.

use layerguard_aws::config::{Aws, Settings};
use layerguard_aws::edge::{self, Environment, SystemClock};
use layerguard_core::assess::Assessor;
use layerguard_detect::Detect;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::init_logging();
    let environment = Environment::of_process();
    let aws = Aws::load(&Settings::default()).await?;
    let audit = aws.audit_table(environment.required("LAYERGUARD_AUDIT_TABLE")?);
    let state = aws.state_table(environment.required("LAYERGUARD_STATE_TABLE")?);
    let policy = match environment.required("LAYERGUARD_INVENTORY") {
        Ok(text) => Assessor::load(text, environment.own()?).map_err(|error| error.to_string()),
        Err(missing) => Err(missing.to_string()),
    };
    if let Err(reason) = &policy {
        tracing::error!(reason, "there is no policy: every watched call is undecided");
    }
    let detect = &Detect { policy: &policy, audit: &audit, incidents: &state, activity: &state, clock: &SystemClock };
    edge::serve(|payload| async move { detect.answer(&payload).await }).await
}
