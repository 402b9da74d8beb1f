//! An alarm and its state. A change of state is told to EventBridge always, and to the alarm's
//! topics while its actions are enabled.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    arn,
    evaluate::{Comparison, Missing, Statistic},
    metrics::Metric,
    rule::Rule,
};
use crate::{
    call::Actor,
    services::{codedeploy, ecs, events, sns},
    world::{ACCOUNT, World},
};

/// An alarm.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether its actions are carried out.
    pub actions_enabled: bool,
    /// Its state.
    pub state: State,
    pub(super) on_ringing: Vec<String>,
    pub(super) on_ok: Vec<String>,
    pub(super) on_insufficient_data: Vec<String>,
    pub(super) configured_at: Timestamp,
    pub(super) id: String,
    pub(super) kind: Kind,
}

/// The state of an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: &'static str,
    /// Why, in words.
    pub reason: String,
    /// Why, as JSON in a text.
    pub reason_data: Option<String>,
    /// Since when.
    pub at: Timestamp,
}

impl State {
    pub(super) fn unknown(at: Timestamp) -> Self {
        Self {
            value: "INSUFFICIENT_DATA",
            reason: "Unchecked: Initial alarm creation".to_owned(),
            reason_data: None,
            at,
        }
    }

    fn in_event(&self) -> Value {
        let mut state = json!({
            "value": self.value,
            "reason": self.reason,
            "timestamp": millis(self.at),
        });
        if let Some(data) = &self.reason_data {
            state["reasonData"] = data.as_str().into();
        }
        state
    }
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Metric(MetricAlarm),
    Composite(Composite),
}

#[derive(Clone, Debug)]
pub(super) struct MetricAlarm {
    pub(super) metric: Metric,
    pub(super) statistic: Statistic,
    /// In seconds.
    pub(super) period: i64,
    pub(super) evaluation_periods: i64,
    pub(super) datapoints_to_alarm: i64,
    pub(super) comparison: Comparison,
    pub(super) threshold: f64,
    pub(super) treat_missing: Missing,
}

#[derive(Clone, Debug)]
pub(super) struct Composite {
    pub(super) text: String,
    pub(super) rule: Rule,
}

