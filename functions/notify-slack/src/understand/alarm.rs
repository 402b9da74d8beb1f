//! CloudWatch alarms. One change of state comes in up to three shapes: as an event of EventBridge, as
//! a text through SNS, and as an invocation of the function itself. All become one [`Alarm`] with one
//! key.

mod rule;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Understood, Why,
    envelope::{Envelope, Identity},
    event::Frame,
    json::{self, Arn},
    room::Room,
};
use crate::signal::{Alarm, AlarmState, Child, What};

/// At most so many characters of a name: CloudWatch allows 255.
const NAME: usize = 300;
/// At most so many characters of an ARN.
const ARN: usize = 1_600;
/// At most so many characters of a description or a reason: CloudWatch allows 1,024.
const WORDS: usize = 2_000;
/// At most so many alarms that made a composite one change.
const CHILDREN: usize = 50;
/// At most so many attributes of a contributor.
const ATTRIBUTES: usize = 50;
/// At most so many measured values.
const MEASURED: usize = 30;

/// The alarms that target tracking makes for itself begin with this.
const TARGET_TRACKING: &str = "TargetTracking-";

/// A change of state, in the words of any of the three shapes.
struct Change<'a> {
    arn: &'a str,
    name: &'a str,
    account: &'a str,
    region: &'a str,
    at: Option<Timestamp>,
    description: &'a str,
    state: AlarmState,
    previous: Option<AlarmState>,
    reason: &'a str,
    /// What CloudWatch says beside the reason, as JSON.
    data: &'a Value,
    /// The metrics and, through SNS, against what they are compared.
    configuration: &'a Value,
    /// What a composite alarm is made of.
    expression: &'a str,
    children: Vec<&'a Value>,
    suppressed_by: &'a str,
    contributor: Contributor<'a>,
}

/// One of the many time series that one alarm may watch.
struct Contributor<'a> {
    id: &'a str,
    attributes: &'a Value,
}

/// An event of EventBridge.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
pub(super) fn event(
    value: &Value,
    frame: &Frame<'_>,
    envelope: &Envelope<'_>,
) -> Option<Understood> {
    let data = reason_data(frame.detail);
    let place = Place {
        arn: frame.resource(":alarm:"),
        account: frame.account,
        region: frame.region,
        sent: frame.time,
    };
    let change = Change::of_detail(frame.detail, &data, &place)?;
    Some(change.understood(value, envelope))
}

/// The function as an alarm's action.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>
pub(super) fn invocation(value: &Value, envelope: &Envelope<'_>) -> Option<Understood> {
    let detail = value.get("alarmData")?;
    let data = reason_data(detail);
    let place = Place {
        arn: json::text(value, "alarmArn"),
        account: json::text(value, "accountId"),
        region: json::text(value, "region"),
        sent: json::instant(json::text(value, "time")),
    };
    let change = Change::of_detail(detail, &data, &place)?;
    Some(change.understood(value, envelope))
}

/// A text through SNS. Its `Region` is a name for people, `Asia Pacific (Tokyo)`.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>
pub(super) fn notification(value: &Value, envelope: &Envelope<'_>) -> Option<Understood> {
    let text = |name| json::text(value, name);
    let topic = Arn::read(envelope.source);
    let change = Change {
        arn: text("AlarmArn"),
        name: Some(text("AlarmName")).filter(|name| !name.is_empty())?,
        account: text("AWSAccountId"),
        // An alarm's topic is in its own Region.
        region: topic.region,
        at: json::instant(text("StateChangeTime")),
        description: text("AlarmDescription"),
        state: state(json::get(value, "NewStateValue"))?,
        previous: state(json::get(value, "OldStateValue")),
        reason: text("NewStateReason"),
        data: &Value::Null,
        configuration: json::get(value, "Trigger"),
        expression: text("AlarmRule"),
        children: json::items(json::get(value, "TriggeringChildren"))
            .iter()
            .collect(),
        suppressed_by: "",
        contributor: Contributor {
            id: text("AlarmContributorId"),
            attributes: json::get(value, "AlarmContributorAttributes"),
        },
    };
    Some(change.understood(value, envelope))
}

/// What is told of an alarm outside its detail.
struct Place<'a> {
    arn: &'a str,
    account: &'a str,
    region: &'a str,
    sent: Option<Timestamp>,
}

impl<'a> Change<'a> {
    fn of_detail(detail: &'a Value, data: &'a Value, place: &Place<'a>) -> Option<Self> {
        let now = json::get(detail, "state");
        let configuration = json::get(detail, "configuration");
        let named = Arn::read(place.arn).resource.strip_prefix("alarm:");
        let name = json::first([json::text(detail, "alarmName"), named.unwrap_or_default()]);
        Some(Self {
            arn: place.arn,
            name: Some(name).filter(|name| !name.is_empty())?,
            account: place.account,
            region: place.region,
            at: json::instant(json::text(now, "timestamp")).or(place.sent),
            description: json::text(configuration, "description"),
            state: state(json::get(now, "value"))?,
            previous: state(json::at(detail, &["previousState", "value"])),
            reason: json::text(now, "reason"),
            data,
            configuration,
            expression: json::text(configuration, "alarmRule"),
            children: json::items(json::get(data, "triggeringAlarms"))
                .iter()
                .collect(),
            suppressed_by: suppressed_by(detail, now, configuration),
            contributor: Contributor {
                id: json::text(json::get(detail, "alarmContributor"), "id"),
                attributes: json::at(detail, &["alarmContributor", "attributes"]),
            },
        })
    }

