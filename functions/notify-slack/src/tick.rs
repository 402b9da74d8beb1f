//! What has no event of its own: an alarm that outlives the wake-up of its estate, the notice before
//! an estate goes to sleep, the reactions to it, and a sender that died. A tick with nothing to do
//! costs one read of the table.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use jiff::{SignedDuration, Timestamp};
use nightshift::{aws::failure::failure, lambda::Failed, ledger::Ledger};
use serde_json::Value;

use crate::{
    bedtime,
    context::Context,
    deliver::{self, Unsent},
    handle::of_tick,
    outbox::Watched,
    plan::{self, House, Quieted, Thread},
    signal::{Alarm, AlarmState, GoesToSleep, Outlived, Signal, VERSION, What},
};

/// How long before it an estate's bedtime is told.
const NOTICE: SignedDuration = SignedDuration::from_mins(15);
/// A document may change: the calendars are looked at this often.
const AGENDA: SignedDuration = SignedDuration::from_mins(10);
/// As many alarms are asked for at once.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
const AT_ONCE: u8 = 100;

/// Looks.
///
/// # Errors
/// When the table cannot be read, or something could not be told.
pub async fn tick(context: &Context<'_>) -> Result<Value, Failed> {
    let outbox = &context.outbox;
    let watched = outbox
        .watched()
        .await
        .map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    let now = context.now();
    let agenda = watched.agenda.is_none_or(|at| at <= now);
    let died = watched
        .leased_until
        .is_some_and(|until| until <= nightshift::clock::Clock::system().now());
    let idle = !agenda && !died && watched.quieted.is_empty() && watched.bedtimes.is_empty();
    if idle {
        return of_tick(true, 0, &BTreeMap::new());
    }
    let (house, ledger) = context.house().await;
    let mut failed = BTreeMap::new();
    let mut signals = Vec::new();
    match outlived(context, &watched.quieted, &house).await {
        Ok(mut found) => signals.append(&mut found),
        Err(unsent) => {
            failed.insert("quieted alarms".to_owned(), unsent);
        }
    }
    if agenda {
        let (mut due, next) = bedtimes(&house, now);
        signals.append(&mut due);
        if let Err(failure) = outbox.set_agenda(next).await {
            failed.insert("agenda".to_owned(), failure.into());
        }
    }
    follow(context, &watched, &house, &ledger, &mut failed).await;
    let arns: Vec<String> = signals.iter().filter_map(arn_of).collect();
    let kept = signals.len();
    if died || !signals.is_empty() {
        failed.extend(deliver::see_through(context, signals).await);
    }
    // Forgotten after it was told: a death in between tells again rather than never.
    for arn in arns {
        let is_told = !failed.keys().any(|key| key.contains(&arn));
        if is_told && let Err(failure) = outbox.forget_quieted(&arn).await {
            failed.insert(arn, failure.into());
        }
    }
    of_tick(false, kept, &failed)
}

fn arn_of(signal: &Signal) -> Option<String> {
    match &signal.what {
        What::Outlived(outlived) => Some(outlived.alarm.arn.clone()),
        _ => None,
    }
}

async fn follow(
    context: &Context<'_>,
    watched: &Watched,
    house: &House,
    ledger: &Ledger,
    failed: &mut BTreeMap<String, Unsent>,
) {
    for one in &watched.bedtimes {
        if let Err(unsent) = bedtime::follow(context, one, house, ledger).await {
            failed.insert(
                format!("the answers to the notice of {}", one.estate),
                unsent,
            );
        }
    }
}

/// The quieted alarms that still ring though their estate is up. Those that do not are forgotten.
async fn outlived(
    context: &Context<'_>,
    quieted: &[Quieted],
    house: &House,
) -> Result<Vec<Signal>, Unsent> {
    let now = context.now();
    let due: Vec<&Quieted> = quieted
        .iter()
        .filter(|quieted| plan::is_due(quieted, house, now))
        .collect();
    let mut signals = Vec::new();
    for batch in due.chunks(AT_ONCE.into()) {
        let ringing = ringing(context, batch).await?;
        let threads = batch.iter().filter_map(|one| plan::thread_of(&one.signal));
        let threads = context.outbox.threads(&threads.collect::<Vec<_>>()).await?;
        for quieted in batch {
            if rang_since(quieted, &threads) {
                context.outbox.forget_quieted(&quieted.arn).await?;
                continue;
            }
            let What::Alarm(alarm) = &quieted.signal.what else {
                continue;
            };
            if !context.is_ours(&alarm.arn) || ringing.contains(&alarm.arn) {
                signals.push(still_rings(quieted, alarm, now));
            } else {
                context.outbox.forget_quieted(&quieted.arn).await?;
            }
        }
    }
    Ok(signals)
}

/// Whether it rang anew after it was told quietly, and nobody had to be quiet about that any more.
fn rang_since(quieted: &Quieted, threads: &BTreeMap<String, Thread>) -> bool {
    let thread = plan::thread_of(&quieted.signal).and_then(|name| threads.get(&name));
    thread.is_some_and(|thread| {
        thread.state == Some(AlarmState::Alarm) && thread.at > quieted.signal.at
    })
}

fn still_rings(quieted: &Quieted, alarm: &Alarm, now: Timestamp) -> Signal {
    let since = quieted.signal.at;
    Signal {
        version: VERSION,
        key: format!("outlived/{}/{}", alarm.arn, since.as_millisecond()),
        at: now,
        what: What::Outlived(Box::new(Outlived {
            alarm: alarm.clone(),
            since,
        })),
        ..quieted.signal.clone()
    }
}

/// Which of these alarms are in ALARM now.
async fn ringing(context: &Context<'_>, quieted: &[&Quieted]) -> Result<Vec<String>, Unsent> {
    let names: Vec<String> = quieted
        .iter()
        .filter_map(|quieted| match &quieted.signal.what {
            What::Alarm(alarm) if context.is_ours(&alarm.arn) => Some(alarm.name.clone()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let answer = context
        .function
        .cloudwatch()
        .describe_alarms()
        .set_alarm_names(Some(names))
        // Without them only metric alarms are told.
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .state_value(StateValue::Alarm)
        // Without it a page has fifty.
        .max_records(AT_ONCE.into())
        .send()
        .await
        .map_err(|error| failure("quieted alarms", "cloudwatch:DescribeAlarms", &error))?;
    let metric = answer.metric_alarms.unwrap_or_default();
    let composite = answer.composite_alarms.unwrap_or_default();
    let metric = metric.into_iter().filter_map(|alarm| alarm.alarm_arn);
    let composite = composite.into_iter().filter_map(|alarm| alarm.alarm_arn);
    Ok(metric.chain(composite).collect())
}

/// The estates that go to sleep within the next quarter of an hour, and when to look again.
fn bedtimes(house: &House, now: Timestamp) -> (Vec<Signal>, Timestamp) {
    let mut signals = Vec::new();
    let mut next = now.saturating_add(AGENDA).unwrap_or(now);
    for estate in &house.estates {
        let Some(at) = estate.bedtime(now) else {
            continue;
        };
        let notice = at.saturating_sub(NOTICE).unwrap_or(at);
        if notice > now {
            next = next.min(notice);
            continue;
        }
        signals.push(Signal {
            version: VERSION,
            key: format!("bedtime/{}/{}", estate.name, at.as_second()),
            at: now,
            account: String::new(),
            region: String::new(),
            what: What::Bedtime(GoesToSleep {
                estate: estate.name.clone(),
                at,
            }),
        });
    }
    (signals, next)
}
