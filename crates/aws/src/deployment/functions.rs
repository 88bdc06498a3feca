//! Functions, their failures, and the alarms.

use aws_sdk_cloudwatch::types::{AlarmType, Dimension, Statistic};
use aws_sdk_lambda::types::{Architecture, LastUpdateStatus};
use aws_smithy_types::DateTime;
use jiff::{Timestamp, ToSpan};
use layerguard_core::ports::{Alarm, Function, PortResult};

use crate::error::failed;

/// The span of one figure, in seconds: a day is then 24 of them, far below what CloudWatch answers at once.
const HOUR: i32 = 3600;

pub(super) async fn one(client: &aws_sdk_lambda::Client, name: &str) -> PortResult<Function> {
    let sent = client.get_function_configuration().function_name(name).send().await;
    let found = sent.map_err(failed(format!("read function `{name}`")))?;
    let variables = found.environment().and_then(|environment| environment.variables());
    Ok(Function {
        // A function that was never changed since these words came in has none of them, and works.
        state: found.state().map_or("Active", |state| state.as_str()).to_owned(),
        last_update: found.last_update_status().unwrap_or(&LastUpdateStatus::Successful).as_str().to_owned(),
        runtime: found.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
        architecture: found.architectures().first().unwrap_or(&Architecture::X8664).as_str().to_owned(),
        modified: found.last_modified().and_then(modified),
        environment: variables.map(|all| all.clone().into_iter().collect()).unwrap_or_default(),
    })
}

/// Lambda writes the zone as `+0000`.
fn modified(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |time| format!("{time}Z"));
    text.parse().ok()
}

pub(super) async fn failures(client: &aws_sdk_cloudwatch::Client, function: &str, since: Timestamp) -> PortResult<u64> {
    let until = Timestamp::now().checked_add(1.minute()).unwrap_or(Timestamp::MAX);
    let sent = client
        .get_metric_statistics()
        .namespace("AWS/Lambda")
        .metric_name("Errors")
        .dimensions(Dimension::builder().name("FunctionName").value(function).build())
        .start_time(DateTime::from_secs(since.as_second()))
        .end_time(DateTime::from_secs(until.as_second()))
        .period(HOUR)
        .statistics(Statistic::Sum)
        .send()
        .await;
    let answer = sent.map_err(failed(format!("read the errors of function `{function}`")))?;
    let sum: f64 = answer.datapoints().iter().filter_map(aws_sdk_cloudwatch::types::Datapoint::sum).sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count: whole, and not below nothing"
    )]
    Ok(sum.max(0.0) as u64)
}

pub(super) async fn alarms(client: &aws_sdk_cloudwatch::Client, prefix: &str) -> PortResult<Vec<Alarm>> {
    let mut found = Vec::new();
    let mut page: Option<String> = None;
    loop {
        let sent = client.describe_alarms().alarm_name_prefix(prefix).alarm_types(AlarmType::MetricAlarm);
        let answer = sent.set_next_token(page).send().await.map_err(failed("list alarms"))?;
        found.extend(answer.metric_alarms().iter().map(|alarm| Alarm {
            name: alarm.alarm_name().unwrap_or_default().to_owned(),
            state: alarm.state_value().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            tells: alarm.actions_enabled() != Some(false) && !alarm.alarm_actions().is_empty(),
        }));
        page = answer.next_token().map(str::to_owned);
        if page.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_zone_is_read_as_lambda_writes_it() {
        assert_eq!(super::modified("2026-11-20T09:31:00.000+0000"), "2026-11-20T09:31:00Z".parse().ok());
        assert_eq!(super::modified("yesterday"), None);
    }
}
