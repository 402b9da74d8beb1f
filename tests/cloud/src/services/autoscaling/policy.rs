//! Target tracking by a load that a test sets, in the place of alarms: how many tasks it would take. The
//! policies look only while they would change something, so that time may jump when they would not.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    call::Actor,
    services::{
        autoscaling::{Happening, Tracked},
        cloudwatch,
        ecs::{self, Status, service_arn_of},
    },
    world::{ACCOUNT, REGION, World},
};

/// A policy, as it was put.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `TargetTrackingScaling` or another kind, which does nothing here.
    pub kind: String,
    /// The configuration of target tracking.
    pub configuration: Value,
    /// When it was put.
    pub created_at: Timestamp,
    /// Its alarms, if it tracks a metric of its service.
    pub alarms: Option<Tracked>,
}

impl Policy {
    fn tracks(&self) -> bool {
        self.kind == "TargetTrackingScaling"
    }

    pub(super) fn scales_in(&self) -> bool {
        self.configuration.get("DisableScaleIn") != Some(&Value::Bool(true))
    }
}

/// Says how many tasks a service's load would take, whether its target is registered or not. A
/// registered target without a policy gets one.
pub fn set_load(world: &mut World, resource_id: &str, wanted: f64) {
    let number = world.id(32);
    let now = world.now;
    let loads = &mut world.autoscaling.loads;
    loads.insert(resource_id.to_owned(), wanted);
    let target = world.autoscaling.targets.get_mut(resource_id);
    if let Some(target) = target.filter(|target| target.policies.is_empty()) {
        let policy = Policy {
            arn: policy_arn(&number, resource_id, "load"),
            name: "load".to_owned(),
            kind: "TargetTrackingScaling".to_owned(),
            configuration: serde_json::json!({
                "TargetValue": 60.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization",
                },
            }),
            created_at: now,
            alarms: None,
        };
        target.policies.insert(policy.name.clone(), policy);
    }
    consider(world, resource_id);
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingPolicy.html>
pub(super) fn policy_arn(id: &str, resource_id: &str, name: &str) -> String {
    format!(
        "arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:{id}:resource/ecs/{resource_id}:policyName/{name}"
    )
}

/// Sees to it that the policies look at a target, if they would change its count now. The seconds
/// stand for the minutes that an alarm takes and for the cool-down. What is tracked by alarms is
/// planned anew as well.
pub(in crate::services) fn consider(world: &mut World, resource_id: &str) {
    if let Some(arn) = service_arn_of(resource_id).filter(|arn| world.loads.of(arn).is_some()) {
        cloudwatch::plan(world, &arn);
    }
    if wanted(world, resource_id).is_none() {
        return;
    }
    let Some(target) = world.autoscaling.targets.get_mut(resource_id) else {
        return;
    };
    if target.due {
        return;
    }
    target.due = true;
    let resource_id = resource_id.to_owned();
    world.after(60..=180, Happening::Evaluate { resource_id });
}

/// The policies look at a target and scale it.
pub(super) fn evaluate(world: &mut World, resource_id: &str) {
    if let Some(target) = world.autoscaling.targets.get_mut(resource_id) {
        target.due = false;
    }
    if let (Some(count), Some(arn)) = (wanted(world, resource_id), service_arn_of(resource_id)) {
        ecs::set_count(world, &Actor::AutoScaling, &arn, count);
    }
}

/// The count that the policies would set now, if another than there is.
fn wanted(world: &World, resource_id: &str) -> Option<u32> {
    let target = world.autoscaling.target(resource_id)?;
    let service = world.ecs.service(&service_arn_of(resource_id)?)?;
    let mut policies = target.policies.values().filter(|policy| policy.tracks());
    let scales_in = policies.clone().any(Policy::scales_in);
    policies.next()?;
    if service.status != Status::Active {
        return None;
    }
    let load = world.autoscaling.loads.get(resource_id)?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of tasks, and the conversion saturates"
    )]
    let load = load.ceil() as u32;
    let ((min, max), count) = (target.bounds, service.desired);
    let [no_in, no_out, _] = target.suspension;
    // A count outside the bounds stays there until a policy acts: below the least, scaling out
    // lifts it and scaling in does nothing; above the most, scaling in pulls it down.
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
    let to = load.clamp(min, max.max(min));
    let out = load > count && to > count && !no_out;
    // "Application Auto Scaling turns off scale-in processes while Amazon ECS deployments are in
    // progress." https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
    let rolls = service.is_rolling_out();
    let down = load < count && to < count && !no_in && scales_in && !rolls;
    (out || down).then_some(to)
}
