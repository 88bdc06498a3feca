//! IAM of one account.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::delete_role_policy::DeleteRolePolicyError;
use aws_sdk_iam::operation::delete_user_policy::DeleteUserPolicyError;
use aws_sdk_iam::operation::detach_role_policy::DetachRolePolicyError;
use aws_sdk_iam::operation::detach_user_policy::DetachUserPolicyError;
use aws_sdk_iam::operation::get_role_policy::GetRolePolicyError;
use aws_sdk_iam::operation::get_user_policy::GetUserPolicyError;
use aws_sdk_iam::types::StatusType;
use layerguard_core::ports::{Iam, PortResult};
use percent_encoding::percent_decode_str;

use crate::error::{failed, unreadable};

/// The roles and users of one account.
///
/// IAM answers a read of an inline policy with the same code whether the policy or its role or user is gone; only its message differs,
/// and messages are no contract. So a read answers `None` in both cases, without a further permission, and the write that follows says
/// `NotFound` when there is nobody to write to.
#[derive(Debug, Clone)]
pub struct AccountIam {
    pub(crate) client: Client,
}

impl AccountIam {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Iam for AccountIam {
    async fn role_policy(&self, role: &str, policy: &str) -> PortResult<Option<String>> {
        let operation = format!("read policy `{policy}` of role `{role}`");
        let sent = self.client.get_role_policy().role_name(role).policy_name(policy).send().await;
        match sent {
            Ok(answer) => decode(&operation, answer.policy_document()).map(Some),
            Err(error) if error.as_service_error().is_some_and(GetRolePolicyError::is_no_such_entity_exception) => {
                Ok(None)
            }
            Err(error) => Err(failed(operation)(error)),
        }
    }

    async fn put_role_policy(&self, role: &str, policy: &str, document: &str) -> PortResult<()> {
        let put = self.client.put_role_policy().role_name(role).policy_name(policy).policy_document(document);
        put.send().await.map(drop).map_err(failed(format!("write policy `{policy}` on role `{role}`")))
    }

    async fn delete_role_policy(&self, role: &str, policy: &str) -> PortResult<()> {
        let sent = self.client.delete_role_policy().role_name(role).policy_name(policy).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(DeleteRolePolicyError::is_no_such_entity_exception) => {
                Ok(())
            }
            Err(error) => Err(failed(format!("delete policy `{policy}` of role `{role}`"))(error)),
        }
    }

    async fn user_policy(&self, user: &str, policy: &str) -> PortResult<Option<String>> {
        let operation = format!("read policy `{policy}` of user `{user}`");
        let sent = self.client.get_user_policy().user_name(user).policy_name(policy).send().await;
        match sent {
            Ok(answer) => decode(&operation, answer.policy_document()).map(Some),
            Err(error) if error.as_service_error().is_some_and(GetUserPolicyError::is_no_such_entity_exception) => {
                Ok(None)
            }
            Err(error) => Err(failed(operation)(error)),
        }
    }

    async fn put_user_policy(&self, user: &str, policy: &str, document: &str) -> PortResult<()> {
        let put = self.client.put_user_policy().user_name(user).policy_name(policy).policy_document(document);
        put.send().await.map(drop).map_err(failed(format!("write policy `{policy}` on user `{user}`")))
    }

    async fn delete_user_policy(&self, user: &str, policy: &str) -> PortResult<()> {
        let sent = self.client.delete_user_policy().user_name(user).policy_name(policy).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(DeleteUserPolicyError::is_no_such_entity_exception) => {
                Ok(())
            }
            Err(error) => Err(failed(format!("delete policy `{policy}` of user `{user}`"))(error)),
        }
    }

    async fn access_key_active(&self, user: &str, key: &str) -> PortResult<Option<bool>> {
        let operation = format!("read the access keys of user `{user}`");
        let mut keys = self.client.list_access_keys().user_name(user).into_paginator().items().send();
        while let Some(found) = keys.next().await {
            let found = found.map_err(failed(operation.as_str()))?;
            if found.access_key_id() == Some(key) {
                return match found.status() {
                    Some(StatusType::Active) => Ok(Some(true)),
                    // An expired key works as little as an inactive one.
                    Some(StatusType::Inactive | StatusType::Expired) => Ok(Some(false)),
                    _ => Err(unreadable(operation, "the status of the access key")),
                };
            }
        }
        Ok(None)
    }

    async fn set_access_key_active(&self, user: &str, key: &str, active: bool) -> PortResult<()> {
        let (verb, status) =
            if active { ("activate", StatusType::Active) } else { ("deactivate", StatusType::Inactive) };
        let update = self.client.update_access_key().user_name(user).access_key_id(key).status(status);
        update.send().await.map(drop).map_err(failed(format!("{verb} access key `{key}` of user `{user}`")))
    }

    async fn role_has_policy(&self, role: &str, policy_arn: &str) -> PortResult<bool> {
        let operation = format!("read the attached policies of role `{role}`");
        let mut attached = self.client.list_attached_role_policies().role_name(role).into_paginator().items().send();
        while let Some(policy) = attached.next().await {
            if policy.map_err(failed(operation.as_str()))?.policy_arn() == Some(policy_arn) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn attach_role_policy(&self, role: &str, policy_arn: &str) -> PortResult<()> {
        let attach = self.client.attach_role_policy().role_name(role).policy_arn(policy_arn);
        attach.send().await.map(drop).map_err(failed(format!("attach policy `{policy_arn}` to role `{role}`")))
    }

    async fn detach_role_policy(&self, role: &str, policy_arn: &str) -> PortResult<()> {
        let sent = self.client.detach_role_policy().role_name(role).policy_arn(policy_arn).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(DetachRolePolicyError::is_no_such_entity_exception) => {
                Ok(())
            }
            Err(error) => Err(failed(format!("detach policy `{policy_arn}` from role `{role}`"))(error)),
        }
    }

    async fn user_has_policy(&self, user: &str, policy_arn: &str) -> PortResult<bool> {
        let operation = format!("read the attached policies of user `{user}`");
        let mut attached = self.client.list_attached_user_policies().user_name(user).into_paginator().items().send();
        while let Some(policy) = attached.next().await {
            if policy.map_err(failed(operation.as_str()))?.policy_arn() == Some(policy_arn) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn attach_user_policy(&self, user: &str, policy_arn: &str) -> PortResult<()> {
        let attach = self.client.attach_user_policy().user_name(user).policy_arn(policy_arn);
        attach.send().await.map(drop).map_err(failed(format!("attach policy `{policy_arn}` to user `{user}`")))
    }

    async fn detach_user_policy(&self, user: &str, policy_arn: &str) -> PortResult<()> {
        let sent = self.client.detach_user_policy().user_name(user).policy_arn(policy_arn).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(DetachUserPolicyError::is_no_such_entity_exception) => {
                Ok(())
            }
            Err(error) => Err(failed(format!("detach policy `{policy_arn}` from user `{user}`"))(error)),
        }
    }
}

/// IAM hands policy documents out percent-encoded (RFC 3986).
pub(crate) fn decode(operation: &str, document: &str) -> PortResult<String> {
    percent_decode_str(document)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| unreadable(operation, "the policy document is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_decoded_and_a_plus_stays_a_plus() {
        let decoded = decode("read", "%7B%22a%22%3A%20%22b+c%C3%A9%22%7D").unwrap();
        assert_eq!(decoded, "{\"a\": \"b+cé\"}");
        assert!(decode("read", "%FF%FE").is_err());
    }
}
