//! Tables and what protects them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_resource_policy::GetResourcePolicyError;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TimeToLiveStatus};
use layerguard_core::ports::{PortResult, Table};

use crate::error::{failed, unreadable};

pub(super) async fn one(client: &Client, name: &str) -> PortResult<Table> {
    let operation = format!("read table `{name}`");
    let answer = client.describe_table().table_name(name).send().await.map_err(failed(operation.as_str()))?;
    let table = answer.table().ok_or_else(|| unreadable(operation, "no table"))?;
    Ok(Table {
        arn: table.table_arn().unwrap_or_default().to_owned(),
        status: table.table_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        protected: table.deletion_protection_enabled().unwrap_or_default(),
    })
}

pub(super) async fn recovers(client: &Client, table: &str) -> PortResult<bool> {
    let sent = client.describe_continuous_backups().table_name(table).send().await;
    let answer = sent.map_err(failed(format!("read the backups of table `{table}`")))?;
    let recovery = answer.continuous_backups_description().and_then(|all| all.point_in_time_recovery_description());
    let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status());
    Ok(status == Some(&PointInTimeRecoveryStatus::Enabled))
}

pub(super) async fn expires_by(client: &Client, table: &str) -> PortResult<Option<String>> {
    let sent = client.describe_time_to_live().table_name(table).send().await;
    let answer = sent.map_err(failed(format!("read how items of table `{table}` expire")))?;
    let found = answer.time_to_live_description().filter(|expiry| {
        matches!(expiry.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
    });
    Ok(found.map(|expiry| expiry.attribute_name().unwrap_or_default().to_owned()))
}

pub(super) async fn policy(client: &Client, arn: &str) -> PortResult<Option<String>> {
    match client.get_resource_policy().resource_arn(arn).send().await {
        Ok(answer) => Ok(answer.policy().map(str::to_owned)),
        Err(error) if error.as_service_error().is_some_and(GetResourcePolicyError::is_policy_not_found_exception) => {
            Ok(None)
        }
        Err(error) => Err(failed("read the policy of a table")(error)),
    }
}
