//! Application Auto Scaling's operations. Scheduled actions are left out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    call::{Actor, Call, Fault, Outcome, Tags},
    services::{
        autoscaling::{
            SERVICE, Target, activities, consider,
            policy::{Policy, policy_arn},
            target_arn,
            tracking::{self, Cooling, Tracked},
        },
        cloudwatch,
        ecs::{self, Status, service_arn_of},
        unknown_operation,
    },
    world::{What, World},
};

/// The only dimension that is modelled.
pub(super) const DIMENSION: &str = "ecs:service:DesiredCount";

pub(super) fn answer(world: &mut World, call: &Call) -> Outcome {
    match call.operation.as_str() {
        "RegisterScalableTarget" => register(world, call),
        "DescribeScalableTargets" => describe(world, call),
        "DeregisterScalableTarget" => deregister(world, call),
        "PutScalingPolicy" => put_policy(world, call),
        "DescribeScalingPolicies" => describe_policies(world, call),
        "DeleteScalingPolicy" => delete_policy(world, call),
        "DescribeScalingActivities" => activities::describe(world, call),
        "ListTagsForResource" => {
            let tags = &tagged(world, call)?.tags;
            Ok(json!({ "Tags": tags }))
        }
        "TagResource" => {
            tagged(world, call)?.tags.extend(tags_of(call));
            Ok(json!({}))
        }
        "UntagResource" => {
            let keys = call.texts("TagKeys");
            let target = tagged(world, call)?;
            target.tags.retain(|key, _| !keys.contains(key));
            Ok(json!({}))
        }
        _ => Err(unknown_operation(&SERVICE, call)),
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("ValidationException", message)
}

fn tags_of(call: &Call) -> Tags {
    let tags = call.input.get("Tags").and_then(Value::as_object);
    let texts = tags.into_iter().flatten().filter_map(|(key, value)| {
        let value = value.as_str()?.to_owned();
        Some((key.clone(), value))
    });
    texts.collect()
}

fn tagged<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Target, Fault> {
    let arn = call.text("ResourceARN").unwrap_or_default();
    let target = world.autoscaling.by_arn_mut(arn);
    target.ok_or_else(|| {
        let message = format!("The specified resource {arn} doesn't exist.");
        Fault::client("ResourceNotFoundException", message)
    })
}

/// The resource id of a call that names namespace, dimension and resource.
fn resource_id(call: &Call) -> Result<String, Fault> {
    ecs_only(call)?;
    if call.text("ScalableDimension") != Some(DIMENSION) {
        return Err(invalid(
            "Unsupported service namespace, resource type or scalable dimension",
        ));
    }
    let id = call.text("ResourceId").unwrap_or_default();
    if service_arn_of(id).is_none() {
        return Err(invalid(format!(
            "Unsupported service namespace, resource type or scalable dimension: {id}"
        )));
    }
    Ok(id.to_owned())
}

pub(super) fn ecs_only(call: &Call) -> Result<(), Fault> {
    if call.text("ServiceNamespace") == Some("ecs") {
        Ok(())
    } else {
        Err(invalid("the simulated cloud scales the namespace ecs only"))
    }
}

/// As AWS words it.
fn not_registered(id: &str) -> Fault {
    Fault::client(
        "ObjectNotFoundException",
        format!(
            "No scalable target registered for service namespace: ecs, resource ID: {id}, scalable dimension: {DIMENSION}"
        ),
    )
}

/// What a registration wants; what it leaves out stays as it is.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
    pub(super) suspension: [Option<bool>; 3],
    pub(super) tags: Tags,
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>
fn register(world: &mut World, call: &Call) -> Outcome {
    let id = resource_id(call)?;
    let capacity = |name: &str| match call.number(name) {
        None => Ok(None),
        Some(number) => u32::try_from(number)
            .map(Some)
            .map_err(|_| invalid(format!("{name} must not be negative"))),
    };
    let suspended = |name: &str| {
        let state = call.input.get("SuspendedState")?.get(name)?;
        state.as_bool()
    };
    let wish = Wish {
        min: capacity("MinCapacity")?,
        max: capacity("MaxCapacity")?,
        suspension: [
            suspended("DynamicScalingInSuspended"),
            suspended("DynamicScalingOutSuspended"),
            suspended("ScheduledScalingSuspended"),
        ],
        tags: tags_of(call),
    };
    let arn = put(world, &call.actor, &id, wish)?;
    Ok(json!({ "ScalableTargetARN": arn }))
}

/// Registers a target or changes it, and clamps the count of its service.
pub(super) fn put(world: &mut World, by: &Actor, id: &str, wish: Wish) -> Result<String, Fault> {
    let service = service_arn_of(id).and_then(|arn| world.ecs.service(&arn));
    if service.is_none_or(|service| service.status == Status::Inactive) {
        return Err(invalid(format!("ECS service doesn't exist: {id}")));
    }
    let known = world.autoscaling.targets.get(id);
    let old = known.map(|target| target.bounds);
    let min = wish.min.or_else(|| old.map(|old| old.0));
    let max = wish.max.or_else(|| old.map(|old| old.1));
    // "This property is required when registering a new scalable target."
    let (Some(min), Some(max)) = (min, max) else {
        return Err(invalid(
            "Both MinCapacity and MaxCapacity are required to register a new scalable target",
        ));
    };
    if min > max {
        return Err(invalid(
            "Maximum capacity cannot be less than minimum capacity",
        ));
    }
    let names_bounds = wish.min.is_some() || wish.max.is_some();
    if known.is_none() {
        make(world, by, id, (min, max), wish.tags);
    }
    let Some(target) = world.autoscaling.targets.get_mut(id) else {
        return Err(not_registered(id));
    };
    target.bounds = (min, max);
    let (arn, from) = (target.arn.clone(), target.suspension);
    for (state, wished) in target.suspension.iter_mut().zip(wish.suspension) {
        *state = wished.unwrap_or(*state);
    }
    let to = target.suspension;
    if names_bounds {
        let (from, to) = (old.unwrap_or((min, max)), (min, max));
        world.note(by, arn.clone(), What::Bounds { from, to });
    }
    if from != to {
        world.note(by, arn.clone(), What::Suspension { from, to });
    }
    clamp(world, id, (min, max));
    consider(world, id);
    Ok(arn)
}

fn make(world: &mut World, by: &Actor, id: &str, bounds: (u32, u32), tags: Tags) {
    let number = world.id(36);
    let arn = target_arn(&number);
    let target = Target {
        arn: arn.clone(),
        resource_id: id.to_owned(),
        bounds,
        suspension: [false; 3],
        // Tags are taken from the call that makes a target only: "to tag an existing scalable target,
        // use the TagResource operation".
        tags,
        policies: BTreeMap::new(),
        created_at: world.now,
        due: false,
        cooling: Cooling::default(),
    };
    world.autoscaling.targets.insert(id.to_owned(), target);
    world.note(by, arn, What::Created);
}

/// Brings the count of a target's service inside the bounds.
// "If it's below the minimum capacity or above the maximum capacity, Application Auto Scaling adjusts
// the capacity of the scalable target to place it within these bounds, even if you don't include the
// MinCapacity or MaxCapacity request parameters." Suspension makes no exception in that text.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
fn clamp(world: &mut World, id: &str, (min, max): (u32, u32)) {
    let Some(arn) = service_arn_of(id) else {
        return;
    };
    let service = world.ecs.service(&arn);
    if let Some(service) = service.filter(|service| !service.daemon) {
        let (from, count) = (service.desired, service.desired.clamp(min, max));
        // "It also initiates scaling activities when you modify the maximum or minimum size of the
        // scalable target." How the cause is worded is a guess.
        // https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
        if count != from {
            let bound = if count > from { "minimum" } else { "maximum" };
            let cause = format!("{bound} capacity was set to {count}");
            activities::record(world, id, count, cause);
        }
        ecs::set_count(world, &Actor::AutoScaling, &arn, count);
    }
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html>
fn deregister(world: &mut World, call: &Call) -> Outcome {
    let id = resource_id(call)?;
    // "Deregistering a scalable target deletes the scaling policies and the scheduled actions."
    let target = world.autoscaling.targets.remove(&id);
    let target = target.ok_or_else(|| not_registered(&id))?;
    world.note(&call.actor, target.arn, What::Deleted);
    let alarms = target.policies.values().filter_map(|it| it.alarms.as_ref());
    let alarms: Vec<String> = alarms.flat_map(Tracked::names).collect();
    cloudwatch::forget(world, &alarms);
    Ok(json!({}))
}

/// One page of what stands in order of its ids, and the token of the next: the last id of this one.
fn page<'a, T: 'a>(
    items: impl Iterator<Item = (&'a str, T)>,
    call: &Call,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let size = page_size(call)?;
    let after = call.text("NextToken").unwrap_or_default();
    if !after.is_empty() && !after.starts_with("service/") {
        return Err(invalid_token());
    }
    let mut rest = items.filter(|(id, _)| *id > after);
    let (mut shown, mut last) = (Vec::new(), None);
    for (id, item) in rest.by_ref().take(size) {
        last = Some(id.to_owned());
        shown.push(item);
    }
    let token = rest.next().and(last);
    Ok((shown, token))
}

/// "This value can be between 1 and 50. The default value is 50."
pub(super) fn page_size(call: &Call) -> Result<usize, Fault> {
    match call.number("MaxResults") {
        None => Ok(50),
        Some(number @ 1..=50) => Ok(usize::try_from(number).unwrap_or(50)),
        Some(_) => Err(invalid("MaxResults must be between 1 and 50")),
    }
}

pub(super) fn invalid_token() -> Fault {
    Fault::client(
        "InvalidNextTokenException",
        "The next token supplied was invalid.",
    )
}

pub(super) fn listed(name: &str, items: Vec<Value>, token: Option<String>) -> Value {
    let mut answer = Map::new();
    answer.insert(name.to_owned(), items.into());
    if let Some(token) = token {
        answer.insert("NextToken".to_owned(), token.into());
    }
    answer.into()
}

/// Seconds since the epoch.
pub(super) fn epoch(at: jiff::Timestamp) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds fit for ages")]
    let seconds = at.as_millisecond() as f64 / 1000.0;
    json!(seconds)
}

/// What is not registered is not in the answer, and no error.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html>
fn describe(world: &mut World, call: &Call) -> Outcome {
    ecs_only(call)?;
    let ids = call.texts("ResourceIds");
    if call.text("ScalableDimension").is_some() && ids.is_empty() {
        return Err(invalid(
            "If you specify a scalable dimension, you must also specify a resource ID",
        ));
    }
    let targets = world.autoscaling.targets();
    let asked = targets.filter(|target| ids.is_empty() || ids.contains(&target.resource_id));
    let (targets, token) = page(
        asked.map(|target| (target.resource_id.as_str(), show(target))),
        call,
    )?;
    Ok(listed("ScalableTargets", targets, token))
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html>
fn show(target: &Target) -> Value {
    let [inwards, outwards, scheduled] = target.suspension;
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.bounds.0,
        "MaxCapacity": target.bounds.1,
        "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        "CreationTime": epoch(target.created_at),
        "SuspendedState": {
            "DynamicScalingInSuspended": inwards,
            "DynamicScalingOutSuspended": outwards,
            "ScheduledScalingSuspended": scheduled,
        },
        "ScalableTargetARN": target.arn,
    })
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html>
fn put_policy(world: &mut World, call: &Call) -> Outcome {
    let id = resource_id(call)?;
    let name = call.text("PolicyName").unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(invalid("PolicyName must not be empty"));
    }
    let (number, now) = (world.id(32), world.now);
    let target = world.autoscaling.targets.get_mut(&id);
    let target = target.ok_or_else(|| not_registered(&id))?;
    let fresh = || Policy {
        arn: policy_arn(&number, &id, &name),
        name: name.clone(),
        // "The policy type. This parameter is required if you are creating a scaling policy."
        kind: "StepScaling".to_owned(),
        configuration: json!({}),
        created_at: now,
        alarms: None,
    };
    let policy = target.policies.entry(name.clone()).or_insert_with(fresh);
    if let Some(kind) = call.text("PolicyType") {
        kind.clone_into(&mut policy.kind);
    }
    let configuration = call.input.get("TargetTrackingScalingPolicyConfiguration");
    if let Some(configuration) = configuration {
        policy.configuration = configuration.clone();
    }
    let arn = policy.arn.clone();
    let alarms = policy.kind == "TargetTrackingScaling";
    world.note(&call.actor, arn.clone(), What::Written);
    if alarms {
        tracking::put_alarms(world, &id, &name);
    }
    consider(world, &id);
    let target = world.autoscaling.target(&id);
    let policy = target.and_then(|target| target.policies.get(&name));
    let alarms = policy.map_or_else(|| json!([]), show_alarms);
    Ok(json!({ "PolicyARN": arn, "Alarms": alarms }))
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html>
fn describe_policies(world: &mut World, call: &Call) -> Outcome {
    ecs_only(call)?;
    let id = call.text("ResourceId");
    let names = call.texts("PolicyNames");
    let targets = world.autoscaling.targets();
    let asked = targets.filter(|target| id.is_none_or(|id| target.resource_id == id));
    let policies: Vec<(String, Value)> = asked
        .flat_map(|target| target.policies.values().map(move |policy| (target, policy)))
        .filter(|(_, policy)| names.is_empty() || names.contains(&policy.name))
        .map(|(target, policy)| {
            let key = format!("{}/{}", target.resource_id, policy.name);
            (key, show_policy(target, policy))
        })
        .collect();
    let items = policies
        .iter()
        .map(|(key, policy)| (key.as_str(), policy.clone()));
    let (policies, token) = page(items, call)?;
    Ok(listed("ScalingPolicies", policies, token))
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Alarm.html>
fn show_alarms(policy: &Policy) -> Value {
    let names = policy.alarms.iter().flat_map(Tracked::names);
    let shown = |name: String| json!({ "AlarmName": name, "AlarmARN": cloudwatch::arn(&name) });
    names.map(shown).collect()
}

fn show_policy(target: &Target, policy: &Policy) -> Value {
    let mut shown = json!({
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "PolicyType": policy.kind,
        "Alarms": show_alarms(policy),
        "CreationTime": epoch(policy.created_at),
    });
    if policy.kind == "TargetTrackingScaling" {
        shown["TargetTrackingScalingPolicyConfiguration"] = policy.configuration.clone();
    }
    shown
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScalingPolicy.html>
fn delete_policy(world: &mut World, call: &Call) -> Outcome {
    let id = resource_id(call)?;
    let name = call.text("PolicyName").unwrap_or_default();
    let target = world.autoscaling.targets.get_mut(&id);
    let policy = target.and_then(|target| target.policies.remove(name));
    let policy = policy.ok_or_else(|| {
        let message = format!("No scaling policy found for service namespace: ecs, resource ID: {id}, scalable dimension: {DIMENSION}, policy name: {name}");
        Fault::client("ObjectNotFoundException", message)
    })?;
    world.note(&call.actor, policy.arn, What::Deleted);
    if let Some(alarms) = policy.alarms {
        cloudwatch::forget(world, &alarms.names());
    }
    Ok(json!({}))
}