    fn understood(&self, whole: &Value, envelope: &Envelope<'_>) -> Understood {
        let mut room = Room::new();
        if self.name.starts_with(TARGET_TRACKING) {
            let name = room.text(self.name, NAME);
            return Understood::left_out(name, Why::AutoScalingAlarm);
        }
        let arn = self.arn();
        let place = Arn::read(&arn);
        let at = self.at.or(envelope.sent);
        let identity = Identity {
            key: self.key(&arn, at, whole),
            at,
            account: json::first([place.account, self.account]),
            region: json::first([place.region, self.region]),
        };
        let alarm = self.alarm(&arn, &mut room);
        Understood::told(envelope.signal(identity, What::Alarm(Box::new(alarm))))
    }

    /// Messages of years ago have no ARN.
    fn arn(&self) -> String {
        if !self.arn.is_empty() {
            return self.arn.to_owned();
        }
        let partition = match self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let (region, account, name) = (self.region, self.account, self.name);
        format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")
    }

    /// The same in all three shapes: they give the same instant, to the millisecond.
    fn key(&self, arn: &str, at: Option<Timestamp>, whole: &Value) -> String {
        let state = match self.state {
            AlarmState::Alarm => "ALARM",
            AlarmState::Ok => "OK",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        };
        let instant = at.map_or_else(|| json::digest(whole), |at| at.as_millisecond().to_string());
        let key = format!("alarm/{arn}/{state}/{instant}");
        let Contributor { id, attributes } = self.contributor;
        match (id, attributes) {
            ("", Value::Null) => key,
            ("", attributes) => format!("{key}/{}", json::digest(attributes)),
            (id, _) => format!("{key}/{id}"),
        }
    }

    fn alarm(&self, arn: &str, room: &mut Room) -> Alarm {
        let (arn, name) = (room.text(arn, ARN), room.text(self.name, NAME));
        let reason = room.text(self.reason, WORDS);
        let description = room.some(self.description, WORDS);
        let contributor = self.contributor.attributes.as_object();
        let contributor = pairs(contributor.into_iter().flatten(), room);
        let suppressed_by = room.some(self.suppressed_by, NAME);
        let source = rule::Source {
            configuration: self.configuration,
            expression: self.expression,
            data: self.data,
            reason: self.reason,
        };
        Alarm {
            arn,
            name,
            description,
            state: self.state,
            previous: self.previous,
            rule: source.rule(room),
            reason,
            measured: self.measured(room),
            children: room.list(self.children.iter().copied(), CHILDREN, 60, child),
            suppressed_by,
            contributor,
        }
    }

    /// The data have the oldest first, the reason has the newest first.
    fn measured(&self, room: &mut Room) -> Vec<f64> {
        let data = json::items(json::get(self.data, "recentDatapoints"));
        let mut measured: Vec<f64> = data.iter().rev().filter_map(json::number).collect();
        if measured.is_empty() {
            measured = words::measured(self.reason);
        }
        room.list(measured, MEASURED, 25, |_, value| value)
    }
}

/// JSON in a text, in the event's own JSON.
fn reason_data(detail: &Value) -> Value {
    let data = json::at(detail, &["state", "reasonData"]);
    let parsed = data.as_str().and_then(json::parse);
    parsed.unwrap_or_default()
}

fn state(word: &Value) -> Option<AlarmState> {
    match word.as_str()? {
        "ALARM" => Some(AlarmState::Alarm),
        "OK" => Some(AlarmState::Ok),
        "INSUFFICIENT_DATA" => Some(AlarmState::InsufficientData),
        _ => None,
    }
}

/// Who keeps the alarm's actions from being taken: another alarm, CloudWatch while it waits for that
/// one, or a mute rule.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html>
fn suppressed_by<'a>(detail: &'a Value, now: &'a Value, configuration: &'a Value) -> &'a str {
    match json::text(now, "actionsSuppressedBy") {
        "" => {
            let rule = json::text(json::get(detail, "muteDetail"), "mutedByArn");
            let rule = Arn::read(rule).resource;
            rule.strip_prefix("alarm-mute-rule:").unwrap_or(rule)
        }
        "Alarm" => json::first([json::text(configuration, "actionsSuppressor"), "Alarm"]),
        word => word,
    }
}

/// An alarm that made a composite one change; by its ARN alone in some messages.
fn child(room: &mut Room, child: &Value) -> Child {
    let arn = json::first([json::text(child, "arn"), child.as_str().unwrap_or_default()]);
    Child {
        arn: room.text(arn, ARN),
        state: state(json::at(child, &["state", "value"])),
    }
}

/// Names and values, as many as there is room for.
fn pairs<'a>(
    pairs: impl IntoIterator<Item = (&'a String, &'a Value)>,
    room: &mut Room,
) -> BTreeMap<String, String> {
    let list = room.list(pairs, ATTRIBUTES, 8, |room, (name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| json::compact(value, NAME), str::to_owned);
        (room.text(name, NAME), room.text(&text, NAME))
    });
    list.into_iter().collect()
}
