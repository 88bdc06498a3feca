//! Wiring: the detect function over AWS.

use layerguard_aws::Tables;
use layerguard_aws::config::Aws;
use layerguard_aws::edge::{self, Environment, SystemClock};
use layerguard_core::history::Kept;
use layerguard_core::metric::Figures;
use layerguard_detect::Detect;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::init_logging();
    let environment = Environment::of_process();
    let aws = Aws::of_function().await?;
    let audit = aws.audit_table(environment.required("LAYERGUARD_AUDIT_TABLE")?);
    let state = aws.state_table(environment.required("LAYERGUARD_STATE_TABLE")?);
    let (audit, state, kept) = (&audit, &state, &Kept::default());
    let source = &edge::source("detect", (state, audit), environment.own()?, &environment);
    let (stack, figures) = (environment.required("LAYERGUARD_STACK")?, &Figures::default());
    // Loaded before the first event, while the processor is still lent.
    let tables = &Tables::new(state, false).packing(audit);
    let (policy, _again) = tokio::join!(edge::policy(source, figures), tables.settle());
    if let Ok(assessor) = &*policy {
        assessor.bundle().prepare();
    }
    edge::serve(tables, (stack, figures), |payload| async move {
        let policy = &*edge::policy(source, figures).await;
        let activity = &kept.over(state);
        let detect = Detect { policy, audit, incidents: state, activity, clock: &SystemClock, figures };
        detect.answer(&payload).await
    })
    .await
}