/// `2019-10-02T17:04:40.989+0000`: the offset has no colon.
pub(super) fn millis(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

fn listed(metric: &Metric, name: &str, value: &str) -> Value {
    let dimensions = metric.dimensions.iter();
    dimensions
        .map(|(key, text)| json!({ name: key, value: text }))
        .collect()
}

impl Alarm {
    /// How many seconds it looks back; none for one of others.
    pub(in crate::services) fn span(&self) -> i64 {
        match &self.kind {
            Kind::Metric(alarm) => alarm.period * alarm.evaluation_periods,
            Kind::Composite(_) => 0,
        }
    }

    pub(super) fn described(&self) -> Value {
        let mut shown = json!({
            "AlarmName": self.name,
            "AlarmArn": arn(&self.name),
            "AlarmDescription": self.description,
            "AlarmConfigurationUpdatedTimestamp": self.configured_at.as_second(),
            "ActionsEnabled": self.actions_enabled,
            "OKActions": self.on_ok,
            "AlarmActions": self.on_ringing,
            "InsufficientDataActions": self.on_insufficient_data,
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateReasonData": self.state.reason_data,
            "StateUpdatedTimestamp": self.state.at.as_second(),
        });
        let more = match &self.kind {
            Kind::Composite(composite) => json!({ "AlarmRule": composite.text }),
            Kind::Metric(alarm) => json!({
                "MetricName": alarm.metric.name,
                "Namespace": alarm.metric.namespace,
                "Statistic": alarm.statistic.name(),
                "Dimensions": listed(&alarm.metric, "Name", "Value"),
                "Period": alarm.period,
                "EvaluationPeriods": alarm.evaluation_periods,
                "DatapointsToAlarm": alarm.datapoints_to_alarm,
                "Threshold": alarm.threshold,
                "ComparisonOperator": alarm.comparison.name(),
                "TreatMissingData": alarm.treat_missing.name(),
            }),
        };
        add(&mut shown, more);
        if let Some(shown) = shown.as_object_mut() {
            shown.retain(|_, value| !value.is_null());
        }
        shown
    }

    fn configuration(&self) -> Value {
        let mut configuration = match &self.kind {
            Kind::Composite(composite) => json!({ "alarmRule": composite.text }),
            Kind::Metric(alarm) => json!({ "metrics": [{
                "id": self.id,
                "metricStat": {
                    "metric": {
                        "dimensions": alarm.metric.dimensions,
                        "name": alarm.metric.name,
                        "namespace": alarm.metric.namespace,
                    },
                    "period": alarm.period,
                    "stat": alarm.statistic.name(),
                },
                "returnData": true,
            }] }),
        };
        if let Some(description) = &self.description {
            configuration["description"] = description.as_str().into();
        }
        configuration
    }

    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    fn message(&self, before: &State) -> String {
        let mut message = json!({
            "AlarmName": self.name,
            "AlarmDescription": self.description,
            "AWSAccountId": ACCOUNT,
            "AlarmConfigurationUpdatedTimestamp": millis(self.configured_at),
            "NewStateValue": self.state.value,
            "NewStateReason": self.state.reason,
            "StateChangeTime": millis(self.state.at),
            "Region": REGION_IN_WORDS,
            "AlarmArn": arn(&self.name),
            "OldStateValue": before.value,
            "OKActions": self.on_ok,
            "AlarmActions": self.on_ringing,
            "InsufficientDataActions": self.on_insufficient_data,
        });
        let more = match &self.kind {
            Kind::Composite(composite) => json!({ "AlarmRule": composite.text }),
            Kind::Metric(alarm) => json!({ "Trigger": {
                "MetricName": alarm.metric.name,
                "Namespace": alarm.metric.namespace,
                "StatisticType": "Statistic",
                "Statistic": alarm.statistic.name().to_ascii_uppercase(),
                "Unit": null,
                "Dimensions": listed(&alarm.metric, "name", "value"),
                "Period": alarm.period,
                "EvaluationPeriods": alarm.evaluation_periods,
                "DatapointsToAlarm": alarm.datapoints_to_alarm,
                "ComparisonOperator": alarm.comparison.name(),
                "Threshold": alarm.threshold,
                "TreatMissingData": alarm.treat_missing.name(),
                "EvaluateLowSampleCountPercentile": "",
            } }),
        };
        add(&mut message, more);
        message.to_string()
    }

    fn actions(&self) -> &[String] {
        match self.state.value {
            "ALARM" => &self.on_ringing,
            "OK" => &self.on_ok,
            _ => &self.on_insufficient_data,
        }
    }
}

const REGION_IN_WORDS: &str = "Asia Pacific (Tokyo)";

fn add(to: &mut Value, more: Value) {
    if let (Value::Object(to), Value::Object(more)) = (to, more) {
        to.extend(more);
    }
}

/// Brings an alarm into a state. Nothing is told when it is in it already.
pub(super) fn change(
    world: &mut World,
    name: &str,
    value: &'static str,
    reason: String,
    reason_data: Option<String>,
) {
    let now = world.now;
    let Some(alarm) = world.cloudwatch.alarms.get_mut(name) else {
        return;
    };
    if alarm.state.value == value {
        return;
    }
    let state = State {
        value,
        reason,
        reason_data,
        at: now,
    };
    let before = std::mem::replace(&mut alarm.state, state);
    let alarm = alarm.clone();
    let detail = json!({
        "alarmName": name,
        "configuration": alarm.configuration(),
        "previousState": before.in_event(),
        "state": alarm.state.in_event(),
    });
    events::emit(
        world,
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        vec![arn(name)],
        detail,
    );
    if value == "ALARM" {
        ecs::rang(world, name);
        codedeploy::rang(world, name);
    }
    if !alarm.actions_enabled {
        return;
    }
    let subject: String = format!("{value}: \"{name}\" in {REGION_IN_WORDS}")
        .chars()
        .take(100)
        .collect();
    for topic in alarm.actions() {
        if sns::is_topic(world, topic) {
            sns::deliver(
                world,
                &Actor::Aws,
                topic,
                subject.clone(),
                alarm.message(&before),
                false,
            );
        }
    }
}
