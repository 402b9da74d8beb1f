//! Application Auto Scaling: moto keeps the targets; what it lacks is added here: tags, the clamp, a
//! suspension that is said also when it was never set, services that exist in `MiniStack` only, the
//! refusal of a minimum above the maximum, and the activities, which it does not know at all.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use hyper::body::Bytes;
use hyper::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::services::describe;
use super::{Backends, Gateway, Shared, json_answer, lock, refuse};
use crate::aws::{AUTOSCALING, Aws, ECS};

impl Gateway {
    /// Remembers that auto scaling set a count, as `DescribeScalingActivities` tells it: of an alarm
    /// called `…-AlarmHigh-…` where it added tasks, `…-AlarmLow-…` where it took them away.
    // https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
    pub fn scaled(&self, resource: &str, at: Timestamp, from: u32, to: u32) {
        let alarm = if to > from { "AlarmHigh" } else { "AlarmLow" };
        let mut all = lock(&self.shared.activities);
        let activities = all.entry(resource.to_owned()).or_default();
        let activity = json!({
            "ActivityId": format!("activity-{}", activities.len()),
            "ServiceNamespace": "ecs",
            "ResourceId": resource,
            "ScalableDimension": "ecs:service:DesiredCount",
            "Description": format!("Setting desired count to {to}."),
            "Cause": format!("monitor alarm TargetTracking-{resource}-{alarm}-1 in state ALARM triggered policy cpu"),
            "StartTime": at.as_second(),
            "EndTime": at.as_second(),
            "StatusCode": "Successful",
            "StatusMessage": format!("Successfully set desired count to {to}. Change successfully fulfilled by ecs."),
        });
        activities.insert(0, activity);
    }
}

