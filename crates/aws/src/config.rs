//! Access to AWS: loaded once, handed out as ports.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use layerguard_core::approval::{CallerIdentity, SignedRequest};
use layerguard_core::error::{Class, Classified};
use layerguard_core::ports::{IdentityProof, PortError, PortErrorKind, PortResult};
use thiserror::Error;

use crate::http::{CONNECT_TIMEOUT, READ_TIMEOUT, client, connector};
use crate::{
    AccountIam, AlertTopic, AnnouncementBus, AuditTable, BusRules, Home, ReachableAccounts, ReadableRoles,
    RepositoryImages, RespondMachine, StateTable, Statement, Sts, TriageMachine, identity,
};

/// How often a request is sent at most, the first time included. The state machines retry what still fails.
pub(crate) const ATTEMPTS: u32 = 3;

/// How long one attempt may take, connecting and reading included.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an operation may take with all its attempts: a function fails with a reason before its own limit of 20 seconds or more ends it
/// without one.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// What a person may set apart from the environment. Everything else is as the SDK does it: `AWS_REGION`, `AWS_PROFILE`,
/// `AWS_ENDPOINT_URL`, the shared configuration files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The region, instead of the environment's or the profile's.
    pub region: Option<String>,
    /// The profile of the shared configuration files.
    pub profile: Option<String>,
    /// Where all services answer, for example `http://127.0.0.1:4566` of the local stack.
    pub endpoint_url: Option<String>,
}

/// Why access to AWS could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Neither the settings, nor the environment, nor the profile name a region.
    #[error("could not tell the AWS region; set AWS_REGION or pass --region")]
    NoRegion,
    /// The endpoint is no URL.
    #[error("could not use `{endpoint}` as an endpoint; it must look like `https://host` or `http://host:port`")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// The region has no STS that we know of.
    #[error("could not tell where STS answers in region `{region}`; check the region's name")]
    NoSts {
        /// The region.
        region: String,
    },
}

impl Classified for ConfigError {
    fn class(&self) -> Class {
        Class::Permanent
    }
}

/// Access to AWS in one region. Cheap to clone; the tables share one client.
#[derive(Debug, Clone)]
pub struct Aws {
    sdk: SdkConfig,
    region: String,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    sts: Sts,
}

