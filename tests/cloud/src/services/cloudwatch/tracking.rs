//! The two alarms of a target tracking policy, which Application Auto Scaling makes, keeps and deletes.

use std::collections::BTreeMap;

use super::{
    Alarm, Metric, State, arn,
    evaluate::{Comparison, Missing, Statistic},
    state::{Kind, MetricAlarm},
    watch,
};
use crate::{
    call::Actor,
    hash,
    world::{What, World},
};

/// An alarm of a policy.
#[derive(Clone, Debug)]
pub(in crate::services) struct TrackingAlarm<'a> {
    /// Its name.
    pub(in crate::services) name: &'a str,
    /// The policy's ARN, which is its action.
    pub(in crate::services) policy: &'a str,
    /// `CPUUtilization`.
    pub(in crate::services) metric: &'a str,
    /// The cluster and the service.
    pub(in crate::services) service: (&'a str, &'a str),
    /// Whether it rings above the threshold, or below.
    pub(in crate::services) above: bool,
    /// The threshold.
    pub(in crate::services) threshold: f64,
}

/// How many minutes in a row it takes. People see "3 datapoints within 3 minutes" on the alarms that
/// scale out and "15 datapoints within 15 minutes" on those that scale in; AWS documents neither.
const HIGH: i64 = 3;
const LOW: i64 = 15;

/// Makes an alarm of a policy, or changes it. What is changed keeps its state.
pub(in crate::services) fn put_tracking(world: &mut World, wanted: &TrackingAlarm<'_>) {
    let (cluster, service) = wanted.service;
    let dimensions = [("ClusterName", cluster), ("ServiceName", service)];
    let periods = if wanted.above { HIGH } else { LOW };
    let kind = Kind::Metric(MetricAlarm {
        metric: Metric {
            namespace: "AWS/ECS".to_owned(),
            name: wanted.metric.to_owned(),
            dimensions: BTreeMap::from(
                dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())),
            ),
        },
        statistic: Statistic::Average,
        period: 60,
        evaluation_periods: periods,
        datapoints_to_alarm: periods,
        comparison: if wanted.above {
            Comparison::Greater
        } else {
            Comparison::Less
        },
        threshold: wanted.threshold,
        // "A target tracking scaling policy does not perform scaling when the specified metric has
        // insufficient data."
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
        treat_missing: Missing::Unknown,
    });
    let before = world.cloudwatch.alarms.remove(wanted.name);
    let (what, state) = match before {
        Some(before) => (What::Written, before.state),
        None => (What::Created, State::unknown(world.now)),
    };
    let policy = wanted.policy;
    let alarm = Alarm {
        name: wanted.name.to_owned(),
        description: Some(format!(
            "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy}."
        )),
        actions_enabled: true,
        state,
        on_ringing: vec![policy.to_owned()],
        on_ok: Vec::new(),
        on_insufficient_data: Vec::new(),
        configured_at: world.now,
        id: hash::uuid(wanted.name),
        kind,
    };
    world
        .cloudwatch
        .alarms
        .insert(wanted.name.to_owned(), alarm);
    world.note(&Actor::AutoScaling, arn(wanted.name), what);
    watch::plan_all(world);
}

/// Deletes the alarms of a policy.
pub(in crate::services) fn forget(world: &mut World, names: &[String]) {
    for name in names {
        if world.cloudwatch.alarms.remove(name).is_some() {
            world.note(&Actor::AutoScaling, arn(name), What::Deleted);
        }
    }
    watch::plan_all(world);
}
