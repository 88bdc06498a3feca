//! Sessions of a role of one name in other accounts of the organisation.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use layerguard_core::ports::{PortError, PortErrorKind, PortResult};

use crate::Home;
use crate::error::{failed, unreadable};

/// How long a session in another account lives: AWS's least. A task is done in seconds.
const SESSION_SECONDS: i32 = 900;

/// A session with less than this left is not used any more, so that none ends within a task.
const LEAST_LEFT: Duration = Duration::from_secs(300);

/// The longest name of a session.
const LONGEST_NAME: usize = 64;

/// The account that layerguard runs in, with the credentials in use, and others through a role of this name.
#[derive(Debug)]
pub(crate) struct Sessions {
    sdk: SdkConfig,
    home: Home,
    role: &'static str,
    name: String,
    open: Mutex<HashMap<String, Session>>,
}

/// A session in another account.
#[derive(Debug, Clone)]
struct Session {
    sdk: SdkConfig,
    until: SystemTime,
}

impl Sessions {
    /// Sessions of `role`, which the other account's trail shows under the stack's name and `function`.
    pub(crate) fn new(sdk: SdkConfig, home: Home, role: &'static str, stack: &str, function: &str) -> Self {
        Self { sdk, home, role, name: session_name(stack, function), open: Mutex::default() }
    }

    /// Access to an account: our own credentials at home, else a session of its role.
    pub(crate) async fn access(&self, account: &str) -> PortResult<SdkConfig> {
        if account == self.home.account {
            return Ok(self.sdk.clone());
        }
        if let Some(session) = self.session(account, SystemTime::now()) {
            return Ok(session.sdk);
        }
        let session = self.assume(account).await?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned(), session.clone());
        Ok(session.sdk)
    }

    /// A session that lives long enough.
    fn session(&self, account: &str, now: SystemTime) -> Option<Session> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(account).filter(|session| session.until >= now + LEAST_LEFT).cloned()
    }

    async fn assume(&self, account: &str) -> PortResult<Session> {
        let operation = format!("enter account `{account}` by its role `{}`", self.role);
        let Some(role) = self.arn(account) else {
            return Err(PortError { operation, kind: PortErrorKind::Refused("it is no account's number".to_owned()) });
        };
        let answer = aws_sdk_sts::Client::new(&self.sdk)
            .assume_role()
            .role_arn(role)
            .role_session_name(&self.name)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .map_err(failed(operation.as_str()))?;
        let given = answer.credentials().ok_or_else(|| unreadable(operation.as_str(), "no credentials"))?;
        let until = SystemTime::try_from(*given.expiration())
            .map_err(|_| unreadable(operation.as_str(), "the end of the session"))?;
        let token = Some(given.session_token().to_owned());
        let credentials =
            Credentials::new(given.access_key_id(), given.secret_access_key(), token, Some(until), self.role);
        let provider = SharedCredentialsProvider::new(credentials);
        Ok(Session { sdk: self.sdk.clone().into_builder().credentials_provider(provider).build(), until })
    }

    /// ARN of the account's role; `None` for what is no account's number, which would name something else.
    fn arn(&self, account: &str) -> Option<String> {
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        is_account.then(|| format!("arn:{}:iam::{account}:role/{}", self.home.partition, self.role))
    }
}

/// The name under which the other account's trail shows us. A stack's name has only characters that a session's may have, and may be
/// longer.
fn session_name(stack: &str, function: &str) -> String {
    let room = LONGEST_NAME.saturating_sub(function.len() + 1);
    let stack: String = stack.chars().take(room).collect();
    format!("{stack}-{function}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        let home = Home { partition: "aws-cn".into(), account: "111122223333".into() };
        Sessions::new(SdkConfig::builder().build(), home, "layerguard-responder", "layerguard", "remediate")
    }

    #[test]
    fn only_a_number_of_an_account_names_a_role() {
        assert_eq!(
            sessions().arn("444455556666").as_deref(),
            Some("arn:aws-cn:iam::444455556666:role/layerguard-responder")
        );
        for account in ["", "44445555666", "4444555566667", "44445555666x", "444455556666:role/admin"] {
            assert_eq!(sessions().arn(account), None, "{account}");
        }
    }

    #[test]
    fn a_session_is_named_after_the_stack_and_never_too_long() {
        assert_eq!(session_name("guard", "remediate"), "guard-remediate");
        let long = session_name(&"g".repeat(128), "remediate");
        assert_eq!((long.len(), long.ends_with("-remediate")), (64, true));
    }

    #[test]
    fn a_session_that_ends_soon_is_not_used_any_more() {
        let (sessions, now) = (sessions(), SystemTime::now());
        let session = Session { sdk: SdkConfig::builder().build(), until: now + Duration::from_secs(900) };
        sessions.open.lock().unwrap().insert("444455556666".into(), session);
        assert!(sessions.session("444455556666", now).is_some());
        assert!(sessions.session("444455556666", now + Duration::from_secs(600)).is_some());
        assert!(sessions.session("444455556666", now + Duration::from_secs(601)).is_none());
        assert!(sessions.session("999988887777", now).is_none());
    }

    #[tokio::test]
    async fn what_is_no_account_is_refused_before_anything_is_sent() {
        let error = sessions().access("444455556666:role/admin").await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Refused("it is no account's number".into()));
    }
}
