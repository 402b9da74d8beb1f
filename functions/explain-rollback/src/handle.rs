//! From a payload to an answer. An event never says what happened, only which service to look at; a
//! person who asks gets the story as text, and nothing is written or told for it.

mod request;

use jiff::Timestamp;
use nightshift::{
    clock::Clock,
    lambda::{Failed, Invocation},
};
use serde_json::{Value, json};

use crate::{
    context::{Context, Function},
    look::{self, Looked, Occasion},
};
pub(crate) use request::of_arn as service_name;
pub use request::{BadRequest, Request, Which, request};

/// Answers one invocation.
///
/// # Errors
/// With [`Failed::BadInput`] for a payload that is not understood, [`Failed::Unavailable`] when the
/// table cannot be read, [`Failed::Partial`] when a service could not be looked at or a story could not
/// be told: the next tick tries again.
pub async fn handle(function: &Function, invocation: Invocation) -> Result<Value, Failed> {
    let bad = |bad: BadRequest| Failed::BadInput(bad.to_string());
    let request = request(&invocation.payload).map_err(bad)?;
    let mut context = function.context(&invocation);
    if let Some(at) = played(&invocation.payload, function)? {
        context.clock = Clock::set_to(at);
    }
    match request {
        Request::Tick => looked(look::look(&context, &Occasion::Tick).await),
        Request::Reconcile { estate } => {
            looked(look::look(&context, &Occasion::Asked { estate }).await)
        }
        Request::Event(which) => looked(look::look(&context, &Occasion::Event(which)).await),
        Request::Explain {
            service,
            deployment,
        } => Box::pin(look::explain(&context, &service, deployment.as_deref())).await,
        Request::Status { estate } => look::status(&context, estate.as_deref()).await,
    }
}

/// The instant to play, for demonstrations on a local AWS.
fn played(payload: &Value, function: &Function) -> Result<Option<Timestamp>, Failed> {
    let Some(at) = payload.get("at").and_then(Value::as_str) else {
        return Ok(None);
    };
    if !function.settings.may_play {
        return Err(Failed::BadInput(
            "`at` is honoured on a local AWS only: leave it out".to_owned(),
        ));
    }
    at.parse().map(Some).map_err(|_| {
        Failed::BadInput(format!(
            "at: `{at}` is no instant: write one like `2026-11-20T19:00:00+09:00`"
        ))
    })
}

fn looked(result: Result<Looked, Failed>) -> Result<Value, Failed> {
    let looked = result?;
    if looked.failures.is_empty() {
        return Ok(json!({
            "idle": looked.idle,
            "looked": looked.looked,
            "busy": looked.busy,
            "told": looked.told,
        }));
    }
    let failures = looked.failures.iter().map(ToString::to_string);
    Err(Failed::Partial(failures.collect::<Vec<_>>().join("; ")))
}

/// The answer to whoever asks of a service that there is not.
pub(crate) fn no_such_service(context: &Context<'_>, name: &str) -> Failed {
    Failed::BadInput(format!(
        "service: there is no `{name}` in {}: write `<cluster>/<service>` or the service's ARN",
        context.function.settings.region
    ))
}

/// The answer to whoever names an estate that there is not, with those that there are.
pub(crate) fn no_such_estate(name: &str, known: &[String]) -> Failed {
    let known = match known {
        [] => "there is none".to_owned(),
        known => format!("there is {}", known.join(", ")),
    };
    Failed::BadInput(format!(
        "no estate `{}` is watched here: {known}",
        request::shown(name)
    ))
}
