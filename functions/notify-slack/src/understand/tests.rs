//! Payloads as AWS sends them, in every shape, and payloads that nobody sends.

mod alarms;
mod envelopes;
mod events;
mod others;
mod properties;
mod rules;
mod sampled_alarms;
mod samples;
mod strategies;

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::signal::{Alarm, Event, Other, What};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "ap-northeast-1";
const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:bookmark-manager-production-alerts";

/// When payloads of these tests arrive: later than anything in them happened.
fn arrival() -> Timestamp {
    at("2026-12-24T00:00:00Z")
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn events() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "events"]
        .iter()
        .collect()
}

/// A file of `events/`.
fn sample(name: &str) -> Value {
    let path = events().join(name).with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// What is understood of a payload that is one record.
fn record(payload: &Value) -> Understood {
    let mut records = understand(payload, arrival());
    assert_eq!(records.len(), 1, "{records:#?}");
    records.remove(0).understood
}

/// The signal of a payload that is one.
fn signal(payload: &Value) -> Signal {
    let mut understood = record(payload);
    assert_eq!(understood.left_out, [], "{payload}");
    assert_eq!(understood.signals.len(), 1, "{understood:#?}");
    understood.signals.remove(0)
}

fn alarm(payload: &Value) -> Alarm {
    match signal(payload).what {
        What::Alarm(alarm) => *alarm,
        other => panic!("no alarm: {other:#?}"),
    }
}

fn event(payload: &Value) -> Event {
    match signal(payload).what {
        What::Event(event) => *event,
        other => panic!("no known event: {other:#?}"),
    }
}

fn other(payload: &Value) -> Other {
    match signal(payload).what {
        What::Other(other) => other,
        known => panic!("known: {known:#?}"),
    }
}

/// What a payload is left out for.
fn left_out(payload: &Value) -> LeftOut {
    let mut understood = record(payload);
    assert_eq!(understood.signals, [], "{payload}");
    assert_eq!(understood.left_out.len(), 1, "{understood:#?}");
    understood.left_out.remove(0)
}

/// An event of EventBridge.
fn eventbridge(kind: &str, source: &str, resource: &str, detail: &Value) -> Value {
    json!({
        "version": "0", "id": "11111111-2222-3333-4444-555555555555", "detail-type": kind,
        "source": source, "account": ACCOUNT, "time": "2026-11-25T03:42:17Z", "region": REGION,
        "resources": [resource], "detail": detail
    })
}

/// A notification, as it is in a queue.
fn notification(subject: &Value, message: &str) -> Value {
    json!({
        "Type": "Notification", "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": TOPIC, "Subject": subject, "Message": message,
        "Timestamp": "2026-11-25T03:42:18.001Z"
    })
}

/// What SNS hands to Lambda.
fn sns(message: &Value) -> Value {
    let text = message
        .as_str()
        .map_or_else(|| message.to_string(), str::to_owned);
    json!({ "Records": [{ "EventSource": "aws:sns", "Sns": notification(&json!("Subject"), &text) }] })
}

/// What SQS hands to Lambda, with ids `m-0`, `m-1` and so on.
fn sqs(bodies: &[Value]) -> Value {
    let records = bodies.iter().enumerate().map(|(number, body)| {
        let body = body
            .as_str()
            .map_or_else(|| body.to_string(), str::to_owned);
        json!({
            "messageId": format!("m-{number}"), "body": body, "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:ap-northeast-1:123456789012:dead-letters",
            "attributes": { "SentTimestamp": "1795578300000" }
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}
