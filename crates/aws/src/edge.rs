//! What the `main.rs` of the three functions share: logging, the environment, the clock, and errors whose type the state machines
//! match. The one place for each.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::Write;
use std::sync::Mutex;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use layerguard_core::error::{Class, Classified};
use layerguard_core::facts::{Own, own_roles};
use layerguard_core::metric::{self, Figures, Metric};
use layerguard_core::policy::{Policy, PolicySource};
use layerguard_core::ports::{AuditLog, Clock, PolicyPointer};
use layerguard_core::release;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{Home, Tables};

/// What is logged unless `RUST_LOG` says otherwise. The runtime's own span carries the request id.
const FILTER: &str = "warn,layerguard=info,lambda_runtime=info";

/// The longest message of a failure, in characters. A cause above 32,768 bytes would fail the execution itself, past every Catch.
const LONGEST_MESSAGE: usize = 2000;

/// One JSON object per line on standard output, without colour, as CloudWatch Logs wants it. Call once.
pub fn init_logging() {
    let wanted = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let filter: Targets = wanted.or_else(|| FILTER.parse().ok()).unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().json().with_ansi(false).flatten_event(true).with_current_span(true);
    // A second subscriber is refused: then the first one keeps logging.
    let _ = tracing_subscriber::registry().with(lines.with_span_list(false)).with(filter).try_init();
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The environment of a function, read once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// What is wrong with the environment of a function.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvironmentError {
    /// Not set, or empty.
    #[error(
        "could not find `{variable}` in the environment; the template (infra/template.yaml) sets it for this function"
    )]
    Missing {
        /// The variable.
        variable: String,
    },
    /// Set to something else than an ARN.
    #[error("could not read an account out of `{variable}`; it must hold an ARN, as the template sets it")]
    NoArn {
        /// The variable.
        variable: String,
    },
}

impl Classified for EnvironmentError {
    fn class(&self) -> Class {
        Class::Permanent
    }
}

impl Environment {
    /// The `LAYERGUARD_` variables of this process; any that is not UTF-8 counts as missing.
    #[must_use]
    pub fn of_process() -> Self {
        let readable =
            std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
        readable.filter(|(name, _)| name.starts_with("LAYERGUARD_")).collect()
    }

    /// The value of a variable, for example `LAYERGUARD_STATE_TABLE`.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] when it is not set or empty.
    pub fn required(&self, variable: &str) -> Result<&str, EnvironmentError> {
        self.optional(variable).ok_or_else(|| EnvironmentError::Missing { variable: variable.to_owned() })
    }

    /// The value of a variable; `None` when it is not set or empty.
    #[must_use]
    pub fn optional(&self, variable: &str) -> Option<&str> {
        self.variables.get(variable).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// The inventory that the template was given, or why there is none.
    ///
    /// # Errors
    /// That it is not set or empty, in words.
    pub fn inventory(&self) -> Result<String, String> {
        self.required("LAYERGUARD_INVENTORY").map(str::to_owned).map_err(|missing| missing.to_string())
    }

    /// Exact ARNs of layerguard's own roles, from `LAYERGUARD_OWN_ROLE_PREFIX`.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] when it is not set: without it layerguard could turn against itself.
    pub fn own_roles(&self) -> Result<Vec<String>, EnvironmentError> {
        let prefix = self.required("LAYERGUARD_OWN_ROLE_PREFIX")?;
        Ok(own_roles(prefix))
    }

    /// What is layerguard's own: its roles, and the stack's name from `LAYERGUARD_STACK`.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] when one of them is not set.
    pub fn own(&self) -> Result<Own, EnvironmentError> {
        let drill = self.optional("LAYERGUARD_DRILL_ROLE").map(str::to_owned);
        Ok(Own { roles: self.own_roles()?, stack: self.required("LAYERGUARD_STACK")?.to_owned(), drill })
    }

    /// The account in the ARN that a variable holds.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] when it is not set, [`EnvironmentError::NoArn`] when it is no ARN with an account.
    pub fn account_of(&self, variable: &str) -> Result<&str, EnvironmentError> {
        self.part_of(variable, 4)
    }

    /// Where layerguard runs, from `LAYERGUARD_OWN_ROLE_PREFIX`.
    ///
    /// # Errors
    /// As [`Environment::account_of`].
    pub fn home(&self) -> Result<Home, EnvironmentError> {
        let variable = "LAYERGUARD_OWN_ROLE_PREFIX";
        let (partition, account) = (self.part_of(variable, 1)?, self.part_of(variable, 4)?);
        Ok(Home { partition: partition.to_owned(), account: account.to_owned() })
    }

    fn part_of(&self, variable: &str, part: usize) -> Result<&str, EnvironmentError> {
        let found = self.required(variable)?.split(':').nth(part).filter(|part| !part.is_empty());
        found.ok_or_else(|| EnvironmentError::NoArn { variable: variable.to_owned() })
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().collect() }
    }
}

