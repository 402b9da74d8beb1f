//! From a payload to an answer. Commands that only ask write nothing; commands that order write the
//! order down first, and then look as everything else does. No answer holds a value.

mod ask;
mod orders;
mod request;

use jiff::Timestamp;
use nightshift::{
    clock::Clock,
    lambda::{Failed, Invocation},
    report::Failure,
};
use serde_json::{Value, json};

use crate::{
    context::{Context, Function},
    look::{self, Looked, Occasion},
};
pub use request::{BadRequest, Request, Verb, Which, request};

/// Answers one invocation.
///
/// # Errors
/// With [`Failed::BadInput`] for a payload that is not understood, or an order that cannot be given;
/// [`Failed::Unavailable`] when the table cannot be read; [`Failed::Partial`] when some of it failed:
/// the next tick tries again.
pub async fn handle(function: &Function, invocation: Invocation) -> Result<Value, Failed> {
    let request = request(&invocation.payload).map_err(|bad| Failed::BadInput(bad.to_string()))?;
    let mut context = function.context(&invocation);
    if let Some(at) = played(&invocation.payload, function)? {
        context.clock = Clock::set_to(at);
    }
    let context = &context;
    match request {
        Request::Tick => looked(Box::pin(look::look(context, Occasion::Tick, None)).await),
        Request::Event(resources) => {
            looked(Box::pin(look::look(context, Occasion::Event(resources), None)).await)
        }
        Request::Reconcile { estate } => Box::pin(reconcile(context, estate.as_deref())).await,
        Request::Status { estate } => Box::pin(ask::status(context, estate.as_deref())).await,
        Request::DryRun { estate } => Box::pin(ask::dry_run(context, estate.as_deref())).await,
        Request::One {
            verb,
            which,
            by,
            reason,
        } => {
            let wish = orders::Wish { which, by, reason };
            match verb {
                Verb::Adopt { confirm: false } => Box::pin(ask::adoption(context, &wish)).await,
                Verb::Adopt { confirm: true } => Box::pin(orders::adopt(context, &wish)).await,
                verb => {
                    Box::pin(orders::order(context, verb, &wish)).await?;
                    reconcile(context, Some(&wish.which.estate)).await
                }
            }
        }
    }
}

async fn reconcile(context: &Context<'_>, estate: Option<&str>) -> Result<Value, Failed> {
    looked(Box::pin(look::look(context, Occasion::Asked, estate)).await)
}

/// The instant to play, for demonstrations on a local AWS.
fn played(payload: &Value, function: &Function) -> Result<Option<Timestamp>, Failed> {
    let Some(at) = payload.get("at") else {
        return Ok(None);
    };
    if !function.settings.may_play {
        return Err(Failed::BadInput(
            "`at` is honoured on a local AWS only: leave it out".to_owned(),
        ));
    }
    let at = at.as_str().and_then(|at| at.parse().ok());
    at.map(Some).ok_or_else(|| {
        Failed::BadInput("at: write an instant like `2026-11-20T19:00:00+09:00`".to_owned())
    })
}

fn looked(result: Result<Looked, Failure>) -> Result<Value, Failed> {
    let looked = result.map_err(|failure| unavailable(&failure))?;
    if !looked.failures.is_empty() {
        let failures = looked.failures.iter();
        let failures: Vec<String> = failures
            .map(|(estate, failure)| format!("{estate}: {failure}"))
            .collect();
        return Err(Failed::Partial(failures.join("; ")));
    }
    let told = looked
        .told
        .iter()
        .map(|(estate, told)| json!({ "estate": estate, "told": told.word, "about": told.about }));
    Ok(json!({
        "idle": looked.idle,
        "looked": looked.looked,
        "busy": looked.busy,
        "told": told.collect::<Vec<_>>(),
        "estates": looked.estates,
    }))
}

pub(crate) fn unavailable(failure: &Failure) -> Failed {
    Failed::Unavailable(failure.to_string())
}
