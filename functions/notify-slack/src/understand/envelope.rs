//! Takes what arrived out of what it travelled in: batches of Lambda, notifications of SNS, messages
//! of SQS, JSON in a text, arrays. What an envelope tells of time, place and identity goes along, for
//! what does not say so itself.

use jiff::Timestamp;
use serde_json::Value;

use super::{Record, Understood, alarm, budget, event, json, other, report, room::Room};
use crate::signal::{Signal, VERSION, What};

/// Envelopes within envelopes that are opened. A message of a dead-letter queue has four: SQS, JSON
/// in a text, SNS, JSON in a text.
const HOPS: u8 = 12;

/// At most so many characters of an account's number or a Region's code.
const PLACE: usize = 64;

/// What the envelopes tell.
#[derive(Clone, Debug)]
pub(super) struct Envelope<'a> {
    /// When it reached us.
    arrived: Timestamp,
    /// When it was sent.
    pub(super) sent: Option<Timestamp>,
    /// The SNS subject.
    pub(super) subject: &'a str,
    /// The ARN of the topic or the queue.
    pub(super) source: &'a str,
    /// A key for what has no identity of its own.
    key: Option<String>,
    hops: u8,
}

impl Envelope<'_> {
    pub(super) fn new(arrived: Timestamp) -> Self {
        Self {
            arrived,
            sent: None,
            subject: "",
            source: "",
            key: None,
            hops: HOPS,
        }
    }

    /// For one of several pieces in the same envelope: two must not have the same key.
    fn of_piece(&self, number: usize) -> Self {
        let key = self.key.as_ref().map(|key| format!("{key}/{number}"));
        Self {
            key,
            ..self.clone()
        }
    }

    /// The key of JSON that has no identity of its own.
    pub(super) fn key_of(&self, value: &Value) -> String {
        let digest = || format!("text/{}", json::digest(value));
        self.key.clone().unwrap_or_else(digest)
    }

    fn key_of_text(&self, text: &str) -> String {
        let digest = || format!("text/{}", json::digest_of_text(text));
        self.key.clone().unwrap_or_else(digest)
    }

    /// A signal; for what it does not tell of time and place the envelope stands in.
    pub(super) fn signal(&self, identity: Identity<'_>, what: What) -> Signal {
        let source = json::Arn::read(self.source);
        let mut room = Room::new();
        Signal {
            version: VERSION,
            key: json::key(identity.key),
            at: identity.at.or(self.sent).unwrap_or(self.arrived),
            account: room.text(json::first([identity.account, source.account]), PLACE),
            region: room.text(json::first([identity.region, source.region]), PLACE),
            what,
        }
    }
}

/// What makes a signal itself.
pub(super) struct Identity<'a> {
    /// Its key.
    pub(super) key: String,
    /// When it happened, if it says so.
    pub(super) at: Option<Timestamp>,
    /// The account, or nothing.
    pub(super) account: &'a str,
    /// The Region, or nothing.
    pub(super) region: &'a str,
}

impl Identity<'_> {
    fn bare(key: String) -> Self {
        Self {
            key,
            at: None,
            account: "",
            region: "",
        }
    }
}

/// Opens all envelopes. There is at least one record.
pub(super) fn open(payload: &Value, envelope: &Envelope<'_>) -> Vec<Record> {
    if json::is_too_deep(payload) {
        return vec![record(unknown(payload, envelope))];
    }
    opened(payload, envelope)
}

fn opened(value: &Value, envelope: &Envelope<'_>) -> Vec<Record> {
    let Some(hops) = envelope.hops.checked_sub(1) else {
        return vec![record(unknown(value, envelope))];
    };
    let envelope = &Envelope {
        hops,
        ..envelope.clone()
    };
    match value {
        Value::String(text) => opened_text(text, envelope),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let pieces = items.iter().enumerate();
            pieces
                .map(|(number, item)| record(gathered(opened(item, &envelope.of_piece(number)))))
                .collect()
        }
        Value::Object(fields) => match fields.get("Records").map_or(&[][..], json::items) {
            [] if is_notification(value) => opened_notification(value, envelope),
            [] => vec![record(understood(value, envelope))],
            records => {
                let records = records.iter().enumerate();
                records
                    .map(|(number, one)| opened_record(one, &envelope.of_piece(number)))
                    .collect()
            }
        },
        _ => vec![record(unknown(value, envelope))],
    }
}