impl Shared {
    pub(super) async fn autoscaling(
        &self,
        backends: &Backends,
        action: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        let input: Value = serde_json::from_slice(request.body()).context("not JSON")?;
        let arn = || input["ResourceARN"].as_str().unwrap_or_default().to_owned();
        match action {
            "TagResource" => {
                let tags = tags_of(&input["Tags"]);
                lock(&self.tags).entry(arn()).or_default().extend(tags);
                json_answer(&json!({}))
            }
            "UntagResource" => {
                let keys = input["TagKeys"].as_array().cloned().unwrap_or_default();
                if let Some(tags) = lock(&self.tags).get_mut(&arn()) {
                    tags.retain(|key, _| !keys.contains(&Value::from(key.as_str())));
                }
                json_answer(&json!({}))
            }
            "ListTagsForResource" => match lock(&self.tags).get(&arn()) {
                Some(tags) => json_answer(&json!({ "Tags": tags })),
                None => refuse(
                    "ResourceNotFoundException",
                    format!("No scalable target found for {}", arn()),
                ),
            },
            "DescribeScalingActivities" => {
                let resource = input["ResourceId"].as_str().unwrap_or_default();
                let activities = lock(&self.activities).get(resource).cloned();
                json_answer(&json!({ "ScalingActivities": activities.unwrap_or_default() }))
            }
            "RegisterScalableTarget" => {
                refuse_crossed_bounds(backends, &input).await?;
                known_to_moto(backends, input["ResourceId"].as_str().unwrap_or_default()).await?;
                let answer = self.http.send(&backends.moto, request).await?;
                if answer.status().is_success() {
                    let output: Value = serde_json::from_slice(answer.body())?;
                    let arn = output["ScalableTargetARN"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned();
                    lock(&self.tags)
                        .entry(arn)
                        .or_default()
                        .extend(tags_of(&input["Tags"]));
                    clamp(backends, &input).await?;
                }
                Ok(answer)
            }
            _ => {
                let answer = self.http.send(&backends.moto, request).await?;
                let Ok(mut output) = serde_json::from_slice::<Value>(answer.body()) else {
                    return Ok(answer);
                };
                let targets = output
                    .get_mut("ScalableTargets")
                    .and_then(Value::as_array_mut);
                for target in targets.into_iter().flatten() {
                    let suspended = &mut target["SuspendedState"];
                    for kind in SUSPENSIONS {
                        if suspended[kind].is_null() {
                            suspended[kind] = Value::Bool(false);
                        }
                    }
                }
                Ok(answer.map(|_| Bytes::from(output.to_string())))
            }
        }
    }
}

const SUSPENSIONS: [&str; 3] = [
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
];

fn tags_of(value: &Value) -> BTreeMap<String, String> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// moto refuses targets whose service it does not know, and it knows only its own. A service without
/// tasks there will do; one that is missing in `MiniStack` is refused as AWS would.
async fn known_to_moto(backends: &Backends, resource: &str) -> Result<()> {
    let Some((cluster, service)) = resource
        .strip_prefix("service/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return Ok(());
    };
    if describe(&Aws::at(&backends.ministack), cluster, service)
        .await?
        .is_none()
    {
        return refuse(
            "ValidationException",
            format!("ECS service doesn't exist: {resource}"),
        );
    }
    let moto = Aws::at(&backends.moto);
    if matches!(describe(&moto, cluster, service).await, Ok(Some(_))) {
        return Ok(());
    }
    moto.json(ECS, "CreateCluster", &json!({ "clusterName": cluster }))
        .await?;
    let container = json!([{ "name": "any", "image": "any", "memory": 512 }]);
    moto.json(
        ECS,
        "RegisterTaskDefinition",
        &json!({ "family": service, "containerDefinitions": container }),
    )
    .await?;
    let service = json!({ "cluster": cluster, "serviceName": service, "taskDefinition": service, "desiredCount": 0 });
    moto.json(ECS, "CreateService", &service).await?;
    Ok(())
}

/// The bounds that a target has, if it is registered.
async fn bounds(backends: &Backends, resource: &str) -> Result<Option<(i64, i64)>> {
    let query = json!({ "ServiceNamespace": "ecs", "ResourceIds": [resource] });
    let targets = Aws::at(&backends.moto)
        .json(AUTOSCALING, "DescribeScalableTargets", &query)
        .await?;
    let target = &targets["ScalableTargets"][0];
    Ok(target["MinCapacity"]
        .as_i64()
        .zip(target["MaxCapacity"].as_i64()))
}

/// moto takes a minimum above the maximum; AWS refuses it, also when only one of them is named.
async fn refuse_crossed_bounds(backends: &Backends, input: &Value) -> Result<()> {
    let resource = input["ResourceId"].as_str().unwrap_or_default();
    let (min, max) = (input["MinCapacity"].as_i64(), input["MaxCapacity"].as_i64());
    let known = match (min, max) {
        (Some(_), Some(_)) => None,
        _ => bounds(backends, resource).await?,
    };
    let min = min.or_else(|| known.map(|known| known.0));
    let max = max.or_else(|| known.map(|known| known.1));
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return refuse(
            "ValidationException",
            "Minimum capacity cannot be greater than maximum capacity",
        );
    }
    Ok(())
}

/// "Adjusts the capacity to place it within these bounds, even if you don't include Min/Max."
async fn clamp(backends: &Backends, input: &Value) -> Result<()> {
    let resource = input["ResourceId"].as_str().unwrap_or_default();
    let Some((cluster, service)) = resource
        .strip_prefix("service/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return Ok(());
    };
    let Some((min, max)) = bounds(backends, resource).await? else {
        return Ok(());
    };
    let ministack = Aws::at(&backends.ministack);
    let Some(desired) = describe(&ministack, cluster, service)
        .await?
        .and_then(|found| found["desiredCount"].as_i64())
    else {
        return Ok(());
    };
    let clamped = desired.min(max).max(min);
    if clamped != desired {
        let update = json!({ "cluster": cluster, "service": service, "desiredCount": clamped });
        ministack.json(ECS, "UpdateService", &update).await?;
    }
    Ok(())
}
