//! One mapping from the SDK's errors to the port's. Messages carry AWS's error code, never a request, an answer or a token.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use layerguard_core::ports::{PortError, PortErrorKind};
use roxmltree::Document;

/// What a person does about missing credentials.
const NO_CREDENTIALS: &str = "no AWS credentials were found; sign in, or choose a profile with AWS_PROFILE";

/// Turns the SDK's error of an operation into the port's. For `map_err`.
pub(crate) fn failed<E>(operation: impl Into<String>) -> impl FnOnce(SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let operation = operation.into();
    move |error| PortError { operation, kind: kind_of(&error) }
}

/// An error that is not AWS's: what came back, or what was to be sent, is not as it should be.
pub(crate) fn unreadable(operation: impl Into<String>, what: impl Into<String>) -> PortError {
    PortError { operation: operation.into(), kind: PortErrorKind::Unreadable(what.into()) }
}

/// What happened, by AWS's error code or by what kept an answer from arriving.
pub(crate) fn kind_of<E>(error: &SdkError<E, HttpResponse>) -> PortErrorKind
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => of_code(answer.err().code(), answer.raw().status().as_u16()),
        SdkError::TimeoutError(_) => PortErrorKind::Unavailable("no answer in time".to_owned()),
        SdkError::ResponseError(answer) => {
            PortErrorKind::Unavailable(format!("an answer without sense, status {}", answer.raw().status().as_u16()))
        }
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            PortErrorKind::Unavailable("no answer in time".to_owned())
        }
        SdkError::DispatchFailure(failure) => unsent(error, failure.is_user()),
        other => unsent(other, true),
    }
}

/// The request did not leave: no credentials, no connection, or a request that cannot be built.
fn unsent(error: &(dyn Error + 'static), own_fault: bool) -> PortErrorKind {
    match cause::<CredentialsError>(error) {
        Some(error) => without_credentials(error),
        None if own_fault => PortErrorKind::Refused("the request could not be built".to_owned()),
        None => PortErrorKind::Unavailable("no connection".to_owned()),
    }
}

/// Why there are no credentials.
pub(crate) fn without_credentials(error: &CredentialsError) -> PortErrorKind {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => PortErrorKind::Denied(NO_CREDENTIALS.to_owned()),
        CredentialsError::InvalidConfiguration(_) => {
            PortErrorKind::Denied("the AWS profile or its credentials cannot be read".to_owned())
        }
        _ => PortErrorKind::Unavailable("the AWS credentials could not be fetched".to_owned()),
    }
}

/// The first cause of this type.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The kind of an AWS error code. Without a code the HTTP status decides.
pub(crate) fn of_code(code: Option<&str>, status: u16) -> PortErrorKind {
    let Some(code) = code else {
        return of_status(status);
    };
    let shown = shown(code);
    match code {
        "ConditionalCheckFailedException"
        | "DuplicateItemException"
        | "TransactionConflictException"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "PreconditionFailedException"
        | "ResourceConflictException" => PortErrorKind::Conflict,
        "NoSuchEntity"
        | "NoSuchEntityException"
        | "ResourceNotFoundException"
        | "NotFound"
        | "NotFoundException"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "TrailNotFoundException"
        | "RepositoryNotFoundException"
        | "RepositoryPolicyNotFoundException"
        | "RegistryPolicyNotFoundException"
        | "LifecyclePolicyNotFoundException"
        | "StateMachineDoesNotExist"
        | "ExecutionDoesNotExist" => PortErrorKind::NotFound,
        "UnmodifiableEntity" | "UnmodifiableEntityException" => PortErrorKind::Unmodifiable,
        "LimitExceeded"
        | "ExecutionLimitExceeded"
        | "ItemCollectionSizeLimitExceededException"
        | "PolicyLengthExceededException" => PortErrorKind::LimitExceeded(shown),
        _ if is_denial(code) => PortErrorKind::Denied(shown),
        _ if is_passing(code) || status >= 500 || status == 429 => PortErrorKind::Unavailable(shown),
        _ => PortErrorKind::Refused(shown),
    }
}

/// The error code of an answer in XML, if it has one.
pub(crate) fn code_in_xml(xml: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let code = document.descendants().find(|node| node.is_element() && node.tag_name().name() == "Code")?;
    code.text().map(|code| code.trim().to_owned())
}

fn of_status(status: u16) -> PortErrorKind {
    match status {
        401 | 403 => PortErrorKind::Denied(format!("status {status}")),
        404 => PortErrorKind::NotFound,
        408 | 429 | 500.. => PortErrorKind::Unavailable(format!("status {status}")),
        _ => PortErrorKind::Refused(format!("status {status}")),
    }
}