/// Where a function gets its policy from: the state table says which is in force, the audit table holds it.
#[must_use]
pub fn source<'a>(
    actor: &'static str,
    (pointer, audit): (&'a dyn PolicyPointer, &'a dyn AuditLog),
    own: impl Into<Own>,
    environment: &Environment,
) -> PolicySource<'a> {
    let (own, inventory) = (own.into(), environment.inventory());
    let build = release::named(env!("CARGO_PKG_VERSION"), option_env!("LAYERGUARD_COMMIT"));
    PolicySource { pointer, audit, clock: &SystemClock, actor, build, own, inventory, state: Mutex::default() }
}

/// The policy to go by for this invocation; what changed about it, and what is wrong with it, stands in the log, and in a figure that an
/// alarm looks at.
pub async fn policy(source: &PolicySource<'_>, figures: &Figures) -> Policy {
    let looked = source.current().await;
    if let Some(version) = &looked.loaded {
        tracing::info!(policy_version = version, "this policy is loaded");
    }
    if looked.behind {
        figures.tell(Metric::PolicyNotLoaded, 1);
    }
    if let Some(error) = &looked.problem {
        tracing::error!(error, "the policy in force is not what runs, or could not be looked at");
    }
    looked.policy
}

/// A failure as it leaves a function: its `errorType` is exactly the class, which the state machines match.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    class: Class,
    message: String,
}

impl Failure {
    /// The failure that an error amounts to: its class, its message and those of its causes.
    pub fn of<E: Classified + std::error::Error>(error: &E) -> Self {
        Self { class: error.class(), message: chain(error) }
    }

    /// What the state machine does with it.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// As a person reads it: a `main` that returns a failure prints it so.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.as_str(), self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.class.as_str().to_owned(), error_message: failure.message }
    }
}

/// Serves invocations: each payload goes to the handler, each error leaves as a [`Failure`] and stands in the log. Nothing is served
/// before it is clear that these tables may be worked with. What an invocation told in figures is written when it is over, also when it
/// failed.
///
/// ```no_run
/// use layerguard_aws::Tables;
/// use layerguard_aws::config::Aws;
/// use layerguard_aws::edge::{self, Environment, Failure};
/// use layerguard_core::metric::Figures;
/// use layerguard_core::ports::{AuditLog, PortResult};
///
/// async fn count(log: &dyn AuditLog, payload: serde_json::Value) -> PortResult<usize> {
///     Ok(log.records(payload["incident_id"].as_str().unwrap_or_default()).await?.len())
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     edge::init_logging();
///     let environment = Environment::of_process();
///     let table = environment.required("LAYERGUARD_AUDIT_TABLE").map_err(|error| Failure::of(&error))?;
///     let state = environment.required("LAYERGUARD_STATE_TABLE").map_err(|error| Failure::of(&error))?;
///     let aws = Aws::of_function().await.map_err(|error| Failure::of(&error))?;
///     let (log, state) = (aws.audit_table(table), aws.state_table(state));
///     let tables = Tables::new(&state, false);
///     edge::serve(&tables, ("layerguard", &Figures::default()), |payload| count(&log, payload)).await
/// }
/// ```
///
/// # Errors
/// When the runtime's own interface fails.
pub async fn serve<H, F, T, E>(
    tables: &Tables<'_>,
    (stack, figures): (&str, &Figures),
    handler: H,
) -> Result<(), lambda_runtime::Error>
where
    H: Fn(Value) -> F,
    F: Future<Output = Result<T, E>>,
    T: Serialize,
    E: Classified + std::error::Error,
{
    let handler = &handler;
    let serve_one = move |event: LambdaEvent<Value>| async move {
        let answer = match tables.settle().await {
            Ok(()) => handler(event.payload).await.map_err(|error| Failure::of(&error)),
            Err(error) => Err(Failure::of(&error)),
        };
        tell(stack, figures);
        answer.inspect_err(|failure| {
            tracing::error!(class = failure.class.as_str(), error = %failure, "invocation failed");
        })
    };
    lambda_runtime::run(service_fn(serve_one)).await
}