/// JSON in a text is opened; any other text is what it is.
fn opened_text(text: &str, envelope: &Envelope<'_>) -> Vec<Record> {
    match json::parse(text) {
        Some(value) => opened(&value, envelope),
        None => vec![record(plain(text, envelope))],
    }
}

/// A record of a batch.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn opened_record(value: &Value, envelope: &Envelope<'_>) -> Record {
    let notification = json::get(value, "Sns");
    if notification.is_object() {
        return record(gathered(opened_notification(notification, envelope)));
    }
    let from_queue = json::text(value, "eventSource") == "aws:sqs";
    let id = value.get("messageId").and_then(Value::as_str);
    let id = id.filter(|_| from_queue).map(str::to_owned);
    let understood = match value.get("body").and_then(Value::as_str) {
        Some(body) if from_queue => {
            let sent = json::at(value, &["attributes", "SentTimestamp"]);
            let message = Envelope {
                sent: sent_at(sent),
                source: json::text(value, "eventSourceARN"),
                ..envelope.clone()
            };
            gathered(opened_text(body, &message))
        }
        _ => understood(value, envelope),
    };
    Record { id, understood }
}

/// SQS writes milliseconds since the epoch, as a text.
fn sent_at(milliseconds: &Value) -> Option<Timestamp> {
    let milliseconds = milliseconds.as_str()?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}

/// A notification as SNS writes it into queues; Lambda gets the same as `Sns`.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
fn is_notification(value: &Value) -> bool {
    let is_text = |name| value.get(name).is_some_and(Value::is_string);
    json::text(value, "Type") == "Notification" && is_text("Message") && is_text("TopicArn")
}

fn opened_notification(value: &Value, envelope: &Envelope<'_>) -> Vec<Record> {
    let id = json::text(value, "MessageId");
    let message = Envelope {
        sent: json::instant(json::text(value, "Timestamp")).or(envelope.sent),
        subject: json::text(value, "Subject"),
        source: json::text(value, "TopicArn"),
        key: if id.is_empty() {
            envelope.key.clone()
        } else {
            Some(format!("sns/{id}"))
        },
        ..envelope.clone()
    };
    match value.get("Message") {
        Some(Value::String(text)) => opened_text(text, &message),
        _ => vec![record(unknown(value, &message))],
    }
}

/// An object that is no envelope.
fn understood(value: &Value, envelope: &Envelope<'_>) -> Understood {
    let known = report::read(value, envelope)
        .or_else(|| event::read(value, envelope))
        .or_else(|| alarm::invocation(value, envelope))
        .or_else(|| alarm::notification(value, envelope))
        .or_else(|| event::rds::notification(value, envelope));
    known.unwrap_or_else(|| unknown(value, envelope))
}

fn unknown(value: &Value, envelope: &Envelope<'_>) -> Understood {
    let key = envelope.key_of(value);
    let other = other::document(envelope.subject, envelope.source, value);
    Understood::told(envelope.signal(Identity::bare(key), What::Other(other)))
}

fn plain(text: &str, envelope: &Envelope<'_>) -> Understood {
    let key = envelope.key_of_text(text);
    if let Some(budget) = budget::read(text) {
        let identity = Identity {
            account: budget.account,
            ..Identity::bare(key)
        };
        return Understood::told(envelope.signal(identity, budget.what));
    }
    let other = other::text(envelope.subject, envelope.source, text);
    Understood::told(envelope.signal(Identity::bare(key), What::Other(other)))
}

fn record(understood: Understood) -> Record {
    Record {
        id: None,
        understood,
    }
}

/// What was within one record, as one.
fn gathered(records: Vec<Record>) -> Understood {
    let mut all = Understood::default();
    for record in records {
        all.signals.extend(record.understood.signals);
        all.left_out.extend(record.understood.left_out);
    }
    all
}
