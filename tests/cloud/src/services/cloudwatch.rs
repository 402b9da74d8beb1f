//! Alarms and the metrics that they watch. Nothing here polls: an alarm of every minute would hold
//! up the time of weeks. Alarms on what a load makes stand on the agenda with their next change alone;
//! for all others whoever keeps the time calls [`evaluate`] for a span when it wants to know what they
//! did in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    call::{Call, Demand, Fault, Outcome, Tags},
    rates::Bucket,
    services::{Form, Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

mod data;
mod evaluate;
mod made;
mod metrics;
mod picture;
mod rule;
mod state;
mod tracking;
mod watch;

pub use evaluate::evaluate;
pub use metrics::{Metric, ingest, record};
pub use state::{Alarm, State};
use state::{Composite, Kind, MetricAlarm};
pub(in crate::services) use tracking::{TrackingAlarm, forget, put_tracking};
pub(in crate::services) use watch::breach;
pub(crate) use watch::plan;

/// The name of the service's shape.
const SHAPE: &str = "GraniteServiceVersion20100801";

/// The service.
pub const SERVICE: CloudWatchService = CloudWatchService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct CloudWatchService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct CloudWatch {
    alarms: BTreeMap<String, Alarm>,
    metrics: metrics::Metrics,
    /// The next looks at the alarms of what has a load, by its ARN.
    watches: BTreeMap<String, watch::Watch>,
    /// The widgets of which pictures were made, in order.
    pub drawn: Vec<Value>,
}

impl CloudWatch {
    /// An alarm by its name.
    #[must_use]
    pub fn alarm(&self, name: &str) -> Option<&Alarm> {
        self.alarms.get(name)
    }
}

/// What it does by itself later.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The alarms of a service or a cluster look.
    Look {
        /// Its ARN.
        resource: String,
    },
}

impl Happening {
    /// Lets it happen.
    pub fn happen(self, world: &mut World) {
        match self {
            Self::Look { resource } => watch::look(world, &resource),
        }
    }
}

/// The ARN of an alarm.
#[must_use]
pub fn arn(alarm: &str) -> String {
    format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm}")
}

