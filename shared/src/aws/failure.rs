//! An error of an AWS call as a [`Failure`]: told apart by the code on the wire, as the SDK's model
//! has it, never by its text.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata};

use crate::report::Failure;

/// What failed, on which resource, with which code.
pub fn failure<E, R>(resource: impl Into<String>, action: &str, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let (code, message) = match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            (
                error.code().unwrap_or("unknown").to_owned(),
                error.message().unwrap_or("AWS gave no message").to_owned(),
            )
        }
        SdkError::TimeoutError(_) => ("timeout".to_owned(), chain(error)),
        SdkError::DispatchFailure(_) => ("network".to_owned(), chain(error)),
        SdkError::ResponseError(_) => ("response".to_owned(), chain(error)),
        _ => ("request".to_owned(), chain(error)),
    };
    Failure {
        resource: resource.into(),
        action: action.to_owned(),
        denied: is_denied(&code),
        code,
        message,
    }
}

fn chain<E, R>(error: &SdkError<E, R>) -> String
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug,
{
    DisplayErrorContext(error).to_string()
}

fn is_denied(code: &str) -> bool {
    matches!(
        code,
        "AccessDeniedException" | "AccessDenied" | "AuthorizationError" | "UnauthorizedOperation"
    )
}
