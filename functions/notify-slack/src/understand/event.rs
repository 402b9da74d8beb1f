//! Events of EventBridge. Those of services that are known become what they say; any other keeps its
//! fields.

mod codedeploy;
mod ecs;
mod health;
pub(super) mod rds;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Understood, Why, alarm,
    envelope::{Envelope, Identity},
    json, other,
    room::Room,
};
use crate::signal::{Event, Told, What};

/// At most so many characters of a name.
const NAME: usize = 300;
/// At most so many characters of an ARN.
const ARN: usize = 1_600;
/// At most so many characters of a sentence.
const SENTENCE: usize = 4_000;

/// What is the same in every event.
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
pub(super) struct Frame<'a> {
    /// The event's key.
    pub(super) key: String,
    /// Its time, to the second.
    pub(super) time: Option<Timestamp>,
    /// The account.
    pub(super) account: &'a str,
    /// The Region.
    pub(super) region: &'a str,
    /// The ARNs of its resources.
    resources: &'a [Value],
    /// What the service says.
    pub(super) detail: &'a Value,
}

/// What a known event comes to.
enum Known {
    /// To be told.
    Told(Event),
    /// Not to be told.
    LeftOut(String, Why),
}

impl<'a> Frame<'a> {
    fn read(value: &'a Value, envelope: &Envelope<'_>) -> Self {
        let id = json::text(value, "id");
        Self {
            key: if id.is_empty() {
                envelope.key_of(value)
            } else {
                format!("event/{id}")
            },
            time: json::instant(json::text(value, "time")),
            account: json::text(value, "account"),
            region: json::text(value, "region"),
            resources: json::items(json::get(value, "resources")),
            detail: json::get(value, "detail"),
        }
    }

    /// A field of what the service says.
    fn text(&self, name: &str) -> &'a str {
        json::text(self.detail, name)
    }

    /// The first resource whose ARN has this in it, or nothing.
    pub(super) fn resource(&self, part: &str) -> &'a str {
        let mut resources = self.resources.iter().filter_map(Value::as_str);
        resources
            .find(|resource| resource.contains(part))
            .unwrap_or_default()
    }

    fn identity(&self) -> Identity<'a> {
        Identity {
            key: self.key.clone(),
            at: self.time,
            account: self.account,
            region: self.region,
        }
    }
}

/// Reads an event; none if it is none.
pub(super) fn read(value: &Value, envelope: &Envelope<'_>) -> Option<Understood> {
    let kind = value.get("detail-type")?.as_str()?;
    let source = value.get("source")?.as_str()?;
    let frame = Frame::read(value, envelope);
    let known = match kind {
        "CloudWatch Alarm State Change" | "CloudWatch Alarm Contributor State Change" => {
            alarm::event(value, &frame, envelope)
        }
        "ECS Deployment State Change" => told(ecs::deployment(&frame), &frame, envelope),
        "ECS Service Action" => told(ecs::action(&frame), &frame, envelope),
        "ECS Task State Change" => told(ecs::task(&frame), &frame, envelope),
        "CodeDeploy Deployment State-change Notification" => {
            told(codedeploy::deployment(&frame), &frame, envelope)
        }
        "AWS Health Event" | "AWS Health Abuse Event" => health::read(&frame, envelope),
        kind if kind.starts_with("RDS ") => rds::event(&frame, envelope),
        _ => None,
    };
    Some(known.unwrap_or_else(|| unknown(kind, source, value, &frame, envelope)))
}

fn told(known: Option<Known>, frame: &Frame<'_>, envelope: &Envelope<'_>) -> Option<Understood> {
    Some(match known? {
        Known::Told(event) => {
            let what = What::Event(Box::new(event));
            Understood::told(envelope.signal(frame.identity(), what))
        }
        Known::LeftOut(name, why) => Understood::left_out(name, why),
    })
}

fn known(told: Told, resource: &str, room: &mut Room) -> Known {
    Known::Told(Event {
        told,
        resource: room.text(resource, ARN),
    })
}

/// The fields that every event has are in the signal itself.
fn unknown(
    kind: &str,
    source: &str,
    value: &Value,
    frame: &Frame<'_>,
    envelope: &Envelope<'_>,
) -> Understood {
    let parts = ["resources", "detail"].map(|name| (name, json::get(value, name)));
    let other = other::fields(kind, source, parts);
    Understood::told(envelope.signal(frame.identity(), What::Other(other)))
}
