//! From a payload to an answer. What arrives is told before the invocation succeeds; what could not
//! be told fails it, so that Lambda brings it again and then puts it into the dead-letter queue.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift::{
    clock::Clock,
    lambda::{Failed, Invocation},
};
use serde_json::{Value, json};

use crate::{
    context::{Context, Function},
    deliver::{self, Unsent},
    signal::{Other, Signal, VERSION, What},
    tick,
    understand::{self, Record},
};

/// What may be asked by hand.
const COMMANDS: [&str; 2] = ["tick", "test"];

/// Answers one invocation.
///
/// # Errors
/// With [`Failed::Partial`] when something could not be told, [`Failed::Unavailable`] when the table
/// cannot be read, [`Failed::BadInput`] for a command that there is not.
pub async fn handle(function: &Function, invocation: Invocation) -> Result<Value, Failed> {
    let mut context = function.context(&invocation);
    let payload = &invocation.payload;
    let command = payload.get("command").and_then(Value::as_str);
    if let Some(at) = played(payload, command, function)? {
        context.clock = Clock::set_to(at);
    }
    match command {
        None => forward(&context, payload).await,
        Some("tick") => tick::tick(&context).await,
        Some("test") => test(&context, payload).await,
        Some(other) => Err(Failed::BadInput(format!(
            "there is no command `{other}`: there is {}",
            COMMANDS.join(", ")
        ))),
    }
}

/// The instant to play, for demonstrations on a local AWS.
fn played(
    payload: &Value,
    command: Option<&str>,
    function: &Function,
) -> Result<Option<Timestamp>, Failed> {
    let Some(at) = command.and_then(|_| payload.get("at")?.as_str()) else {
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

async fn forward(context: &Context<'_>, payload: &Value) -> Result<Value, Failed> {
    let records = understand::understand(payload, context.now());
    let mut left_out = Vec::new();
    let mut signals: Vec<Signal> = Vec::new();
    for record in &records {
        for one in &record.understood.left_out {
            tracing::info!(kind = "left_out", name = one.name, why = ?one.why, "left out");
            left_out.push(one.name.clone());
        }
        for signal in &record.understood.signals {
            // The message says where the rest of it is: here.
            if matches!(&signal.what, What::Other(other) if other.cut) {
                tracing::info!(kind = "whole", key = signal.key, payload = %payload, "too long to be told whole");
            }
        }
        signals.extend(record.understood.signals.iter().cloned());
    }
    let count = signals.len();
    let failed = deliver::see_through(context, signals).await;
    // A queue takes back each message by itself; what was told is not told again.
    if records.iter().any(|record| record.id.is_some()) {
        return Ok(json!({ "batchItemFailures": refused(&records, &failed) }));
    }
    answer(count, &left_out, &failed)
}

fn refused(records: &[Record], failed: &BTreeMap<String, Unsent>) -> Vec<Value> {
    records
        .iter()
        .filter(|record| {
            let signals = &record.understood.signals;
            signals
                .iter()
                .any(|signal| failed.contains_key(&signal.key))
        })
        .filter_map(|record| Some(json!({ "itemIdentifier": record.id.as_ref()? })))
        .collect()
}

fn answer(
    count: usize,
    left_out: &[String],
    failed: &BTreeMap<String, Unsent>,
) -> Result<Value, Failed> {
    if failed.is_empty() {
        return Ok(json!({ "told": count, "left_out": left_out }));
    }
    Err(Failed::Partial(format!(
        "{} of {count} not told: {}",
        failed.len(),
        reasons(failed)
    )))
}

fn reasons(failed: &BTreeMap<String, Unsent>) -> String {
    let reasons = failed
        .iter()
        .map(|(key, unsent)| format!("{key}: {unsent}"));
    reasons.collect::<Vec<_>>().join("; ")
}

/// Posts a line, so that somebody who sets this up sees whether it works.
async fn test(context: &Context<'_>, payload: &Value) -> Result<Value, Failed> {
    let by = payload
        .get("by")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let now = context.now();
    let signal = Signal {
        version: VERSION,
        key: format!("test/{}", context.id),
        at: now,
        account: context.account.clone(),
        region: context.function.settings.region.clone(),
        what: What::Other(Other {
            title: "nightshift can write here".to_owned(),
            source: context.function.settings.function_name.clone(),
            fields: Vec::new(),
            text: if by.is_empty() {
                "A test, asked for by hand.".to_owned()
            } else {
                format!("A test, asked for by {by}.")
            },
            cut: false,
        }),
    };
    let failed = deliver::see_through(context, vec![signal]).await;
    answer(1, &[], &failed)
}

/// The answer of a tick.
pub(crate) fn of_tick(
    idle: bool,
    kept: usize,
    failed: &BTreeMap<String, Unsent>,
) -> Result<Value, Failed> {
    if failed.is_empty() {
        Ok(json!({ "idle": idle, "told": kept }))
    } else {
        // What could not be looked at counts as well, so there is no "of so many".
        Err(Failed::Partial(reasons(failed)))
    }
}
