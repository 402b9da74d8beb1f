//! The glue between a handler and Lambda: logs, the deadline, and errors whose type means
//! something to whoever reads the metrics.

use std::{future::Future, time::Duration};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use tracing::{Level, Subscriber};
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt as _};

use crate::{aws, clock::Clock, kind::Arn};

/// One invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What was sent.
    pub payload: Value,
    /// Lambda's id of the invocation.
    pub id: String,
    /// The clock, read anew for each invocation: Lambda freezes a process between two.
    pub clock: Clock,
    /// When Lambda ends it.
    pub deadline: Instant,
    /// The account in which the function runs.
    pub account: String,
}

/// Why an invocation failed. The variant's name is the error's type in Lambda's metrics and logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The payload is not one that this function knows. Sending it again would not help.
    #[error("{0}")]
    BadInput(String),
    /// The function's environment is not complete. Deploying it rightly mends this.
    #[error("{0}")]
    BadEnvironment(String),
    /// Something that everything rests on could not be read or written. The next tick tries again.
    #[error("{0}")]
    Unavailable(String),
    /// Some of it failed; the rest was done. The next tick tries again.
    #[error("{0}")]
    Partial(String),
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        let error_type = match failed {
            Failed::BadInput(_) => "BadInput",
            Failed::BadEnvironment(_) => "BadEnvironment",
            Failed::Unavailable(_) => "Unavailable",
            Failed::Partial(_) => "Partial",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: failed.to_string(),
        }
    }
}

/// Sends logs to standard output as JSON; `RUST_LOG` chooses the level, `info` by default.
pub fn write_logs() {
    let level = std::env::var("RUST_LOG")
        .ok()
        .and_then(|level| level.parse().ok());
    logs_to(std::io::stdout, level.unwrap_or(Level::INFO)).init();
}

/// Logs in the form that Lambda gets them, to a place of the caller's.
pub fn logs_to<W>(writer: W, level: Level) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level)
        .with_writer(writer)
        .finish()
}

/// Answers invocations until Lambda ends the process.
///
/// # Errors
/// When Lambda's runtime interface cannot be reached.
pub async fn serve<H, F>(handle: H) -> Result<(), lambda_runtime::Error>
where
    H: Fn(Invocation) -> F,
    F: Future<Output = Result<Value, Failed>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let invocation = Invocation {
            id: event.context.request_id.clone(),
            clock: Clock::system(),
            deadline: Instant::now() + remaining(&event),
            account: Arn::new(event.context.invoked_function_arn.clone())
                .account()
                .to_owned(),
            payload: event.payload,
        };
        let answer = handle(invocation).await;
        if let Err(failed) = &answer {
            tracing::error!(kind = "invocation", detail = %failed, "the invocation failed");
        }
        answer
    }))
    .await
}

/// What is left of the invocation. `cargo lambda watch` names a deadline in 1970, Lambda never one
/// that has passed: then a minute is as good as any.
fn remaining(event: &LambdaEvent<Value>) -> Duration {
    event
        .context
        .deadline()
        .duration_since(machine_time())
        .unwrap_or(Duration::from_mins(1))
}

#[expect(
    clippy::disallowed_methods,
    reason = "Lambda's deadline is an instant of the machine's time"
)]
fn machine_time() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// A variable of the function's environment.
///
/// # Errors
/// When it is missing or empty; the text names it.
pub fn variable(name: &str) -> Result<String, Failed> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            Failed::BadEnvironment(format!(
                "the environment variable {name} is missing: deploy the function from template.yaml"
            ))
        })
}

/// Whether nothing may be changed: the stack's `Mode` is `watch`.
///
/// # Errors
/// When the variable is missing, or neither of the two.
pub fn only_watches() -> Result<bool, Failed> {
    match variable("NIGHTSHIFT_MODE")?.as_str() {
        "act" => Ok(false),
        "watch" => Ok(true),
        other => Err(Failed::BadEnvironment(format!(
            "NIGHTSHIFT_MODE is `{other}`: it is `act` or `watch`"
        ))),
    }
}

/// The base address of a service that is not AWS, where tests have one of their own on this machine.
///
/// # Errors
/// When the variable names another host: it is for tests alone.
pub fn local_address(name: &str) -> Result<Option<String>, Failed> {
    match std::env::var(name) {
        Ok(base) if base.is_empty() => Ok(None),
        Ok(base) if aws::is_loopback(&base) => Ok(Some(base.trim_end_matches('/').to_owned())),
        Ok(_) => Err(Failed::BadEnvironment(format!(
            "{name} names another host than this machine: it is for tests alone, leave it empty"
        ))),
        Err(_) => Ok(None),
    }
}

/// The Lambda function's own name, which a stack may choose.
#[must_use]
pub fn function_name(usual: &str) -> String {
    std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|_| usual.to_owned())
}
