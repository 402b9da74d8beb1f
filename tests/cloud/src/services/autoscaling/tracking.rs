//! Target tracking on what a load makes: two alarms for each policy, out quickly, in slowly, within the
//! bounds, never in while a deployment is under way. It acts when an alarm of its is in ALARM, each
//! minute, and the alarms look only when there is something to see.
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    call::Actor,
    hash,
    services::{
        autoscaling::{Policy, Target, activities},
        cloudwatch::{self, TrackingAlarm},
        ecs::{self, Service},
    },
    world::World,
};

/// "Application Auto Scaling provides a default value of 300" for ECS services.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
const COOLDOWN: i64 = 300;
/// The share of the target below which it scales in. What people see on the alarms; AWS does not
/// document it.
const LOW: f64 = 0.9;

/// The names of a policy's alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Of the one that scales out.
    pub high: String,
    /// Of the one that scales in.
    pub low: String,
}

impl Tracked {
    pub(super) fn names(&self) -> [String; 2] {
        [self.high.clone(), self.low.clone()]
    }
}

/// What holds a target back after it was scaled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cooling {
    /// Until when it scales out only beyond what it did, and the count that it did it from.
    out: Option<(Timestamp, u32)>,
    /// Until when it does not scale in.
    inwards: Option<Timestamp>,
}

/// What a target wants to be.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::services) struct Wish {
    count: u32,
    /// The alarm and the policy that it is for.
    alarm: String,
    policy: String,
    cooldown: SignedDuration,
    /// The count that it is scaled out from.
    from: u32,
    is_out: bool,
}

/// The values that an alarm has evaluated, the newest first, if it is in ALARM.
type Breach<'a> = dyn FnMut(&str) -> Option<Vec<f64>> + 'a;

/// Makes the alarms of a policy that tracks a metric of its service, or changes them.
pub(super) fn put_alarms(world: &mut World, id: &str, name: &str) {
    let target = world.autoscaling.target(id);
    let Some(policy) = target.and_then(|target| target.policies.get(name)) else {
        return;
    };
    let policy = policy.clone();
    let (Some(metric), Some(value)) = (metric(&policy), policy.target()) else {
        return;
    };
    let mut parts = id.split('/').skip(1);
    let (Some(cluster), Some(service)) = (parts.next(), parts.next()) else {
        return;
    };
    let named = |side: &str| {
        let number = hash::uuid(&format!("{}{side}", policy.arn));
        format!("TargetTracking-{id}-{side}-{number}")
    };
    let tracked = policy.alarms.clone().unwrap_or_else(|| Tracked {
        high: named("AlarmHigh"),
        low: named("AlarmLow"),
    });
    for (name, above, threshold) in [
        (&tracked.high, true, value),
        (&tracked.low, false, value * LOW),
    ] {
        let alarm = TrackingAlarm {
            name,
            policy: &policy.arn,
            metric,
            service: (cluster, service),
            above,
            threshold,
        };
        cloudwatch::put_tracking(world, &alarm);
    }
    let target = world.autoscaling.targets.get_mut(id);
    if let Some(policy) = target.and_then(|target| target.policies.get_mut(name)) {
        policy.alarms = Some(tracked);
    }
}

/// The metric that a policy tracks, if it is one of a service's own.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html
fn metric(policy: &Policy) -> Option<&'static str> {
    let predefined = policy.configuration.get("PredefinedMetricSpecification")?;
    match predefined.get("PredefinedMetricType")?.as_str()? {
        "ECSServiceAverageCPUUtilization" => Some("CPUUtilization"),
        "ECSServiceAverageMemoryUtilization" => Some("MemoryUtilization"),
        _ => None,
    }
}

impl Policy {
    fn target(&self) -> Option<f64> {
        let value = self.configuration.get("TargetValue")?.as_f64();
        value.filter(|value| *value > 0.0)
    }

    fn cooldown(&self, name: &str) -> SignedDuration {
        let given = self.configuration.get(name).and_then(Value::as_i64);
        SignedDuration::from_secs(given.unwrap_or(COOLDOWN))
    }
}