impl Aws {
    /// Loads the configuration. Sends nothing, except where the region or the credentials themselves come from a service.
    ///
    /// # Errors
    /// [`ConfigError`], each with its remedy.
    pub async fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let connector = connector();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client(&connector))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts());
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &settings.profile {
            // A profile that a person names wins over keys in the environment: else they would act as somebody else.
            let provider = ProfileFileCredentialsProvider::builder().profile_name(profile).build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        if let Some(endpoint) = &settings.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        Self::over(loader.load().await, connector).await
    }

    /// Access by this configuration of the SDK, with one connector for it and for the proof of identity.
    pub(crate) async fn over(sdk: SdkConfig, connector: SharedHttpConnector) -> Result<Self, ConfigError> {
        let region = sdk.region().map(ToString::to_string).ok_or(ConfigError::NoRegion)?;
        let endpoint = sts_endpoint(&sdk, &region).await?;
        let sts = Sts::new(connector, &endpoint).ok_or(ConfigError::Endpoint { endpoint })?;
        Ok(Self { sdk, region, dynamodb: OnceLock::new(), sts })
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The same access with other credentials, such as those of a session that a drill has assumed.
    #[must_use]
    pub fn with_credentials(&self, access_key: &str, secret: &str, token: Option<&str>) -> Self {
        let credentials = Credentials::new(access_key, secret, token.map(str::to_owned), None, "given");
        let provider = aws_credential_types::provider::SharedCredentialsProvider::new(credentials);
        let sdk = self.sdk.clone().into_builder().credentials_provider(provider).build();
        Self { sdk, dynamodb: OnceLock::new(), ..self.clone() }
    }

    /// The audit table of this name.
    #[must_use]
    pub fn audit_table(&self, name: &str) -> AuditTable {
        AuditTable::new(self.dynamodb(), name)
    }

    /// The state table of this name.
    #[must_use]
    pub fn state_table(&self, name: &str) -> StateTable {
        StateTable::new(self.dynamodb(), name)
    }

    /// IAM of the account whose credentials are in use.
    #[must_use]
    pub fn iam(&self) -> AccountIam {
        AccountIam::new(aws_sdk_iam::Client::new(&self.sdk))
    }

    /// The images of repositories, read with the credentials in use.
    #[must_use]
    pub fn images(&self) -> RepositoryImages {
        RepositoryImages::new(self.sdk.clone())
    }

    /// The accounts that a stack of this name can change: the one where it is at home, and those that let it in.
    #[must_use]
    pub fn accounts(&self, stack: &str, home: Home) -> ReachableAccounts {
        ReachableAccounts::new(self.sdk.clone(), home, stack)
    }

    /// The roles that a stack of this name can read: those of the account where it is at home, and of the accounts that let it.
    #[must_use]
    pub fn roles(&self, stack: &str, home: Home) -> ReadableRoles {
        ReadableRoles::new(self.sdk.clone(), home, stack)
    }

    /// The topic of this ARN.
    #[must_use]
    pub fn alert_topic(&self, arn: &str) -> AlertTopic {
        AlertTopic::new(aws_sdk_sns::Client::new(&self.sdk), arn)
    }

    /// The event bus of this name or ARN.
    #[must_use]
    pub fn announcement_bus(&self, name: &str) -> AnnouncementBus {
        AnnouncementBus::new(aws_sdk_eventbridge::Client::new(&self.sdk), name)
    }

    /// The respond machine of this ARN.
    #[must_use]
    pub fn respond_machine(&self, arn: &str) -> RespondMachine {
        RespondMachine::new(aws_sdk_sfn::Client::new(&self.sdk), arn)
    }

    /// What was deployed in this account and region.
    #[cfg(feature = "operations")]
    #[must_use]
    pub fn deployment(&self) -> crate::DeployedStack {
        crate::DeployedStack::new(self.sdk.clone(), self.sts.clone())
    }

    /// The queue of failed events of this name.
    ///
    /// # Errors
    /// `NotFound` when there is none, and whatever keeps SQS from answering.
    #[cfg(feature = "operations")]
    pub async fn failed_events(&self, name: &str) -> PortResult<crate::FailedEventsQueue> {
        crate::FailedEventsQueue::find(aws_sdk_sqs::Client::new(&self.sdk), name).await
    }

    /// The account in which a drill is made.
    #[cfg(feature = "operations")]
    #[must_use]
    pub fn drill_account(&self) -> crate::DrillAccount {
        crate::DrillAccount::new(self.sdk.clone())
    }

    /// The rules of the default event bus.
    #[must_use]
    pub fn rule_states(&self) -> BusRules {
        BusRules::new(aws_sdk_eventbridge::Client::new(&self.sdk))
    }

    /// The bucket of a trail, in whatever region it is.
    #[cfg(feature = "trails")]
    #[must_use]
    pub fn trail_bucket(&self, bucket: &str) -> crate::TrailBucket {
        crate::TrailBucket::new(self.sdk.clone(), bucket)
    }

    /// Where the trails that record this region deliver: bucket and prefix, each once.
    ///
    /// # Errors
    /// Whatever keeps CloudTrail from answering.
    #[cfg(feature = "operations")]
    pub async fn trail_deliveries(&self) -> PortResult<Vec<(String, String)>> {
        crate::trail_files::deliveries(&aws_sdk_cloudtrail::Client::new(&self.sdk)).await
    }

    /// The triage machine of this ARN.
    #[must_use]
    pub fn triage_machine(&self, arn: &str) -> TriageMachine {
        TriageMachine::new(aws_sdk_sfn::Client::new(&self.sdk), arn)
    }

    /// STS, to prove who signed an answer.
    #[must_use]
    pub fn sts(&self) -> Sts {
        self.sts.clone()
    }

    /// Signs a statement with the credentials in use.
    ///
    /// # Errors
    /// `Denied` when there are no credentials, `Unavailable` when they could not be fetched.
    pub async fn sign(&self, statement: &Statement<'_>) -> PortResult<SignedRequest> {
        self.sign_headers(&statement.headers()).await
    }

    /// Whom STS takes the credentials in use for.
    ///
    /// # Errors
    /// As [`Aws::sign`], and whatever keeps STS from answering.
    pub async fn caller(&self) -> PortResult<CallerIdentity> {
        let request = self.sign_headers(&[]).await?;
        self.sts
            .prove(&request)
            .await
            .map_err(|error| PortError { operation: "tell whose credentials these are".to_owned(), ..error })
    }

    async fn sign_headers(&self, headers: &[(&'static str, String)]) -> PortResult<SignedRequest> {
        let credentials = self.credentials().await?;
        identity::sign(&credentials, &self.region, self.sts.endpoint(), SystemTime::now(), headers)
    }

    async fn credentials(&self) -> PortResult<Credentials> {
        let operation = "find AWS credentials".to_owned();
        let Some(provider) = self.sdk.credentials_provider() else {
            return Err(PortError { operation, kind: PortErrorKind::NotFound });
        };
        provider
            .provide_credentials()
            .await
            .map_err(|error| PortError { operation, kind: crate::error::without_credentials(&error) })
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(&self.sdk)).clone()
    }
}

pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// Where STS answers: the override that holds for all services, else the region's own host by the SDK's rules.
async fn sts_endpoint(sdk: &SdkConfig, region: &str) -> Result<String, ConfigError> {
    if let Some(endpoint) = sdk.endpoint_url() {
        return Ok(endpoint.to_owned());
    }
    let unknown = || ConfigError::NoSts { region: region.to_owned() };
    let parameters = Params::builder()
        .region(region)
        .use_fips(sdk.use_fips().unwrap_or(false))
        .use_dual_stack(sdk.use_dual_stack().unwrap_or(false))
        .build()
        .map_err(|_| unknown())?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await.map_err(|_| unknown())?;
    Ok(endpoint.url().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(region: &str) -> Settings {
        Settings { region: Some(region.to_owned()), ..Settings::default() }
    }

    #[tokio::test]
    async fn an_endpoint_given_holds_for_sts_too() {
        let given = Settings { endpoint_url: Some("http://127.0.0.1:4566/".into()), ..settings("eu-central-1") };
        assert_eq!(Aws::load(&given).await.unwrap().sts().endpoint(), "http://127.0.0.1:4566");
        let given = Settings { endpoint_url: Some("localhost".into()), ..settings("eu-central-1") };
        assert!(matches!(Aws::load(&given).await, Err(ConfigError::Endpoint { .. })));
    }

    #[tokio::test]
    async fn sts_is_the_one_of_the_region_and_partition() {
        let bare = |region: &'static str| SdkConfig::builder().region(Region::from_static(region)).build();
        let of = async |region| sts_endpoint(&bare(region), region).await.unwrap();
        assert_eq!(of("eu-central-1").await, "https://sts.eu-central-1.amazonaws.com");
        assert_eq!(of("us-east-1").await, "https://sts.us-east-1.amazonaws.com");
        assert_eq!(of("cn-north-1").await, "https://sts.cn-north-1.amazonaws.com.cn");
        assert_eq!(of("us-gov-west-1").await, "https://sts.us-gov-west-1.amazonaws.com");
    }

    #[tokio::test]
    async fn a_statement_is_signed_for_the_endpoint_that_proves_it() {
        let given = Settings { endpoint_url: Some("http://127.0.0.1:4566".into()), ..settings("eu-central-1") };
        let aws = Aws::load(&given).await.unwrap().with_credentials("AKIAIOSFODNN7EXAMPLE", "secret", None);
        let verb = layerguard_core::approval::Verb::Reject;
        let statement = Statement::new("0011223344556677-1", "ab", verb, None);
        let signed = aws.sign(&statement).await.unwrap();
        assert_eq!(signed.endpoint, aws.sts().endpoint());
        assert_eq!(signed.headers["host"], "127.0.0.1:4566");
        assert!(!signed.headers.contains_key("x-amz-security-token"));
    }
}