impl Service for CloudWatchService {
    fn name(&self) -> &'static str {
        "cloudwatch"
    }

    fn signing_name(&self) -> &'static str {
        "monitoring"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: SHAPE,
            version: "1.0",
        }
    }

    // The one that the SDK for Rust takes.
    fn other_protocol(&self) -> Option<Protocol> {
        Some(Protocol::Cbor {
            service: SHAPE,
            members: &[
                ("AlarmConfigurationUpdatedTimestamp", Form::Timestamp),
                ("MetricWidgetImage", Form::Blob),
                ("StateUpdatedTimestamp", Form::Timestamp),
                ("Timestamps", Form::Timestamp),
            ],
        })
    }

    // The codes of its forms, which it keeps in its other protocols.
    // https://github.com/turbot/steampipe-plugin-aws/issues/892
    fn throttled(&self) -> Fault {
        Fault::client("Throttling", "Rate exceeded")
    }

    // https://github.com/aws-samples/amazon-cloudwatch-auto-alarms/issues/1
    fn denied(&self, message: String) -> Fault {
        Fault::with_status(403, "AccessDenied", message)
    }

    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        let (name, a_second) = match operation {
            "DescribeAlarms" => ("cloudwatch describe alarms", 9.0),
            "PutMetricAlarm" => ("cloudwatch put alarm", 3.0),
            "DeleteAlarms" => ("cloudwatch delete alarms", 3.0),
            "SetAlarmState" => ("cloudwatch set state", 3.0),
            "EnableAlarmActions" => ("cloudwatch enable", 3.0),
            "DisableAlarmActions" => ("cloudwatch disable", 3.0),
            "PutMetricData" => ("cloudwatch put data", 500.0),
            "GetMetricData" => ("cloudwatch get data", 50.0),
            "GetMetricWidgetImage" => ("cloudwatch picture", 20.0),
            _ => return None,
        };
        Some(Bucket {
            name,
            burst: a_second,
            a_second,
        })
    }

    // One action allows everything or nothing here: the policies that are tested name no alarms.
    fn demands(&self, _world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("cloudwatch:{}", call.operation);
        vec![Demand::new(action, "*", &Tags::new())]
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "PutMetricAlarm" => put_alarm(world, call, Kind::Metric(metric_alarm(&call.input)?)),
            "PutCompositeAlarm" => {
                let text = call.text("AlarmRule").unwrap_or_default().to_owned();
                let rule = rule::Rule::read(&text).map_err(invalid)?;
                if let Some(name) = rule
                    .names()
                    .find(|name| !world.cloudwatch.alarms.contains_key(*name))
                {
                    return Err(invalid(format!(
                        "AlarmRule must not refer to the alarm {name}, which does not exist"
                    )));
                }
                put_alarm(world, call, Kind::Composite(Composite { text, rule }))
            }
            "DescribeAlarms" => describe(world, call),
            "SetAlarmState" => set_state(world, call),
            "DeleteAlarms" => delete(world, call),
            "EnableAlarmActions" => {
                switch_actions(world, call, true);
                Ok(json!({}))
            }
            "DisableAlarmActions" => {
                switch_actions(world, call, false);
                Ok(json!({}))
            }
            "PutMetricData" => metrics::put(world, call),
            "GetMetricData" => data::get(world, call),
            "GetMetricWidgetImage" => picture::draw(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("ValidationError", message)
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
fn metric_alarm(input: &Value) -> Result<MetricAlarm, Fault> {
    let text = |name: &str| {
        let text = input[name].as_str();
        text.ok_or_else(|| invalid(format!("The parameter {name} must be specified.")))
    };
    let number = |name: &str| {
        let number = input[name].as_i64().filter(|number| *number > 0);
        number.ok_or_else(|| invalid(format!("The parameter {name} must be a positive number.")))
    };
    let evaluation_periods = number("EvaluationPeriods")?;
    let datapoints_to_alarm = match input.get("DatapointsToAlarm") {
        Some(_) => number("DatapointsToAlarm")?,
        None => evaluation_periods,
    };
    let period = number("Period")?;
    if period % 60 != 0 {
        return Err(invalid(
            "the simulated cloud knows only periods of whole minutes",
        ));
    }
    if datapoints_to_alarm > evaluation_periods {
        return Err(invalid(
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods.",
        ));
    }
    if period * evaluation_periods > 604_800 {
        return Err(invalid(
            "Metrics cannot be checked across more than 7 days (EvaluationPeriods * Period must be <= 604800).",
        ));
    }
    let comparison = text("ComparisonOperator")?;
    let statistic = text("Statistic")?;
    let treat_missing = input["TreatMissingData"].as_str().unwrap_or("missing");
    Ok(MetricAlarm {
        metric: Metric::of(
            text("Namespace")?,
            text("MetricName")?,
            &input["Dimensions"],
        ),
        statistic: evaluate::Statistic::of(statistic)
            .ok_or_else(|| invalid(format!("The statistic {statistic} is not known.")))?,
        period,
        evaluation_periods,
        datapoints_to_alarm,
        comparison: evaluate::Comparison::of(comparison)
            .ok_or_else(|| invalid(format!("The comparison {comparison} is not known.")))?,
        threshold: input["Threshold"]
            .as_f64()
            .ok_or_else(|| invalid("The parameter Threshold must be specified."))?,
        treat_missing: evaluate::Missing::of(treat_missing).ok_or_else(|| {
            invalid(format!(
                "Value '{treat_missing}' at 'treatMissingData' failed to satisfy constraint"
            ))
        })?,
    })
}

fn put_alarm(world: &mut World, call: &Call, kind: Kind) -> Outcome {
    let name = call.text("AlarmName").unwrap_or_default().to_owned();
    if name.is_empty() || name.len() > 255 {
        return Err(invalid(
            "Value at 'alarmName' failed to satisfy constraint: Member must have length between 1 and 255",
        ));
    }
    let actions = |name: &str| call.texts(name);
    for list in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
        if actions(list).len() > 5 {
            return Err(invalid(format!("{list} must have at most 5 entries.")));
        }
    }
    let before = world.cloudwatch.alarms.remove(&name);
    let what = if before.is_some() {
        What::Written
    } else {
        What::Created
    };
    let alarm = Alarm {
        description: call.text("AlarmDescription").map(ToOwned::to_owned),
        actions_enabled: call.truth("ActionsEnabled").unwrap_or(true),
        on_ringing: actions("AlarmActions"),
        on_ok: actions("OKActions"),
        on_insufficient_data: actions("InsufficientDataActions"),
        configured_at: world.now,
        // What was changed keeps its state; what is new knows nothing yet.
        state: before.map_or_else(|| State::unknown(world.now), |alarm| alarm.state),
        id: [8, 4, 4, 4, 12].map(|digits| world.id(digits)).join("-"),
        kind,
        name: name.clone(),
    };
    world.note(&call.actor, arn(&name), what);
    world.cloudwatch.alarms.insert(name, alarm);
    watch::plan_all(world);
    Ok(json!({}))
}

// Only metric alarms unless composite ones are asked for.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
fn describe(world: &World, call: &Call) -> Outcome {
    let names = call.texts("AlarmNames");
    let most = call.number("MaxRecords").unwrap_or(50);
    if names.len() > 100 || !(1..=100).contains(&most) {
        return Err(invalid(
            "Value at 'alarmNames' or 'maxRecords' failed to satisfy constraint: at most 100",
        ));
    }
    // https://github.com/boto/boto/issues/3036: whether the fifty hold for names too is not documented.
    let most = usize::try_from(most).unwrap_or(50);
    let types = call.texts("AlarmTypes");
    let prefix = call.text("AlarmNamePrefix").unwrap_or_default();
    let state = call.text("StateValue");
    let from = call.text("NextToken").unwrap_or_default();
    let wanted = |alarm: &&Alarm| {
        let kind = match alarm.kind {
            Kind::Metric(_) => types.is_empty() || types.iter().any(|kind| kind == "MetricAlarm"),
            Kind::Composite(_) => types.iter().any(|kind| kind == "CompositeAlarm"),
        };
        let is_listed = names.is_empty() || names.contains(&alarm.name);
        let in_state = state.is_none_or(|state| state == alarm.state.value);
        kind && is_listed
            && in_state
            && alarm.name.starts_with(prefix)
            && alarm.name.as_str() > from
    };
    let found: Vec<&Alarm> = world.cloudwatch.alarms.values().filter(wanted).collect();
    let page = &found[..found.len().min(most)];
    let (metric, composite): (Vec<&Alarm>, Vec<&Alarm>) = page
        .iter()
        .partition(|alarm| matches!(alarm.kind, Kind::Metric(_)));
    let shown = |alarms: Vec<&Alarm>| alarms.into_iter().map(Alarm::described).collect::<Vec<_>>();
    let mut answer = json!({ "MetricAlarms": shown(metric), "CompositeAlarms": shown(composite) });
    if page.len() < found.len()
        && let Some(last) = page.last()
    {
        answer["NextToken"] = last.name.as_str().into();
    }
    Ok(answer)
}

fn not_found() -> Fault {
    Fault::with_status(404, "ResourceNotFound", "Unknown resource")
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
fn set_state(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("AlarmName").unwrap_or_default();
    let value = match call.text("StateValue") {
        Some("OK") => "OK",
        Some("ALARM") => "ALARM",
        Some("INSUFFICIENT_DATA") => "INSUFFICIENT_DATA",
        _ => {
            return Err(invalid(
                "Value at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
            ));
        }
    };
    if !world.cloudwatch.alarms.contains_key(name) {
        return Err(not_found());
    }
    let reason = call.text("StateReason").unwrap_or_default().to_owned();
    let data = call.text("StateReasonData").map(ToOwned::to_owned);
    if data
        .as_ref()
        .is_some_and(|data| serde_json::from_str::<Value>(data).is_err())
    {
        return Err(Fault::client(
            "InvalidFormat",
            "StateReasonData is not valid JSON",
        ));
    }
    state::change(world, name, value, reason, data);
    watch::plan_all(world);
    Ok(json!({}))
}

// "If you specify any incorrect alarm names, the alarms you specify with correct names are still
// deleted." Up to 100, and one composite alarm among them.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
fn delete(world: &mut World, call: &Call) -> Outcome {
    let names = call.texts("AlarmNames");
    let alarms = &world.cloudwatch.alarms;
    let composite = |name: &str| match alarms.get(name).map(|alarm| &alarm.kind) {
        Some(Kind::Composite(composite)) => Some(composite),
        _ => None,
    };
    let composites = names.iter().filter(|name| composite(name).is_some());
    if names.len() > 100 || composites.count() > 1 {
        return Err(invalid(
            "At most 100 alarms can be deleted at once, and at most one of them composite.",
        ));
    }
    // As AWS words it: https://github.com/ekristen/aws-nuke/issues/462
    let others = alarms.keys().filter(|name| !names.contains(*name));
    let rules = others.filter_map(|name| Some(&composite(name)?.rule));
    let needed = rules
        .flat_map(rule::Rule::names)
        .find(|needed| names.iter().any(|name| name == needed));
    if let Some(name) = needed {
        return Err(invalid(format!(
            "Cannot delete {name} as there are composite alarm(s) depending on it."
        )));
    }
    for name in names {
        if world.cloudwatch.alarms.remove(&name).is_some() {
            world.note(&call.actor, arn(&name), What::Deleted);
        }
    }
    watch::plan_all(world);
    Ok(json!({}))
}

fn switch_actions(world: &mut World, call: &Call, enabled: bool) {
    for name in call.texts("AlarmNames") {
        if let Some(alarm) = world.cloudwatch.alarms.get_mut(&name) {
            alarm.actions_enabled = enabled;
            world.note(&call.actor, arn(&name), What::Written);
        }
    }
    watch::plan_all(world);
}

#[cfg(test)]
mod tests;