/// What the policies of a service, by its ARN, would do at an instant.
pub(in crate::services) fn wish(
    world: &World,
    service: &str,
    at: Timestamp,
    breach: &mut Breach<'_>,
) -> Option<Wish> {
    let service = world.ecs.service(service).filter(|it| it.is_active())?;
    let target = world.autoscaling.target(&service.resource_id())?;
    let policies = || target.policies.values().filter(|it| it.alarms.is_some());
    // "Application Auto Scaling scales based on the policy that provides the largest capacity for both
    // scale in and scale out", and in only when all of them would.
    // https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
    let outs = policies().filter_map(|policy| outwards(target, service, policy, at, breach));
    if let Some(wish) = outs.max_by_key(|wish| wish.count) {
        return Some(wish);
    }
    let scaling_in = || policies().filter(|policy| policy.scales_in());
    let ins: Vec<Wish> = scaling_in()
        .filter_map(|policy| inwards(target, service, policy, at, breach))
        .collect();
    if ins.len() < scaling_in().count() {
        return None;
    }
    ins.into_iter().max_by_key(|wish| wish.count)
}

fn outwards(
    target: &Target,
    service: &Service,
    policy: &Policy,
    at: Timestamp,
    breach: &mut Breach<'_>,
) -> Option<Wish> {
    let ((min, max), [_, suspended, _]) = (target.bounds, target.suspension);
    if suspended || service.desired >= max {
        return None;
    }
    let high = &policy.alarms.as_ref()?.high;
    let latest = breach(high)?.first().copied()?;
    // "While the scale-out cooldown period is in effect, the capacity added by the initiating scale-out
    // activity is calculated as part of the desired capacity for the next scale-out activity."
    let from = match target.cooling.out {
        Some((until, from)) if at < until => from,
        _ => service.desired,
    };
    let count = needed(from, latest, policy.target()?).clamp(min, max.max(min));
    (count > service.desired).then(|| Wish {
        count,
        alarm: high.clone(),
        policy: policy.name.clone(),
        cooldown: policy.cooldown("ScaleOutCooldown"),
        from,
        is_out: true,
    })
}

// "Application Auto Scaling turns off scale-in processes while Amazon ECS deployments are in progress,
// and they resume once the deployment has completed. However, scale-out processes continue to occur,
// unless suspended, during a deployment."
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
fn inwards(
    target: &Target,
    service: &Service,
    policy: &Policy,
    at: Timestamp,
    breach: &mut Breach<'_>,
) -> Option<Wish> {
    let ((min, max), [suspended, ..]) = (target.bounds, target.suspension);
    let cools = target.cooling.inwards.is_some_and(|until| at < until);
    if suspended || cools || service.desired <= min || service.is_rolling_out() {
        return None;
    }
    let low = &policy.alarms.as_ref()?.low;
    // By the busiest of the minutes: "Service Auto Scaling always acts conservatively by rounding up or
    // down when it determines how much capacity to add or remove"; which of them it takes is a guess.
    let highest = breach(low)?.into_iter().reduce(f64::max)?;
    let count = needed(service.desired, highest, policy.target()?).clamp(min, max.max(min));
    (count < service.desired).then(|| Wish {
        count,
        alarm: low.clone(),
        policy: policy.name.clone(),
        cooldown: policy.cooldown("ScaleInCooldown"),
        from: service.desired,
        is_out: false,
    })
}

/// How many tasks it takes to bring the metric to the target. Rounded up: outwards it must suffice,
/// inwards not too much may go.
fn needed(count: u32, value: f64, target: f64) -> u32 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of tasks, and the conversion saturates"
    )]
    let needed = (f64::from(count) * value / target).ceil() as u32;
    needed
}

/// The policies of a service, by its ARN, act if they would.
// An alarm invokes a scaling policy "once each minute when the alarm remains in a new state".
// https://repost.aws/knowledge-center/autoscaling-policy-cloudwatch-alarm
pub(in crate::services) fn track(world: &mut World, service: &str) {
    let at = world.now;
    let mut breach = |name: &str| cloudwatch::breach(world, name, at);
    let Some(wish) = wish(world, service, at, &mut breach) else {
        return;
    };
    let Some(id) = world.ecs.service(service).map(Service::resource_id) else {
        return;
    };
    if let Some(target) = world.autoscaling.targets.get_mut(&id) {
        let until = at.saturating_add(wish.cooldown).unwrap_or(at);
        // "If another alarm triggers a scale-out activity during the scale-in cooldown period, … the
        // scale-in cooldown period stops and doesn't complete."
        target.cooling = if wish.is_out {
            Cooling {
                out: Some((until, wish.from)),
                inwards: None,
            }
        } else {
            Cooling {
                out: None,
                inwards: Some(until),
            }
        };
    }
    let cause = format!(
        "monitor alarm {} in state ALARM triggered policy {}",
        wish.alarm, wish.policy
    );
    activities::record(world, &id, wish.count, cause);
    ecs::set_count(world, &Actor::AutoScaling, service, wish.count);
}

#[cfg(test)]
mod tests;