/// Writes what was told, for CloudWatch. A line that cannot be written is lost, as any line of a log is.
fn tell(stack: &str, figures: &Figures) {
    let lines = metric::lines(stack, &figures.take(), Timestamp::now());
    if lines.is_empty() {
        return;
    }
    let mut out = std::io::stdout().lock();
    for line in lines {
        let _lost = writeln!(out, "{line}");
    }
}

/// The messages of an error and of its causes, cut at the longest length.
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    if message.chars().nth(LONGEST_MESSAGE).is_some() {
        message = message.chars().take(LONGEST_MESSAGE).collect();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("could not decide incident `x`")]
    struct Outer(#[source] Inner);

    #[derive(Debug, Error)]
    #[error("could not read incident `x`: {0}")]
    struct Inner(String);

    impl Classified for Outer {
        fn class(&self) -> Class {
            Class::Stuck
        }
    }

    #[test]
    fn the_error_type_is_the_class_and_the_message_has_its_causes() {
        let diagnostic = Diagnostic::from(Failure::of(&Outer(Inner("throttled".into()))));
        assert_eq!(diagnostic.error_type, "Stuck");
        assert_eq!(diagnostic.error_message, "could not decide incident `x`: could not read incident `x`: throttled");
    }

    #[test]
    fn a_message_is_short_enough_for_a_cause() {
        let diagnostic = Diagnostic::from(Failure::of(&Outer(Inner("é".repeat(100_000)))));
        assert_eq!(diagnostic.error_message.chars().count(), LONGEST_MESSAGE);
    }

    #[test]
    fn a_missing_or_empty_variable_is_named_with_its_remedy() {
        let environment: Environment = [("LAYERGUARD_STACK", "guard"), ("LAYERGUARD_TOPIC_ARN", " ")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(environment.required("LAYERGUARD_STACK"), Ok("guard"));
        let error = environment.required("LAYERGUARD_TOPIC_ARN").unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not find `LAYERGUARD_TOPIC_ARN` in the environment; the template (infra/template.yaml) sets it for this function"
        );
        assert_eq!(environment.optional("LAYERGUARD_MODE"), None);
    }

    #[test]
    fn where_layerguard_runs_is_read_from_its_own_roles() {
        let of = |prefix: &str| -> Environment {
            [("LAYERGUARD_OWN_ROLE_PREFIX".to_owned(), prefix.to_owned())].into_iter().collect()
        };
        let home = of("arn:aws-cn:iam::111122223333:role/guard-").home().unwrap();
        assert_eq!(home, Home { partition: "aws-cn".into(), account: "111122223333".into() });
        assert!(of("guard-").home().is_err());
    }

    #[test]
    fn the_default_filter_is_understood() {
        let filter: Targets = FILTER.parse().unwrap();
        assert!(filter.would_enable("layerguard_detect", &tracing::Level::INFO));
        assert!(!filter.would_enable("aws_smithy_runtime", &tracing::Level::INFO));
    }
}
