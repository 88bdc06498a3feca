//! Roles as IAM describes them: of the account whose credentials are in use, and of others of the organisation through their role
//! `layerguard-reader`.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_iam::operation::get_role::GetRoleError;
use layerguard_core::facts::READER;
use layerguard_core::ports::{PortResult, Roles};
use layerguard_core::workload::RoleDescription;

use crate::error::{failed, unreadable};
use crate::iam::decode;
use crate::sessions::Sessions;
use crate::{AccountIam, Home};

/// The roles of the account that layerguard runs in, and of those that let it read theirs.
#[derive(Debug)]
pub struct ReadableRoles {
    sessions: Sessions,
}

impl ReadableRoles {
    pub(crate) fn new(sdk: SdkConfig, home: Home, stack: &str) -> Self {
        Self { sessions: Sessions::new(sdk, home, READER, stack, "decide") }
    }
}

#[async_trait]
impl Roles for ReadableRoles {
    async fn role(&self, account: &str, role: &str) -> PortResult<Option<RoleDescription>> {
        let sdk = self.sessions.access(account).await?;
        AccountIam::new(aws_sdk_iam::Client::new(&sdk)).role(account, role).await
    }
}

#[async_trait]
impl Roles for AccountIam {
    async fn role(&self, account: &str, role: &str) -> PortResult<Option<RoleDescription>> {
        let operation = format!("read role `{role}`");
        let sent = self.client.get_role().role_name(role).send().await;
        let found = match sent {
            Ok(answer) => answer.role,
            Err(error) if error.as_service_error().is_some_and(GetRoleError::is_no_such_entity_exception) => None,
            Err(error) => return Err(failed(operation)(error)),
        };
        // A role of the same name in the account that we are in says nothing about another account's.
        let Some(found) = found.filter(|found| found.arn().split(':').nth(4) == Some(account)) else {
            return Ok(None);
        };
        let trust = found.assume_role_policy_document();
        let trust = trust.ok_or_else(|| unreadable(operation.as_str(), "there is no trust policy"))?;
        let tags = found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        Ok(Some(RoleDescription { trust: decode(&operation, trust)?, tags }))
    }
}
