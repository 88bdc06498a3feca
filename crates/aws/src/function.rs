//! Access to AWS for a function: Lambda puts everything into the environment, so nothing is looked for elsewhere.
//!
//! A person's command goes by the chain of the SDK ([`Aws::load`]): profiles, files, the metadata services. In a function that chain is
//! code that never runs, and that every cold start reads.

use std::env;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::sdk_config::Builder;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::config::{ATTEMPTS, Aws, ConfigError, timeouts};
use crate::http::{client, connector};

/// Reads a variable of the environment; an empty one is not set.
type Variables = fn(&str) -> Option<String>;

impl Aws {
    /// Access as Lambda's environment gives it: region, the role's credentials, and `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT` where somebody sets them. Sends nothing.
    ///
    /// # Errors
    /// [`ConfigError`], each with its remedy.
    pub async fn of_function() -> Result<Self, ConfigError> {
        let connector = connector();
        let sdk = configured(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()));
        Self::over(sdk.http_client(client(&connector)).build(), connector).await
    }
}

fn configured(of: Variables) -> Builder {
    let is_true = |name| of(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts())
        .region(of("AWS_REGION").or_else(|| of("AWS_DEFAULT_REGION")).map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .use_fips(is_true("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"))
        .service_config(OfService(of));
    sdk.set_endpoint_url(of("AWS_ENDPOINT_URL"));
    sdk
}

/// What the SDK asks for one service, such as `AWS_ENDPOINT_URL_DYNAMODB`.
#[derive(Debug)]
struct OfService(Variables);

impl LoadServiceConfig for OfService {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        self.0(&format!("{}_{service}", key.env()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str) -> Option<String> {
        let value = match name {
            "AWS_REGION" => "eu-central-1",
            "AWS_DEFAULT_REGION" => "us-east-1",
            "AWS_ENDPOINT_URL" => "http://127.0.0.1:4566",
            "AWS_ENDPOINT_URL_EVENTBRIDGE" => "http://127.0.0.1:4567",
            "AWS_USE_FIPS_ENDPOINT" => "TRUE",
            "AWS_USE_DUALSTACK_ENDPOINT" => "no",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_function_is_configured_by_its_environment() {
        let sdk = configured(given).build();
        assert_eq!(sdk.region().map(Region::as_ref), Some("eu-central-1"));
        assert_eq!(sdk.endpoint_url(), Some("http://127.0.0.1:4566"));
        assert_eq!((sdk.use_fips(), sdk.use_dual_stack()), (Some(true), Some(false)));
        assert_eq!(sdk.retry_config().map(RetryConfig::max_attempts), Some(ATTEMPTS));
        let sdk = configured(|_| None).build();
        assert!(sdk.region().is_none() && sdk.endpoint_url().is_none(), "{sdk:?}");
    }

    #[test]
    fn one_service_may_be_elsewhere() {
        let of = |service, env| {
            let key = ServiceConfigKey::builder().service_id(service).env(env).profile("endpoint_url").build().unwrap();
            OfService(given).load_config(key)
        };
        assert_eq!(of("EventBridge", "AWS_ENDPOINT_URL").as_deref(), Some("http://127.0.0.1:4567"));
        assert_eq!(of("DynamoDB", "AWS_ENDPOINT_URL"), None);
    }
}
