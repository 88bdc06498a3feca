//! The accounts that containment changes: our own, and others of the organisation through their role `layerguard-responder`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use layerguard_core::facts::RESPONDER;
use layerguard_core::ports::{Account, Accounts, Ecr, Iam, Layers, PortError, PortErrorKind, PortResult};

use crate::ecr::Registry;
use crate::error::{failed, unreadable};
use crate::iam::AccountIam;
use crate::layers::LayerVersions;

/// How long a session in another account lives: AWS's least. A task is done in seconds.
const SESSION_SECONDS: i32 = 900;

/// A session with less than this left is not used any more, so that none ends within a task.
const LEAST_LEFT: Duration = Duration::from_secs(300);

/// The longest name of a session.
const LONGEST_NAME: usize = 64;

/// Where layerguard runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The partition, for example `aws`.
    pub partition: String,
    /// The account.
    pub account: String,
}

/// The account that layerguard runs in, entered with the credentials in use, and others through their responder role.
#[derive(Debug)]
pub struct ReachableAccounts {
    sdk: SdkConfig,
    home: Home,
    session_name: String,
    sessions: Mutex<HashMap<String, Session>>,
}

/// A session in another account.
#[derive(Debug, Clone)]
struct Session {
    sdk: SdkConfig,
    until: SystemTime,
}

/// One account in one region.
struct Entered {
    iam: AccountIam,
    ecr: Registry,
    layers: LayerVersions,
}

impl ReachableAccounts {
    pub(crate) fn new(sdk: SdkConfig, home: Home, stack: &str) -> Self {
        Self { sdk, home, session_name: session_name(stack), sessions: Mutex::default() }
    }

    /// Access to an account: our own credentials at home, else a session of its responder role.
    async fn access(&self, account: &str) -> PortResult<SdkConfig> {
        if account == self.home.account {
            return Ok(self.sdk.clone());
        }
        if let Some(session) = self.session(account, SystemTime::now()) {
            return Ok(session.sdk);
        }
        let session = self.assume(account).await?;
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned(), session.clone());
        Ok(session.sdk)
    }

    /// A session that lives long enough.
    fn session(&self, account: &str, now: SystemTime) -> Option<Session> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(account).filter(|session| session.until >= now + LEAST_LEFT).cloned()
    }

    async fn assume(&self, account: &str) -> PortResult<Session> {
        let operation = format!("enter account `{account}` by its role `{RESPONDER}`");
        let Some(role) = responder(&self.home.partition, account) else {
            return Err(PortError { operation, kind: PortErrorKind::Refused("it is no account's number".to_owned()) });
        };
        let answer = aws_sdk_sts::Client::new(&self.sdk)
            .assume_role()
            .role_arn(role)
            .role_session_name(&self.session_name)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .map_err(failed(operation.as_str()))?;
        let given = answer.credentials().ok_or_else(|| unreadable(operation.as_str(), "no credentials"))?;
        let until = SystemTime::try_from(*given.expiration())
            .map_err(|_| unreadable(operation.as_str(), "the end of the session"))?;
        let token = Some(given.session_token().to_owned());
        let credentials =
            Credentials::new(given.access_key_id(), given.secret_access_key(), token, Some(until), RESPONDER);
        let provider = SharedCredentialsProvider::new(credentials);
        Ok(Session { sdk: self.sdk.clone().into_builder().credentials_provider(provider).build(), until })
    }
}

#[async_trait]
impl Accounts for ReachableAccounts {
    async fn enter(&self, account: &str, region: Option<&str>) -> PortResult<Arc<dyn Account>> {
        let mut sdk = self.access(account).await?;
        if let Some(region) = region {
            sdk = sdk.into_builder().region(Region::new(region.to_owned())).build();
        }
        Ok(Arc::new(Entered {
            iam: AccountIam::new(aws_sdk_iam::Client::new(&sdk)),
            ecr: Registry::new(aws_sdk_ecr::Client::new(&sdk), account),
            layers: LayerVersions::new(aws_sdk_lambda::Client::new(&sdk)),
        }))
    }
}

impl Account for Entered {
    fn iam(&self) -> &dyn Iam {
        &self.iam
    }

    fn ecr(&self) -> &dyn Ecr {
        &self.ecr
    }

    fn layers(&self) -> &dyn Layers {
        &self.layers
    }
}

/// ARN of the account's responder role; `None` for what is no account's number, which would name something else.
fn responder(partition: &str, account: &str) -> Option<String> {
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| format!("arn:{partition}:iam::{account}:role/{RESPONDER}"))
}

/// The name under which the other account's trail shows us. A stack's name has only characters that a session's may have, and may be
/// longer.
fn session_name(stack: &str) -> String {
    let ending = "-remediate";
    let stack: String = stack.chars().take(LONGEST_NAME - ending.len()).collect();
    stack + ending
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> ReachableAccounts {
        let home = Home { partition: "aws".into(), account: "111122223333".into() };
        ReachableAccounts::new(SdkConfig::builder().build(), home, "layerguard")
    }

    #[test]
    fn only_a_number_of_an_account_names_a_role() {
        assert_eq!(
            responder("aws-cn", "444455556666").as_deref(),
            Some("arn:aws-cn:iam::444455556666:role/layerguard-responder")
        );
        for account in ["", "44445555666", "4444555566667", "44445555666x", "444455556666:role/admin"] {
            assert_eq!(responder("aws", account), None, "{account}");
        }
    }

    #[test]
    fn a_session_is_named_after_the_stack_and_never_too_long() {
        assert_eq!(session_name("guard"), "guard-remediate");
        let long = session_name(&"g".repeat(128));
        assert_eq!((long.len(), long.ends_with("-remediate")), (64, true));
    }

    #[test]
    fn a_session_that_ends_soon_is_not_used_any_more() {
        let (accounts, now) = (accounts(), SystemTime::now());
        let session = Session { sdk: SdkConfig::builder().build(), until: now + Duration::from_secs(900) };
        accounts.sessions.lock().unwrap().insert("444455556666".into(), session);
        assert!(accounts.session("444455556666", now).is_some());
        assert!(accounts.session("444455556666", now + Duration::from_secs(600)).is_some());
        assert!(accounts.session("444455556666", now + Duration::from_secs(601)).is_none());
        assert!(accounts.session("999988887777", now).is_none());
    }

    #[tokio::test]
    async fn what_is_no_account_is_refused_before_anything_is_sent() {
        let Err(error) = accounts().enter("444455556666:role/admin", None).await else { panic!("it was entered") };
        assert_eq!(error.kind, PortErrorKind::Refused("it is no account's number".into()));
    }
}