/// Codes that say that this caller may not, whichever policy or credential is the reason.
fn is_denial(code: &str) -> bool {
    code.starts_with("AccessDenied")
        || matches!(
            code,
            "AuthorizationError"
                | "AuthorizationErrorException"
                | "ExpiredToken"
                | "ExpiredTokenException"
                | "IncompleteSignature"
                | "InvalidClientTokenId"
                | "InvalidSecurity"
                | "InvalidSignatureException"
                | "KMSAccessDenied"
                | "KMSAccessDeniedException"
                | "MissingAuthenticationToken"
                | "MissingAuthenticationTokenException"
                | "NotAuthorized"
                | "OptInRequired"
                | "SignatureDoesNotMatch"
                | "UnauthorizedOperation"
                | "UnrecognizedClientException"
        )
}

/// Codes that pass: throttling, and states that an entity or a service leaves by itself.
fn is_passing(code: &str) -> bool {
    matches!(
        code,
        "BandwidthLimitExceeded"
            | "EntityTemporarilyUnmodifiable"
            | "EntityTemporarilyUnmodifiableException"
            | "InternalError"
            | "InternalFailure"
            | "InternalServerError"
            | "KMSThrottling"
            | "LimitExceededException"
            | "PriorRequestNotComplete"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "ServiceFailure"
            | "ServiceUnavailable"
            | "SlowDown"
            | "Throttled"
            | "ThrottledException"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException"
            | "TransactionInProgressException"
    )
}

/// An error code as it may be shown. Codes come from the other side: anything but a short plain word is not one.
pub(crate) fn shown(code: &str) -> String {
    if code.len() <= 80 && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')) {
        code.to_owned()
    } else {
        "a code that is no word".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerguard_core::error::{Class, Classified};

    fn kind(code: &str, status: u16) -> PortErrorKind {
        of_code(Some(code), status)
    }

    #[test]
    fn a_code_decides_before_the_status() {
        assert_eq!(kind("ConditionalCheckFailedException", 400), PortErrorKind::Conflict);
        assert_eq!(kind("DuplicateItemException", 400), PortErrorKind::Conflict);
        assert_eq!(kind("NoSuchEntity", 404), PortErrorKind::NotFound);
        assert_eq!(kind("RepositoryNotFoundException", 400), PortErrorKind::NotFound);
        assert_eq!(kind("PreconditionFailedException", 412), PortErrorKind::Conflict);
        assert_eq!(kind("ResourceConflictException", 409), PortErrorKind::Conflict);
        assert_eq!(kind("UnmodifiableEntity", 400), PortErrorKind::Unmodifiable);
        assert_eq!(kind("LimitExceeded", 409), PortErrorKind::LimitExceeded("LimitExceeded".into()));
        assert_eq!(kind("AccessDeniedException", 400), PortErrorKind::Denied("AccessDeniedException".into()));
        assert_eq!(kind("AuthorizationError", 403), PortErrorKind::Denied("AuthorizationError".into()));
        assert_eq!(kind("Throttling", 400), PortErrorKind::Unavailable("Throttling".into()));
        assert_eq!(kind("ValidationException", 400), PortErrorKind::Refused("ValidationException".into()));
        assert_eq!(kind("SomethingNew", 503), PortErrorKind::Unavailable("SomethingNew".into()));
    }

    #[test]
    fn without_a_code_the_status_decides() {
        assert_eq!(of_code(None, 502), PortErrorKind::Unavailable("status 502".into()));
        assert_eq!(of_code(None, 403), PortErrorKind::Denied("status 403".into()));
        assert_eq!(of_code(None, 418), PortErrorKind::Refused("status 418".into()));
    }

    #[test]
    fn what_passes_is_retried_and_what_stays_is_not() {
        let class = |kind| PortError { operation: "read".into(), kind }.class();
        assert_eq!(class(kind("ThrottlingException", 400)), Class::Retryable);
        assert_eq!(class(kind("AccessDenied", 403)), Class::Permanent);
        assert_eq!(class(kind("UnmodifiableEntity", 400)), Class::Permanent);
    }

    #[test]
    fn a_code_that_is_no_word_is_not_repeated() {
        let PortErrorKind::Refused(text) = kind("Bad\u{1b}[2J secret=hunter2", 400) else { panic!("refused") };
        assert_eq!(text, "a code that is no word");
    }

    #[test]
    fn the_code_of_an_error_is_read() {
        let xml = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
            <Code>SignatureDoesNotMatch</Code><Message>secret</Message></Error></ErrorResponse>"#;
        assert_eq!(code_in_xml(xml).as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(code_in_xml("not xml"), None);
    }
}
