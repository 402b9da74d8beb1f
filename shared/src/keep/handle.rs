//! From a request to an answer. Commands that only ask change nothing and write nothing; commands
//! that order write the order down first and then look again, as everything else does.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    ask::{Question, ask, no_such_estate, unavailable},
    command::{self, Command, Request, Verb},
    context::{Context, Function},
    keeper::Keeper,
    look::{self, Looked, Occasion},
    orders::{Wish, clear_orders, write_orders},
};
use crate::{
    clock::Clock,
    lambda::{Failed, Invocation},
    report::{Failure, Report},
};

/// Answers one invocation.
///
/// # Errors
/// With [`Failed::BadInput`] for a payload that is not understood, [`Failed::Unavailable`] when the
/// ledger cannot be read, [`Failed::Partial`] when some of it failed and the rest was done.
pub async fn handle<K: Keeper>(
    function: &Function<K>,
    invocation: Invocation,
) -> Result<Value, Failed> {
    let request = command::parse(&invocation.payload, K::ORDERS)
        .map_err(|bad| Failed::BadInput(bad.to_string()))?;
    let mut context = function.context(&invocation);
    if let Some(at) = at(&request, &invocation.payload)? {
        let asks_only =
            matches!(&request, Request::Command(command) if command.verb == Verb::DryRun);
        if !asks_only && !function.settings.may_play {
            return Err(Failed::BadInput(
                "`at` is honoured by `dry_run` only: leave it out, or ask for a dry run".to_owned(),
            ));
        }
        context.clock = Clock::set_to(at);
    }
    match request {
        Request::Tick => looked::<K>(look::look(&context, &Occasion::Tick, None).await),
        Request::Event(resources) => {
            #[cfg(feature = "sabotage")]
            K::believe(&context, &invocation.payload).await;
            looked::<K>(look::look(&context, &Occasion::Event(resources), None).await)
        }
        Request::Command(command) => obey(&context, command).await,
    }
}

/// The instant to play. Ticks and events may carry one too: a demonstration plays them all.
fn at(request: &Request, payload: &Value) -> Result<Option<Timestamp>, Failed> {
    match (request, payload.get("at").and_then(Value::as_str)) {
        (Request::Command(command), _) => Ok(command.at),
        (_, Some(text)) => command::instant(text)
            .map(Some)
            .map_err(|bad| Failed::BadInput(bad.to_string())),
        (_, None) => Ok(None),
    }
}

async fn obey<K: Keeper>(context: &Context<'_, K>, command: Command) -> Result<Value, Failed> {
    let only = command.estate.as_deref();
    match command.verb {
        Verb::Reconcile => {
            let result = look::look(context, &Occasion::Asked, only).await;
            match (only, &result) {
                (Some(name), Ok(found)) if found.reports.is_empty() && found.busy.is_empty() => {
                    Err(no_such_estate::<K>(name, "`status` tells which do"))
                }
                _ => looked::<K>(result),
            }
        }
        Verb::Status => ask(context, only, Question::Status).await,
        Verb::DryRun => ask(context, only, Question::DryRun).await,
        Verb::Doctor => ask(context, only, Question::Doctor).await,
        Verb::Order {
            order,
            until,
            by,
            reason,
        } => {
            let wish = Wish {
                order,
                until,
                by,
                reason,
            };
            let unread = write_orders(context, only, &wish).await?;
            looked_after::<K>(unread, look::look(context, &Occasion::Asked, only).await)
        }
        Verb::Clear { by } => {
            let unread = clear_orders(context, only, &by).await?;
            looked_after::<K>(unread, look::look(context, &Occasion::Asked, only).await)
        }
    }
}

/// The look that follows an order. What could not be read for the order fails the invocation as well.
fn looked_after<K: Keeper>(
    unread: Vec<Failure>,
    result: Result<Looked, Failure>,
) -> Result<Value, Failed> {
    looked::<K>(result.map(|mut looked| {
        looked.failures.extend(unread);
        looked
    }))
}

#[cfg_attr(
    not(feature = "sabotage"),
    expect(
        clippy::extra_unused_type_parameters,
        reason = "asked by known bugs alone"
    )
)]
fn looked<K: Keeper>(result: Result<Looked, Failure>) -> Result<Value, Failed> {
    let looked = result.map_err(|failure| unavailable(&failure))?;
    let failures = looked.all_failures();
    let answer = json!({
        "idle": looked.idle,
        "ready": all_ready(&looked.reports),
        "busy": looked.busy,
        "estates": looked.reports,
    });
    #[cfg(feature = "sabotage")]
    if K::hushes() {
        return Ok(answer);
    }
    if failures.is_empty() {
        return Ok(answer);
    }
    tracing::info!(kind = "report", report = %answer, "the look ended with failures");
    Err(Failed::Partial(failures.join("; ")))
}

pub(super) fn all_ready(reports: &[Report]) -> bool {
    !reports.is_empty() && reports.iter().all(|report| report.ready)
}
